# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Success of every place: as coloured cells, and as dots in their intervals."""

from html import escape

from ..scoring import FAILURES, Summary
from .charts import interval_bar
from .contents import ReportContents
from .markup import note, percent, section, table

NOT_FLOWN = 'not flown'


def heat_map(contents: ReportContents) -> str:
    """Return rows of cells; a row goes on in the next line where the page is narrow."""
    grids = [_grid(contents, split) for split in (2, 1)]  # by pilot and world; by pilot
    rows = min(grids, key=lambda grid: str(grid).count(NOT_FLOWN))
    if all(len(cells) == 1 for cells in rows.values()):  # one row then
        rows = {'': [cell for cells in _grid(contents, 0).values() for cell in cells]}
    words = 'Share of flights that succeed, with the 95 % interval of Wilson.'
    if contents.study is not None:
        words += ' An arm has flights of several trainings: its interval is too narrow here.'
    shown = [_row(name, cells) for name, cells in rows.items()]
    return section('where', 'Where it fails', note(words), *shown)


def _grid(contents: ReportContents, split: int) -> dict[str, list[str]]:
    """Return the cells of each row: its first words name it, the others each cell."""
    year = [column for column, _ in contents.columns()]
    by_words = dict[tuple[str, ...], Summary](contents.places.items())
    heads = sorted({place[:split] for place in contents.places})
    tails = {place[split:] for place in contents.places}
    ordered = sorted(tails, key=lambda tail: (tail[:-2], year.index(tail[-2]), tail[-1]))
    told = [n for n in range(4 - split) if len({tail[n] for tail in tails}) > 1] or [2 - split]
    return {
        ', '.join(head): [
            _cell(
                ', '.join(tail[n] for n in told if tail[n]) or tail[-2],
                by_words.get((*head, *tail)),
            )
            for tail in ordered
        ] for head in heads
    }  # fmt: skip


def _row(name: str, cells: list[str]) -> str:
    head = f'<h3>{escape(name)}</h3>' if name else ''
    return f'<div class="heats-of">{head}<div class="heats">{"".join(cells)}</div></div>'


def _cell(name: str, summary: Summary | None) -> str:
    head = f'<span class="name">{escape(name)}</span>'
    if summary is None:
        return f'<div class="heat none">{head}<small>{NOT_FLOWN}</small></div>'
    rate = summary.success
    return (
        f'<div class="heat" style="--h:{130.0 * rate.share:.0f}">{head}<b>{rate.share:.0%}</b>'
        f'<small>{rate.count} of {rate.total}</small>'
        f'<small>{rate.low:.0%} to {rate.high:.0%}</small></div>'
    )


def rates(contents: ReportContents) -> str:
    """Return every place as a dot in its interval, with how its flights failed; worst first."""
    rows = []
    for place, one in sorted(contents.places.items(), key=lambda item: item[1].success.share):
        failed = ', '.join(f'{FAILURES[name]} {count}' for name, count in one.failures.items())
        cells = [escape(contents.words_of(place)), interval_bar(one.success)]
        cells += [f'{one.success.count} of {one.success.total}', percent(one.success)]
        rows.append([*cells, f'{one.mean_in_view_share:.0%}', escape(failed)])
    header = ('place', '0 to 100 %', 'flights', 'success', 'in view', 'failures')
    words = (
        'Success with its 95 % interval; the mean share of frames with the target in view. '
        'A flight may fail in several ways.'
    )
    return section('rates', 'Every place', note(words), table(header, rows))
