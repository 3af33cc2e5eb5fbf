# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Judge flights: one log against a task, many scores as rates with confidence intervals.

The definition of success stands in the task's YAML file alone. Pure functions over numpy; nothing
here flies, draws or writes.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import BoolArray, FloatArray
from ..sim.flight_log import FlightLog
from ..sim.scenario.task import Task
from ..sim.world.lanes import LaneMiddle
from ..sim.world.routes import PATH_STEP_M
from .field_terms import FieldSummary, FieldTerms, field_terms, summary_of_terms

LANE = 'lane'  # in a log's facts: points of its middle
HELD = 0.15  # of the distance asked for: nearer or further is not held
Z_95 = 1.959963984540054  # standard normal quantile of a two-sided 95 % interval
FAILURES: dict[str, str] = {
    'never_engaged': 'the policy never got the drone',
    'ended_early': 'the policy lost the drone before the end',
    'collision': 'collision',
    'lost_from_view': 'target out of view too long',
    'too_close': 'came too close',
    'too_far': 'fell too far behind',
    'did_not_stop': 'too fast where it had to stand',
    'not_reacquired': 'target not found again in time',
    'wrong_person': 'went on after somebody else',
    'left_lane': 'left the lane',
    'no_progress': 'did not come far enough along the lane',
}


@dataclass(frozen=True)
class FlightScore:
    """How one flight went; distances are horizontal, drone to target, after the settling time.

    In a lane they are those from its middle.
    """

    seed: int
    success: bool
    failures: tuple[str, ...]  # keys of FAILURES
    flown_s: float  # time that the policy had the drone, at most the task's duration
    in_view_share: float  # of the frames flown by the policy
    longest_lost_s: float  # longest time without the target in view
    collision_s: float | None  # after the policy got the drone; None: no collision
    min_distance_m: float | None  # None: the flight ended before the settling time
    mean_distance_m: float | None
    max_distance_m: float | None
    min_clearance_m: float | None  # drone's centre to the nearest trunk's surface; None: no trunk
    mean_speed_m_s: float
    reached_s: float | None = None  # first within the allowed distance; None: never
    held_share: float | None = None  # of the settled time within 15 % of the distance asked for
    terms: FieldTerms | None = None  # None: never engaged, or written by an older release


@dataclass(frozen=True)
class Rate:
    """A share of flights with its 95 % Wilson interval."""

    count: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share itself, 0 for no flights."""
        return self.count / self.total if self.total else 0.0


@dataclass(frozen=True)
class Summary:
    """Many flights in a few numbers; the means are over flights."""

    success: Rate
    no_collision: Rate
    in_view: Rate
    distance_kept: Rate
    failures: dict[str, int]  # keys of FAILURES; one flight may fail in several ways
    mean_in_view_share: float
    mean_distance_m: float | None
    mean_speed_m_s: float
    mean_held_share: float | None = None  # of the settled time; None: no distance was asked for
    terms: FieldSummary | None = None  # None: no flight has them


def wilson(count: int, total: int, z: float = Z_95) -> Rate:
    """Return a share with its Wilson score interval (E. B. Wilson, 1927); 0..1 for no flights."""
    if not 0 <= count <= total:
        raise ValueError(f'expected 0 <= count <= total, got {count} of {total}')
    if total == 0:
        return Rate(0, 0, 0.0, 1.0)
    share, scale = count / total, 1.0 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    return Rate(count, total, low, 1.0 if count == total else min(1.0, centre + half))


def distance_m(log: FlightLog) -> FloatArray:
    """Return the horizontal distance (T,) in metres to the target, or to the middle of a lane."""
    if LANE in log.meta:
        return along_lane(log)[1]
    away = log.column('position_enu') - log.column('target_position_enu')
    return np.asarray(np.hypot(away[:, 0], away[:, 1]), dtype=np.float64)


def along_lane(log: FlightLog) -> tuple[FloatArray, FloatArray]:
    """Return how far along its lane the drone is (T,), and how far from the middle (T,), in m."""
    middle = LaneMiddle(np.array(log.meta[LANE], dtype=np.float64).reshape(-1, 2))
    found = [middle.nearest(place) for place in log.column('position_enu')[:, :2]]
    index, away = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return index * PATH_STEP_M, away


def in_view(log: FlightLog, task: Task) -> BoolArray:
    """Tell for each frame (T,) whether enough of the target is visible."""
    return np.asarray(log.column('target_pixels') >= task.min_target_pixels)


def seconds_since_engaged(log: FlightLog) -> FloatArray:
    """Return the time (T,) since the policy first had the drone; negative before, nan if never."""
    following = log.column('following')
    if not following.any():
        return np.full(len(log), np.nan)
    stamps = log.column('stamp_ns')
    return np.asarray((stamps - stamps[int(np.argmax(following))]) / 1e9, dtype=np.float64)


def judged(log: FlightLog, task: Task) -> BoolArray:
    """Tell for each frame (T,) whether it counts: engaged, and within the task's duration."""
    since = seconds_since_engaged(log)
    return np.asarray((since >= 0.0) & (since < task.duration_s - 1e-9))


