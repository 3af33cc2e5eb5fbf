# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Matrices from the world to a camera's and to the sun's picture, for OpenGL. numpy only."""

import math

import numpy as np
import numpy.typing as npt

from .render import FAR_M, NEAR_M, Camera

FloatArray = npt.NDArray[np.float64]


def clip_matrix(camera: Camera) -> FloatArray:
    """Return the matrix (4, 4) from world to OpenGL's clip space."""
    view = np.eye(4)
    view[:3, :3] = np.stack(
        [-camera.rotation[:, 1], camera.rotation[:, 2], -camera.rotation[:, 0]]
    )
    view[:3, 3] = -view[:3, :3] @ camera.position_enu
    f = 1.0 / math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
    project = np.zeros((4, 4))
    project[0, 0], project[1, 1] = f, f * camera.width / camera.height
    project[2, 2] = -(FAR_M + NEAR_M) / (FAR_M - NEAR_M)
    project[2, 3] = -2.0 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
    project[3, 2] = -1.0
    return project @ view


def view_planes(clip: FloatArray) -> FloatArray:
    """Return the five inward planes (5, 4) of a view, all but the far one, with unit normals."""
    w = clip[3]
    planes = np.stack([w + clip[0], w - clip[0], w + clip[1], w - clip[1], w + clip[2]])
    unit: FloatArray = planes / np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
    return unit


def sun_matrix(sun: FloatArray, middle: FloatArray, radius_m: float) -> FloatArray:
    """Return the matrix (4, 4) of a parallel view from the sun onto a sphere."""
    ahead = -np.asarray(sun, dtype=np.float64)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= max(float(np.linalg.norm(right)), 1e-9)
    axes = np.stack([right, np.cross(right, ahead), ahead])
    matrix = np.eye(4)
    matrix[:3, :3] = axes / radius_m
    matrix[:3, 3] = -matrix[:3, :3] @ middle
    return matrix
