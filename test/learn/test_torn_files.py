# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a killed run tore is named, kept aside and made anew; few files are open."""

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from inventions import invent

from liquid_drone.contract import CommandSpec
from liquid_drone.episodes.episode import save
from liquid_drone.learn.behaviour_cloning import Span, is_whole, load_weights, train
from liquid_drone.learn.clips import Clip, open_clips
from liquid_drone.learn.dagger import train_round
from liquid_drone.learn.recipe import DaggerConfig, Recipe, TrainConfig, Workspace
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network

SMALL = NetworkConfig(VisionConfig(convolutions=((8, 5, 4), (8, 3, 2)), features=16))
SHORT = TrainConfig(steps=2, windows=1, length=8, warmup_steps=1, threads=1, precision='float32')
SPAN = Span(0, 2, 2)


@pytest.fixture(scope='module')
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an episode and its cache."""
    folder = tmp_path_factory.mktemp('torn')
    save(invent(1, 10), folder / 'e')
    clips_in(folder)
    return folder


@pytest.fixture(scope='module')
def checkpoint(place: Path) -> bytes:
    train(new_network(), clips_in(place), SHORT, SPAN, place / 'whole.pt')
    return (place / 'whole.pt').read_bytes()


def new_network() -> Network:
    torch.manual_seed(0)
    return Network(SMALL)


def clips_in(folder: Path) -> list[Clip]:
    return open_clips([folder / 'e'], folder / 'cache', 2, CommandSpec())


@settings(max_examples=40)
@given(share=st.floats(0.0, 1.0, exclude_max=True))
def test_a_checkpoint_cut_at_any_byte_is_kept_aside(checkpoint: bytes, share: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'round-0.partial'
        path.write_bytes(checkpoint)
        assert is_whole(path)
        torn = checkpoint[: int(share * len(checkpoint))]
        path.write_bytes(torn)
        assert not is_whole(path)
        assert (path.parent / '.round-0.partial.torn').read_bytes() == torn
        assert not path.exists()


@settings(max_examples=40)
@given(share=st.floats(0.0, 1.0, exclude_max=True), flip=st.integers(1, 255))
def test_altered_weights_never_count_as_weights(
    checkpoint: bytes, share: float, flip: int
) -> None:
    at = int(share * len(checkpoint))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'a.pt'
        path.write_bytes(checkpoint)
        expected = load_weights(Network(SMALL), path).state_dict()
        path.write_bytes(checkpoint[:at] + bytes([checkpoint[at] ^ flip]) + checkpoint[at + 1 :])
        if is_whole(path):  # the byte is padding
            found = load_weights(Network(SMALL), path).state_dict()
            assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_torn_partial_checkpoint_stops_no_training(
    place: Path, checkpoint: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'a.partial').write_bytes(checkpoint[:5000])
    with caplog.at_level(logging.WARNING):
        train(new_network(), clips_in(place), SHORT, SPAN, tmp_path / 'a.pt')
    assert 'a.partial' in caplog.text
    ours, whole = (
        load_weights(Network(SMALL), path) for path in (tmp_path / 'a.pt', place / 'whole.pt')
    )
    pairs = zip(ours.parameters(), whole.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_a_torn_round_is_trained_again(place: Path, tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    save(invent(1, 10), work.recorded / 'e')
    recipe = Recipe(
        'torn', train=SHORT, network=SMALL, recorded=('square',), dagger=DaggerConfig(rounds=1)
    )
    train_round(recipe, work, 0, Silent())
    path = work.checkpoint(0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    train_round(recipe, work, 0, Silent())
    assert is_whole(path)
    assert path.with_name(f'.{path.name}.torn').read_bytes() == whole[:-1]


def check_it_is_decoded_anew(place: Path, file: Path, bad: bytes) -> None:
    (expected,) = clips_in(place)
    file.write_bytes(bad)
    (found,) = clips_in(place)
    assert np.array_equal(expected.frames, found.frames)
    assert np.array_equal(expected.label, found.label, equal_nan=True)
    kept = list((place / 'cache').glob('.*.torn'))
    assert any(path.name == f'.{file.name}.torn' for path in kept)
    for path in kept:
        path.unlink()


@settings(max_examples=30)
@given(which=st.sampled_from(['frames.npy', 'rows.npz']), share=st.floats(0, 1, exclude_max=True))
def test_a_cache_cut_at_any_byte_is_decoded_anew(place: Path, which: str, share: float) -> None:
    (file,) = (place / 'cache').glob(f'*.{which}')
    whole = file.read_bytes()
    check_it_is_decoded_anew(place, file, whole[: int(share * len(whole))])


@settings(max_examples=30)
@given(share=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_altered_pictures_of_the_right_length_are_decoded_anew(
    place: Path, share: float, flip: int
) -> None:
    (file,) = (place / 'cache').glob('*.frames.npy')
    whole = file.read_bytes()
    at = int(share * len(whole))
    bad = whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]
    check_it_is_decoded_anew(place, file, bad)


MANY = """
import resource, sys
from pathlib import Path
import torch  # its own files are no business of this test
from liquid_drone.contract import CommandSpec
from liquid_drone.episodes.checks import check_all
from liquid_drone.learn.batches import Windows
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.recipe import TrainConfig
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
maps = lambda: len(Path('/proc/self/maps').read_text().splitlines())
before = maps()
clips = open_clips([folder / 'e'] * 600, folder / 'cache', 2, CommandSpec())
windows = Windows(clips, TrainConfig(windows=100, length=8), 0.05)
windows.batch(0, 0)
assert maps() - before < 100, maps() - before
check_all([folder / 'e'] * 100)
print(len(clips))
"""


def test_600_episodes_need_no_600_open_files(place: Path) -> None:
    """Mapped caches used to hold a descriptor and a map for each episode."""
    command = [sys.executable, '-c', MANY, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == '600', done.stderr
