# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Frames of an encoder that tells nearly the truth."""

import math

import torch

from liquid_drone.learn.practice.told import Frames

HALF_RAD = math.radians(40.0)


def frames(count: int = 4000, off: float = 0.05) -> Frames:
    """Return frames of an encoder that errs by a known amount, and overlooks one in five."""
    rng = torch.Generator().manual_seed(3)
    bearing = (torch.rand(count, generator=rng) * 2.0 - 1.0) * 0.95 * HALF_RAD
    log_range = torch.rand(count, generator=rng) * 1.5 - 0.7
    visible = torch.rand(count, generator=rng) < 0.8
    seen = visible & (torch.rand(count, generator=rng) < 0.8)
    near = torch.rand(count, 16, generator=rng)
    scan = near - 0.1 * torch.rand(count, 16, generator=rng)
    taken = torch.zeros(count, 5)
    taken[:, 0] = torch.where(visible, 2.0, -3.0)
    taken[:, 1], taken[:, 2] = bearing + off, log_range - off
    features = torch.stack([bearing, log_range, visible.float()], dim=1)
    target = torch.stack([bearing, log_range], dim=1)
    return Frames(features, seen, taken, scan, visible, target, near)
