# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Single flights: those that failed, by place, and those that were flown again, to watch."""

from html import escape

import numpy as np

from ..replay.finding import FoundFlight
from ..scoring import distance_m
from .charts import SCALE_M, Axis, from_above, lines, round_ticks
from .contents import FilmedFlight, Place, ReportContents, failure_words
from .markup import counted, folded, note, section, table
from .media import MediaBudget, begin_of, short_film

MOST_ROWS = 200  # of failures on the page; the CSV file has all


def failures(contents: ReportContents) -> str:
    """Return the flights that failed, each with its id, folded up by place."""
    grouped: dict[Place, list[FoundFlight]] = {}
    failed = [one for one in contents.flights if not one.flown.score.success]
    for one in failed[:MOST_ROWS]:
        grouped.setdefault(contents.place_of(one), []).append(one)
    if not failed:
        return section('failures', 'Failures', '<p>None.</p>')
    places = [_of_place(contents, place, some) for place, some in grouped.items()]
    more = len(failed) - MOST_ROWS
    rest = note(f'{more} more are in the CSV file.') if more > 0 else ''
    how = '<pre>liquid-drone replay ID --folder DIRECTORY --film --add-to-regressions</pre>'
    words = note('Each can be flown again by its id, to the same trajectory:')
    return section('failures', f'Failures ({len(failed)})', words, how, *places, rest)


def _of_place(contents: ReportContents, place: Place, failed: list[FoundFlight]) -> str:
    header = ('seed', 'failed by', 'flown', 'in view', 'farthest', 'id')
    rows = table(header, [_failure_row(one, contents) for one in failed])
    words = f'{contents.words_of(place)}: {counted(len(failed), "flight")}'
    return folded(words, rows)


def _failure_row(one: FoundFlight, contents: ReportContents) -> list[str]:
    score = one.flown.score
    filmed = any(film.found.id == one.id for film in contents.filmed)
    name = f'<a href="#f{one.id}">{one.id}</a>' if filmed else one.id
    far = '' if score.max_distance_m is None else f'{score.max_distance_m:.1f} m'
    why = escape(failure_words(score.failures))
    numbers = (f'{score.flown_s:.1f} s', f'{score.in_view_share:.0%}', far)
    return [str(score.seed), why, *numbers, f'<code>{name}</code>']


def gallery(contents: ReportContents, media: MediaBudget) -> str:
    """Return the flights that were flown again, failures first: film, path, distance."""
    if not contents.filmed:
        words = (
            'None were flown again yet: liquid-drone replay --failed --film leaves their films.'
        )
        return section('flights', 'Flights to watch', note(words))
    cards = ''.join(_card(one, contents, media) for one in contents.filmed)
    words = (
        'Failures first; a film begins some seconds before it goes wrong. From above: the drone, '
        f'a line to its dot, the target, dashed, among trunks; the bar is {SCALE_M:g} m.'
    )
    left_out = note(f'Films that would make the page too large: {media.left_out}.')
    parts = (note(words), f'<div class="cards">{cards}</div>', left_out if media.left_out else '')
    return section('flights', 'Flights to watch', *parts)


def _card(one: FilmedFlight, contents: ReportContents, media: MediaBudget) -> str:
    score = one.found.flown.score
    word = 'success' if score.success else f'failed: {failure_words(score.failures)}'
    kind = 'good' if score.success else 'failed'
    place = escape(contents.words_of(contents.place_of(one.found)))
    head = f'<h3>{place}, seed {score.seed}</h3><p><span class="{kind}">{escape(word)}</span></p>'
    drone, target = one.log.column('position_enu')[:, :2], one.log.column('target_position_enu')
    paths = from_above(
        drone, target[:, :2], one.log.obstacles, f'flight {one.found.id} from above'
    )
    foot = f'<p class="soft"><code>{one.found.id}</code></p>'
    film = _film(one, media)
    return (
        f'<div class="card" id="f{one.found.id}">{head}{film}{paths}{_distance(one)}{foot}</div>'
    )


def _film(one: FilmedFlight, media: MediaBudget) -> str:
    if one.film is None:
        return ''
    address = media.address(short_film(one.film, begin_of(_failed_at_s(one))), 'video/mp4')
    if address is None:
        return '<p class="soft">Its film is left out: the page would become too large.</p>'
    return f'<video controls muted loop playsinline preload="metadata" src="{address}"></video>'


def _failed_at_s(one: FilmedFlight) -> float | None:
    """Return when a flight went wrong, in seconds of its film; None where it did not."""
    score = one.found.flown.score
    if score.success:
        return None
    stamps = one.log.column('stamp_ns')
    following = one.log.column('following')
    engaged = (stamps[int(np.argmax(following))] - stamps[0]) / 1e9 if following.any() else 0.0
    if score.collision_s is not None:
        return float(engaged) + score.collision_s
    lost = np.flatnonzero(following & (one.log.column('target_pixels') == 0))
    return float((stamps[lost[0]] - stamps[0]) / 1e9) + 6.0 if len(lost) else float(engaged)


def _distance(one: FilmedFlight) -> str:
    stamps = one.log.column('stamp_ns')
    times, away = (stamps - stamps[0]) / 1e9, distance_m(one.log)
    step = max(1, len(times) // 200)
    points = list(zip(times[::step].tolist(), away[::step].tolist(), strict=True))
    end, high = float(times[-1]) or 1.0, float(np.ceil(away.max()))
    x = Axis('seconds', 0.0, end, round_ticks(end))
    y = Axis('metres', 0.0, high, round_ticks(high))
    return lines({'distance to the target': points}, x, y, 'Distance to the target')
