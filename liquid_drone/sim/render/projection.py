# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Matrices from the world to a camera's and to the sun's picture, for OpenGL. numpy only."""

import math

import numpy as np

from ...arrays import FloatArray
from .picture import FAR_M, NEAR_M, Camera

# What clip space's x, y, z and w are along the camera's axes left, up, forward and forward.
AXES = np.array([[-1.0], [1.0], [(FAR_M + NEAR_M) / (FAR_M - NEAR_M)], [1.0]])
# From the rows of a clip matrix to planes: left, right, below, above, near.
PLANES = np.array([[1, 0, 0, 1], [-1, 0, 0, 1], [0, 1, 0, 1], [0, -1, 0, 1], [0, 0, 1, 1.0]])


def clip_matrix(camera: Camera) -> FloatArray:
    """Return the matrix (4, 4) from world to OpenGL's clip space."""
    wide = 1.0 / math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
    high = wide * camera.width / camera.height
    matrix = np.empty((4, 4))
    np.multiply(camera.rotation.T[[1, 2, 0, 0]], AXES * [[wide], [high], [1], [1]], matrix[:, :3])
    np.negative(matrix[:, :3] @ camera.position_enu, matrix[:, 3])
    matrix[2, 3] -= 2.0 * FAR_M * NEAR_M / (FAR_M - NEAR_M)
    return matrix


def view_planes(clip: FloatArray) -> FloatArray:
    """Return the five inward planes (5, 4) of a view, all but the far one, with unit normals."""
    planes: FloatArray = PLANES @ clip
    planes /= np.sqrt(np.square(planes[:, :3]).sum(axis=1, keepdims=True))
    return planes


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
