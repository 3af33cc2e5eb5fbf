# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A built world is complete when it is made, and holds nothing where it cannot be made."""

import gc
import os

import pybullet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import SimulationError
from liquid_drone.sim.built_world import BuiltWorld
from liquid_drone.sim.render.selection import TINY, RendererKind
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.simulator import Simulator


def next_client() -> int:
    """Return the number that PyBullet gives to a client now."""
    client = pybullet.connect(pybullet.DIRECT)
    pybullet.disconnect(client)
    return client


def test_every_attribute_is_there_once_it_is_made():
    world = BuiltWorld(load_scenario(renderer='tiny'), 10_007, TINY)
    try:
        made = set(vars(world))
        world.drone.power(hovering=True)
        world.move_actors([1.0] * len(world.layout.actors))
        world.show_actors()
        assert set(vars(world)) == made
    finally:
        world.close()


def test_a_simulator_gets_no_attribute_by_reset():
    simulator = Simulator(load_scenario(renderer='tiny'))
    made = set(vars(simulator))
    try:
        simulator.reset(10_007)
        simulator.truth()
        assert set(vars(simulator)) == made
    finally:
        simulator.close()


def test_a_renderer_that_fails_leaves_no_physics_client():
    def fail(*_: object) -> None:
        raise SimulationError('no memory on the card')

    before, kind = next_client(), RendererKind('broken', False, fail)
    with pytest.raises(SimulationError, match='no memory'):
        BuiltWorld(load_scenario(), 10_007, kind)
    assert next_client() == before


def test_before_a_reset_there_is_no_world_to_fly_in():
    simulator = Simulator(load_scenario(renderer='tiny'))
    for ask in (simulator.truth, simulator.capture, lambda: simulator.layout):
        with pytest.raises(SimulationError, match=r'call reset\(seed\) first'):
            ask()
    simulator.close()


@settings(max_examples=10, deadline=None)
@given(ends=st.lists(st.sampled_from(['close', 'twice', 'forget', 'keep']), max_size=4))
def test_a_forgotten_world_gives_its_physics_back_and_no_other(ends):
    """bullet3 2470, panda-gym 7: environments that nobody closed stayed for good, 58 MB each."""
    worlds = [BuiltWorld(load_scenario(renderer='tiny'), 10_007, TINY) for _ in ends]
    clients = [world._client for world in worlds]
    for number, end in enumerate(ends):
        world = worlds[number]
        for _ in range({'close': 1, 'twice': 2}.get(end, 0)):
            world.close()
        if end == 'forget':
            worlds[number] = None
        del world
    gc.collect()
    held = [bool(pybullet.isConnected(client)) for client in clients]
    assert held == [end == 'keep' for end in ends]
    for world in filter(None, worlds):
        world.close()


def test_a_forked_child_that_forgets_a_world_leaves_it_to_its_parent(monkeypatch):
    world = BuiltWorld(load_scenario(renderer='tiny'), 10_007, TINY)
    client, parent = world._client, os.getpid()
    monkeypatch.setattr(os, 'getpid', lambda: parent + 1)
    del world
    gc.collect()
    assert pybullet.isConnected(client)
    pybullet.disconnect(client)
