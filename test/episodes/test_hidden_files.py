# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a Mac leaves beside our files on a disk of another system counts as nothing.

Beside each file NAME it writes ``._NAME``, with its ending (SpikeInterface/spikeinterface#4027,
Abe404/root_painter#173).
"""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventions import invent

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.episodes.bag_source import open_bag
from liquid_drone.episodes.episode import BAG, find_episodes, load, save
from liquid_drone.files import named_below, visible
from liquid_drone.footage.files_shown import is_recording, storage_files

COMPANION = b'\0\5\x16\7\0\2\0\0Mac OS X        ' + bytes(4000)


def as_a_mac_leaves(folder: Path) -> None:
    for path in [*folder.rglob('*')]:
        if path.is_file():
            (path.parent / f'._{path.name}').write_bytes(COMPANION)
        else:
            (path / '.DS_Store').write_bytes(b'\0\0\0\1Bud1')


def test_episodes_and_recordings_are_read(tmp_path: Path) -> None:
    """Each was "expected one .mcap file, found 2", or several recordings."""
    recording = invent(3, frames=40)
    save(recording, tmp_path / 'flights' / 'one')
    as_a_mac_leaves(tmp_path / 'flights')
    (one,) = find_episodes(tmp_path / 'flights')
    assert load(one).jpegs == recording.jpegs
    bag = one / BAG
    assert is_recording(bag)
    assert [file.suffix for file in storage_files(bag)] == ['.mcap']
    (bag / 'metadata.yaml').unlink()
    with open_bag(bag) as sources:
        assert sources
    assert main(['validate', str(tmp_path / 'flights')]) == 0


def test_a_lerobot_dataset_is_written_and_read(tmp_path: Path) -> None:
    pytest.importorskip('pyarrow')
    save(invent(3, frames=40), tmp_path / 'flights' / 'one')
    as_a_mac_leaves(tmp_path / 'flights')
    assert main(['convert', str(tmp_path / 'flights'), '--out', str(tmp_path / 'set')]) == 0
    as_a_mac_leaves(tmp_path / 'set')
    assert main(['convert', str(tmp_path / 'set'), '--out', str(tmp_path / 'back')]) == 0
    (there,), (back,) = find_episodes(tmp_path / 'flights'), find_episodes(tmp_path / 'back')
    assert load(there).jpegs == load(back).jpegs


def test_no_name_that_ships_is_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ('sim/worlds', 'models/follow'):
        shutil.copytree(next(resources.share_roots()) / kind, tmp_path / kind)
    (tmp_path / 'models' / '.follow.partial-7').mkdir()
    as_a_mac_leaves(tmp_path)
    shown = resources.names('sim/worlds')
    monkeypatch.setattr(resources, 'share_roots', lambda: iter([tmp_path]))
    assert resources.names('sim/worlds') == shown
    assert [bundle.name for bundle in resources.shipped_bundles()] == ['follow']


NAMES = st.sets(st.from_regex(r'[._]{0,2}[a-z]{1,3}\.(mcap|json)', fullmatch=True), max_size=6)


@settings(max_examples=50, deadline=None)
@given(names=NAMES)
def test_what_is_visible(names: set[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp('names')
    for name in names:
        (folder / name).write_bytes(b'')
    wanted = sorted(name for name in names if name[0] != '.')
    assert [path.name for path in visible(folder.iterdir())] == wanted
    assert [path.name for path in named_below(folder, '*')] == wanted
