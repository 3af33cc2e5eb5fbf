# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One process and the ROS graph fly the same flight."""

from pathlib import Path
from typing import Any

import pytest

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.local_graph import GraphFlight
from liquid_drone.evaluate import closed_loop
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.session import Session


@pytest.mark.e2e
@pytest.mark.parametrize(
    'names',
    [
        {},
        {'start': 'hover', 'autopilot': 'ardupilot'},
        {'start': 'hover', 'weather': 'dropped:3,late:3'},
    ],
)
def test_in_process_and_through_ros_the_hash_is_the_same(
    bundle: Path, tmp_path: Path, names: dict[str, Any]
) -> None:
    flight = FlightSpec(seed=9_001, duration_s=3.0, **names)
    session = Session(flight)
    here = closed_loop.fly(session, PolicyRunner(bundle))
    session.close()
    there = local_graph.fly_through_ros(GraphFlight(bundle, flight), tmp_path)
    assert there.meta['through'] == 'ros'
    assert there.trajectory_hash() == here.trajectory_hash()
