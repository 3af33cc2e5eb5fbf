# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An evaluation shared out and put together: nothing is lost, doubled, mixed or left unsaid."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import DEFAULTS, FLIGHTS, Flown, to_line
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.evaluate.shards import (
    RUN,
    SeedShard,
    as_ranges,
    merge,
    read_run,
    status,
    write_run,
)
from liquid_drone.run_lock import only_run

SEEDS = range(15_000, 15_020)
WHO = {**DEFAULTS, 'bundle_hash': 'abc', 'world': 'forest', 'renderer': 'opengl'}
SCORE = FlightScore(
    seed=0, success=True, failures=(), flown_s=40.0, in_view_share=1.0, longest_lost_s=0.0,
    collision_s=None, min_distance_m=2.0, mean_distance_m=3.0, max_distance_m=4.0,
    min_clearance_m=1.0, mean_speed_m_s=0.5,
)  # fmt: skip


def flown(seed: int, trajectory: str = '') -> Flown:
    return Flown(replace(SCORE, seed=seed), trajectory or f'{seed:032x}')


def written(folder: Path, seeds: list[int], place: str = '', **changes: str) -> Path:
    """Write a directory as evaluate leaves it."""
    (folder / place).mkdir(parents=True, exist_ok=True)
    write_run(folder, SEEDS, [place])
    lines = [to_line(flown(seed), {**WHO, **changes}) for seed in seeds]
    (folder / place / FLIGHTS).write_text(''.join(lines))
    return folder


@given(st.integers(1, 60), st.integers(1, 40))
def test_shards_are_all_seeds_once(count: int, shards: int) -> None:
    seeds = range(15_000, 15_000 + count)
    parts = [SeedShard.parse(f'{k}/{shards}').of(seeds) for k in range(1, shards + 1)]
    assert sorted(seed for part in parts for seed in part) == list(seeds)


