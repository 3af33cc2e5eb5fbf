# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the frames of REP-103 and REP-105, without needing tf2."""

import numpy as np
import pytest

from liquid_drone.arrays import FloatArray
from liquid_drone.geometry import rotation_from_quaternion
from liquid_drone.ros import transforms


def rotation(message: transforms.TransformStamped) -> FloatArray:
    q = message.transform.rotation
    return rotation_from_quaternion([q.x, q.y, q.z, q.w])


def test_the_optical_frame_looks_where_the_camera_looks() -> None:
    _, optical = transforms.camera_mount(0.0)
    turned = rotation(optical)
    assert turned @ [0, 0, 1] == pytest.approx(np.array([1, 0, 0]))  # ahead is x of the link
    assert turned @ [1, 0, 0] == pytest.approx(np.array([0, -1, 0]))  # right of the picture
    assert turned @ [0, 1, 0] == pytest.approx(np.array([0, 0, -1]))  # down in the picture


def test_a_tilted_camera_looks_down() -> None:
    link, optical = transforms.camera_mount(30.0)
    ahead = rotation(link) @ rotation(optical) @ [0, 0, 1]
    assert ahead == pytest.approx(np.array([np.cos(np.pi / 6), 0, -0.5]))


def test_the_tree_is_that_of_rep_105() -> None:
    link, optical = transforms.camera_mount(10.0)
    names = [(m.header.frame_id, m.child_frame_id) for m in (link, optical)]
    assert names == [('base_link', 'camera_link'), ('camera_link', 'camera_optical_frame')]
