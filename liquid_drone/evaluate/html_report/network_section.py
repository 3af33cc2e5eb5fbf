# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The network in pictures and films of its attention, and what every flight was flown with."""

from html import escape

from .contents import ReportContents
from .markup import folded, note, section, table
from .media import MediaBudget, short_film
from .names import in_words

FACTS = (
    *('world', 'season', 'weather', 'task', 'target', 'vehicle', 'autopilot', 'renderer'),
    'providers',
)


def pictures(contents: ReportContents, media: MediaBudget) -> str:
    """Return the pictures of the network, and films of its attention."""
    found = [
        _figure(title, media.address(path.read_bytes(), 'image/png'), 'img')
        for title, path in contents.pictures
    ]
    found += [
        _figure(f'Attention: {title}', media.address(short_film(path, 0.0), 'video/mp4'), 'video')
        for title, path in contents.attention_films
    ]
    shown = ''.join(found)
    return section('network', 'The network', f'<div class="plots">{shown}</div>') if shown else ''


def _figure(title: str, address: str | None, kind: str) -> str:
    if address is None:  # the page would become too large
        return ''
    head = f'<figcaption>{escape(title)}</figcaption>'
    media = {
        'img': f'<img src="{address}" alt="{escape(title)}">',
        'video': f'<video controls muted loop playsinline preload="metadata" src="{address}">'
        '</video>',
    }[kind]
    return f'<figure class="card">{head}{media}</figure>'


def provenance(contents: ReportContents) -> str:
    """Return what every flight is of."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for one in contents.flights:
        facts = ', '.join(one.who[name] for name in FACTS if one.who.get(name))
        key = one.who['bundle_hash'], facts, one.who.get('scenario', '')
        rows.setdefault(key, []).append(one.flown.score.seed)
    cells = [
        [escape(in_words(contents.pilots[bundle])), f'<code>{escape(bundle)}</code>',
         escape(facts), f'{min(seeds)} to {max(seeds)}', str(len(seeds)),
         f'<code>{escape(scenario)}</code>']
        for (bundle, facts, scenario), seeds in sorted(rows.items())
    ]  # fmt: skip
    seeds = [one.flown.score.seed for one in contents.flights]
    words = f'Seeds {min(seeds)} to {max(seeds)}. All of it is simulation.'
    header = ('pilot', 'bundle', 'flown with', 'seeds', 'flights', 'scenario')
    parts = (note(words), folded('Bundles, scenarios and seeds', table(header, cells)))
    return section('made', 'How it was flown', *parts)
