# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: of a recorded odometry only what its frames tell is taken for pose and velocity."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.episodes.recorded_series import pose_of
from liquid_drone.geometry import quaternion_from_euler, rotate_by_yaw

WORLDS = st.sampled_from(['odom', 'map', 'world', 'global', 'camera_init', 'fred', 'x500/odom'])
BODIES = st.sampled_from(['base_link', 'imu', 'fcu', 'drone1/base_footprint', 'pinned'])
DOWN = st.sampled_from(['odom_ned', 'map_ned', 'local_origin_ned', 'world_NED', 'fcu_frd', 'ned'])
speeds = st.tuples(*[st.floats(-5.0, 5.0)] * 3)


def odometry(world: str, body: str, yaw_rad: float, velocity: tuple[float, ...]) -> Any:
    x, y, z, w = map(float, quaternion_from_euler(0.0, 0.0, yaw_rad))
    place = SimpleNamespace(x=1.0, y=2.0, z=3.0)
    turn = SimpleNamespace(x=x, y=y, z=z, w=w)
    linear = SimpleNamespace(x=velocity[0], y=velocity[1], z=velocity[2])
    return SimpleNamespace(
        header=SimpleNamespace(frame_id=world),
        child_frame_id=body,
        pose=SimpleNamespace(pose=SimpleNamespace(position=place, orientation=turn)),
        twist=SimpleNamespace(twist=SimpleNamespace(linear=linear)),
    )


@given(WORLDS, BODIES, st.floats(-math.pi, math.pi), speeds)
def test_the_velocity_of_the_child_frame_is_turned_into_the_world(
    world: str, body: str, yaw_rad: float, velocity: tuple[float, ...]
) -> None:
    found = pose_of(odometry(world, body, yaw_rad, velocity))
    assert isinstance(found, dict)
    expected = rotate_by_yaw(np.array(velocity), yaw_rad)
    assert found['velocity_enu'] == pytest.approx(tuple(expected), abs=1e-6)


@given(WORLDS | st.just(''), st.floats(-math.pi, math.pi), speeds)
def test_a_velocity_without_a_frame_is_not_known(
    world: str, yaw_rad: float, velocity: tuple[float, ...]
) -> None:
    """MAVROS' global_position/local tells one of the world so (mavlink/mavros 685)."""
    found = pose_of(odometry(world, '', yaw_rad, velocity))
    assert isinstance(found, dict)
    assert found['position_enu'] == (1.0, 2.0, 3.0)
    assert np.isnan(found['velocity_enu']).all()


@given(WORLDS | DOWN, BODIES | DOWN, DOWN, st.booleans(), speeds)
def test_a_frame_whose_z_is_down_is_refused_by_its_name(
    world: str, body: str, down: str, is_world: bool, velocity: tuple[float, ...]
) -> None:
    """Its turns to the left were taken for turns to the right: those are learned from."""
    frames = (down, body) if is_world else ('odom', down)
    found = pose_of(odometry(*frames, 0.3, velocity))
    assert found == f"are in the frame '{down}', expected one whose z is up (REP-103)"
    pose = odometry(down, '', 0.3, velocity)
    del pose.twist, pose.child_frame_id
    pose.pose = pose.pose.pose
    assert isinstance(pose_of(pose), str)
