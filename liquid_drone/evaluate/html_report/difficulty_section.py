# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Success against a task's difficulty, one line for each pilot: how much of it is bearable."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ...errors import LiquidDroneError
from ...sim.scenario.task import Task, load_task
from ..replay.finding import FoundFlight
from ..scoring import Rate, wilson
from .charts import Axis, lines
from .contents import ReportContents
from .curves import SHARE
from .markup import note, section, table
from .names import in_words, quantity

LEVEL = re.compile(r'(?P<base>.+)-(?P<level>[0-9]+(?:\.[0-9]+)?)')  # of a name, by Task.at_level
MARGIN = 0.06  # of the axis, beside the least and the largest level


@dataclass(frozen=True)
class Graded:
    """The flights of one task at several levels of its difficulty, all places together."""

    task: str
    difficulty: str  # the field that the levels are values of; '': not known
    rates: dict[str, dict[float, Rate]]  # pilot: level: success

    @property
    def levels(self) -> list[float]:
        """All levels that somebody flew."""
        return sorted({level for found in self.rates.values() for level in found})


def difficulties(contents: ReportContents) -> list[Graded]:
    """Return each task that was flown at several levels, by name; none in a study of trainings."""
    if contents.study is not None:
        return []
    known: dict[str, Task | None] = {}
    flown: dict[str, dict[str, dict[float, list[FoundFlight]]]] = {}
    for one in contents.flights:
        base, level = _level_of(str(one.who.get('task', '')), known)
        if level is not None:
            pilot = contents.place_of(one)[0]
            flown.setdefault(base, {}).setdefault(pilot, {}).setdefault(level, []).append(one)
    found = []
    for base, pilots in sorted(flown.items()):
        rates = {
            pilot: {level: _success(at[level]) for level in sorted(at)}
            for pilot, at in sorted(pilots.items())
        }
        task = known[base]
        graded = Graded(base, '' if task is None else task.difficulty, rates)
        if len(graded.levels) > 1:
            found.append(graded)
    return found


def difficulty(contents: ReportContents) -> str:
    """Return a chart and a table for each task with several levels; "" where there is none."""
    parts = [_chart(one) + _table(one) for one in difficulties(contents)]
    if not parts:
        return ''
    words = (
        'Success, all places of a level together, with the 95 % interval of Wilson. '
        'Pilots are compared fairly only where they flew the same places and seeds.'
    )
    cards = ''.join(f'<div class="card">{part}</div>' for part in parts)
    return section(
        'difficulty', 'How much is too much', note(words), f'<div class="plots">{cards}</div>'
    )


def _success(flights: Sequence[FoundFlight]) -> Rate:
    return wilson(sum(one.flown.score.success for one in flights), len(flights))


def _level_of(task: str, known: dict[str, Task | None]) -> tuple[str, float | None]:
    """Return a task's name without its level, and the level; None: it has none."""
    match = LEVEL.fullmatch(task)
    for name in [task] if match is None else [task, match['base']]:
        if name not in known:
            known[name] = _task(name)
    own = known[task]
    if own is not None:  # a task of that very name: at the level of its file
        return task, own.level
    return (task, None) if match is None else (match['base'], float(match['level']))


def _task(name: str) -> Task | None:
    """Return a task that ships; None: it is somebody's own, or is not there any more."""
    try:
        return load_task(name)
    except LiquidDroneError:
        return None


def _chart(graded: Graded) -> str:
    levels = graded.levels
    margin = MARGIN * (levels[-1] - levels[0])
    words, unit = quantity(graded.difficulty or 'difficulty')
    label = f'{words}, {unit}' if unit else words
    axis = Axis(label, levels[0] - margin, levels[-1] + margin, tuple(levels))
    points = {
        pilot: [(level, one.share) for level, one in at.items()]
        for pilot, at in graded.rates.items()
    }
    spans = {
        pilot: [(level, one.low, one.high) for level, one in at.items()]
        for pilot, at in graded.rates.items()
    }
    return lines(points, axis, SHARE, in_words(graded.task), spans)


def _table(graded: Graded) -> str:
    words, unit = quantity(graded.difficulty)
    header = [f'{words} {level:g} {unit}'.strip() for level in graded.levels]
    rows = [
        [escape(pilot), *(_cell(at.get(level)) for level in graded.levels)]
        for pilot, at in graded.rates.items()
    ]
    return table(['pilot', *header], rows)


def _cell(one: Rate | None) -> str:
    if one is None:
        return ''
    return f'{one.count} of {one.total} <small>{one.low:.0%} to {one.high:.0%}</small>'
