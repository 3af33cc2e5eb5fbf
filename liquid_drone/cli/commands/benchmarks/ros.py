# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench ros``: the real graph's latency from capture to setpoint, and its cost."""

import dataclasses
import importlib.util
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .... import resources
from ....errors import ConfigError, MissingDependencyError
from ....options import option
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.ros_latency import GraphFigures

NAME = 'ros'
HELP = 'time the ROS 2 graph: capture to command to MAVLink setpoint, and its processor share'
EPILOG = """examples:
  liquid-drone bench ros
  liquid-drone bench ros --seconds 60 --no-simulator
  liquid-drone bench ros --only-simulator       # the setpoint period under full load

Runs real nodes over DDS and UDP by the wall clock: 640x480 at 30 Hz in three processes, the same
in one process, and the simulated world at 20 Hz beside the policy.
"""
SHARES = ('p50', 'p95', 'p99', 'max')


@dataclass(frozen=True, kw_only=True)
class BenchRosArguments:
    """What is timed, for how long."""

    bundle: str = option('follow', 'policy: a name in models/, or a directory')
    seconds: float = option(20.0, 'of each case', low=0.1, high=3600.0, unit='s')
    size: str = option('640x480', 'of the pictures, in pixels')
    rate: float = option(30.0, 'pictures a second', low=0.1, high=1_000.0)
    no_simulator: bool = option(False, 'leave the last case out')
    only_simulator: bool = option(False, 'leave the others out')
    json: bool = option(False, 'print figures for machines')


def run(args: BenchRosArguments) -> int:
    """Measure and print a table."""
    if importlib.util.find_spec('rclpy') is None:
        raise MissingDependencyError(
            'this needs rclpy: source a ROS 2 installation, or install its wheels (x86-64) with '
            "pip install 'liquid_drone[ros]'"
        )
    from ....bench import ros_latency

    width, height = _pixels(args.size)
    bundle = resources.bundle(args.bundle)
    config = ros_latency.BenchConfig(bundle, args.seconds, width, height, args.rate)
    composed = dataclasses.replace(config, one_process=True)
    ways = {} if args.only_simulator else {'three processes': config, 'one process': composed}
    cases = {name: ros_latency.without_simulator(way) for name, way in ways.items()}
    simulated = {} if args.no_simulator else ros_latency.with_simulator(bundle, args.seconds)
    if args.json:
        found = {name: dataclasses.asdict(figures) for name, figures in cases.items()}
        print(json.dumps({**found, 'with_simulator': simulated}))
        return 0
    print(_table(cases, simulated))
    return 0


def _pixels(size: str) -> tuple[int, int]:
    found = re.fullmatch(r'([1-9][0-9]{1,3})x([1-9][0-9]{1,3})', size)
    if found is None:
        raise ConfigError(f"--size: expected WIDTHxHEIGHT, 10 to 9999 pixels each; got '{size}'")
    return int(found[1]), int(found[2])


def _table(cases: 'dict[str, GraphFigures]', simulated: dict[str, float]) -> str:
    from ....bench.timing import table

    rows = []
    for name, figures in cases.items():
        ways = {
            'image age when acted on': figures.image_age_ms,
            'capture to command': figures.to_command_ms,
            'capture to setpoint': figures.to_setpoint_ms,
        }
        for way, values in ways.items():
            rows.append([f'{name}: {way}', *(f'{values[share]:.1f}' for share in SHARES)])
    if simulated:
        names = {
            'picture_to_setpoint': 'picture to setpoint',
            'setpoint_period': 'setpoint period',
        }
        for name, words in names.items():
            beside = [simulated.get(f'{name}_ms_{share}', float('nan')) for share in SHARES]
            rows.append([f'simulator beside: {words}', *(f'{v:.1f}' for v in beside)])
    lines = [table(['way, ms', *SHARES], rows)]
    for name, figures in cases.items():
        shares = ', '.join(f'{node} {value:.0f}%' for node, value in figures.cpu_percent.items())
        lines.append(
            f'{name}: {figures.pictures_hz:.0f} pictures and {figures.commands_hz:.0f} commands '
            f'a second; of one core: {shares}'
        )
    return '\n'.join(lines)


COMMAND = Command(NAME, HELP, EPILOG, BenchRosArguments, run)
