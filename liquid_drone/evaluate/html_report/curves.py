# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Graded measures of every place as curves: in view, and without collision over time."""

from collections.abc import Sequence

import numpy as np

from ..scoring import FlightScore
from .charts import Axis, lines, round_ticks
from .contents import ReportContents
from .markup import note, section

MOST_SERIES = 8
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARE = Axis('share of flights', 0.0, 1.0, SHARES, is_share=True)


def curves(contents: ReportContents) -> str:
    """Return graded measures as curves: in view, and without collision over time."""
    groups = _groups(contents)
    view = {name: _profile([s.in_view_share for s in scores]) for name, scores in groups.items()}
    longest = max(s.flown_s for scores in groups.values() for s in scores) or 1.0
    alive = {name: _survival(scores, longest) for name, scores in groups.items()}
    seen = Axis('share of frames with the target in view, at least', 0.0, 1.0, SHARES, True)
    charts = lines(view, seen, SHARE, 'Target in view') + lines(
        alive,
        Axis('seconds with the policy', 0.0, longest, round_ticks(longest)),
        SHARE,
        'Without collision',
    )
    many = len(contents.places) > MOST_SERIES
    words = f' The {MOST_SERIES} places with most failures.' if many else ''
    words = f'Curves further up and to the right are better.{words}'
    return section('curves', 'Curves', note(words), f'<div class="cards">{charts}</div>')


def _groups(contents: ReportContents) -> dict[str, list[FlightScore]]:
    worst = sorted(contents.places, key=lambda place: contents.places[place].success.share)
    found: dict[str, list[FlightScore]] = {}
    for place in worst[:MOST_SERIES]:
        scores = [one.flown.score for one in contents.flights if contents.place_of(one) == place]
        found[contents.words_of(place)] = scores
    return found


def _profile(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return the share of values that are at least x."""
    at = [n / 50 for n in range(51)]
    return [(x, sum(value >= x - 1e-12 for value in values) / len(values)) for x in at]


def _survival(scores: Sequence[FlightScore], longest_s: float) -> list[tuple[float, float]]:
    times = [longest_s * n / 60 for n in range(61)]
    ends = [np.inf if one.collision_s is None else one.collision_s for one in scores]
    return [(t, sum(end > t for end in ends) / len(ends)) for t in times]
