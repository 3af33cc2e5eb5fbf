# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The sections of a report as HTML text: where it fails first, how it was flown last."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from ..replay.finding import FoundFlight
from ..scoring import FAILURES, FlightScore, Rate, distance_m, wilson
from .charts import Axis, from_above, interval_bar, lines
from .contents import FilmedFlight, Place, ReportContents, failure_words
from .media import MediaBudget, begin_of, short_film

MOST_ROWS = 200  # of failures on the page; the CSV file has all
MOST_SERIES = 8
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARE = Axis('share of flights', 0.0, 1.0, SHARES, is_share=True)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells that begin with <td are taken as they are."""
    head = ''.join(f'<th>{escape(name)}</th>' for name in header)
    body = ''.join(
        '<tr>' + ''.join(c if c.startswith('<td') else f'<td>{c}</td>' for c in row) + '</tr>'
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        '</div>'
    )


def section(name: str, title: str, *parts: str) -> str:
    """Return a section with its heading."""
    return f'<section id="{name}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def percent(rate: Rate) -> str:
    """Return a rate with its interval in words."""
    return f'{rate.share:.0%} ({rate.low:.0%} to {rate.high:.0%})'


def verdict(contents: ReportContents) -> str:
    """Say in three sentences how it went, where it fails and how."""
    good = sum(one.flown.score.success for one in contents.flights)
    rate = wilson(good, len(contents.flights))
    text = f'<b>{good} of {rate.total}</b> flights succeed, {percent(rate)}. '
    worst = sorted(contents.places.items(), key=lambda item: item[1].success.share)
    bad = [item for item in worst if item[1].success.count < item[1].success.total][:3]
    if bad:
        named = '; '.join(
            f'{escape(in_words(place, contents))} {one.success.count} of {one.success.total}'
            for place, one in bad
        )
        text += f'It fails most in: {named}. '
    counted = Counter(name for one in contents.flights for name in one.flown.score.failures)
    if counted:
        named = ', '.join(f'{FAILURES[name]} ({count})' for name, count in counted.most_common(3))
        text += f'The commonest failures: {escape(named)}.'
    return f'<p class="lead">{text}</p>'


def in_words(place: Place, contents: ReportContents) -> str:
    """Return a place in words; who flew is told where several did."""
    several = len({other[0] for other in contents.places}) > 1
    words = [*([place[0]] if several else []), place[1], place[2], place[3]]
    return ', '.join(word for word in words if word)


def heat_map(contents: ReportContents) -> str:
    """Return success by season: a column each, a row for everything else."""
    seasons = contents.seasons()
    rows = []
    for pilot, world, other in sorted({(p, w, o) for p, w, _, o in contents.places}):
        cells = [contents.places.get((pilot, world, season, other)) for season in seasons]
        name = ', '.join(word for word in (pilot, world, other) if word)
        heats = [
            '<td class="none">not flown</td>' if c is None else _heat(c.success) for c in cells
        ]
        rows.append([f'<td><b>{escape(name)}</b></td>', *heats])
    words = 'Share of flights that succeed, with the 95 % interval of Wilson.'
    if contents.study is not None:
        words += ' An arm has flights of several trainings: its interval is too narrow here.'
    note = f'<p class="soft">{words}</p>'
    return section('where', 'Where it fails', note, table(['', *seasons], rows))


def _heat(rate: Rate) -> str:
    return (
        f'<td class="heat" style="--h:{130.0 * rate.share:.0f}"><b>{rate.share:.0%}</b>'
        f'<small>{rate.count} of {rate.total}</small>'
        f'<small>{rate.low:.0%} to {rate.high:.0%}</small></td>'
    )


def rates(contents: ReportContents) -> str:
    """Return every place as a dot in its interval, with how its flights failed."""
    rows = []
    for place, one in contents.places.items():
        failed = ', '.join(f'{FAILURES[name]} {count}' for name, count in one.failures.items())
        rate = one.success
        count = f'<td class="n">{rate.count} of {rate.total}</td>'
        cells = [escape(in_words(place, contents)), interval_bar(rate), count]
        rows.append([*cells, percent(rate), escape(failed)])
    header = ('place', '0 to 100 %', 'flights', 'success, 95 % interval', 'failures')
    note = '<p class="soft">One flight may fail in several ways.</p>'
    return section('rates', 'Every place', note, table(header, rows))


def curves(contents: ReportContents) -> str:
    """Return graded measures as curves: in view, and without collision over time."""
    groups = _groups(contents)
    view = {name: _profile([s.in_view_share for s in scores]) for name, scores in groups.items()}
    longest = max(s.flown_s for scores in groups.values() for s in scores) or 1.0
    alive = {name: _survival(scores, longest) for name, scores in groups.items()}
    ticks = tuple(round(longest * part, 1) for part in SHARES)
    seen = Axis('share of frames with the target in view, at least', 0.0, 1.0, SHARES, True)
    charts = lines(view, seen, SHARE, 'Target in view') + lines(
        alive, Axis('seconds with the policy', 0.0, longest, ticks), SHARE, 'Without collision'
    )
    words = '' if len(groups) < MOST_SERIES else f' The {MOST_SERIES} places with most failures.'
    note = f'<p class="soft">Curves further up and to the right are better.{words}</p>'
    return section('curves', 'Curves', note, f'<div class="cards">{charts}</div>')


def _groups(contents: ReportContents) -> dict[str, list[FlightScore]]:
    worst = sorted(contents.places, key=lambda place: contents.places[place].success.share)
    found: dict[str, list[FlightScore]] = {}
    for place in worst[:MOST_SERIES]:
        scores = [one.flown.score for one in contents.flights if contents.place_of(one) == place]
        found[in_words(place, contents)] = scores
    return found


def _profile(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return the share of values that are at least x."""
    at = [n / 50 for n in range(51)]
    return [(x, sum(value >= x - 1e-12 for value in values) / len(values)) for x in at]


