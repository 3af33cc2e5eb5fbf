# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Every season against one, in the same places: what it costs, and how sure that is."""

from collections import Counter
from dataclasses import asdict, dataclass
from html import escape

from ..statistics.exact import holm
from ..statistics.paired import Paired, paired
from .contents import Place, ReportContents
from .markup import interval, note, p_value, section, table
from .names import WITH

HOME = 'summer'  # where it was flown, and no parts of another season tell otherwise
LEVEL = 0.05


@dataclass(frozen=True)
class SeasonAgainst:
    """Flights of one pilot in a place against its flights of the same seeds in the home season."""

    place: Place
    home: Place
    found: Paired  # there less at home
    p_holm: float


def seasons_against(contents: ReportContents) -> list[SeasonAgainst]:
    """Compare every place with the same one in the home season; none in a study of trainings.

    McNemar's p is adjusted after Holm, over all the places compared.
    """
    if contents.study is not None:
        return []
    home = home_season(contents)
    pairs: dict[Place, tuple[Place, Paired]] = {}
    for place in contents.places:
        other = (*place[:2], home, place[3])
        if place[2] == home or other not in contents.places:
            continue
        there, here = (
            [one.flown.score for one in contents.flights_of(which)] for which in (place, other)
        )
        if {one.seed for one in there} & {one.seed for one in here}:
            pairs[place] = other, paired(there, here)
    adjusted = holm({str(place): found.mcnemar_p for place, (_, found) in pairs.items()})
    found_all = [
        SeasonAgainst(place, other, found, adjusted[str(place)])
        for place, (other, found) in pairs.items()
    ]
    return sorted(found_all, key=lambda one: one.found.difference.value)


def home_season(contents: ReportContents) -> str:
    """Return the season that others are compared with: the one whose parts were exchanged."""
    seasons = {place[2] for place in contents.places}
    bases = Counter(season.split(WITH)[0] for season in seasons if WITH in season)
    if bases:
        return bases.most_common(1)[0][0]
    return HOME if HOME in seasons else contents.columns()[0][0]


def seasons(contents: ReportContents) -> str:
    """Return the section; empty where nothing can be compared."""
    compared = seasons_against(contents)
    if not compared:
        return ''
    home = home_season(contents)
    rows = []
    for one in compared:
        here, found = contents.places[one.home].success, one.found
        lost_won = f'{found.only_theirs} lost, {found.only_ours} won'
        success, view = (
            interval(
                {key: 100.0 * value for key, value in asdict(estimate).items()}, True, digits=0
            )
            for estimate in (found.difference, found.in_view_difference)
        )
        cells = [escape(contents.words_of(one.place)), f'{here.share:.0%}', str(found.seeds)]
        rows.append([*cells, lost_won, success, p_value(one.p_holm), view])
    header = (
        'place', f'success in {home}', 'pairs', 'of them', 'success, points', 'p',
        'in view, points',
    )  # fmt: skip
    words = (
        f'Trunks, paths and starts of a seed are the same in all seasons, so each flight is '
        f"compared with its own in {home}. p is McNemar's, exact, adjusted after Holm; intervals "
        'are 95 %, of Agresti and Min for success, of a paired bootstrap for the time in view.'
    )
    return section(
        'seasons', f'The same places, {home} against each', note(words), table(header, rows)
    )
