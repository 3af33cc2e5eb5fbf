# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a flat world measures: angles, turned vectors, nearness by column, gaps of lines.

Shapes: B flights, K circles (x, y, radius in m), C columns. World ENU and body FLU, horizontal.
"""

import math

import torch
from torch import Tensor

from ..auxiliary_labels import RANGE_M

LEAST_M = 1e-6


def wrapped(angle: Tensor) -> Tensor:
    """Return angles in -pi..pi."""
    return torch.remainder(angle + math.pi, 2.0 * math.pi) - math.pi


def turned(vector: Tensor, yaw: Tensor) -> Tensor:
    """Turn vectors (B, 2) counter-clockwise by yaw (B,): from the body to the world."""
    cosine, sine = torch.cos(yaw), torch.sin(yaw)
    x, y = vector.unbind(1)
    return torch.stack([cosine * x - sine * y, sine * x + cosine * y], dim=1)


def no_longer(vector: Tensor, most: Tensor | float) -> Tensor:
    """Shorten vectors (B, 2) to a length, (B,) or one for all."""
    length = torch.sqrt((vector**2).sum(dim=1) + LEAST_M**2)
    return vector * torch.clamp(most / length, max=1.0)[:, None]


def nearness(place: Tensor, yaw: Tensor, circles: Tensor, fov_rad: float, columns: int) -> Tensor:
    """Return (B, C), left to right: 1 at contact, 0 from 10 m on, as a scan is labelled.

    The same as :func:`..auxiliary_labels.nearness`, for many at once.
    """
    away = circles[..., :2] - place[:, None]  # (B, K, 2)
    centre = away.norm(dim=2).clamp(min=LEAST_M)
    radius = circles[..., 2]
    bearing = wrapped(torch.atan2(away[..., 1], away[..., 0]) - yaw[:, None])
    half = torch.asin((radius / centre).clamp(0.0, 1.0))
    near = (1.0 - (centre - radius) / RANGE_M).clamp(0.0, 1.0)
    edges = torch.linspace(fov_rad / 2.0, -fov_rad / 2.0, columns + 1)
    right, left = (bearing - half)[..., None], (bearing + half)[..., None]
    touches = (right < edges[:-1]) & (left > edges[1:])  # (B, K, C)
    return torch.where(touches, near[..., None], 0.0).amax(dim=1)


def line_gaps(start: Tensor, end: Tensor, circles: Tensor, spared_m: float) -> Tensor:
    """Return the air (B, K) between lines and circles; a line's last piece does not count."""
    way = end - start
    length = way.norm(dim=1).clamp(min=1e-3)
    reach = ((length - spared_m) / length).clamp(min=0.0)
    along = ((circles[..., :2] - start[:, None]) * way[:, None]).sum(dim=2)
    along = torch.minimum((along / (length**2)[:, None]).clamp(min=0.0), reach[:, None])
    nearest = start[:, None] + along[..., None] * way[:, None]
    gaps: Tensor = (nearest - circles[..., :2]).norm(dim=2) - circles[..., 2]
    return gaps
