# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One process and the ROS graph fly the same flight."""

from pathlib import Path

import pytest

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.local_graph import GraphFlight
from liquid_drone.evaluate import closed_loop
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.session import Session


@pytest.mark.e2e
@pytest.mark.parametrize(
    ('start', 'autopilot', 'weather'),
    [
        ('ground', 'px4', 'clear'),
        ('hover', 'ardupilot', 'clear'),
        ('hover', 'px4', 'dropped:3,late:3'),
    ],
)
def test_in_process_and_through_ros_the_hash_is_the_same(
    bundle: Path, tmp_path: Path, start: str, autopilot: str, weather: str
) -> None:
    scenario = load_scenario(weather=weather)
    session = Session(scenario, 9_001, autopilot, start, duration_s=3.0)  # type: ignore[arg-type]
    here = closed_loop.fly(session, PolicyRunner(bundle))
    session.close()
    flight = GraphFlight(
        bundle,
        seed=9_001,
        start=start,
        autopilot=autopilot,
        weather=weather,
        duration_s=3.0,
    )
    there = local_graph.fly_through_ros(flight, tmp_path)
    assert there.meta['through'] == 'ros'
    assert there.trajectory_hash() == here.trajectory_hash()
