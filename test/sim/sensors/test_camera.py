# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""When the camera looks, from where, and what is delivered; no physics, no renderer."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from liquid_drone.errors import ConfigError
from liquid_drone.geometry import quaternion_from_euler
from liquid_drone.sim.physics.quadrotor import Motion
from liquid_drone.sim.render.picture import RenderedFrame
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.vehicle import Vehicle
from liquid_drone.sim.scenario.weather import Weather
from liquid_drone.sim.sensors.camera import DroneCamera, Shot

FRAME_NS = 50_000_000
BEGIN_NS = 1_000_000_000
PICTURE = RenderedFrame(np.zeros((144, 256, 3), np.uint8), np.zeros((144, 256), np.bool_))


@pytest.fixture(scope='module')
def vehicle() -> Vehicle:
    return load_scenario().vehicle


def motion_at(
    time_s: float, pitch: float = 0.0, rates: tuple[float, float, float] = (0, 0, 0)
) -> Motion:
    """Fly east at 2 m/s."""
    x, y, z, w = quaternion_from_euler(0.0, pitch, 0.0).tolist()
    return Motion((2.0 * time_s, 0.0, 2.0), (2.0, 0.0, 0.0), (x, y, z, w), rates)


def fly(camera: DroneCamera, frames: int = 200) -> list[tuple[int, int, bool]]:
    """Return (now, stamp, fresh) of each frame."""
    seen = []
    for i in range(frames):
        now_ns = BEGIN_NS + i * FRAME_NS
        camera.note(now_ns, motion_at(i * 0.05))
        missing = camera.missing(now_ns)
        frame = missing or camera.develop(camera.aim(now_ns), PICTURE)
        seen.append((now_ns, frame.stamp_ns, frame.fresh))
    return seen


def test_a_good_camera_delivers_every_frame_at_once(vehicle: Vehicle) -> None:
    assert all(
        now == stamp and fresh for now, stamp, fresh in fly(DroneCamera(vehicle, Weather(), 1))
    )


def test_late_frames_are_old_irregular_and_in_order(vehicle: Vehicle) -> None:
    seen = fly(DroneCamera(vehicle, Weather(late=4), 1))[10:]
    ages_s = np.array([now - stamp for now, stamp, _ in seen]) / 1e9
    steps_s = np.diff([stamp for _, stamp, _ in seen]) / 1e9
    assert ages_s.min() >= 0.09
    assert ages_s.max() <= 0.125
    assert np.all(steps_s > 0.0)
    assert steps_s.std() > 0.005


def test_no_moment_is_delivered_twice_as_fresh(vehicle: Vehicle) -> None:
    seen = fly(DroneCamera(vehicle, Weather(late=5, dropped=2), 3), 100)
    stamps = [stamp for _, stamp, fresh in seen if fresh]
    assert len(set(stamps)) == len(stamps)


def test_asking_twice_gives_the_same_frame(vehicle: Vehicle) -> None:
    camera = DroneCamera(vehicle, Weather(late=3, dropped=3), 1)
    for i in range(60):
        now_ns = BEGIN_NS + i * FRAME_NS
        camera.note(now_ns, motion_at(i * 0.05))
        first, second = (
            camera.missing(now_ns) or camera.develop(camera.aim(now_ns), PICTURE) for _ in 'ab'
        )
        assert (first.stamp_ns, first.fresh) == (second.stamp_ns, second.fresh)


def test_dropped_frames_repeat_the_last_one_and_say_so(vehicle: Vehicle) -> None:
    seen = fly(DroneCamera(vehicle, Weather(dropped=4), 1), 800)
    assert seen[0][2]
    assert np.mean([not fresh for _, _, fresh in seen]) == pytest.approx(0.25, abs=0.05)
    for (_, before, _), (now, stamp, fresh) in itertools.pairwise(seen):
        assert stamp == (now if fresh else before)


def test_the_same_seed_has_the_same_frames_and_another_others(vehicle: Vehicle) -> None:
    made = Weather(late=2, dropped=3)
    assert fly(DroneCamera(vehicle, made, 1)) == fly(DroneCamera(vehicle, made, 1))
    assert fly(DroneCamera(vehicle, made, 1)) != fly(DroneCamera(vehicle, made, 2))


def test_an_old_picture_is_taken_from_where_the_drone_was(vehicle: Vehicle) -> None:
    slow = replace(vehicle, camera_latency_s=0.12)
    camera = DroneCamera(slow, Weather(), 1)
    fly(camera, 20)
    shot = camera.aim(BEGIN_NS + 19 * FRAME_NS)
    then_s = 19 * 0.05 - 0.12
    assert shot.camera.position_enu[0] == pytest.approx(
        2.0 * then_s + vehicle.camera_position_m[0]
    )


def aimed(vehicle: Vehicle, pitch: float, rates: tuple[float, float, float]) -> Shot:
    camera = DroneCamera(vehicle, Weather(), 1)
    camera.note(BEGIN_NS, motion_at(0.0, pitch, rates))
    return camera.aim(BEGIN_NS)


def test_a_fixed_camera_tilts_with_the_body_and_a_stabilised_one_does_not(
    vehicle: Vehicle,
) -> None:
    tilt = math.radians(vehicle.camera.tilt_down_deg)
    gimbal = replace(vehicle, camera_mount='stabilised')
    fixed, level = (aimed(made, 0.3, (0.0, 0.0, 0.0)) for made in (vehicle, gimbal))
    assert fixed.camera.rotation[2, 0] == pytest.approx(-math.sin(tilt + 0.3))
    assert level.camera.rotation[2, 0] == pytest.approx(-math.sin(tilt))


def test_turning_left_moves_the_picture_right(vehicle: Vehicle) -> None:
    right, down = aimed(vehicle, 0.0, (0.0, 0.0, 1.0)).turn_px_per_s
    assert right == pytest.approx(128.0 / math.tan(math.radians(40.0)), rel=0.05)
    assert abs(down) < 1e-9
    assert aimed(vehicle, 0.0, (0.0, 1.0, 0.0)).turn_px_per_s[1] < 0.0  # nose down: picture up


def test_latency_in_milliseconds_is_refused_and_says_seconds() -> None:
    with pytest.raises(ValueError, match='in seconds'):
        replace(load_scenario().vehicle, camera_jitter_s=20.0)
    with pytest.raises(ConfigError):
        load_scenario(weather='late:9')
