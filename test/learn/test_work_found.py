# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: work that is found is used only if it is the work that is asked for; none is lost."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from inventions import invent
from mesh_target import mesh_target

from liquid_drone.episodes.episode import MANIFEST, load_info, save
from liquid_drone.learn import work_found
from liquid_drone.learn.augmentation.config import Augmentation
from liquid_drone.learn.flights.config import CollectConfig, Disturbance
from liquid_drone.learn.flights.jobs import jobs_of
from liquid_drone.learn.flights.training_flight import Job, found
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.pictures.config import PictureConfig
from liquid_drone.learn.practice.config import Costs, PracticeConfig
from liquid_drone.learn.recipe import (
    DaggerConfig,
    Recipe,
    TrainConfig,
    Workspace,
)
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.request import RequestSpec

MESH = 'v 0 0 0\nv 1 0 0\nv 0 0 1\nf 1 2 3\n'


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / 'thing.yaml').write_text(mesh_target('thing.obj'))
    (tmp_path / 'thing.obj').write_text(MESH)
    (tmp_path / 'task.yaml').write_text('name: task\n')
    return Recipe(
        'mine',
        targets=(str(tmp_path / 'thing.yaml'),),
        task=str(tmp_path / 'task.yaml'),
        collect=CollectConfig(episodes=3),
        dagger=DaggerConfig(rounds=1),
    )


def jobs(recipe: Recipe, work: Path) -> list[Job]:
    one = rounds_of(recipe, Workspace(work))[0]
    return work_found.with_identity(
        jobs_of(recipe, one.seeds, one.frames, one.driver, one.episodes)
    )


def fly(asked: list[Job]) -> None:
    for job in asked:
        assert job.directory is not None
        recording = invent(job.flight.seed, 40)
        recording.info = replace(recording.info, meta={'identity': job.identity})
        save(recording, job.directory)


def fitting(asked: list[Job]) -> int:
    return sum(found(job) is not None for job in asked)


def test_the_same_recipe_finds_all_and_more_episodes_only_add(recipe: Recipe, tmp_path: Path):
    fly(jobs(recipe, tmp_path / 'w'))
    assert fitting(jobs(recipe, tmp_path / 'w')) == 3
    more = jobs(replace(recipe, collect=CollectConfig(episodes=5)), tmp_path / 'w')
    assert work_found.make_room(more) == '3 of 5 episodes fit the recipe; 2 will be flown'
    assert fitting(more) == 3


CHANGES: dict[str, Any] = {
    'frames': lambda r, p: replace(r, collect=CollectConfig(3, frames=300)),
    'disturbance': lambda r, p: replace(
        r, collect=CollectConfig(3, disturbance=Disturbance(clean_share=0.5))
    ),
    'weather': lambda r, p: replace(r, weather=('fog:2',)),
    'season': lambda r, p: replace(r, seasons=('winter',)),
    'mesh': lambda r, p: (p / 'thing.obj').write_text(MESH + '# heavier\n') and r,
    'target file': lambda r, p: (
        (p / 'thing.yaml').write_text(mesh_target('thing.obj') + 'motion: still\n') and r
    ),
    'task file': lambda r, p: (
        (p / 'task.yaml').write_text('name: task\nkeep_distance_m: 2.5\n') and r
    ),
}


@pytest.mark.parametrize('what', CHANGES)
def test_whatever_makes_an_episode_is_in_its_identity(
    what: str, recipe: Recipe, tmp_path: Path
) -> None:
    asked = jobs(recipe, tmp_path / 'w')
    fly(asked)
    kept = {job.directory: load_info(job.directory).sha256 for job in asked if job.directory}
    changed = jobs(CHANGES[what](recipe, tmp_path), tmp_path / 'w')
    assert fitting(changed) == 0
    said = work_found.make_room(changed)
    if what != 'season':  # winter's episodes have other names: they are in nobody's way
        assert said == (
            '0 of 3 episodes fit the recipe; 3 do not and are kept aside; 3 will be flown'
        )
    there = [load_info(path.parent).sha256 for path in tmp_path.rglob(MANIFEST)]
    assert sorted(there) == sorted(kept.values())  # nothing is deleted


def test_the_code_of_the_simulator_is_in_it(recipe: Recipe, tmp_path: Path, monkeypatch: Any):
    fly(jobs(recipe, tmp_path / 'w'))
    monkeypatch.setattr('liquid_drone.sim.identity.simulator_version', lambda: 'newer')
    assert fitting(jobs(recipe, tmp_path / 'w')) == 0


