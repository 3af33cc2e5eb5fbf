# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Success of every place: as coloured cells, and as dots in their intervals."""

from html import escape

from ..scoring import FAILURES, Summary
from .charts import interval_bar
from .contents import ReportContents
from .markup import note, percent, section, table


def heat_map(contents: ReportContents) -> str:
    """Return a row of cells for each pilot and world, a cell for each season and what else.

    The cells of a row go on in the next line where the page is narrow, each with its name in it.
    """
    columns = contents.columns()
    pilots = sorted({place[:2] for place in contents.places})
    if len(columns) == 1:
        cells = [_cell(_words(one), contents.places.get((*one, *columns[0]))) for one in pilots]
        rows = [_row(_words(columns[0]), cells)]
    else:
        only = len({season for season, _ in columns}) == 1  # then it is what else that differs
        rows = [
            _row(_words(one), [
                _cell(column[1] if only and column[1] else _words(column),
                      contents.places.get((*one, *column)))
                for column in columns
            ]) for one in pilots
        ]  # fmt: skip
    words = 'Share of flights that succeed, with the 95 % interval of Wilson.'
    if contents.study is not None:
        words += ' An arm has flights of several trainings: its interval is too narrow here.'
    return section('where', 'Where it fails', note(words), *rows)


def _words(parts: tuple[str, str]) -> str:
    return ', '.join(word for word in parts if word)


def _row(name: str, cells: list[str]) -> str:
    head = f'<h3>{escape(name)}</h3>'
    return f'<div class="heats-of">{head}<div class="heats">{"".join(cells)}</div></div>'


def _cell(name: str, summary: Summary | None) -> str:
    head = f'<span class="name">{escape(name)}</span>'
    if summary is None:
        return f'<div class="heat none">{head}<small>not flown</small></div>'
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
