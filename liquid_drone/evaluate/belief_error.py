# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How far a policy's belief is from the target while it is hidden, beside a Kalman filter.

The expert flies, the policy only watches. The filter (constant velocity) knows more than the
policy: the target's true place while enough of it is in the picture, and the drone's own motion.
Shapes: T frames of a flight.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import BoolArray, Command, FloatArray, Image
from ..contract import Belief
from ..errors import BundleError
from ..geometry import euler_from_quaternion
from ..runtime.runner import PolicyRunner
from ..sim.scenario.scenario import Scenario
from ..sim.simulator import FRAME_S, Simulator
from .closed_loop import run
from .direct_flight import DirectFlight, DirectOptions
from .driver import DriverOutput
from .pilots.belief import ConstantVelocity
from .scoring import in_view

AFTER_S = (1.0, 2.0, 4.0)
IN_SIGHT_S = 1.0  # without a break: then what follows counts as hidden


@dataclass(frozen=True)
class WatchedFlight:
    """One flight of the expert with a policy that watches."""

    stamp_s: FloatArray  # (T,)
    visible: BoolArray  # (T,), enough of the target is in the picture
    place: FloatArray  # (T, 2), of the target, ENU
    believed: FloatArray  # (T, 2), by the policy
    probability: FloatArray  # (T,), that it is right, by the policy


@dataclass(frozen=True)
class BeliefError:
    """Errors so long after the target was seen last; medians over hidings."""

    after_s: float
    hidings: int  # that last so long
    belief_m: float | None  # None: there are none
    kalman_m: float | None
    still_m: float | None  # where it was seen last
    believed_share: float | None  # of the hidings in which the policy believes to be right


class _Watching:
    """The expert flies; the policy sees every frame."""

    def __init__(self, runner: PolicyRunner) -> None:
        self.runner = runner
        self.beliefs: list[Belief] = []
        self.reset()

    def reset(self) -> None:
        self.runner.reset()

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        belief = self.runner.step(image, stamp_s).belief
        if belief is None:
            raise BundleError(
                f'bundle {self.runner.bundle} has no belief: take one of contract format 2 with '
                'belief: true'
            )
        self.beliefs.append(belief)
        return DriverOutput(label)


def watch(scenario: Scenario, seed: int, runner: PolicyRunner) -> WatchedFlight:
    """Fly the expert through a task, with a policy that watches.

    Raises:
        BundleError: the policy has no belief.

    """
    simulator, watching = Simulator(scenario), _Watching(runner)
    options = DirectOptions(frames=round(scenario.task.duration_s / FRAME_S))
    try:
        log = run(DirectFlight(simulator, seed, options), watching)
    finally:
        simulator.close()
    beliefs = np.array(watching.beliefs)
    yaw = np.array([euler_from_quaternion(q)[2] for q in log.column('quaternion_xyzw')])
    towards = yaw + beliefs[:, 1]
    away = np.column_stack([np.cos(towards), np.sin(towards)]) * beliefs[:, 2:]
    return WatchedFlight(
        log.column('stamp_ns') / 1e9,
        in_view(log, scenario.task),
        log.column('target_position_enu')[:, :2],
        log.column('position_enu')[:, :2] + away,
        beliefs[:, 0],
    )


def errors_of(
    flights: Sequence[WatchedFlight], after_s: Sequence[float] = AFTER_S
) -> list[BeliefError]:
    """Return the errors after so many seconds without sight, over all hidings of some flights."""
    rows: dict[float, list[tuple[float, ...]]] = {after: [] for after in after_s}
    for flight in flights:
        filtered = _filtered(flight)
        for last, end in hidings(flight):
            for after in after_s:
                index = int(np.searchsorted(flight.stamp_s, flight.stamp_s[last] + after - 1e-6))
                if index < end:
                    true = flight.place[index]
                    guesses = flight.believed[index], filtered[index], flight.place[last]
                    off = (math.dist(guess, true) for guess in guesses)
                    rows[after].append((*off, float(flight.probability[index] >= 0.5)))
    return [_summary(after, rows[after]) for after in after_s]


def hidings(flight: WatchedFlight) -> list[tuple[int, int]]:
    """Return (last frame seen, first frame seen again) of each time it goes out of sight."""
    found: list[tuple[int, int]] = []
    seen_since: int | None = None
    last: int | None = None
    for index, visible in enumerate(flight.visible):
        if visible:
            if last is not None:
                found.append((last, index))
            last = None
            seen_since = index if seen_since is None else seen_since
        elif seen_since is not None:
            is_long = flight.stamp_s[index - 1] - flight.stamp_s[seen_since] >= IN_SIGHT_S
            last = index - 1 if is_long else None
            seen_since = None
    return found if last is None else [*found, (last, len(flight.visible))]


def _filtered(flight: WatchedFlight) -> FloatArray:
    kalman, found = ConstantVelocity(), []
    for stamp_s, visible, place in zip(flight.stamp_s, flight.visible, flight.place, strict=True):
        kalman.predict(float(stamp_s))
        if visible:
            kalman.see(place, float(stamp_s))
        found.append(kalman.place if kalman.is_known else np.full(2, math.nan))
    return np.array(found)


def _summary(after_s: float, rows: list[tuple[float, ...]]) -> BeliefError:
    if not rows:
        return BeliefError(after_s, 0, None, None, None, None)
    columns = np.array(rows)
    belief_m, kalman_m, still_m = (float(value) for value in np.median(columns[:, :3], axis=0))
    share = float(columns[:, 3].mean())
    return BeliefError(after_s, len(rows), belief_m, kalman_m, still_m, share)


def table(errors: Sequence[BeliefError]) -> str:
    """Return the errors as a Markdown table."""
    lines = [
        '| seconds without sight | hidings | belief, m | Kalman filter, m | last seen place, m | '
        'believed to be right |',
        '|---|---|---|---|---|---|',
    ]
    for one in errors:
        numbers = (one.belief_m, one.kalman_m, one.still_m)
        cells = ' | '.join('' if value is None else f'{value:.2f}' for value in numbers)
        share = '' if one.believed_share is None else f'{one.believed_share:.0%}'
        lines.append(f'| {one.after_s:g} | {one.hidings} | {cells} | {share} |')
    return '\n'.join(lines)
