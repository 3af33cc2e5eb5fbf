# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The published archives are whole, and the counts on the page about results are theirs."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).resolve().parents[2] / 'docs/results'
ARCHIVES = sorted(RESULTS.glob('*.tar.xz'))


def flights(archive: Path) -> list[dict[str, Any]]:
    with tarfile.open(archive) as tar:
        rows = [tar.extractfile(name) for name in tar if name.name.endswith('flights.jsonl')]
        return [json.loads(line) for row in rows if row is not None for line in row]


@pytest.mark.parametrize(
    ('study', 'succeeded', 'flown'),
    [('follow-compact', 798, 800), ('weather', 220, 220), ('reach', 102, 104)],
)
def test_the_page_counts_what_the_archive_holds(study: str, succeeded: int, flown: int) -> None:
    rows = flights(RESULTS / f'{study}.tar.xz')
    assert [sum(row['score']['success'] for row in rows), len(rows)] == [succeeded, flown]
    assert f'{succeeded} of {flown}' in (RESULTS.parent / 'RESULTS.md').read_text('utf-8')


@pytest.mark.parametrize('archive', ARCHIVES, ids=lambda path: path.name.split('.')[0])
def test_every_flight_has_its_place_and_judgement(archive: Path) -> None:
    rows = flights(archive)
    assert rows
    for row in rows:
        assert {'world', 'season', 'target', 'score'} <= set(row)
        assert row['score']['success'] == (not row['score']['failures'])


@pytest.mark.parametrize('archive', ARCHIVES, ids=lambda path: path.name.split('.')[0])
def test_nothing_tells_where_on_a_machine_it_was_made(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        texts = {one.name: tar.extractfile(one) for one in tar if one.name.endswith('.json')}
        told = [name for name, text in texts.items() if text and b'": "/' in text.read()]
    assert told == []


def test_nothing_but_a_bundle_is_large() -> None:
    large = [
        path.relative_to(RESULTS.parents[1]).as_posix()
        for path in RESULTS.parent.rglob('*')
        if path.is_file() and path.stat().st_size > 500_000
    ]
    assert large == []
