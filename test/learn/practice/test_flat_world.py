# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights in the flat world: the vehicle, the costs, and that practice lowers them."""

import math
from dataclasses import replace

import pytest
import torch
from flat_worlds import CONFIG, VEHICLE, flat, network, told

from liquid_drone.contract import TimeSpec
from liquid_drone.learn.practice.config import Costs, PracticeConfig
from liquid_drone.learn.practice.costs import Ticked, costs_of
from liquid_drone.learn.practice.flat_world import FlatWorld
from liquid_drone.learn.practice.geometry import wrapped
from liquid_drone.learn.practice.practising import practise
from liquid_drone.learn.recipe import TrainConfig
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.sim.physics.quadrotor import (
    Motion,
    VelocityCommand,
    accelerations,
    control,
    moved,
    rotation_of,
    still,
)
from liquid_drone.sim.simulator import FRAME_S

TRAIN = TrainConfig(threads=1, average=0.5)


def test_the_vehicle_follows_as_the_simulated_one(places):
    world, wanted = flat(places, 1), 1.5
    world.flight.yaw[:] = 0.0
    for _ in range(40):
        world.turn = torch.tensor([0.6])
        world.flight.setpoint = torch.tensor([[wanted, 0.0]])
        world._move()
    motion = Motion((0.0, 0.0, 5.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    drive, dt_s = still(VEHICLE, hovering=True), 1.0 / 240.0
    for _ in range(480):
        turned = rotation_of(motion.quaternion_xyzw)
        order = VelocityCommand((wanted, 0.0, 0.0), 0.6)
        drive = control(VEHICLE, drive, motion, turned, order, dt_s)
        pushed = accelerations(VEHICLE, drive, motion, turned, (0.0, 0.0, 0.0))
        motion = moved(motion, *pushed, dt_s)
    flown_m = world.flight.place[0, 0].item() - world.places.start[world.at[0], 0].item()
    assert world.flight.velocity[0, 0].item() == pytest.approx(motion.velocity_enu[0], abs=0.2)
    assert flown_m == pytest.approx(motion.position_enu[0], abs=0.25)
    yaw = math.atan2(turned[3], turned[0])
    assert world.flight.yaw[0].item() == pytest.approx(yaw, abs=0.1)


@pytest.mark.parametrize(
    'time',
    [TimeSpec(), TimeSpec(nominal_s=0.1), TimeSpec(0.08, 0.08, 0.08), TimeSpec(0.02, 0.01, 0.03)],
)
def test_a_tick_s_time_step_is_the_one_that_flies(places, time):
    """It was one nominal frame, whatever the network's time is, and not clipped to its range."""
    torch.manual_seed(0)
    timed = Network(replace(CONFIG, time=time))
    world = FlatWorld(timed, places, told(), VEHICLE, 8, 1)
    seen, given = timed.memory.advance, []

    def advance(measured, motion, dt_s, state):
        given.append(dt_s)
        return seen(measured, motion, dt_s, state)

    timed.memory.advance = advance
    step, spans = timed.cell.step, []

    def stepped(inputs, state, dt, laid):
        spans.append(dt)
        return step(inputs, state, dt, laid)

    timed.cell.step = stepped
    world.tick(timed.cell.weights())
    flown_s = min(max(FRAME_S, time.min_s), time.max_s)
    assert given[0].tolist() == pytest.approx([flown_s] * 8)
    assert spans[0].tolist() == pytest.approx([flown_s / time.nominal_s] * 8)


def costs_at(x: float, speed: float = 0.0, keep: float = 3.0) -> dict[str, float]:
    """Return what it costs to be x m before a trunk of 0.3 m, the target 4 m behind it."""
    where = torch.tensor([[-x, 0.0]])
    here = where, torch.zeros(1)  # a viewpoint
    ahead = torch.zeros(1), torch.tensor([False])
    ticked = Ticked(
        where, torch.tensor([[speed, 0.0]]), *ahead, torch.tensor([[4.0, 0.0]]),
        torch.tensor([[[0.0, 0.0, 0.3]]]), torch.tensor([keep]), *here,
        torch.zeros(1, 4), torch.zeros(1, 4), torch.zeros(1, 4), 0.36,
    )  # fmt: skip
    costs, _, _ = costs_of(ticked)
    return {name: cost.item() for name, cost in costs.items()}


def test_nearer_and_faster_towards_a_trunk_costs_more():
    assert costs_at(0.8)['hit'] > costs_at(1.0)['hit'] > costs_at(1.6)['hit']
    assert costs_at(1.0, 1.0)['near'] > costs_at(1.0, 0.0)['near'] > 0.0
    assert costs_at(1.0, -1.0)['near'] == costs_at(1.0, 0.0)['near']
    assert costs_at(3.0)['near'] == 0.0
    assert costs_at(1.0)['hidden'] == pytest.approx(0.65)  # its middle, of 0.3 and 0.35 m


def slopes(bearing: torch.Tensor, is_known: bool) -> torch.Tensor:
    """Return by how much looking so far away costs more for each radian further."""
    count = len(bearing)
    bearing = bearing.clone().requires_grad_()
    two, four, one = torch.zeros(count, 2), torch.zeros(count, 4), torch.zeros(count)
    ticked = Ticked(
        two, two, bearing, torch.full((count,), not is_known), torch.full((count, 2), 3.0),
        torch.full((count, 1, 3), 1e3), torch.full((count,), 4.0), two, one, four, four, four,
        0.36,
    )  # fmt: skip
    costs_of(ticked)[0]['turned'].sum().backward()
    assert bearing.grad is not None
    return bearing.grad


def test_looking_away_costs_most_where_a_turn_brings_the_target_back():
    bearing = torch.linspace(0.05, 3.0, 60)
    slope = slopes(bearing, is_known=True)
    assert (slope > 0.0).all()
    assert slope[bearing > 0.85].max() < 0.2 * slope[(bearing > 0.3) & (bearing < 0.75)].min()
    torch.testing.assert_close(slopes(-bearing, is_known=True), -slope)


def test_who_has_not_seen_it_yet_turns_left():
    around = torch.cat([torch.linspace(-3.1, -0.85, 30), torch.linspace(0.85, 3.1, 30)])
    assert (slopes(around, is_known=False) > 0.0).all()


def test_a_gradient_leads_out_of_the_line_that_a_trunk_blocks():
    where = torch.tensor([[-2.0, 0.05]], requires_grad=True)
    here = where.detach(), torch.zeros(1)  # a viewpoint
    ahead = torch.zeros(1), torch.tensor([False])
    ticked = Ticked(
        where, torch.zeros(1, 2), *ahead, torch.tensor([[4.0, 0.0]]),
        torch.tensor([[[0.0, 0.0, 0.3]]]), torch.tensor([6.0]), *here,
        torch.zeros(1, 4), torch.zeros(1, 4), torch.zeros(1, 4), 0.36,
    )  # fmt: skip
    costs, _, _ = costs_of(ticked)
    costs['hidden'].sum().backward()
    assert where.grad is not None
    assert where.grad[0, 1].item() < 0.0  # further to the side that it is on


def test_the_same_seed_flies_the_same(places):
    flown = []
    for _ in range(2):
        world = flat(places)
        laid = world.network.cell.weights()
        for _ in range(12):
            world.tick(laid)
        flown.append(world.flight.place.detach().clone())
    assert torch.equal(*flown)


def test_no_gradient_comes_from_what_is_told(places):
    world = flat(places)
    laid = world.network.cell.weights()
    total = sum(cost.sum() for _ in range(3) for cost in world.tick(laid).values())
    assert isinstance(total, torch.Tensor)
    total.backward()
    assert all(p.grad is None for p in world.network.vision.parameters())
    assert world.network.memory is not None
    assert all(p.grad is None for p in world.network.memory.parameters())
    grads = [p.grad for p in world.network.cell.parameters()]
    assert any(grad is not None and bool(grad.abs().sum() > 0) for grad in grads)


def cost_of(flown: Network, places) -> float:
    """Return the mean cost of a tick, over three seconds of flights that nobody practised on."""
    world = FlatWorld(flown, places, told(24, seed=9), VEHICLE, 24, seed=9)
    laid, weights, total = flown.cell.weights(), vars(Costs()), 0.0
    with torch.no_grad():
        for _ in range(60):
            total += sum(
                weights[name] * cost.sum().item() for name, cost in world.tick(laid).items()
            )
    return total / (24 * 60)


def test_practice_lowers_what_flights_cost(places):
    config = PracticeConfig(steps=90, flights=12, ticks=24, learning_rate=5e-3)
    parts: list[dict[str, float]] = []
    before = cost_of(network(), places)
    progress = practise(
        network(), [], told(1).frames, places, VEHICLE, config, TRAIN, torch.ones(4),
        lambda step, costs: parts.append(costs),
    )  # fmt: skip
    assert progress.step == len(parts) == 90
    assert set(parts[0]) == {*vars(Costs()), 'hits a minute'}
    assert cost_of(progress.average.module, places) < 0.8 * before


def test_a_core_without_what_it_needs_does_not_practise():
    PracticeConfig().check(NetworkConfig(), is_kept=False)  # it does not
    practice = PracticeConfig(steps=10)
    practice.check(CONFIG, is_kept=True)
    for config, is_kept in ((CONFIG, False), (replace(CONFIG, request=None), True)):
        with pytest.raises(ValueError, match='behind an encoder that is kept'):
            practice.check(config, is_kept)


def test_some_flights_begin_turned_away_and_most_do_not(places):
    world = flat(places, 400)
    target = world.places.way[world.at, world.step]
    away = target - world.flight.place
    bearing = wrapped(torch.atan2(away[:, 1], away[:, 0]) - world.flight.yaw).abs()
    share = (bearing > 0.75).float().mean().item()  # beyond the picture
    assert 0.03 < share < 0.25


def test_who_is_slow_when_sight_is_lost_pays_for_it_through_the_guard(places):
    world = flat(places, 1)
    belief = torch.tensor([2.0]), torch.tensor([0.0])
    command = torch.tensor([[0.8, 0.0, 0.0, 0.0]], requires_grad=True)
    for _ in range(30):
        world._guarded(command, torch.tensor([True]), *belief)
    for _ in range(20):  # hidden: it asks for more, and gets what it had
        world._guarded(torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([False]), *belief)
    speed = world.flight.setpoint.norm()
    speed.backward()
    assert speed.item() == pytest.approx(0.8, abs=0.05)
    assert command.grad is not None
    assert command.grad[0, 0].item() > 0.5
