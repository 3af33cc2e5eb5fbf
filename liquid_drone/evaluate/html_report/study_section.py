# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A study: what it found in words, each arm with its trainings, each against the reference."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..scoring import Rate
from .charts import interval_bar
from .markup import counted, interval, listed, note, p_value, section, table
from .names import in_words, place_words

LEVEL = 0.05
LEAST = 2  # trainings that have a spread
MEASURES = {
    'in_view_share': 'share of frames with the target in view',
    'reward': 'mean reward of a frame, 1 at the wanted place, -1 far off',
    'success': 'share of flights that succeed',
}


def study(found: Mapping[str, Any] | None) -> str:
    """Return the section; empty where there is no study."""
    if found is None:
        return ''
    unfinished = '' if found['is_whole'] else (
        '<p class="failed">Not all trainings are done: nothing is concluded from it.</p>'
    )  # fmt: skip
    words = (
        'Interquartile mean over trainings. Filled: the arm with its 95 % interval over trainings '
        'and flights. Rings: its trainings.'
    )
    parts = (unfinished or findings(found), note(words), _arms(found), _against(found))
    return section('study', f'The study: {found["name"]}', *parts)


def findings(found: Mapping[str, Any]) -> str:
    """Return what the study found, and how sure it is, in words."""
    lines = [_best(found), *(_compared(found, arm) for arm in found['comparisons'])]
    lines += [_spread(found), _shares(found)]
    return listed(line for line in lines if line)


def _best(found: Mapping[str, Any]) -> str:
    place = found['primary']
    values = {arm: one['by_place'][place]['iqm'] for arm, one in found['arms'].items()}
    best = max(values, key=lambda arm: values[arm]['value'])
    measure = MEASURES.get(found['measure'], found['measure'])
    return (
        f'<b>Measure</b>: {escape(measure)}, in {escape(place_words(place))}. Highest: '
        f'{escape(in_words(best))}, {interval(values[best])}.'
    )


def _compared(found: Mapping[str, Any], arm: str) -> str:
    """Say whether the reference is better than an arm, and within what the truth may lie."""
    one = found['comparisons'][arm]
    less = (
        f', of what changes from {place_words(found["baseline"])}' if found.get('baseline') else ''
    )
    us, them = in_words(found['reference']), in_words(arm)
    ahead = (
        f'a training of {escape(us)} is ahead of one of {escape(them)} with probability '
        f'{interval(one["improvement"])}.'
    )
    if one['p_holm'] is None:
        return (
            f'<b>Exploratory</b>, {escape(us)} against {escape(them)}: '
            f'{interval(one["difference"], has_sign=True)}{escape(less)}, without a test; {ahead}'
        )
    if one['p_holm'] < LEVEL:
        word = 'better' if one['difference']['value'] > 0.0 else 'worse'
        head = f'<b>{escape(us)} is {word} than {escape(them)}</b>'
    else:
        head = f'<b>No difference is shown</b> between {escape(us)} and {escape(them)}'
    return (
        f'{head}: {interval(one["difference"], has_sign=True)}{escape(less)}; p '
        f'{p_value(one["p_holm"])} after Holm; {ahead}'
    )


def _spread(found: Mapping[str, Any]) -> str:
    """Say how far trainings of one arm differ, to hold a difference of arms against."""
    where = found['places'].index(found['primary'])
    parts = [
        np.var([scores[where] for scores in one['scores']], ddof=1)
        for one in found['arms'].values() if len(one['scores']) >= LEAST
    ]  # fmt: skip
    if not parts:
        return ''
    spread = float(np.sqrt(np.mean(parts)))
    trainings = sum(one['trainings'] for one in found['arms'].values())
    return (
        f'<b>How sure</b>: {counted(trainings, "training")}, '
        f'{counted(found["flights"], "flight")} of each in a place; trainings of one arm differ '
        f'by a standard deviation of {spread:.2g}.'
    )


def _shares(found: Mapping[str, Any]) -> str:
    shares = found.get('variance_shares')
    if not shares:
        return ''
    named = ', '.join(
        f'{escape(name)} {share:.0%}'
        for name, share in sorted(shares.items(), key=lambda item: -item[1])
    )
    return f'<b>What makes trainings differ</b>: {named} of their variance.'


def _arms(found: Mapping[str, Any]) -> str:
    rows = []
    for number, place in enumerate(found['places']):
        for arm, one in found['arms'].items():
            estimate = one['by_place'][place]['iqm']
            bar = _bar(estimate, [scores[number] for scores in one['scores']])
            count = f'{one["trainings"]} of {one["of"]}'
            name = escape(f'{in_words(arm)}, {place_words(place)}')
            rows.append([name, bar, interval(estimate), count])
    return table(('arm', '0 to 1', '95 % interval', 'trainings'), rows)


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
    less = f', less {place_words(found["baseline"])}' if found.get('baseline') else ''
    where = f'{place_words(found["primary"])}{less}'
    head = f'<h3>{escape(in_words(found["reference"]))} against each, in {escape(where)}</h3>'
    rows = [
        [
            escape(in_words(arm)), interval(one['difference'], has_sign=True),
            interval(one['improvement']), f'{one["cliffs_delta"]:+.2f}',
            *('' if p is None else p_value(p) for p in (one['p'], one['p_holm'])),
        ]
        for arm, one in found['comparisons'].items()
    ]  # fmt: skip
    header = ('against', 'difference', 'probability of improvement', "Cliff's delta", 'exact p')
    return head + table((*header, 'p, Holm'), rows)
