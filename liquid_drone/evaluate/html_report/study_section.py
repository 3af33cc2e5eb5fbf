# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of a study as HTML text: each arm with its trainings, each against the reference."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..scoring import Rate
from .charts import interval_bar
from .sections import section, table

MEASURES = {
    'in_view_share': 'share of frames with the target in view',
    'reward': 'mean reward of a frame, 1 at the wanted place, -1 far off',
}


def study(found: Mapping[str, Any] | None) -> str:
    """Return the section; empty where there is no study."""
    if found is None:
        return ''
    measure = MEASURES.get(found['measure'], found['measure'])
    words = (
        f'Measure: {measure}, interquartile mean over trainings. Filled: the arm with its 95 % '
    )
    words += 'interval over trainings and flights. Rings: its trainings.'
    note = f'<p class="soft">{escape(words)}</p>'
    if not found['is_whole']:
        note += '<p class="failed">Not all trainings are done: nothing is concluded from it.</p>'
    return section('study', f'The study: {found["name"]}', note, _arms(found), _against(found))


def _arms(found: Mapping[str, Any]) -> str:
    rows = []
    for number, place in enumerate(found['places']):
        for arm, one in found['arms'].items():
            estimate = one['by_place'][place]['iqm']
            bar = _bar(estimate, [scores[number] for scores in one['scores']])
            count = f'<td class="n">{one["trainings"]} of {one["of"]}</td>'
            rows.append([escape(place), escape(arm), bar, _words(estimate), count])
    return table(('place', 'arm', '0 to 1', '95 % interval', 'trainings'), rows)


def _bar(estimate: Mapping[str, float], trainings: Sequence[float]) -> str:
    value, low, high = (min(1.0, max(0.0, estimate[key])) for key in ('value', 'low', 'high'))
    whole = interval_bar(Rate(round(value * 10_000), 10_000, low, high))
    rings = ''.join(
        f'<span class="one" style="left:{100 * min(1.0, max(0.0, one)):.1f}%"></span>'
        for one in trainings
    )
    return whole.removesuffix('</div>') + rings + '</div>'


def _against(found: Mapping[str, Any]) -> str:
    if not found['comparisons']:
        return ''
    less = f', less {escape(found["baseline"])}' if found.get('baseline') else ''
    where = f'{escape(found["primary"])}{less}'
    head = f'<h3>{escape(found["reference"])} against each, in {where}</h3>'
    rows = [
        [
            escape(arm), _words(one['difference']), _words(one['improvement']),
            f'{one["cliffs_delta"]:+.2f}', f'{one["p"]:.3g}', f'{one["p_holm"]:.3g}',
        ]
        for arm, one in found['comparisons'].items()
    ]  # fmt: skip
    header = ('against', 'difference', 'probability of improvement', "Cliff's delta", 'exact p')
    return head + table((*header, 'p, Holm'), rows)


def _words(one: Mapping[str, float]) -> str:
    return f'{one["value"]:.2f} ({one["low"]:.2f} to {one["high"]:.2f})'