@pytest.mark.parametrize(
    'text', ['', '1', '0/4', '5/4', '-1/4', '1/0', 'a/b', '1/2/3', '1/999999']
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match='expected K/N'):
        SeedShard.parse(text)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_merged_shards_are_the_run_of_one_machine_byte_by_byte(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp('runs')
    count = data.draw(st.integers(1, 5))
    whole = written(folder / 'whole', list(SEEDS))
    parts = []
    for k in range(1, count + 1):
        mine = list(SeedShard(k, count).of(SEEDS))
        extra = data.draw(st.lists(st.sampled_from(list(SEEDS)), max_size=3))
        mixed = data.draw(st.permutations([*mine, *(seed for seed in extra if seed not in mine)]))
        parts.append(written(folder / f'part{k}', mixed))
    found = merge(data.draw(st.permutations(parts)), folder / 'all')
    assert [(place.done, place.missing) for place in found] == [(len(SEEDS), ())]
    for name in (FLIGHTS, RUN):
        assert (folder / 'all' / name).read_bytes() == (whole / name).read_bytes()
    shutil.rmtree(folder)


@settings(deadline=None, max_examples=40)
@given(st.sets(st.sampled_from(list(SEEDS))))
def test_what_is_missing_is_named(
    tmp_path_factory: pytest.TempPathFactory, lost: set[int]
) -> None:
    folder = tmp_path_factory.mktemp('runs')
    done = [seed for seed in SEEDS if seed not in lost]
    written(folder / 'a', done[::2])
    written(folder / 'b', done[1::2])
    (found,) = merge([folder / 'a', folder / 'b'], folder / 'all')
    assert set(found.missing) == lost
    assert ('missing' in str(found)) == bool(lost)
    (told,) = status(folder / 'all')
    assert (told.done, set(told.missing)) == (len(done), lost)
    shutil.rmtree(folder)


def test_a_torn_line_is_left_out_and_missing_and_the_shard_is_not_touched(tmp_path: Path) -> None:
    part = written(tmp_path / 'a', [*SEEDS])
    text = (part / FLIGHTS).read_text()
    (part / FLIGHTS).write_text(text[:-40])
    (found,) = merge([part], tmp_path / 'all')
    assert found.missing == (SEEDS[-1],)
    assert (part / FLIGHTS).read_text() == text[:-40]


def test_the_same_seed_with_another_flight_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    one, two = written(tmp_path / 'a', [15_003]), written(tmp_path / 'b', [15_004])
    with (two / FLIGHTS).open('a') as file:
        file.write(to_line(flown(15_003, 'f' * 32), WHO))
    with pytest.raises(ConfigError, match=r'seed 15003.*different results'):
        merge([one, two], tmp_path / 'all')
    assert not (tmp_path / 'all' / FLIGHTS).exists()


@pytest.mark.parametrize('changes', [{'renderer': 'tiny'}, {'bundle_hash': 'abd'}])
def test_flights_of_something_else_are_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    one = written(tmp_path / 'a', [15_003])
    two = written(tmp_path / 'b', [15_004], **changes)
    with pytest.raises(ConfigError, match=next(iter(changes))):
        merge([one, two], tmp_path / 'all')


def test_shards_of_other_runs_are_refused(tmp_path: Path) -> None:
    one, two = written(tmp_path / 'a', [15_003]), tmp_path / 'b'
    two.mkdir()
    write_run(two, range(15_000, 15_010), [''])
    with pytest.raises(ConfigError, match='merge shards of one run'):
        merge([one, two], tmp_path / 'all')


@pytest.mark.parametrize(
    'document',
    [
        '', '{}', '[]', '{"format_version": 1, "first": 5, "last": 1, "places": [""]}',
        '{"format_version": 1, "first": 1, "last": 5, "places": ["../x"]}',
        '{"format_version": 1, "first": 1, "last": 5, "places": []}',
        '{"format_version": 2, "first": 1, "last": 5, "places": [""]}',
        '{"format_version": 2, "ranges": [[1, 5], [4, 9]], "places": [""]}',
        '{"format_version": 2, "ranges": [[9, 9], [1, 5]], "places": [""]}',
        '{"format_version": 2, "ranges": [], "places": [""]}',
        '{"format_version": 2, "ranges": [[1, 2, 3]], "places": [""]}',
        '{"format_version": 2, "ranges": [[1, 1e300]], "places": [""]}',
        '{"format_version": 3, "ranges": [[1, 2]], "places": [""]}',
    ],
)  # fmt: skip
def test_a_directory_that_is_no_run_is_named(tmp_path: Path, document: str) -> None:
    (tmp_path / RUN).write_text(document)
    with pytest.raises(ConfigError, match=r'run\.json'):
        read_run(tmp_path)


def test_more_seeds_of_a_run_are_added_to_those_of_before(tmp_path: Path) -> None:
    write_run(tmp_path, range(15_000, 15_010), [''])
    write_run(tmp_path, range(15_005, 15_050), [''])
    assert read_run(tmp_path).seeds == range(15_000, 15_050)
    write_run(tmp_path, range(10_000, 10_005), [''])
    assert read_run(tmp_path).seeds == range(10_000, 10_005)


PIECES = st.lists(
    st.tuples(st.integers(0, 4_990), st.integers(1, 9)), min_size=1, max_size=6
)  # first of the test seeds, how many


@given(pieces=PIECES)
def test_what_lies_between_two_ranges_is_asked_for_by_nobody(
    pieces: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Seeds 15000 to 15009 and then 15900 to 15909 were a run with 890 missing flights."""
    out, asked = tmp_path_factory.mktemp('run'), set[int]()
    for first, count in pieces:
        seeds = range(15_000 + first, 15_000 + first + count)
        write_run(out, seeds, [''])
        asked |= set(seeds)
        assert list(read_run(out).seeds) == sorted(asked)
        assert [set(place.missing) for place in status(out)] == [asked]


def test_a_run_of_one_range_is_read_by_each_release(tmp_path: Path) -> None:
    write_run(tmp_path, range(15_000, 15_010), [''])
    assert json.loads((tmp_path / RUN).read_text()) == {
        'format_version': 1, 'first': 15_000, 'last': 15_009, 'places': ['']
    }  # fmt: skip


def test_the_commands_say_what_is_done_missing_and_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path / 'a', list(SEEDS[:5]), 'forest-summer')
    two = written(tmp_path / 'b', list(SEEDS[4:18]), 'forest-summer')
    out = tmp_path / 'all'
    assert main(['merge', str(one), str(two), '--out', str(out)]) == 1
    said = capsys.readouterr().out
    assert said == 'forest-summer: 18 done, 1 of them more than once, 2 missing: 15018 to 15019\n'
    with only_run(out / 'forest-summer'):
        assert main(['status', str(out)]) == 1
    assert capsys.readouterr().out.endswith('2 missing: 15018 to 15019, running\n')
    main(['merge', str(one), str(two), '--out', str(out)])  # again: the same words
    assert capsys.readouterr().out == said
    third = written(tmp_path / 'c', [15_018, 15_019], 'forest-summer')
    assert main(['merge', str(third), '--out', str(out)]) == 0
    assert main(['status', str(tmp_path / 'nothing')]) == 2
    assert json.loads((out / RUN).read_text())['places'] == ['forest-summer']


def test_ranges_are_short() -> None:
    assert as_ranges([3, 5, 6, 7, 9]) == '3, 5 to 7, 9'
    assert as_ranges(range(0, 100, 2)).endswith('and 42 more ranges')