def _survival(scores: Sequence[FlightScore], longest_s: float) -> list[tuple[float, float]]:
    times = [longest_s * n / 60 for n in range(61)]
    ends = [np.inf if one.collision_s is None else one.collision_s for one in scores]
    return [(t, sum(end > t for end in ends) / len(ends)) for t in times]


def failures(contents: ReportContents) -> str:
    """Return the flights that failed, each with its id."""
    failed = [one for one in contents.flights if not one.flown.score.success]
    if not failed:
        return section('failures', 'Failures', '<p>None.</p>')
    header = ('id', 'place', 'seed', 'failed by', 'flown', 'in view', 'largest distance')
    rows = [_failure_row(one, contents) for one in failed[:MOST_ROWS]]
    more = len(failed) - MOST_ROWS
    note = f'<p class="soft">{more} more are in the CSV file.</p>' if more > 0 else ''
    how = '<pre>liquid-drone replay ID --folder DIRECTORY --film --add-to-regressions</pre>'
    return section('failures', f'Failures ({len(failed)})', how, table(header, rows), note)


def _failure_row(one: FoundFlight, contents: ReportContents) -> list[str]:
    score = one.flown.score
    filmed = any(film.found.id == one.id for film in contents.filmed)
    name = f'<a href="#f{one.id}">{one.id}</a>' if filmed else one.id
    far = '' if score.max_distance_m is None else f'{score.max_distance_m:.1f} m'
    place = escape(in_words(contents.place_of(one), contents))
    why = escape(failure_words(score.failures))
    cells = [f'<td><code>{name}</code></td>', place, f'<td class="n">{score.seed}</td>', why]
    numbers = (f'{score.flown_s:.1f} s', f'{score.in_view_share:.0%}', far)
    return [*cells, *(f'<td class="n">{text}</td>' for text in numbers)]


def gallery(contents: ReportContents, media: MediaBudget) -> str:
    """Return the flights that were flown again, failures first: film, path, distance."""
    if not contents.filmed:
        words = (
            'None were flown again yet: liquid-drone replay --failed --film leaves their films.'
        )
        return section('flights', 'Flights to watch', f'<p class="soft">{words}</p>')
    cards = ''.join(_card(one, contents, media) for one in contents.filmed)
    note = f'<p class="soft">Films that would make the page too large: {media.left_out}.</p>'
    parts = (f'<div class="cards">{cards}</div>', note if media.left_out else '')
    return section('flights', 'Flights to watch', *parts)


def _card(one: FilmedFlight, contents: ReportContents, media: MediaBudget) -> str:
    score = one.found.flown.score
    word = 'success' if score.success else f'failed: {failure_words(score.failures)}'
    kind = 'good' if score.success else 'failed'
    place = escape(in_words(contents.place_of(one.found), contents))
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
    x = Axis('seconds', 0.0, end, tuple(round(end * part) for part in SHARES))
    y = Axis('metres', 0.0, high, tuple(round(high * part, 1) for part in SHARES))
    return lines({'distance to the target': points}, x, y, 'Distance')


def pictures(contents: ReportContents, media: MediaBudget) -> str:
    """Return the pictures of the network."""
    found = []
    for title, path in contents.pictures:
        address = media.address(path.read_bytes(), 'image/png')
        if address is not None:
            head = f'<figcaption>{escape(title)}</figcaption>'
            image = f'<img src="{address}" alt="{escape(title)}">'
            found.append(f'<figure class="card">{head}{image}</figure>')
    if not found:
        return ''
    return section('network', 'The network', f'<div class="cards">{"".join(found)}</div>')


def provenance(contents: ReportContents) -> str:
    """Return what every flight is of."""
    names = (
        *('bundle_hash', 'task', 'target', 'vehicle', 'autopilot', 'renderer', 'providers'),
        'scenario',
    )
    rows = {tuple(one.who.get(name, '') for name in names) for one in contents.flights}
    cells = [[f'<code>{escape(value)}</code>' for value in row] for row in sorted(rows)]
    seeds = [one.flown.score.seed for one in contents.flights]
    note = f'<p>Seeds {min(seeds)} to {max(seeds)}. All of it is simulation.</p>'
    return section('made', 'How it was flown', note, table(names, cells))
