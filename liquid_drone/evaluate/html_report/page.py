# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Write a report: one HTML file without any other, a CSV and a JSON file beside it."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from ...errors import OutputError
from ...files import write_text
from ...results import claim
from ...schema import plain
from . import (
    curves,
    difficulty_section,
    flights_section,
    heat_map,
    network_section,
    seasons_section,
    study_section,
)
from .answer import answer
from .contents import ReportContents
from .media import MediaBudget
from .style import STYLE

FILES = ('report.html', 'report.csv', 'report.json')
MOST_BYTES = 20_000_000
NAVIGATION = {
    'study': 'The study', 'where': 'Where it fails', 'seasons': 'Season by season',
    'difficulty': 'How much is too much',
    'rates': 'Every place', 'curves': 'Curves', 'flights': 'Flights to watch',
    'network': 'The network', 'failures': 'Failures', 'made': 'How it was flown',
}  # fmt: skip


def write_report(contents: ReportContents, out: Path) -> list[Path]:
    """Write the three files; returns their paths.

    Raises:
        OutputError: they cannot be written, or the page would have 20 MB.

    """
    page = html(contents)
    if len(page.encode()) > MOST_BYTES:
        raise OutputError(
            f'the report would have {len(page.encode()) / 1e6:.0f} MB, expected at most '
            f'{MOST_BYTES / 1e6:.0f}: report fewer flights'
        )
    claim(out, FILES)
    texts = (page, as_csv(contents), json.dumps(as_json(contents), indent=1) + '\n')
    for name, text in zip(FILES, texts, strict=True):
        write_text(out / name, text)
    return [out / name for name in FILES]


def html(contents: ReportContents) -> str:
    """Return the page."""
    media = MediaBudget()
    shown: list[Callable[[], str]] = [
        lambda: study_section.study(contents.study),
        lambda: heat_map.heat_map(contents),
        lambda: seasons_section.seasons(contents),
        lambda: difficulty_section.difficulty(contents),
        lambda: heat_map.rates(contents),
        lambda: curves.curves(contents),
        lambda: flights_section.gallery(contents, media),
        lambda: network_section.pictures(contents, media),
        lambda: flights_section.failures(contents),
        lambda: network_section.provenance(contents),
    ]
    body = ''.join(make() for make in shown)
    links = ''.join(
        f'<a href="#{name}">{title}</a>'
        for name, title in NAVIGATION.items()
        if f'<section id="{name}"' in body
    )
    title = escape(contents.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{title}: flights</title><style>{STYLE}</style>'
        f'</head><body><header><h1>{title}</h1>{answer(contents)}<nav>{links}</nav>'
        f'</header><main>{body}</main></body></html>\n'
    )


def as_csv(contents: ReportContents) -> str:
    """Return a line for each flight."""
    rows = [_row(contents, number) for number in range(len(contents.flights))]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(contents: ReportContents, number: int) -> dict[str, Any]:
    found = contents.flights[number]
    score = asdict(found.flown.score)
    score['failures'] = ' '.join(found.flown.score.failures)
    hashed = {'trajectory_hash': found.flown.trajectory_hash}
    pilot = contents.pilots[found.who['bundle_hash']]
    return {'id': found.id, 'pilot': pilot, **found.who, **score, **hashed}


def as_json(contents: ReportContents) -> dict[str, Any]:
    """Return the tables of the page as data."""
    names = ('pilot', 'world', 'season', 'other')
    places = [
        {**dict(zip(names, place, strict=True)), **plain(one), 'share': one.success.share}
        for place, one in contents.places.items()
    ]
    failed = [
        {'id': one.id, 'seed': one.flown.score.seed, 'place': list(contents.place_of(one)),
         'failures': list(one.flown.score.failures)}
        for one in contents.flights if not one.flown.score.success
    ]  # fmt: skip
    seasons = [plain(one) for one in seasons_section.seasons_against(contents)]
    return {
        'format_version': 1, 'common': contents.common, 'places': places, 'seasons': seasons,
        'difficulties': [plain(one) for one in difficulty_section.difficulties(contents)],
        'failures': failed, 'study': contents.study,
    }  # fmt: skip
