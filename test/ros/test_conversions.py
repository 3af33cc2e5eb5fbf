# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from liquid_drone.contract import CameraSpec
from liquid_drone.errors import ImageError
from liquid_drone.geometry import quaternion_from_euler
from liquid_drone.ros import conversions

IMAGES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(IMAGES, st.integers(0, 2**31 * 10**9 - 1))
def test_an_image_and_its_stamp_survive_the_message(image: np.ndarray, stamp_ns: int) -> None:
    message = conversions.image_message(image, stamp_ns)
    assert np.array_equal(conversions.image_array(message), image)
    assert conversions.nanoseconds(message.header.stamp) == stamp_ns
    assert message.header.frame_id == 'camera_optical_frame'


@given(IMAGES, st.integers(0, 5))
def test_padded_rows_and_bgr_give_the_same_picture(image: np.ndarray, padding: int) -> None:
    height, width = image.shape[:2]
    message = conversions.image_message(image[:, :, ::-1], 0)
    message.encoding, message.step = 'bgr8', 3 * width + padding
    rows = np.frombuffer(message.data, np.uint8).reshape(height, 3 * width)
    message.data = np.pad(rows, ((0, 0), (0, padding))).tobytes()
    assert np.array_equal(conversions.image_array(message), image)


def test_an_image_that_is_cut_short_is_refused() -> None:
    message = conversions.image_message(np.zeros((4, 4, 3), np.uint8), 0)
    message.data = message.data[:-1]
    with pytest.raises(ImageError, match='cut short'):
        conversions.image_array(message)


@given(hnp.arrays(np.float32, 4, elements=st.floats(-3, 3, width=32)))
def test_a_command_survives_the_message_to_the_last_bit(command: np.ndarray) -> None:
    message = conversions.command_message(command, 1)
    assert np.array_equal(conversions.command_array(message), command)
    assert message.header.frame_id == 'base_link'


def test_odometry_has_its_velocity_in_the_body_frame() -> None:
    north = quaternion_from_euler(0.0, 0.0, np.pi / 2)
    message = conversions.odometry_message(
        0, np.zeros(3), north, np.array([0.0, 2.0, 0.0]), np.zeros(3)
    )
    assert message.twist.twist.linear.x == pytest.approx(2.0)
    assert message.child_frame_id == 'base_link'


def test_camera_info_has_the_field_of_view_of_the_contract() -> None:
    camera = CameraSpec()
    info = conversions.camera_info_message(camera, 0)
    angle = 2 * np.degrees(np.arctan2(info.width / 2, info.k[0]))
    assert angle == pytest.approx(camera.horizontal_fov_deg)


def test_a_target_at_the_edge_of_the_image_is_half_the_field_of_view_away() -> None:
    camera = CameraSpec()
    point = conversions.bearing_message(0, camera, bearing=1.0, elevation=-1.0).point
    assert np.degrees(np.arctan2(point.x, point.z)) == pytest.approx(camera.horizontal_fov_deg / 2)
    assert point.y > 0  # down in the optical frame
