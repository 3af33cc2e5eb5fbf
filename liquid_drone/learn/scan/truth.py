# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How near things are in each column of a picture, where the picture shows it. numpy only."""

import math
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...contract import CameraSpec
from ...sim.world.placement import obstacles_of
from ...sim.world.scenery import Solid
from ..auxiliary_labels import nearness

LEAST_M = 0.05
SEEN_RAD = math.radians(2.0)  # of a thing's top that must be above the picture's lower edge
STEEPEST_RAD = 1.4
SAME = 0.02  # of nearness


@dataclass(frozen=True)
class Upright:
    """The obstacles of a place, seen from above, with their heights."""

    circles: FloatArray  # (K, 3): x, y, radius in m; world ENU
    tops_m: FloatArray  # (K,): z of the upper end

    @classmethod
    def of(cls, solids: tuple[Solid, ...]) -> 'Upright':
        """Return those of the solids that are in a drone's way."""
        rows, tops = [np.empty((0, 3))], list[float]()
        for solid in solids:
            circles = obstacles_of((solid,)).as_circles()
            rows.append(circles)
            tops += [_top_m(solid)] * len(circles)
        return cls(np.concatenate(rows), np.array(tops))


def _top_m(solid: Solid) -> float:
    radius_m = solid.size_m[0]
    return solid.position[2] + (radius_m if solid.shape == 'sphere' else solid.size_m[-1] / 2.0)


def nearness_seen(
    standing: Upright, position: FloatArray, yaw_rad: float, tilt_rad: float, camera: CameraSpec
) -> FloatArray:
    """Return the nearness of each column, (16,): 1 at contact, 0 from 10 m on.

    It is nan where the nearest thing lies below the picture as a whole: what no picture shows is
    no label for one. A drone passes above such a thing.

    Args:
        standing: what stands there.
        position: (3,), of the camera; world ENU, m.
        yaw_rad: its heading, from east to north.
        tilt_rad: its axis below the horizon.
        camera: its field of view.

    """
    fov_rad = math.radians(camera.horizontal_fov_deg)
    half_rad = math.atan(math.tan(fov_rad / 2.0) * camera.height / camera.width)
    lower_rad = min(tilt_rad + half_rad - SEEN_RAD, STEEPEST_RAD)
    away = np.hypot(*(standing.circles[:, :2] - position[:2]).T) - standing.circles[:, 2]
    edge_m = position[2] - np.maximum(away, LEAST_M) * math.tan(lower_rad)  # of the picture
    seen = standing.circles[standing.tops_m > edge_m]
    all_near = nearness(position, yaw_rad, standing.circles, fov_rad)
    seen_near = nearness(position, yaw_rad, seen, fov_rad)
    labels: FloatArray = np.where(all_near > seen_near + SAME, np.nan, all_near)
    return labels
