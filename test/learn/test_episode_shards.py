# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting shared out and put together: nothing is lost, doubled, mixed or left unsaid."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from liquid_drone.cli.main import main
from liquid_drone.episodes.episode import save
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.shards import SeedShard
from liquid_drone.learn.flights.episode_shards import (
    COLLECTED,
    collect_status,
    merge_collected,
    read_collected,
    write_collected,
)
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import Job
from liquid_drone.learn.recipe import Recipe, Workspace
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.learn.work_found import with_identity


@pytest.fixture
def run(tmp_path, make_recording):
    """A factory of work directories with some of five episodes, as collect leaves them."""
    recipe = Recipe('tiny')

    def jobs(root: Path) -> list[Job]:
        one = rounds_of(recipe, Workspace(root))[0]
        return with_identity(jobs_of(recipe, range(5), 8, one.driver, one.episodes))

    def write(name: str, numbers: list[int], shift: int = 0) -> Path:
        root = tmp_path / name
        made = jobs(root)
        write_collected(root, made)
        for number in numbers:
            recording = make_recording(number + shift, 4)
            meta = {**recording.info.meta, 'identity': made[number].identity}
            recording.info = replace(recording.info, meta=meta)
            save(recording, made[number].directory)
        return root

    return write


def recordings(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted((root / 'episodes').rglob('*'))
        if path.is_file() and path.name != '.liquid_drone.json'
    }


def test_merged_shards_are_the_work_directory_of_one_machine(run, tmp_path):
    shards = [SeedShard(k, 2).share(list(range(5))) for k in (1, 2)]
    parts = [run(f'part{k}', numbers) for k, numbers in enumerate(shards)]
    whole = run('whole', list(range(5)))
    found = merge_collected(parts, tmp_path / 'all')
    assert (found.done, found.missing, found.doubles) == (5, (), 0)
    assert recordings(tmp_path / 'all') == recordings(whole)
    assert (tmp_path / 'all' / COLLECTED).read_bytes() == (whole / COLLECTED).read_bytes()
    assert all(recordings(part) for part in parts)  # they stay


def test_gaps_and_doubles_are_named_by_the_commands(run, tmp_path, capsys):
    one, two = run('a', [0, 1]), run('b', [1, 3])
    shutil.rmtree(next((two / 'episodes').glob('*/*-00003')) / 'bag')  # torn: it does not count
    (next((two / 'episodes').glob('*/*-00003')) / 'episode.json').write_text('{')
    out = tmp_path / 'all'
    assert main(['merge', str(one), str(two), '--out', str(out)]) == 1
    said = capsys.readouterr().out
    assert said.startswith('episodes: 2 done, 1 of them more than once, 3 missing: ')
    assert all(f'{number:05d}' in said for number in (2, 3, 4))
    assert main(['status', str(out)]) == 1
    assert capsys.readouterr().out.startswith('episodes: 2 done, 3 missing: ')
    rest = run('c', [2, 3, 4])
    assert main(['merge', str(rest), '--out', str(out)]) == 0
    assert collect_status(out).missing == ()


def test_the_same_flight_with_another_recording_is_refused_and_nothing_is_copied(run, tmp_path):
    one, two = run('a', [0, 1]), run('b', [1], shift=7)
    with pytest.raises(ConfigError, match='were flown of the same, with different results'):
        merge_collected([one, two], tmp_path / 'all')
    assert not (tmp_path / 'all').exists()


def test_shards_of_another_run_are_refused(run, tmp_path):
    one, two = run('a', [0]), run('b', [1])
    document = json.loads((two / COLLECTED).read_text())
    document['episodes'] = dict.fromkeys(document['episodes'], 'other')
    (two / COLLECTED).write_text(json.dumps(document))
    with pytest.raises(ConfigError, match='is of other episodes'):
        merge_collected([one, two], tmp_path / 'all')


@pytest.mark.parametrize(
    'document',
    [
        '', '{}', '[]', '{"format_version": 2, "folder": "episodes", "episodes": {"a": ""}}',
        '{"format_version": 1, "folder": "../x", "episodes": {"a": ""}}',
        '{"format_version": 1, "folder": "/x", "episodes": {"a": ""}}',
        '{"format_version": 1, "folder": "x", "episodes": {"../a": ""}}',
        '{"format_version": 1, "folder": "x", "episodes": {}}',
    ],
)  # fmt: skip
def test_a_directory_that_is_no_run_is_named(tmp_path, document):
    (tmp_path / COLLECTED).write_text(document)
    with pytest.raises(ConfigError, match=r'collect\.json'):
        read_collected(tmp_path)


def test_a_shard_of_held_out_episodes_is_refused(tmp_path, capsys):
    line = ['collect', '--held-out', '4', '--shard', '1/2', '--data', str(tmp_path / 'x')]
    assert main(line) == 2
    assert 'not for --held-out' in capsys.readouterr().err
