# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights that are called the same are two flights: one of them was left out without a word."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventions import invent

from liquid_drone.cli.commands.import_flight import other_flights
from liquid_drone.cli.main import main
from liquid_drone.episodes.episode import copy_into, find_episodes, load_info, save


@pytest.fixture(scope='module')
def flights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return flights of three contents, each under two names in folders of their own."""
    made = []
    for seed in range(3):
        for name in ('episode', 'other'):
            made.append(tmp_path_factory.mktemp('flights') / name)
            save(invent(seed, 2), made[-1])
    return made


def contents(places: list[Path]) -> list[str]:
    return sorted(load_info(place).sha256 for place in places)


@settings(deadline=None, max_examples=25)
@given(calls=st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=3))
def test_every_flight_is_copied_once(calls: list[list[int]], flights: list[Path]) -> None:
    """``liquid-drone fly`` calls each of its flights ``episode``."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch, 'recorded')
        for call in calls:  # the same command again, and others, in one folder of work
            copy_into(folder, [flights[number] for number in call])
        asked = {number for call in calls for number in call}
        expected = set(contents([flights[number] for number in asked]))
        assert contents(find_episodes(folder)) == sorted(expected)


def test_a_flight_keeps_its_name_where_it_can(flights: list[Path], tmp_path: Path) -> None:
    first, second = flights[0], flights[2]
    for _ in range(2):
        copy_into(tmp_path, [first, second])
        names = [place.name for place in find_episodes(tmp_path)]
        assert names == ['episode', f'episode-{load_info(second).sha256[:12]}']


@pytest.mark.parametrize('order', [(0, 0), (0, 1), (0, 1, 1), (0, 1, 0)])
def test_an_import_over_another_flight_is_told(
    order: tuple[int, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings of two drones have one name easily; the first one's episodes were replaced."""
    for seed in range(2):
        save(invent(seed, 40), tmp_path / str(seed) / 'flight')
    for before, seed in zip((None, *order), order, strict=False):
        recording = tmp_path / str(seed) / 'flight' / 'bag'
        main(['import-flight', str(recording), '--target', 'dog', '--out', str(tmp_path / 'out')])
        told = 'replaced bag-00 of an earlier import' in ''.join(capsys.readouterr())
        assert told == (before not in (None, seed))


@pytest.mark.parametrize(
    ('before', 'made', 'told'),
    [('', 'ab', []), ('a', 'a', []), ('ab', 'a', ['b of']), ('abc', 'a', ['b, c of'])],
)
def test_episodes_of_an_earlier_import_that_stay_are_told(
    before: str, made: str, told: list[str]
) -> None:
    hashes = {name: f'hash of {name}' for name in before + made}
    lines = list(other_flights({name: hashes[name] for name in before}, hashes, map(Path, made)))
    assert [line.startswith(words) for line, words in zip(lines, told, strict=True)] == [
        True
    ] * len(told)
