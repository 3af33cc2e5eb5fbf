# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The drone's body: near something it flies as it does far away, until it touches it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from liquid_drone.arrays import FourFloats
from liquid_drone.sim.physics import wind
from liquid_drone.sim.physics.body import DroneBody
from liquid_drone.sim.physics.engine import load_pybullet
from liquid_drone.sim.physics.quadrotor import Sample, VelocityCommand
from liquid_drone.sim.scenario.scenario import load_scenario

HOVER = 0.7250  # throttle: 0.35 u + 0.65 u^2 = 2.064 kg * 9.81 m/s^2 / 34 N
LEVEL = (0.0, 0.0, 0.0, 1.0)
POLE_X_M, POLE_RADIUS_M = 1.0, 0.2
Place = tuple[Any, int, int, int]


@pytest.fixture
def place() -> Iterator[Place]:
    """Return PyBullet, a client with a floor and a pole, the drone's number and the pole's."""
    p = load_pybullet()
    client = p.connect(p.DIRECT)
    p.setTimeStep(1.0 / 240.0, physicsClientId=client)
    vehicle = load_scenario().vehicle
    floor = p.createCollisionShape(p.GEOM_PLANE, physicsClientId=client)
    pole = p.createCollisionShape(
        p.GEOM_CYLINDER, radius=POLE_RADIUS_M, height=3.0, physicsClientId=client
    )
    hull = p.createCollisionShape(
        p.GEOM_CYLINDER, radius=vehicle.radius_m, height=vehicle.height_m, physicsClientId=client
    )
    p.createMultiBody(0.0, floor, physicsClientId=client)
    number = p.createMultiBody(
        0.0, pole, basePosition=[POLE_X_M, 0.0, 1.5], physicsClientId=client
    )
    drone = p.createMultiBody(vehicle.mass_kg, hull, physicsClientId=client)
    yield p, client, drone, number
    p.disconnect(client)


def made(place: Place, position: tuple[float, float, float]) -> DroneBody:
    p, client, number, _ = place
    bodies = SimpleNamespace(drone=number, ground=0, boxes={})
    drone = DroneBody(p, client, bodies, load_scenario().vehicle, lambda place: 0.0)
    drone.power(hovering=True)
    drone.place(position, LEVEL)
    return drone


def test_near_a_pole_it_flies_as_far_from_it(place: Place) -> None:
    passing = VelocityCommand((1.0, 0.2, 0.1), 0.5)
    near, far = made(place, (0.0, 0.8, 1.5)), made(place, (100.0, 0.8, 1.5))
    near.fly(passing, 240)
    far.fly(passing, 240)
    assert not near.collision
    moved = np.array(far.motion.position_enu) - [100.0, 0.0, 0.0]
    assert np.allclose(near.motion.position_enu, moved, atol=1e-12)
    assert near.motion.quaternion_xyzw == far.motion.quaternion_xyzw


@pytest.mark.parametrize('speed_m_s', [0.5, 3.0, 8.0])
def test_it_never_flies_through_a_pole(place: Place, speed_m_s: float) -> None:
    drone = made(place, (-4.0, 0.0, 1.5))
    while not drone.collision and drone.motion.position_enu[0] < POLE_X_M:
        drone.fly(VelocityCommand((speed_m_s, 0.0, 0.0), 0.0), 12)
    assert drone.collision
    assert drone.motion.position_enu[0] < POLE_X_M


def test_it_notices_what_was_put_in_its_way(place: Place) -> None:
    p, client, _, pole = place
    drone = made(place, (0.0, 0.0, 1.5))
    order = VelocityCommand((1.0, 0.0, 0.0), 0.0)
    p.resetBasePositionAndOrientation(pole, [50.0, 0.0, 1.5], LEVEL, physicsClientId=client)
    drone.broad_phase.note_moved(pole)
    drone.fly(order, 480)
    assert not drone.collision
    ahead = [drone.motion.position_enu[0] + 1.0, 0.0, 1.5]
    p.resetBasePositionAndOrientation(pole, ahead, LEVEL, physicsClientId=client)
    drone.broad_phase.note_moved(pole)
    drone.fly(order, 480)
    assert drone.collision


