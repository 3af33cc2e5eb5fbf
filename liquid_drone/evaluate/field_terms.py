# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a flight went in the terms of active visual tracking, beside the success of its task.

Definitions and their sources stand in ``docs/tracks.md``. Pure functions over numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..arrays import BoolArray, FloatArray
from ..sim.flight_log import FlightLog
from ..sim.scenario.task import Task

LEAST_LOSS_S = 0.5  # a shorter time out of view is none
BEARING_SCALE_RAD, MOST_ERROR = np.pi / 4.0, 2.0  # of gym-unrealcv
APART_S, APART_M = 3.0, 2.5  # after the last crossing, and of both people: then it shows
OTHERS, OTHERS_STEP_S = 'others', 0.5  # in a log's facts: ways of those who look alike
Followed = Literal['', 'target', 'other', 'nobody']


@dataclass(frozen=True)
class FieldTerms:
    """One flight."""

    tracking_rate: float  # share of frames: in view and at an allowed distance
    reward: float  # mean of a frame, -1 to 1
    losses_s: tuple[float, ...] = ()  # how long each loss was that ended
    is_lost_at_end: bool = False
    followed: Followed = ''  # after the last crossing; '': nobody crossed


@dataclass(frozen=True)
class FieldSummary:
    """Many flights."""

    mean_tracking_rate: float
    mean_reward: float
    losses: int
    reacquired: int
    median_loss_s: float | None  # of those that ended
    crossed: int  # flights in which somebody who looks alike crossed the way
    right: int  # of them: it is the target that was followed then
    wrong: int


def field_terms(log: FlightLog, task: Task, counts: BoolArray, view: BoolArray) -> FieldTerms:
    """Judge the frames (T,) that count; ``view``: the target is in view."""
    stamps_s = log.column('stamp_ns') / 1e9
    frame_s = float(np.median(np.diff(stamps_s))) if len(stamps_s) > 1 else 0.05
    distance, bearing = _polar(log, log.column('target_position_enu'))
    is_near = (distance >= task.min_distance_m) & (distance <= task.max_distance_m)
    losses, is_open = _losses(view[counts], frame_s)
    return FieldTerms(
        tracking_rate=float((view & is_near)[counts].mean()),
        reward=float(_rewards(distance, bearing, task.keep_distance_m)[counts].mean()),
        losses_s=losses,
        is_lost_at_end=is_open,
        followed=_followed(log, counts, distance, bearing),
    )


def summary_of_terms(flights: Sequence[FieldTerms]) -> FieldSummary | None:
    """Put flights together; None for none."""
    if not flights:
        return None
    ended = [loss for one in flights for loss in one.losses_s]
    crossed = [one.followed for one in flights if one.followed]
    return FieldSummary(
        mean_tracking_rate=float(np.mean([one.tracking_rate for one in flights])),
        mean_reward=float(np.mean([one.reward for one in flights])),
        losses=len(ended) + sum(one.is_lost_at_end for one in flights),
        reacquired=len(ended),
        median_loss_s=float(np.median(ended)) if ended else None,
        crossed=len(crossed),
        right=crossed.count('target'),
        wrong=crossed.count('other'),
    )


def _polar(log: FlightLog, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return horizontal distance (T,) and bearing, left positive, of places (T, 2 or more)."""
    away = places[:, :2] - log.column('position_enu')[:, :2]
    x, y, z, w = log.column('quaternion_xyzw').T
    yaw = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    bearing = np.arctan2(away[:, 1], away[:, 0]) - yaw
    return np.hypot(*away.T), np.arctan2(np.sin(bearing), np.cos(bearing))


def _rewards(distance: FloatArray, bearing: FloatArray, wanted_m: float) -> FloatArray:
    """Return the reward (T,) of gym-unrealcv (Luo et al. 2018): 1 at the wanted place, -1 far."""
    too_far = np.abs(wanted_m - distance * np.cos(bearing)) / wanted_m
    aside = np.abs(bearing) / BEARING_SCALE_RAD
    cost = np.minimum(too_far, MOST_ERROR) + np.minimum(aside, MOST_ERROR)
    rewards: FloatArray = np.maximum(1.0 - cost, -1.0)
    return rewards


def _losses(view: BoolArray, frame_s: float) -> tuple[tuple[float, ...], bool]:
    """Return how long each loss was that ended, and whether the flight ends in one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], view, [True]]).astype(np.int8)))
    runs = edges.reshape(-1, 2)
    long = [(int(a), int(b)) for a, b in runs if (b - a) * frame_s >= LEAST_LOSS_S - 1e-9]
    ended = tuple(round((b - a) * frame_s, 3) for a, b in long if b < len(view))
    return ended, any(b == len(view) for _, b in long)


def _followed(
    log: FlightLog, counts: BoolArray, distance: FloatArray, bearing: FloatArray
) -> Followed:
    """Return whom the drone looks at and is near to, once the last who crossed is apart again."""
    ways = [np.array(way, dtype=np.float64) for way in log.meta.get(OTHERS, ())]
    if not ways:
        return ''
    target = log.column('target_position_enu')[:, :2]
    since_s = (log.column('stamp_ns') - log.column('stamp_ns')[int(np.argmax(counts))]) / 1e9
    others = [_on_way(way, since_s) for way in ways]
    apart = np.stack([np.hypot(*(other - target).T) for other in others])  # (N, T)
    met = np.flatnonzero((apart.min(axis=0) < APART_M) & counts)
    last_s = since_s[met[-1]] if len(met) else -APART_S
    frames = counts & (since_s >= last_s + APART_S)
    if not frames.any():
        return ''
    cost = [_off(distance, bearing), *(_off(*_polar(log, other)) for other in others)]
    nearest = np.argmin(np.stack([one[frames] for one in cost]), axis=0)  # (F,)
    best = np.min(np.stack([one[frames] for one in cost]), axis=0)
    if float(np.median(best)) > 1.0:
        return 'nobody'
    return 'target' if float((nearest == 0).mean()) >= 0.5 else 'other'


def _off(distance: FloatArray, bearing: FloatArray) -> FloatArray:
    """Return how far off somebody is (T,): 1 is 8 m away, or at the edge of the picture."""
    off: FloatArray = np.hypot(distance / 8.0, bearing / np.radians(40.0))
    return off


def _on_way(way: FloatArray, since_s: FloatArray) -> FloatArray:
    """Return the places (T, 2) of a way (N, 2), a row each half second."""
    at = np.arange(len(way)) * OTHERS_STEP_S
    return np.stack([np.interp(since_s, at, way[:, axis]) for axis in (0, 1)], axis=1)
