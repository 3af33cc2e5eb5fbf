# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""FlatPlaces as a flat world has them: what stands there, seen from above, and the target's way.

They are those of the simulator, from the same seeds, without what makes pictures of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ...arrays import FloatArray
from ...seeds import split_seeds
from ...sim.scenario.scenario import Scenario, load_scenario
from ...sim.world.layout import make_draft
from ...sim.world.routes import STEP_S

SEEDS_FROM = 5000  # of the training split; the flights of a recipe's rounds have those before
SPARE_S = 2.0  # of a way, beyond the task's duration
SECOND = round(1.0 / STEP_S)  # in steps of a way
REACH_M = 14.0  # around the target: nobody who follows it is further from what he meets
MOST = 128  # circles that count at a time, the nearest to the target
FAR_M = 1e3  # where those stand that fill up a row


@dataclass(frozen=True)
class FlatPlace:
    """One of them, before it is put beside others."""

    way: FloatArray  # (N, 2), the target's, every STEP_S; world ENU, m
    start: tuple[float, float, float]  # of the drone: x, y in m, yaw in rad
    near: FloatArray  # (S, MOST, 3): circles near the target in each second: x, y, radius in m


@dataclass(frozen=True)
class FlatPlaces:
    """P of them, as long as the longest."""

    way: Tensor  # (P, N, 2)
    steps: Tensor  # (P,), of each way
    near: Tensor  # (P, S, MOST, 3)
    start: Tensor  # (P, 3)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.start)


def seeds_of(count: int) -> range:
    """Return the seeds of so many places."""
    return split_seeds('train', count, SEEDS_FROM)


def draw_place(world: str, task: str, seed: int) -> FlatPlace:
    """Draw one; a season changes nothing that stands.

    Raises:
        SimulationError: the world leaves no free start.

    """
    scenario = _scenario(world, task)
    draft = make_draft(scenario, seed)
    count = round((scenario.task.duration_s + SPARE_S) / STEP_S)
    way = draft.route.position[:count]
    if len(way) < count:
        way = np.concatenate([way, np.repeat(way[-1:], count - len(way), axis=0)])
    position, yaw = draft.start
    circles = draft.obstacles.as_circles()
    near = np.stack([_near(circles, spot) for spot in way[::SECOND]])
    return FlatPlace(way, (float(position[0]), float(position[1]), float(yaw)), near)


@lru_cache(maxsize=64)
def _scenario(world: str, task: str) -> Scenario:
    return load_scenario(world, task=task)


def _near(circles: FloatArray, spot: FloatArray) -> FloatArray:
    away = np.hypot(*(circles[:, :2] - spot).T) - circles[:, 2]
    nearest = np.argsort(away)[:MOST]
    nearest = nearest[away[nearest] < REACH_M]
    rows = np.full((MOST, 3), FAR_M)
    rows[:, 2] = 0.1
    rows[: len(nearest)] = circles[nearest]
    return rows


def beside_each_other(places: Sequence[FlatPlace]) -> FlatPlaces:
    """Put places together; who comes to the end of a way stands there."""
    return FlatPlaces(
        way=_joined([place.way for place in places]),
        steps=torch.tensor([len(place.way) for place in places]),
        near=_joined([place.near for place in places]),
        start=torch.tensor([place.start for place in places]),
    )


def _joined(rows: Sequence[FloatArray]) -> Tensor:
    longest = max(map(len, rows))
    whole = np.empty((len(rows), longest, *rows[0].shape[1:]), np.float32)
    for into, row in zip(whole, rows, strict=True):
        into[: len(row)], into[len(row) :] = row, row[-1]
    return torch.from_numpy(whole)
