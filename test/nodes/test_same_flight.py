# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One process and the ROS graph fly the same flight."""

from pathlib import Path

import pytest

from liquid_drone.evaluate import closed_loop
from liquid_drone.nodes import graph
from liquid_drone.nodes.graph import GraphFlight
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.config import load_scenario
from liquid_drone.sim.session import Session


@pytest.mark.e2e
@pytest.mark.parametrize(('start', 'autopilot'), [('ground', 'px4'), ('hover', 'ardupilot')])
def test_in_process_and_through_ros_the_hash_is_the_same(
    bundle: Path, tmp_path: Path, start: str, autopilot: str
) -> None:
    session = Session(load_scenario(), 9_001, autopilot, start, duration_s=3.0)  # type: ignore[arg-type]
    here = closed_loop.fly(session, PolicyRunner(bundle))
    session.close()
    flight = GraphFlight(bundle, seed=9_001, start=start, autopilot=autopilot, duration_s=3.0)
    there = graph.fly_through_ros(flight, tmp_path)
    assert there.meta['through'] == 'ros'
    assert there.trajectory_hash() == here.trajectory_hash()
