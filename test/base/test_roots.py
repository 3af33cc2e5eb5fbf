# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: results go into a folder of a workspace, never among what people keep there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from liquid_drone.cli.places import check_bundle_place, claim_folder
from liquid_drone.errors import OutputError
from liquid_drone.run_lock import only_run


def checkout(place: Path) -> Path:
    (place / '.git').mkdir(parents=True)
    return place


def worktree(place: Path) -> Path:
    place.mkdir()
    (place / '.git').write_text('gitdir: elsewhere')
    return place


def sources(place: Path) -> Path:
    (place / 'src' / 'group' / 'package').mkdir(parents=True)
    (place / 'src' / 'group' / 'package' / 'package.xml').touch()
    return place


def installed(place: Path) -> Path:
    (place / 'install').mkdir(parents=True)
    (place / 'install' / 'local_setup.bash').touch()
    return place


def home(place: Path) -> Path:
    place.mkdir()
    return place


ROOTS: dict[str, Callable[[Path], Path]] = {
    'the root of the file system': lambda _: Path('/'),
    'the home directory': home,
    'a git checkout': checkout,
    'of a git checkout': worktree,
    'a ROS workspace': sources,
    'of a ROS workspace': installed,
}


@pytest.mark.parametrize('what', ROOTS)
@pytest.mark.parametrize('how', ['itself', 'above', 'link'])
def test_a_root_is_no_place_for_results(
    what: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path / ('root' if 'home' in what else 'home')))
    root = ROOTS[what](tmp_path / 'root')
    if how == 'above':
        root = root / 'tmp' / '..' if root == Path('/') else root / 'below' / '..'
    if how == 'link':
        (tmp_path / 'link').symlink_to(root)
        root = tmp_path / 'link'
    before = sorted((tmp_path / 'root').rglob('*')) if root != Path('/') else []
    # whoever may not write in / is told that first
    first = '|nothing may be written in /;' if what == 'the root of the file system' else ''
    with pytest.raises(OutputError, match=f'{what}|a link{first}'):
        check_bundle_place(root)
    with pytest.raises(OutputError, match=what):
        claim_folder(root, ['table.md'])
    with pytest.raises(OutputError, match=what), only_run(root):
        pass
    assert sorted((tmp_path / 'root').rglob('*')) == before


def test_a_folder_in_one_is(tmp_path: Path) -> None:
    place = checkout(tmp_path / 'root') / 'out'
    check_bundle_place(place)
    claim_folder(place, ['table.md'])
    with only_run(place):
        pass


def test_what_cannot_be_renamed_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files may be written there all the same."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match='it is the current directory'):
        check_bundle_place(Path())
    claim_folder(Path(), ['table.md'])
    monkeypatch.undo()
    monkeypatch.setattr(Path, 'is_mount', lambda path: path == tmp_path / 'disk')
    (tmp_path / 'disk').mkdir()
    with pytest.raises(OutputError, match='something is mounted there'):
        check_bundle_place(tmp_path / 'disk')