def test_comments_are_no_other_code(tmp_path: Path) -> None:
    codes = ('x = 1\n', '"""Text."""\nx = 1  # why\n', 'x = 2\n')
    digests = []
    for code in codes:
        (tmp_path / 'a.py').write_text(code)
        digests.append(work_found.code_digest([tmp_path / 'a.py']))
    assert digests[0] != digests[2]
    (tmp_path / 'a.py').write_text('"""Other text."""\nx = 1\n')
    assert work_found.code_digest([tmp_path / 'a.py']) == digests[1]


def test_a_torn_episode_is_kept_aside_and_flown_anew(recipe: Recipe, tmp_path: Path) -> None:
    asked = jobs(recipe, tmp_path / 'w')
    fly(asked)
    directory = asked[0].directory
    assert directory is not None
    (directory / MANIFEST).write_text('{"id": "half')
    assert '1 do not and are kept aside; 1 will be flown' in work_found.make_room(asked)
    assert not directory.exists()


PRACTICE = PracticeConfig(steps=10)
PRACTISED: dict[str, Any] = {
    'steps': replace(PRACTICE, steps=11), 'flights': replace(PRACTICE, flights=5),
    'ticks': replace(PRACTICE, ticks=5), 'places': replace(PRACTICE, places=5),
    'tasks': replace(PRACTICE, tasks=('follow',)),
    'learning_rate': replace(PRACTICE, learning_rate=1e-4),
    'cloned': replace(PRACTICE, cloned=0.5), 'costs': replace(PRACTICE, costs=Costs(hit=1.0)),
}  # fmt: skip


def test_whatever_makes_practice_is_in_a_round_s_identity(recipe: Recipe, tmp_path: Path) -> None:
    rehearsal = {'rehearsed'}  # flies what was practised, and changes nothing of it
    assert {*PRACTISED} | rehearsal == {one.name for one in fields(PracticeConfig)}
    network = NetworkConfig(
        vision=VisionConfig.NAMED['wide-scan'], request=RequestSpec(), belief=True, memory=True
    )
    practised = replace(recipe, network=network, frozen=FrozenEncoder('follow'), practice=PRACTICE)
    work, found = Workspace(tmp_path / 'w'), {}
    for name, practice in {'none': PracticeConfig(), 'as it was': PRACTICE, **PRACTISED}.items():
        one = replace(practised, practice=practice)
        found[name] = work_found._round_identity(one, work, rounds_of(one, work)[0], [])
    assert len(set(found.values())) == len(found)
    other = replace(practised, practice=replace(PRACTICE, rehearsed=1))
    again = work_found._round_identity(other, work, rounds_of(other, work)[0], [])
    assert again == found['as it was']
    task = tmp_path / 'task.yaml'
    before = work_found.places_digest(practised)
    task.write_text(task.read_text(encoding='utf-8') + 'keep_distance_m: 2.6\n')
    assert work_found.places_digest(practised) != before


SCANNED = FrozenEncoder('follow-memory', scan_steps=5)


@pytest.mark.parametrize(
    ('frozen', 'vision'),
    [(replace(SCANNED, scan_steps=6), 'wide-scan'), (SCANNED, 'wide-tapped-scan'),
     (replace(SCANNED, scan_pictures=200), 'wide-scan'),
     (replace(SCANNED, threshold=0.4), 'wide-scan')],
)  # fmt: skip
def test_a_scan_that_was_trained_otherwise_is_kept_aside(
    recipe: Recipe, tmp_path: Path, frozen: FrozenEncoder, vision: str
) -> None:
    """It was kept, and went on being used, where a recipe trained it for longer."""

    def asked(frozen: FrozenEncoder, vision: str) -> Recipe:
        network = NetworkConfig(vision=VisionConfig.NAMED[vision])
        return replace(recipe, frozen=frozen, network=network)

    work, mine = Workspace(tmp_path / 'w'), asked(SCANNED, 'wide-scan')
    assert work_found.claim_round(mine, work, rounds_of(mine, work)[0], []) == ''
    work.encoder.write_bytes(b'a scan')
    assert work_found.claim_round(mine, work, rounds_of(mine, work)[0], []) == ''
    assert work.encoder.is_file()
    other = asked(frozen, vision)
    said = work_found.claim_round(other, work, rounds_of(other, work)[0], [])
    assert 'encoder.pt were made of something else' in said
    assert not work.encoder.exists()