def test_a_soft_landing_is_no_collision_and_a_hard_one_is(place: Place) -> None:
    soft, hard = made(place, (20.0, 0.0, 1.0)), made(place, (20.0, 0.0, 1.0))
    soft.fly(VelocityCommand((0.0, 0.0, -0.4), 0.0), 240 * 4)
    assert soft.motion.position_enu[2] == pytest.approx(0.07, abs=0.03)
    assert not soft.collision
    hard.fly(None, 240)
    assert hard.collision


def test_it_takes_itself_against_a_wind_and_gusts_shake_it(place: Place) -> None:
    drone = made(place, (0.0, 50.0, 10.0))
    drone.blow((5.0, 0.0, 0.0), np.random.default_rng(1))
    speeds = []
    for _ in range(600):
        drone.fly(VelocityCommand((0.0, 0.0, 0.0), 0.0), 12)
        speeds.append(drone.motion.velocity_enu)
    late = np.array(speeds[200:])
    assert abs(late.mean(axis=0)[0]) < 0.15
    assert 0.02 < late.std(axis=0)[0] < 0.5


def test_gusts_have_the_strength_and_the_length_of_dryden() -> None:
    air = wind.dryden((6.0, 0.0, 0.0))
    rng = np.random.default_rng(3)
    gusts = [wind.first_gust(air, rng)]
    for _ in range(200_000):
        gusts.append(wind.next_gust(air, gusts[-1], rng))
    drawn = np.array(gusts)
    assert np.allclose(drawn.std(axis=0), air.gust_m_s, rtol=0.1)
    assert air.gust_m_s[2] == pytest.approx(0.6)
    assert air.gust_m_s[0] == pytest.approx(0.6 / 0.5092, rel=1e-3)
    lag = round(air.time_constant_s[2] / wind.UPDATE_S)
    correlation = np.corrcoef(drawn[lag:, 2], drawn[:-lag, 2])[0, 1]
    assert correlation == pytest.approx(np.exp(-1.0), abs=0.06)


def test_no_wind_has_no_gusts() -> None:
    air = wind.dryden((0.0, 0.0, 0.0))
    assert wind.first_gust(air, np.random.default_rng(0)) == (0.0, 0.0, 0.0)


def test_by_its_motors_it_hovers_and_its_sensors_feel_the_weight(place: Place) -> None:
    drone = made(place, (0.0, 10.0, 1.5))
    samples: list[Sample] = []

    def hover(sample: Sample) -> FourFloats:
        samples.append(sample)
        return (HOVER, HOVER, HOVER, HOVER)

    drone.fly_by(hover, 240)
    assert len(samples) == 240
    assert samples[-1].time_s == pytest.approx(239 / 240)
    assert drone.substeps == 240
    assert drone.motion.position_enu[2] == pytest.approx(1.5, abs=0.05)
    assert samples[-1].specific_force_flu == pytest.approx((0.0, 0.0, 9.81), abs=0.05)


def test_firmware_that_gives_no_throttle_stands_on_the_ground(place: Place) -> None:
    drone = made(place, (0.0, 10.0, 0.07))
    drone.power(hovering=False)
    forces = []

    def idle(sample: Sample) -> FourFloats:
        forces.append(sample.specific_force_flu[2])
        return (0.0, 0.0, 0.0, 0.0)

    drone.fly_by(idle, 240)
    assert drone.motion.position_enu[2] == pytest.approx(0.07, abs=0.02)
    assert np.mean(forces[120:]) == pytest.approx(9.81, abs=0.2)
    assert np.std(forces[120:]) < 0.5
