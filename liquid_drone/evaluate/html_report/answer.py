# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The answer at the top of a report: where it fails, by what, and how sure that is, in words.

All of it is computed from the rows; a place counts as failing or as holding only where its whole
95 % interval lies on one side of one half.
"""

from collections import Counter
from html import escape

from ...errors import LiquidDroneError
from ...sim.scenario.task import load_task
from ..scoring import FAILURES, Rate, wilson
from .contents import Place, ReportContents
from .markup import counted, listed, note, percent
from .seasons_section import LEVEL, home_season, seasons_against

HALF = 0.5
MOST_NAMED = 4


def answer(contents: ReportContents) -> str:
    """Return the paragraph of the whole and the list of what follows from it."""
    good = sum(one.flown.score.success for one in contents.flights)
    rate = wilson(good, len(contents.flights))
    lead = f'<p class="lead"><b>{good} of {rate.total}</b> flights succeed, {percent(rate)}.</p>'
    places = _places(contents) if contents.study is None else []  # arms have several trainings
    found = [*places, _causes(contents), _season(contents)]
    return f'{_about(contents)}{lead}{listed(line for line in found if line)}{_sure(contents)}'


def _about(contents: ReportContents) -> str:
    """Say who flew, where, and what counts as a success."""
    pilots = sorted({place[0] for place in contents.places})
    worlds = sorted({place[1] for place in contents.places})
    where = ', '.join((f'in {_named(worlds)}', *contents.common))
    words = f'Flown by {_named(pilots)}, {where}; all of it is simulated. '
    tasks = {one.who.get('task', '') for one in contents.flights}
    return f'<p>{escape(words)}{escape(_success(tasks.pop()) if len(tasks) == 1 else "")}</p>'


def _success(name: str) -> str:
    try:
        task = load_task(name)
    except LiquidDroneError:  # a file of somebody's own, or a level of a task
        return ''
    if task.lane is not None:
        return ''
    return (
        f'A flight succeeds if it hits nothing in {task.duration_s:g}\u00a0s, keeps the target in '
        f'view in {task.min_in_view:.0%} of the frames, and is {task.min_distance_m:g} to '
        f'{task.max_distance_m:g}\u00a0m away from it after the first {task.settle_s:g}\u00a0s.'
    )


def _places(contents: ReportContents) -> list[str]:
    """Divide the places into those that fail, those that hold, and those that nobody can tell."""
    by_share = sorted(contents.places.items(), key=lambda item: item[1].success.share)
    rates = {place: one.success for place, one in by_share}
    fails = {place: rate for place, rate in rates.items() if rate.high < HALF}
    holds = {place: rate for place, rate in reversed(rates.items()) if rate.low > HALF}
    rest = {place: rate for place, rate in rates.items() if place not in fails | holds}
    found = []
    if fails:
        found.append(f'<b class="failed">It fails</b> in {_cells(fails, contents)}.')
    if holds:
        found.append(f'<b class="good">It holds</b> in {_cells(holds, contents)}.')
    if rest:
        words = 'Too few flights to tell, or near one half'
        found.append(f'<b>{words}</b>: {_cells(rest, contents)}.')
    return found


def _cells(rates: dict[Place, Rate], contents: ReportContents) -> str:
    named = [
        f'{escape(contents.words_of(place))} {rate.count} of {rate.total} '
        f'({rate.low:.0%} to {rate.high:.0%})'
        for place, rate in list(rates.items())[:MOST_NAMED]
    ]
    more = len(rates) - len(named)
    return '; '.join(named) + (f'; and {more} more' if more else '')


def _causes(contents: ReportContents) -> str:
    failed = [one.flown.score.failures for one in contents.flights if not one.flown.score.success]
    if not failed:
        return ''
    counts = Counter(name for names in failed for name in names)
    named = ', '.join(
        f'{escape(FAILURES[name])} in {count} ({count / len(failed):.0%})'
        for name, count in counts.most_common()
    )
    several = ' (a flight may fail in several ways)' if sum(counts.values()) > len(failed) else ''
    return f'<b>By what</b>: of {counted(len(failed), "failed flight")}, {named}{several}.'


def _season(contents: ReportContents) -> str:
    """Say which places are worse than the same ones in the home season, beyond chance."""
    compared = seasons_against(contents)
    if not compared:
        return ''
    worse = [one for one in compared if one.p_holm < LEVEL and one.found.difference.value < 0.0]
    home = escape(home_season(contents))
    named = '; '.join(
        f'{escape(contents.words_of(one.place))} (loses {one.found.only_theirs} of '
        f'{one.found.seeds})' for one in worse[:MOST_NAMED]
    )  # fmt: skip
    more = len(worse) - MOST_NAMED
    named += f'; and {more} more' if more > 0 else ''
    others = sum(contents.places[one.home].success.count > 0 for one in compared) - len(worse)
    rest = f' In {counted(others, "other place")} no loss is shown.' if others else ''
    if not worse:
        return f'<b>Beside {home}</b>, in the same places, no loss is shown in any.'
    head = f'<b>Beside {home}</b>, in the same places, it loses flights beyond chance in'
    return f'{head} {named}.{rest}'


def _sure(contents: ReportContents) -> str:
    """Say what the intervals are of."""
    if contents.study is not None:
        return note(
            'Flights of one training are not independent of each other: the intervals that count '
            'are those over trainings.'
        )
    fewest = min(one.success.total for one in contents.places.values())
    middle = wilson(round(fewest / 2), fewest)
    return note(
        'Intervals are 95 %: they tell what other places of the same kind may do, and nothing of '
        f'another training of the same network. With {counted(fewest, "flight")}, the fewest in '
        f'a place, a share near one half is known to {50.0 * (middle.high - middle.low):.0f} '
        'points up or down.'
    )


def _named(names: list[str]) -> str:
    return ', '.join(names[:MOST_NAMED]) + (
        f' and {len(names) - MOST_NAMED} more' if len(names) > MOST_NAMED else ''
    )