def score(log: FlightLog, task: Task) -> FlightScore:
    """Judge one flight by the task's definition of success."""
    seed = int(log.meta['seed'])
    if not log.column('following').any():
        return _nothing_flown(seed)
    counts = judged(log, task)
    since = seconds_since_engaged(log)
    frame_s = _frame_s(log)
    flown = counts & log.column('following')
    view = in_view(log, task)[counts]
    terms = None if task.lane else field_terms(log, task, counts, in_view(log, task))
    is_settled, distances = counts & (since >= task.settle_s), distance_m(log)
    speeds = np.linalg.norm(log.column('velocity_enu'), axis=1)
    settled = distances[is_settled]
    within = (distances >= task.min_distance_m) & (distances <= task.max_distance_m)
    collided = since[log.column('collision') & (since < task.duration_s)]
    speed_m_s = task.target_speed_m_s[0]
    failures = _failures(
        collision=len(collided) > 0,
        ended_early=int(flown.sum()) < round(task.duration_s / frame_s),
        view_share=float(view.mean()),
        settled=settled,
        settled_speed_m_s=_or_none(speeds[is_settled], np.max),
        terms=terms,
        longest_lost_s=_longest_run(~view) * frame_s,
        progress=_progress_m(log, counts) / (speed_m_s * task.duration_s) if task.lane else 1.0,
        task=task,
    )
    return FlightScore(
        seed=seed,
        success=not failures,
        failures=failures,
        flown_s=round(float(flown.sum()) * frame_s, 3),
        in_view_share=float(view.mean()),
        longest_lost_s=round(_longest_run(~view) * frame_s, 3),
        collision_s=float(collided[0]) if len(collided) else None,
        min_distance_m=_or_none(settled, np.min),
        mean_distance_m=_or_none(settled, np.mean),
        max_distance_m=_or_none(settled, np.max),
        min_clearance_m=_clearance_m(log, counts),
        mean_speed_m_s=float(speeds[counts].mean()),
        reached_s=_or_none(since[counts & within], np.min),
        held_share=_held_share(log, is_settled),
        terms=terms,
    )


def summarise(scores: Sequence[FlightScore]) -> Summary:
    """Put many scores together; the order of the flights does not matter."""
    total = len(scores)
    counted = Counter(name for one in scores for name in one.failures)

    def without(*names: str) -> Rate:
        return wilson(sum(not set(names) & set(one.failures) for one in scores), total)

    early = ('never_engaged', 'ended_early')  # such a flight kept nothing to its end
    return Summary(
        success=wilson(sum(one.success for one in scores), total),
        no_collision=without('collision', *early),
        in_view=without('lost_from_view', 'not_reacquired', 'wrong_person', *early),
        distance_kept=without(
            'too_close', 'too_far', 'did_not_stop', 'left_lane', 'no_progress', *early
        ),
        failures={name: counted[name] for name in FAILURES if counted[name]},
        mean_in_view_share=_mean(one.in_view_share for one in scores) or 0.0,
        mean_distance_m=_mean(one.mean_distance_m for one in scores),
        mean_speed_m_s=_mean(one.mean_speed_m_s for one in scores) or 0.0,
        mean_held_share=_mean(one.held_share for one in scores),
        terms=summary_of_terms([one.terms for one in scores if one.terms is not None]),
    )


def _failures(
    collision: bool,
    ended_early: bool,
    view_share: float,
    settled: FloatArray,
    settled_speed_m_s: float | None,
    terms: FieldTerms | None,
    longest_lost_s: float,
    progress: float,
    task: Task,
) -> tuple[str, ...]:
    found = {
        'ended_early': ended_early,
        'collision': collision,
        'lost_from_view': view_share < task.min_in_view,
        'too_close': bool(np.any(settled < task.min_distance_m)),
        _beyond(task): bool(np.any(settled > task.max_distance_m)),
        'did_not_stop': bool(
            task.max_speed_m_s is not None
            and settled_speed_m_s is not None
            and settled_speed_m_s > task.max_speed_m_s
        ),
        'not_reacquired': bool(
            task.reacquire_s is not None and longest_lost_s > task.hidden_s + task.reacquire_s
        ),
        'wrong_person': terms is not None and terms.followed == 'other',
        'no_progress': task.lane is not None and progress < task.lane.min_progress,
    }
    return tuple(name for name, happened in found.items() if happened)


def _beyond(task: Task) -> str:
    """Return how a distance above the largest is called."""
    return 'too_far' if task.lane is None else 'left_lane'


def _progress_m(log: FlightLog, counts: BoolArray) -> float:
    """Return how far a flight came along its lane."""
    along = along_lane(log)[0][counts]
    return float(along.max() - along[0])


def _nothing_flown(seed: int) -> FlightScore:
    return FlightScore(
        seed=seed,
        success=False,
        failures=('never_engaged',),
        flown_s=0.0,
        in_view_share=0.0,
        longest_lost_s=0.0,
        collision_s=None,
        min_distance_m=None,
        mean_distance_m=None,
        max_distance_m=None,
        min_clearance_m=None,
        mean_speed_m_s=0.0,
    )


def _held_share(log: FlightLog, is_settled: BoolArray) -> float | None:
    """Return the share of the settled time at the distance asked for; None: none was."""
    asked_m = log.column('request')[is_settled, 0]
    if len(asked_m) == 0 or np.isnan(asked_m).any():
        return None
    return float((np.abs(distance_m(log)[is_settled] - asked_m) <= HELD * asked_m).mean())


def _frame_s(log: FlightLog) -> float:
    steps = np.diff(log.column('stamp_ns'))
    return float(np.median(steps)) / 1e9 if len(steps) else 0.05


def _clearance_m(log: FlightLog, counts: BoolArray) -> float | None:
    if len(log.obstacles) == 0:
        return None
    drone = log.column('position_enu')[counts, None, :2]  # (T, 1, 2)
    away = np.linalg.norm(drone - log.obstacles[None, :, :2], axis=2)  # (T, K)
    return float((away - log.obstacles[None, :, 2]).min())


def _longest_run(flags: BoolArray) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def _or_none(values: FloatArray, reduce: Callable[[FloatArray], Any]) -> float | None:
    return float(reduce(values)) if len(values) else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
