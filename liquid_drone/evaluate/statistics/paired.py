# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two pilots or two places on the same seeds: difference, interval, McNemar's exact test.

Shares of successes have the interval of Agresti and Min (2005), which keeps its width where all
flights end alike; graded measures have that of a bootstrap that draws the two flights of a seed
together. It says what differs between these two pilots, not between two ways of training: for
that the unit is a training (``aggregates``).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..replay.finding import FoundFlight
from ..scoring import Z_95, FlightScore
from .aggregates import DRAWS, LEVEL, Estimate
from .exact import mcnemar_p

BOOTSTRAP_SEED = 0
WHERE = ('task', 'world', 'season', 'weather')
Cell = tuple[str, ...]  # the words of ``WHERE``


@dataclass(frozen=True)
class Paired:
    """Ours against theirs on the seeds that both flew."""

    seeds: int
    only_ours: int  # successes of ours where theirs failed
    only_theirs: int
    difference: Estimate  # of the shares of successes, ours less theirs
    in_view_difference: Estimate  # of the mean shares of frames with the target in view
    reward_difference: Estimate | None  # None: flights of an older release
    mcnemar_p: float  # exact, two-sided


def paired(ours: Sequence[FlightScore], theirs: Sequence[FlightScore]) -> Paired:
    """Compare the flights of two pilots, seed by seed.

    Raises:
        ValueError: they have no seed in common.

    """
    others = {one.seed: one for one in theirs}
    pairs = [(one, others[one.seed]) for one in ours if one.seed in others]
    if not pairs:
        raise ValueError('expected flights of the same seeds, got none in common')
    won = np.array([[one.success, other.success] for one, other in pairs])
    rewards = [
        (one.terms.reward, other.terms.reward)
        for one, other in pairs
        if one.terms is not None and other.terms is not None
    ]
    views = [(one.in_view_share, other.in_view_share) for one, other in pairs]
    only_ours = int((won[:, 0] & ~won[:, 1]).sum())
    only_theirs = int((won[:, 1] & ~won[:, 0]).sum())
    return Paired(
        seeds=len(pairs),
        only_ours=only_ours,
        only_theirs=only_theirs,
        difference=difference_of_shares(only_ours, only_theirs, len(pairs)),
        in_view_difference=_difference(np.array(views)),
        reward_difference=_difference(np.array(rewards)) if rewards else None,
        mcnemar_p=mcnemar_p(won[:, 0], won[:, 1]),
    )


def difference_of_shares(only_ours: int, only_theirs: int, pairs: int) -> Estimate:
    """Return the difference of two shares of paired flights with its 95 % interval.

    Half a pair is added to each of the four cells (Agresti and Min, Statistics in Medicine 24,
    2005).
    """
    total = pairs + 2.0
    up, down = (only_ours + 0.5) / total, (only_theirs + 0.5) / total
    middle = up - down
    half = Z_95 * math.sqrt((up + down - middle**2) / total)
    value = (only_ours - only_theirs) / pairs
    return Estimate(value, max(-1.0, middle - half), min(1.0, middle + half))


def by_cell(flights: Iterable[FoundFlight]) -> dict[Cell, list[FlightScore]]:
    """Return the scores of each place and task."""
    cells: dict[Cell, list[FlightScore]] = {}
    for one in flights:
        cell = tuple(one.who.get(name, '') for name in WHERE)
        cells.setdefault(cell, []).append(one.flown.score)
    return cells


def paired_table(cells: Sequence[tuple[Cell, list[FlightScore], list[FlightScore]]]) -> str:
    """Return a comparison in Markdown, a line for each cell."""
    heads = (*WHERE, 'seeds', 'only ours', 'only theirs', 'difference', '95 %', 'McNemar p')
    lines = [f'| {" | ".join(heads)} |', '|---' * len(heads) + '|']
    for cell, ours, theirs in cells:
        lines.append(f'| {" | ".join(cell)} | {_cells(paired(ours, theirs))} |')
    return '\n'.join(lines)


def _cells(found: Paired) -> str:
    one = found.difference
    counts = f'{found.seeds} | {found.only_ours} | {found.only_theirs}'
    return (
        f'{counts} | {one.value:+.1%} | {one.low:+.1%} to {one.high:+.1%} | {found.mcnemar_p:.3g}'
    )


def _difference(pairs: np.ndarray) -> Estimate:
    """Return the mean difference of pairs (F, 2) with its percentile interval."""
    apart = pairs[:, 0] - pairs[:, 1]
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    drawn = apart[rng.integers(len(apart), size=(DRAWS, len(apart)))].mean(axis=1)
    low, high = np.quantile(drawn, ((1.0 - LEVEL) / 2, (1.0 + LEVEL) / 2))
    return Estimate(float(apart.mean()), float(low), float(high))
