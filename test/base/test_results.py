# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a result never replaces what is not a result, whichever command writes it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import OutputError
from liquid_drone.results import BUNDLE, EPISODE, ResultKind, check_replaceable, claim, replacing

KINDS = (BUNDLE, EPISODE)


def tree(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob('*') if p.is_file()}


def make(place: Path, kind: ResultKind, text: str = 'new') -> None:
    with replacing(place, kind) as aside:
        (aside / kind.proof).write_text(json.dumps({'format_version': 1, 'text': text}))
        (aside / kind.files[0]).mkdir()


@pytest.mark.parametrize('kind', KINDS)
def test_an_empty_place_and_a_result_are_replaced(kind: ResultKind, tmp_path: Path) -> None:
    (tmp_path / 'one').mkdir()
    make(tmp_path / 'one', kind)
    make(tmp_path / 'one', kind, 'newer')
    make(tmp_path / 'new' / 'two', kind)
    assert json.loads((tmp_path / 'one' / kind.proof).read_text())['text'] == 'newer'
    assert sorted(item.name for item in tmp_path.iterdir()) == ['new', 'one']


names = st.from_regex(r'[a-z][a-z0-9_.-]{0,20}', fullmatch=True)


@given(kind=st.sampled_from(KINDS), files=st.dictionaries(names, st.binary(), min_size=1))
def test_whatever_else_a_directory_holds_stays(
    kind: ResultKind, files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp('place') / 'mine'
    for add_proof in (False, True):  # also beside a result
        if add_proof and not set(files) - {kind.proof, *kind.files}:
            continue
        place.mkdir(exist_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
        if add_proof:
            (place / kind.proof).write_text('{"format_version": 1}')
        before = tree(place)
        with pytest.raises(OutputError, match='is not replaced'):
            make(place, kind)
        with pytest.raises(OutputError, match='choose another --out'):
            check_replaceable(place, kind)
        assert tree(place) == before


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('obstacle', ['file', 'link', 'broken link', 'below a file', 'long'])
def test_links_and_files_in_the_way_are_errors(
    kind: ResultKind, obstacle: str, tmp_path: Path
) -> None:
    place = tmp_path / 'place'
    if obstacle == 'link':
        (tmp_path / 'elsewhere').mkdir()
        place.symlink_to(tmp_path / 'elsewhere')
    elif obstacle == 'broken link':
        place.symlink_to(tmp_path / 'nowhere')
    elif obstacle == 'long':
        place = tmp_path / ('x' * 300)
    else:
        place.write_text('mine')
        place = place / 'below' if obstacle == 'below a file' else place
    before = tree(tmp_path)
    with pytest.raises(OutputError, match='choose another --out'):
        make(place, kind)
    with pytest.raises(OutputError, match='choose another --out'):
        claim(place, ['result.json'])
    assert tree(tmp_path) == before


def test_a_failure_leaves_the_old_result_and_nothing_else(tmp_path: Path) -> None:
    make(tmp_path / 'one', BUNDLE)
    before = tree(tmp_path)

    def fail() -> None:
        with replacing(tmp_path / 'one', BUNDLE) as aside:
            (aside / BUNDLE.proof).write_text('{}')
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert tree(tmp_path) == before


def test_a_file_is_replaced_only_if_it_was_written_here_before(tmp_path: Path) -> None:
    (tmp_path / 'notes.txt').write_text('mine')
    claim(tmp_path, ['result.json'])
    (tmp_path / 'result.json').write_text('{}')
    claim(tmp_path, ['result.json', 'film.mp4'])
    (tmp_path / 'table.md').write_text('mine')
    with pytest.raises(OutputError, match=r'table\.md is there, this program did not write it'):
        claim(tmp_path, ['table.md'])
    (tmp_path / 'film.mp4').symlink_to(tmp_path / 'notes.txt')
    with pytest.raises(OutputError, match='is a link'):
        claim(tmp_path, ['film.mp4'])
    assert (tmp_path / 'notes.txt').read_text() == 'mine'
