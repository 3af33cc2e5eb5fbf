# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Auxiliary labels for the encoder: how far the target is, and how near the trunks are.

They come from the simulator's truth, train the features beside the command, and never fly. Unknown
ones (a real flight, a hidden target) are nan and cost nothing.
"""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..geometry import euler_from_quaternion

if TYPE_CHECKING:
    from ..episodes.recording import Recording

SECTORS = 16  # of equal angle across the horizontal field of view, left to right
RANGE_M = 10.0  # trunks further away do not count
REFERENCE_M = 4.0  # log distance is relative to this, the distance that the expert keeps, about


def auxiliary_labels(
    recording: 'Recording', visible: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Return (T, 17): log of the target's distance / 4 m, then nearness 0..1 per sector."""
    position = recording.column('position_enu')
    away = recording.column('target_position_enu') - position
    distance = np.log(np.maximum(np.linalg.norm(away, axis=1), 0.3) / REFERENCE_M)
    distance = np.where(visible, distance, np.nan)
    trunks = np.array(recording.info.obstacles, dtype=np.float64).reshape(-1, 3)
    if len(trunks) == 0:
        near = np.full((len(position), SECTORS), np.nan)
    else:
        yaws = [euler_from_quaternion(q)[2] for q in recording.column('quaternion_xyzw')]
        fov_rad = math.radians(recording.info.camera.horizontal_fov_deg)
        near = np.stack(
            [nearness(p, yaw, trunks, fov_rad) for p, yaw in zip(position, yaws, strict=True)]
        )
    return np.column_stack([distance, near]).astype(np.float32)


def nearness(
    position: FloatArray, yaw_rad: float, trunks: FloatArray, fov_rad: float
) -> FloatArray:
    """Return (16,): 1 at contact, 0 from 10 m on, for the nearest trunk in each sector."""
    relative = trunks[:, :2] - position[:2]
    centre_m = np.hypot(relative[:, 0], relative[:, 1])
    close = centre_m < RANGE_M + 1.0
    relative, centre_m, radius_m = relative[close], centre_m[close], trunks[close, 2]
    bearing = np.arctan2(relative[:, 1], relative[:, 0]) - yaw_rad
    bearing = (bearing + math.pi) % (2.0 * math.pi) - math.pi  # left positive
    half = np.arcsin(np.clip(radius_m / np.maximum(centre_m, 1e-6), 0.0, 1.0))
    value = np.clip(1.0 - (centre_m - radius_m) / RANGE_M, 0.0, 1.0)
    edges = np.linspace(fov_rad / 2.0, -fov_rad / 2.0, SECTORS + 1)
    touches = (bearing[:, None] - half[:, None] < edges[None, :-1]) & (
        bearing[:, None] + half[:, None] > edges[None, 1:]
    )  # (K, 16)
    nearest: FloatArray = np.max(np.where(touches, value[:, None], 0.0), axis=0, initial=0.0)
    return nearest


def belief_labels(recording: 'Recording') -> npt.NDArray[np.float32]:
    """Return (T, 3): 1 and where the target truly is, seen or not; nan where nobody knows.

    Bearing from straight ahead in rad, left positive; log of the horizontal distance / 4 m.
    """
    away = recording.column('target_position_enu') - recording.column('position_enu')
    yaws = [euler_from_quaternion(q)[2] for q in recording.column('quaternion_xyzw')]
    bearing = np.arctan2(away[:, 1], away[:, 0]) - np.array(yaws)
    bearing = (bearing + math.pi) % (2.0 * math.pi) - math.pi
    distance = np.log(np.maximum(np.hypot(away[:, 0], away[:, 1]), 0.3) / REFERENCE_M)
    here = np.where(np.isfinite(bearing + distance), 1.0, np.nan)
    return np.column_stack([here, bearing, distance]).astype(np.float32)
