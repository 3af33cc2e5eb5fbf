# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: signs and axes between ROS and MAVLink; a wrong one flies the drone the wrong way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import geometry as g

numbers = st.floats(-1e4, 1e4)
vectors = st.tuples(numbers, numbers, numbers)
angles = st.floats(-math.pi, math.pi)
pitches = st.floats(-1.5, 1.5)  # short of straight up, where roll and yaw are one


def same_angle(a: float, b: float) -> bool:
    return abs(g.wrap_angle(a - b)) < 1e-6


@given(vectors)
def test_world_frames_go_there_and_back(vector):
    np.testing.assert_array_equal(g.enu_from_ned(g.ned_from_enu(vector)), vector)


@given(vectors)
def test_body_frames_go_there_and_back(vector):
    np.testing.assert_array_equal(g.flu_from_frd(g.frd_from_flu(vector)), vector)


def test_north_east_up_have_their_signs():
    np.testing.assert_array_equal(g.ned_from_enu([0, 1, 0]), [1, 0, 0])  # north
    np.testing.assert_array_equal(g.ned_from_enu([1, 0, 0]), [0, 1, 0])  # east
    np.testing.assert_array_equal(g.ned_from_enu([0, 0, 1]), [0, 0, -1])  # up


def test_left_and_up_change_sign_on_the_wire_and_forward_does_not():
    np.testing.assert_array_equal(g.frd_from_flu([1, 1, 1]), [1, -1, -1])


def test_batches_are_turned_row_by_row():
    batch = np.arange(24.0).reshape(2, 4, 3)
    np.testing.assert_array_equal(g.enu_from_ned(batch)[1, 2], g.enu_from_ned(batch[1, 2]))
    np.testing.assert_array_equal(g.rotate_by_yaw(batch, 0.3)[1], g.rotate_by_yaw(batch[1], 0.3))


@given(st.floats(-1e3, 1e3))
def test_wrapped_angles_lie_in_one_turn_and_point_the_same_way(angle):
    wrapped = g.wrap_angle(angle)
    assert -math.pi <= wrapped < math.pi
    assert math.isclose(math.cos(wrapped), math.cos(angle), abs_tol=1e-9)
    assert math.isclose(math.sin(wrapped), math.sin(angle), abs_tol=1e-9)


@given(angles)
def test_headings_go_there_and_back(yaw):
    assert same_angle(g.enu_yaw_from_ned(g.ned_yaw_from_enu(yaw)), yaw)


def test_looking_east_is_a_heading_of_ninety_degrees():
    assert g.ned_yaw_from_enu(0.0) == pytest.approx(math.pi / 2)
    assert g.ned_yaw_from_enu(math.pi / 2) == pytest.approx(0.0)


@given(angles, pitches, angles)
def test_euler_angles_survive_the_quaternion(roll, pitch, yaw):
    back = g.euler_from_quaternion(g.quaternion_from_euler(roll, pitch, yaw))
    assert same_angle(back[0], roll)
    assert abs(back[1] - pitch) < 1e-6
    assert same_angle(back[2], yaw)


@given(angles, pitches, angles)
def test_rotations_keep_length_and_handedness(roll, pitch, yaw):
    matrix = g.rotation_from_quaternion(g.quaternion_from_euler(roll, pitch, yaw))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)


@given(angles, vectors)
def test_turning_by_yaw_is_the_rotation_of_a_level_body(yaw, vector):
    matrix = g.rotation_from_quaternion(g.quaternion_from_euler(0.0, 0.0, yaw))
    np.testing.assert_allclose(g.rotate_by_yaw(vector, yaw), matrix @ vector, atol=1e-8)


def test_nose_down_is_a_positive_pitch_in_flu_and_a_negative_one_in_frd():
    quaternion = g.quaternion_from_euler(0.0, 0.2, 0.0)
    nose = g.rotation_from_quaternion(quaternion) @ [1.0, 0.0, 0.0]
    assert nose[2] < 0.0
    assert g.ned_euler_from_enu(0.0, 0.2, 0.0)[1] == -0.2


@given(angles, pitches, angles)
def test_both_descriptions_of_an_attitude_point_the_nose_the_same_way(roll, pitch, yaw):
    enu = g.rotation_from_quaternion(g.quaternion_from_euler(roll, pitch, yaw))
    ned = g.rotation_from_quaternion(
        g.quaternion_from_euler(*g.ned_euler_from_enu(roll, pitch, yaw))
    )  # the same formulas hold in NED/FRD, whose axes are right-handed too
    for body_flu in np.eye(3):
        np.testing.assert_allclose(
            g.enu_from_ned(ned @ g.frd_from_flu(body_flu)), enu @ body_flu, atol=1e-9
        )
