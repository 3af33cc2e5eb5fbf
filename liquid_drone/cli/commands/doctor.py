# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone doctor``: what keeps this machine from flying, and the command that mends it."""

import importlib.util
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ...errors import ConfigError, MissingDependencyError
from ...options import option
from ..arguments import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...flight.preflight.symptom import Symptom

NAME = 'doctor'
HELP = 'check what keeps this machine from flying, simulating or training'
EPILOG = """examples:
  liquid-drone doctor
  liquid-drone doctor --connection /dev/ttyTHS1:921600
  liquid-drone doctor --graph                   # the list before a flight, of what runs now
  liquid-drone doctor --json

Nothing is changed or commanded. Exit code 1: an error was found.
"""


MISSING_ROS = (
    'a graph is listened to with rclpy: source a ROS 2 installation, or install its wheels '
    "(x86-64) with pip install 'liquid_drone[ros]'"
)


@dataclass(frozen=True, kw_only=True)
class DoctorArguments:
    """What is looked at beside the machine."""

    connection: str = option('', 'listen for the autopilot here, and read its failsafes')
    graph: bool = option(False, 'go through the list before a flight, of a graph that runs')
    namespace: str = option('', 'namespace of the drone whose graph runs', unset='none')
    json: bool = option(False, 'print the findings as JSON')


def run(args: DoctorArguments) -> int:
    """Print every finding.

    Raises:
        ConfigError: flags of which one would be left out.

    """
    if args.namespace and not args.graph:
        raise ConfigError('--namespace is of a graph that runs: add --graph, or leave it out')
    if args.graph and args.connection:
        raise ConfigError(
            '--graph asks the graph that holds the link already, --connection the autopilot '
            'itself while nothing runs: give one of them'
        )
    findings = []
    for finding in _preflight(args) if args.graph else _machine(args):
        findings.append(finding)
        if not args.json:
            print(finding, flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    return int(any(finding.level == 'error' for finding in findings))


def _preflight(args: DoctorArguments) -> 'Iterator[Symptom]':
    from ...bringup.doctor.running_graph import preflight

    if importlib.util.find_spec('rclpy') is None:
        raise MissingDependencyError(MISSING_ROS)
    yield from preflight(args.namespace)


def _machine(args: DoctorArguments) -> 'Iterator[Symptom]':
    from ...bringup.doctor import board, software
    from ...bringup.doctor.machine import Machine

    machine = Machine(connection=args.connection)
    for check in (*software.CHECKS, *board.CHECKS):
        yield from check(machine)


COMMAND = Command(NAME, HELP, EPILOG, DoctorArguments, run)
