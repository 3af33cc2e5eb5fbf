# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the guard of the flat world lets through what the one that flies would."""

import pytest
import torch
from flat_worlds import flat

from liquid_drone.flight.guard.limits import SIMULATION_LIMITS
from liquid_drone.flight.guard.target import SWEEP_RAD
from liquid_drone.sim.simulator import FRAME_S

SEARCH = SIMULATION_LIMITS.search_yaw_rate_rad_s


@pytest.mark.parametrize('side', [-1.0, 1.0])
def test_the_guard_stops_who_sees_nothing_and_believes_nothing(places, side):
    world = flat(places, 1)
    command, unseen = torch.tensor([[2.0, 0.0, 0.0, 0.3 * side]]), torch.tensor([False])
    speeds, turns = [], []
    for _ in range(120):
        world._guarded(command, unseen, torch.tensor([-3.0]), torch.tensor([-0.5]))
        speeds.append(world.flight.setpoint.norm().item())
        turns.append(world.turn.item())
    assert max(speeds[:5]) > 0.5
    assert speeds[30] < 0.05
    assert turns[10] == pytest.approx(0.3 * side)
    # never seen: looked for at once, on the side to which it turns
    assert turns[16] == pytest.approx(SEARCH * side)
    assert turns[-1] == pytest.approx(SEARCH * side)


@pytest.mark.parametrize(
    ('seen_rad', 'logit', 'believed_rad', 'side'),
    [
        (None, -3.0, -0.5, 1.0),  # never seen, nothing believed, no turn: to the left
        (None, 2.0, -0.5, -1.0),
        (-0.4, -3.0, 0.5, -1.0),  # where it left the picture
        (-0.4, 2.0, 0.5, 1.0),  # where it is believed
    ],
)
def test_a_search_turns_where_the_guard_turns(places, seen_rad, logit, believed_rad, side):
    world, command = flat(places, 1), torch.zeros(1, 4)
    for _ in range(10 if seen_rad is not None else 0):
        world._guarded(
            command, torch.tensor([True]), torch.tensor([2.0]), torch.tensor([seen_rad])
        )
    for _ in range(110):
        unseen = torch.tensor([False]), torch.tensor([logit]), torch.tensor([believed_rad])
        world._guarded(command, *unseen)
    assert world.turn.item() == pytest.approx(SEARCH * side)


@pytest.mark.parametrize('seen_rad', [-0.4, 0.1, 0.9])
def test_it_faces_where_the_target_was_seen_last_as_the_guard_does(places, seen_rad):
    world, command = flat(places, 1), torch.tensor([[0.0, 0.0, 0.0, 0.3]])
    at, turned = torch.tensor([seen_rad]), []
    for _ in range(10):
        world._guarded(command, torch.tensor([True]), torch.tensor([2.0]), at)
    begun = world.flight.yaw.item()
    for _ in range(60):
        world._guarded(command, torch.tensor([False]), torch.tensor([-3.0]), torch.zeros(1))
        world._move()
        turned.append(world.turn.item())
    assert turned[3] == pytest.approx(0.3)  # a picture or two without it
    assert turned[8] * seen_rad > 0.0
    assert max(map(abs, turned)) <= world.limits.yaw_rate_rad_s + 1e-6
    assert world.flight.yaw.item() - begun == pytest.approx(seen_rad, abs=0.05)


def test_a_picture_missed_now_and_then_is_no_break_and_a_flash_no_sighting(places):
    world, command = flat(places, 1), torch.tensor([[1.5, 0.0, 0.0, 0.0]])
    nothing = torch.tensor([-3.0]), torch.tensor([0.0])
    for tick in range(60):  # every third picture has it
        world._guarded(command, torch.tensor([tick % 3 == 0]), *nothing)
    assert world.flight.setpoint.norm().item() == pytest.approx(1.5, abs=0.01)
    for tick in range(60):  # one in ten
        world._guarded(command, torch.tensor([tick % 10 == 0]), *nothing)
    assert world.flight.setpoint.norm().item() < 0.05


def test_a_belief_lets_it_go_on_for_two_seconds(places):
    world = flat(places, 1)
    world.flight.seen_speed[:] = 1.2
    command, unseen = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([False])
    speeds = []
    for _ in range(60):
        world._guarded(command, unseen, torch.tensor([2.0]), torch.tensor([0.0]))
        speeds.append(world.flight.setpoint.norm().item())
    assert speeds[28] == pytest.approx(1.2, abs=0.02)
    assert speeds[50] < 0.05


def test_a_target_is_known_once_it_was_found(places):
    world, command = flat(places, 1), torch.tensor([[0.0, 0.0, 0.0, 0.0]])
    nothing = torch.tensor([-3.0]), torch.tensor([0.0])
    for _ in range(10):
        world._guarded(command, torch.tensor([False]), *nothing)
    assert world.flight.known.item() == 0.0
    for _ in range(10):
        world._guarded(command, torch.tensor([True]), *nothing)
    for _ in range(50):
        world._guarded(command, torch.tensor([False]), *nothing)
    assert world.flight.known.item() == 1.0


@pytest.mark.parametrize('seen_rad', [-0.4, 0.1, 0.9])
def test_it_looks_to_both_sides_and_then_around_as_the_guard_does(places, seen_rad):
    world, command = flat(places, 1), torch.zeros(1, 4)
    for _ in range(10):
        world._guarded(
            command, torch.tensor([True]), torch.tensor([2.0]), torch.tensor([seen_rad])
        )
    about, headings, turns = world.flight.yaw.item() + seen_rad, [], []
    for _ in range(400):
        world._guarded(command, torch.tensor([False]), torch.tensor([-3.0]), torch.zeros(1))
        world._move()
        headings.append(world.flight.yaw.item() - about)
        turns.append(world.turn.item())
    first, limits = 1.0 if seen_rad > 0.0 else -1.0, world.limits
    begins = round((limits.lost_after_s + limits.lost_hold_s) / FRAME_S) + 5
    changes = [k for k in range(1, 400) if turns[k] * turns[k - 1] < 0.0 and k > begins]
    assert len(changes) == 1
    before = [first * heading for heading in headings[begins : changes[0] + 5]]
    assert SWEEP_RAD <= max(before) < SWEEP_RAD + 0.3
    assert turns[-1] == pytest.approx(-SEARCH * first)
