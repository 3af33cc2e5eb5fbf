# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The list before a flight, of a graph that runs, as the operator's page shows it."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from ...flight.preflight.checklist import PartReport, checklist
from ...flight.preflight.computer import computer_symptoms
from ...flight.preflight.symptom import Symptom

LISTEN_S = 3.0  # nodes publish once a second
NOBODY = Symptom(
    'graph',
    'error',
    'no node publishes here',
    'ros2 launch liquid_drone follow.launch.py, in the same ROS_DOMAIN_ID and namespace',
)


def listened(namespace: str) -> Mapping[str, PartReport]:
    """Listen to a graph for some seconds; return its parts by short name."""
    from ...ros.monitor import Monitor

    with Monitor(namespace) as monitor:
        monitor.spin(LISTEN_S)
        return {
            name: PartReport(**dataclasses.asdict(status))
            for name, status in monitor.snapshot().nodes.items()
        }


def preflight(
    namespace: str, listen: Callable[[str], Mapping[str, PartReport]] = listened
) -> list[Symptom]:
    """Return the list; where nobody publishes, that is its first line."""
    parts = listen(namespace)
    found = checklist(parts, computer_symptoms(Path.cwd()))
    return found if parts else [NOBODY, *found]