PICTURED = PictureConfig(count=400)
OTHER_STAGES: dict[str, Any] = {
    **{
        name: {'pictures': replace(PICTURED, **{name: value})}
        for name, value in {
            'steps': 2000, 'learning_rate': 1e-4, 'keep': 0.1, 'pictures': 64, 'frames': 32,
            'count': 800, 'looks': 3, 'false_alarms': 0.1, 'lens': 0.1,
        }.items()
    },
    'augmentation': {'train': TrainConfig(augmentation=Augmentation(noise=0.1))},
    'start': {'start': 'follow-summer'},
}  # fmt: skip


@pytest.mark.parametrize('what', OTHER_STAGES)
def test_an_encoder_that_learned_from_other_pictures_is_kept_aside(
    recipe: Recipe, tmp_path: Path, what: str
) -> None:
    """It went on being used, whatever the recipe said of its pictures and its training."""
    work, mine = Workspace(tmp_path / 'w'), replace(recipe, start='follow', pictures=PICTURED)
    assert work_found.claim_round(mine, work, rounds_of(mine, work)[0], []) == ''
    made = work.encoder, work.encoder.with_suffix('.partial'), work.point
    for file in made:
        file.write_bytes(b'an encoder')
    assert work_found.claim_round(mine, work, rounds_of(mine, work)[0], []) == ''
    assert all(file.is_file() for file in made)
    other = replace(mine, **OTHER_STAGES[what])
    said = work_found.claim_round(other, work, rounds_of(other, work)[0], [])
    assert 'encoder.pt, encoder.partial, operating-point.json were made of something else' in said
    assert not any(file.exists() for file in made)


def photograph(folder: Path, name: str, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
    cv2.imwrite(str(folder / name), pixels)


@pytest.mark.parametrize('how', ['stage', 'beside', 'style'])
def test_photographs_that_were_added_or_changed_are_learned_from(
    recipe: Recipe, tmp_path: Path, how: str
) -> None:
    """Pictures were drawn with them, and the training of the old ones was taken."""
    work, folder = Workspace(tmp_path / 'w'), tmp_path / 'photos'
    photograph(folder, 'a.png', 1)
    pictures = replace(PICTURED, beside=4 if how == 'beside' else 0, places=str(folder))
    train = TrainConfig()
    if how == 'style':
        pictures, train = (
            replace(pictures, count=0),
            replace(train, augmentation=Augmentation(style_share=0.5)),
        )
    mine = replace(recipe, start='follow', pictures=pictures, train=train)
    one = rounds_of(mine, work)[0]

    def claimed(asked: Recipe) -> bool:
        one.checkpoint.write_bytes(b'weights')
        return work_found.claim_round(asked, work, one, []) == ''

    one.checkpoint.parent.mkdir(parents=True)
    claimed(mine)
    assert claimed(mine)
    photograph(folder, 'b.png', 2)
    assert not claimed(mine)
    photograph(folder, 'b.png', 3)
    assert not claimed(mine)
    assert claimed(mine)
    moved = replace(pictures, places=str(folder.rename(tmp_path / 'elsewhere')))
    assert claimed(replace(mine, pictures=moved))  # they are the same photographs


def test_a_round_of_another_training_is_kept_aside(recipe: Recipe, tmp_path: Path) -> None:
    work = Workspace(tmp_path / 'w')
    asked = jobs(recipe, work.root)
    fly(asked)
    episodes = [job.directory for job in asked if job.directory]
    one = rounds_of(recipe, work)[0]
    assert work_found.claim_round(recipe, work, one, episodes) == ''
    one.checkpoint.write_bytes(b'weights')
    assert work_found.claim_round(recipe, work, one, episodes) == ''
    assert one.checkpoint.is_file()
    slower = replace(recipe, train=TrainConfig(learning_rate=1e-4))
    for other, found_there in ((slower, episodes), (recipe, episodes[:2])):
        one.checkpoint.write_bytes(b'weights')
        said = work_found.claim_round(other, work, one, found_there)
        assert 'round-0.pt were made of something else' in said
        assert not one.checkpoint.exists()
    elsewhere = replace(recipe, train=TrainConfig(device='cpu', threads=2))
    one.checkpoint.write_bytes(b'weights')
    assert work_found.claim_round(elsewhere, work, one, episodes[:2]) == ''
