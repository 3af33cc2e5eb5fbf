# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone doctor``: what keeps this machine from flying, and the command that mends it."""

import json
from dataclasses import asdict, dataclass

from ...options import option
from ..arguments import Command

NAME = 'doctor'
HELP = 'look for what keeps this machine from flying, simulating or training'
EPILOG = """examples:
  liquid-drone doctor
  liquid-drone doctor --connection /dev/ttyTHS1:921600
  liquid-drone doctor --json

Nothing is changed and nothing is commanded. Exit code 1: something is an error.
"""


@dataclass(frozen=True, kw_only=True)
class DoctorArguments:
    """What is looked at beside the machine."""

    connection: str = option('', 'listen for the autopilot here, and read its failsafes')
    json: bool = option(False, 'print the findings as JSON')


def run(args: DoctorArguments) -> int:
    """Print every finding."""
    from ...bringup.doctor import board, software
    from ...bringup.doctor.machine import Machine

    machine = Machine(connection=args.connection)
    findings = []
    for check in (*software.CHECKS, *board.CHECKS):
        for finding in check(machine):
            findings.append(finding)
            if not args.json:
                print(finding, flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    return int(any(finding.level == 'error' for finding in findings))


COMMAND = Command(NAME, HELP, EPILOG, DoctorArguments, run)
