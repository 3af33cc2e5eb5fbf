# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Nobody begins inside of anything, whatever the seed; the same seed is the same everywhere."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.geometry import quaternion_from_euler
from liquid_drone.seeds import SPLITS
from liquid_drone.sim.physics.collision_bodies import CollisionBodiesBuilder
from liquid_drone.sim.physics.engine import load_pybullet
from liquid_drone.sim.scenario.scenario import Scenario, load_scenario
from liquid_drone.sim.world.layout import Layout, make_layout

WORLDS, SEASONS, TARGETS = (
    resources.names(f'sim/{kind}') for kind in ('worlds', 'seasons', 'targets')
)
NEAR_M = 0.02
SHOWN = """
import hashlib
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.simulator import Simulator
for world, season in (('forest', 'autumn'), ('urban', 'winter')):
    simulator, told = Simulator(load_scenario(world, season)), hashlib.sha256()
    simulator.reset(9_011)
    simulator.release_target()
    for _ in range(5):
        told.update(simulator.capture().image.tobytes())
        simulator.advance([1.0, 0.2, 0.1], 0.3)
        told.update(simulator.truth().position_enu.tobytes())
    simulator.close()
    print(told.hexdigest())
"""


def touched(scenario: Scenario, layout: Layout) -> set[str]:
    """Return who has less than NEAR_M to anything but the ground, asked of PyBullet."""
    p = load_pybullet()
    client = p.connect(p.DIRECT)
    scene = CollisionBodiesBuilder(p, client, scenario, layout, visible=False).build()
    turn = quaternion_from_euler(0.0, 0.0, layout.start_yaw).tolist()
    spots = {scene.drone: (layout.start_position.tolist(), turn)}
    for body, mover in zip(scene.bodies, (layout.target, *layout.distractors), strict=True):
        foot, _, _ = mover.place(0.0, layout.terrain)
        spots[body] = ([*foot[:2], foot[2] + mover.target.height_m / 2.0], [0, 0, 0, 1])
    for body, (position, quaternion) in spots.items():
        p.resetBasePositionAndOrientation(body, position, quaternion, physicsClientId=client)
    movers = {scene.drone: 'drone', scene.bodies[0]: 'target'}
    others = set(range(p.getNumBodies(physicsClientId=client))) - {scene.ground}
    found = {
        name
        for body, name in movers.items()
        for other in others - {body}
        if p.getClosestPoints(body, other, NEAR_M, physicsClientId=client)
    }
    p.disconnect(client)
    return found


@pytest.mark.parametrize('world', WORLDS)
@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, SPLITS['validation'].stop - 1),
    season=st.sampled_from(SEASONS),
    target=st.sampled_from(TARGETS),
)
def test_neither_drone_nor_target_begins_inside_of_anything(
    world: str, seed: int, season: str, target: str
) -> None:
    scenario = load_scenario(world, season, target)
    assert touched(scenario, make_layout(scenario, seed)) == set()


def test_being_inside_of_something_would_be_seen() -> None:
    scenario = load_scenario('urban')
    layout = make_layout(scenario, 9_011)
    x, y, radius = layout.obstacles.circles[0]
    beside_it = dataclasses.replace(layout, start_position=np.array([x + radius, y, 2.0]))
    assert touched(scenario, beside_it) == {'drone'}


def test_two_processes_see_the_same_to_the_last_bit() -> None:
    told = [
        subprocess.run(
            [sys.executable, '-c', SHOWN],
            env={**os.environ, 'PYTHONHASHSEED': salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for salt in ('1', '2')
    ]
    assert told[0] == told[1]
    assert len(set(told[0])) == 2
