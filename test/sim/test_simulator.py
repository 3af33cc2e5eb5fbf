# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator with its physics, pictures and expert; one place is built for most tests."""

from collections.abc import Iterator

import numpy as np
import pytest

from liquid_drone.geometry import euler_from_quaternion, rotate_by_yaw
from liquid_drone.sim.expert import Expert, brake
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.session import Session
from liquid_drone.sim.simulator import FRAME_NS, START_NS, Simulator

SEED = 9_004  # of the training split


@pytest.fixture(scope='module')
def simulator() -> Iterator[Simulator]:
    made = Simulator(load_scenario())
    yield made
    made.close()


def test_it_reaches_a_velocity_and_a_turn_rate_and_keeps_them(simulator: Simulator) -> None:
    simulator.reset(SEED)
    for _ in range(36):  # not up into a crown
        simulator.advance([0.0, 0.0, 1.0], 0.5)
    truth = simulator.truth()
    assert np.allclose(truth.velocity_enu, [0.0, 0.0, 1.0], atol=0.15)
    assert truth.angular_velocity_flu[2] == pytest.approx(0.5, abs=0.05)
    assert truth.stamp_ns == START_NS + 36 * FRAME_NS


def test_the_same_seed_and_commands_give_the_same_bytes(simulator: Simulator) -> None:
    def fly() -> list[bytes]:
        simulator.reset(SEED)
        simulator.release_target()
        seen = []
        for _ in range(10):
            simulator.advance([1.0, 0.3, 0.0], 0.2)
            truth = simulator.truth()
            seen += [truth.position_enu.tobytes(), truth.target_position_enu.tobytes()]
        return [*seen, simulator.capture().image.tobytes()]

    assert fly() == fly()


def test_another_seed_is_another_place(simulator: Simulator) -> None:
    simulator.reset(SEED)
    first = simulator.capture().image
    simulator.reset(SEED + 1)
    assert np.mean(simulator.capture().image != first) > 0.5


def test_the_target_is_in_the_first_picture_and_where_the_picture_says(
    simulator: Simulator,
) -> None:
    for seed in range(SEED, SEED + 4):
        simulator.reset(seed)
        frame, truth = simulator.capture(), simulator.truth()
        assert frame.image.shape == (144, 256, 3)
        assert frame.target_pixels >= 12
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        away = rotate_by_yaw(truth.target_position_enu - truth.position_enu, -yaw_rad)
        expected = -away[1] / away[0] / np.tan(np.radians(40.0))
        assert frame.target_bearing == pytest.approx(expected, abs=0.1)


def test_the_target_stands_until_it_is_released(simulator: Simulator) -> None:
    simulator.reset(SEED)
    simulator.advance([0.0, 0.0, 0.0], 0.0)
    before = simulator.truth()
    assert np.all(before.target_velocity_enu == 0.0)
    simulator.release_target()
    for _ in range(20):
        simulator.advance([0.0, 0.0, 0.0], 0.0)
    after = simulator.truth()
    walked = np.linalg.norm(after.target_position_enu - before.target_position_enu)
    assert 0.3 < walked < 1.5


def test_flying_into_a_tree_is_a_collision_and_standing_on_the_ground_is_none(
    simulator: Simulator,
) -> None:
    simulator.reset(SEED, start='ground')
    simulator.idle(240)
    assert simulator.truth().on_ground
    assert not simulator.truth().collision
    x, y, radius = simulator.obstacles[0]
    simulator.show([x - radius - 1.0, y, 1.5], [0.0, 0.0, 0.0, 1.0], START_NS)
    for _ in range(60):
        simulator.advance([1.5, 0.0, 0.0], 0.0)
    assert simulator.truth().collision


def test_falling_hard_is_a_collision(simulator: Simulator) -> None:
    simulator.reset(SEED)
    simulator.idle(480)
    assert simulator.truth().on_ground
    assert simulator.truth().collision


def test_the_expert_follows_without_touching_anything(simulator: Simulator) -> None:
    simulator.reset(SEED)
    simulator.release_target()
    expert = Expert(simulator)
    for _ in range(300):
        vx, vy, vz, yaw_rate = expert.command()
        yaw_rad = euler_from_quaternion(simulator.truth().quaternion_xyzw)[2]
        simulator.advance(rotate_by_yaw([vx, vy, vz], yaw_rad), float(yaw_rate))
    truth = simulator.truth()
    away = np.hypot(*(truth.target_position_enu - truth.position_enu)[:2])
    assert not truth.collision
    assert 1.5 < away < 6.0


def test_the_expert_does_not_fly_at_a_trunk() -> None:
    trunk, width = np.array([[0.6, 0.05]]), np.array([0.5])
    steered = brake(np.array([1.5, 0.4]), trunk, width)
    assert steered[0] < 0.1
    assert steered[1] == pytest.approx(0.4, abs=0.15)  # past it is allowed


def test_a_session_from_the_ground_is_landed_on_request() -> None:
    session = Session(FlightSpec(seed=SEED))
    while not session.done:
        session.begin()
        session.finish(None)
        if session.progress().time_s > 2.0:
            session.request_land()
    log = session.log
    session.close()
    assert log.column('position_enu')[:, 2].max() > 0.5
    assert log.column('position_enu')[-1, 2] < 0.3
    assert not log.column('collision').any()
    assert not log.column('following').any()
    assert np.isnan(log.column('command')).all()
