# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fair timing on a shared machine: the cases take turns, and the quickest run of each counts.

Other programs can only make a run slower, so the minimum is the figure that repeats; taking turns
lets every case meet the same quiet moments, so that ratios within one table can be trusted. A turn
begins with an untimed run, so that no case pays for the caches and the heap that the one before it
left behind: a loop of its own, as training and flight are, does not either. It prints nothing.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Case = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """What the runs of one case took."""

    best_s: float
    median_s: float
    runs: int


def take_turns(
    cases: Mapping[str, Case], rounds: int, inner: int = 1, clock: Clock = time.perf_counter
) -> dict[str, Timing]:
    """Time every case ``rounds`` times, one after the other in each round.

    Args:
        cases: name -> what to run; at each turn once untimed first.
        rounds: timed runs of each case, at least 1.
        inner: calls within one timed run, for cases of microseconds.
        clock: seconds; ``time.process_time`` for work of one thread, where the time that other
            programs have the processor does not count.

    Raises:
        ValueError: rounds or inner below 1.

    """
    if rounds < 1 or inner < 1:
        raise ValueError(f'expected rounds >= 1 and inner >= 1, got {rounds} and {inner}')
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            case()
            took[name].append(_once(case, inner, clock))
    return {
        name: Timing(min(runs), statistics.median(runs), rounds) for name, runs in took.items()
    }


def _once(case: Case, inner: int, clock: Clock) -> float:
    begin = clock()
    for _ in range(inner):
        case()
    return (clock() - begin) / inner


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is left-aligned, the others right-aligned."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [cells[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f'| {" | ".join(padded)} |'

    rule = [':' + '-' * (widths[0] - 1), *('-' * (width - 1) + ':' for width in widths[1:])]
    return '\n'.join([line(head), line(rule), *(line(row) for row in rows)])
