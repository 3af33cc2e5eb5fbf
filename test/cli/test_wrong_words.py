# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a word that a command cannot use ends it in one sentence, whatever the word is."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.cli.arguments import Command, flag_of, options_and_groups
from liquid_drone.cli.main import COMMANDS, main

WORDS = st.text(max_size=30) | st.sampled_from(
    ['', ' ', '.', '..', '~', '-', '\n', '\x1b[31m', '\udc80', 'a' * 300, '/dev/null', '%s', '{x}']
)
READERS = (  # commands that read what they are given; the folder of each is empty
    ['status', '{}'],
    ['merge', '{}', '--out', 'merged'],
    ['report', '{}', '--out', 'page'],
    ['validate', '{}'],
    ['draw', '--bundle', '{}', '--out', 'pictures'],
    ['draw', '--flight', '{}', '--out', 'pictures'],
    ['convert', '{}', '--out', 'converted'],
    ['import-flight', '{}', '--target', 'dog', '--out', 'flights'],
    ['watch', '--foxglove', 'layout.json', '--namespace', '{}/0'],
    ['evaluate', '--study', '{}', '--out', 'study'],
    ['inspect', 'target', '{}', '--out', 'sheet.png'],
)


def _is_elsewhere(word: str, root: Path) -> bool:
    """Tell whether a word is a directory that is there, outside of a test's own."""
    try:
        place = Path(word)
        return place.is_dir() and not place.resolve().is_relative_to(root.resolve())
    except OSError:  # no name of a directory
        return False


@given(command=st.sampled_from(READERS), word=WORDS)
@example(command=['evaluate', '--study', '{}', '--out', 'study'], word='')
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_word_that_is_nothing_is_one_sentence_and_exit_code_2(
    command: list[str],
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = tmp_path / 'here'  # so that .. is empty, too
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    word = word.replace('\0', '')  # no argument of a process has one
    if _is_elsewhere(word, tmp_path):
        return  # such as /: somebody's results may be there
    line = [one.format(word) if '{' in one else one for one in command]
    if word.startswith('-') or word in resources.names('sim/targets'):
        return
    assert main(line) == 2
    said = capsys.readouterr().err
    assert said.startswith('liquid-drone: ')
    assert said.count('\n') == 1
    assert said.strip().isprintable()


@pytest.mark.parametrize('command', [['status', '.'], ['merge', '.', '--out', 'all']])
def test_a_folder_without_a_run_is_told_so(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert 'holds no run: expected a directory that liquid-drone' in capsys.readouterr().err


def test_a_loop_of_links_is_refused_as_a_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = tmp_path / 'loop'
    loop.symlink_to(loop)
    assert main(['draw', '--out', str(loop)]) == 2
    assert 'choose another --out' in capsys.readouterr().err


def test_two_files_that_would_share_a_folder_are_refused_before_a_flight(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forest = resources.named_file('sim/worlds', 'forest').read_text()
    worlds = [tmp_path / name / 'park.yaml' for name in ('a', 'b')]
    for world in worlds:
        world.parent.mkdir()
        world.write_text(forest.replace('name: forest', 'name: park'))
    line = ['evaluate', '--expert', '--worlds', *map(str, worlds), '--out', str(tmp_path / 'out')]
    assert main(line) == 2
    assert 'two of the places would be called park-summer' in capsys.readouterr().err


PIPES = (  # nobody writes into the pipe: a command that opened it would wait for ever
    ['infer', 'follow', 'picture.png', '--truth', '{}'],
    ['import', '{}', '--out', 'bundle'],
    ['validate', '{}'],
    ['import-flight', '{}', '--target', 'dog', '--out', 'flights'],
    ['convert', '{}', '--out', 'converted'],
    ['draw', '--bundle', '{}', '--out', 'pictures'],
    ['fly', '--world', '{}', '--out', 'out'],
    ['train', '--recipe', '{}', '--data', 'data'],
)


@pytest.mark.parametrize('command', PIPES, ids=lambda words: words[0])
def test_a_pipe_in_the_place_of_a_file_is_refused(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo('pipe.yaml')
    cv2.imwrite('picture.png', np.zeros((144, 256, 3), np.uint8))
    assert main([one.format('pipe.yaml') for one in command]) == 2
    assert capsys.readouterr().err.startswith('liquid-drone: ')


def test_a_loop_of_links_is_no_firmware(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = tmp_path / 'loop'
    loop.symlink_to(loop)
    assert main(['fly', '--firmware', str(loop), '--out', str(tmp_path / 'out')]) == 2
    assert 'expected the px4 SITL binary' in capsys.readouterr().err


def test_a_card_that_cannot_be_written_is_told_before_the_flights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, 'access', lambda path, mode: Path(path).name != 'follow')
    assert main(['evaluate', '--card', '--out', str(tmp_path / 'out')]) == 2
    assert 'which cannot be written: copy it first' in capsys.readouterr().err


def test_a_card_of_no_bundle_is_refused_before_the_flights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for pilot in ('--expert',), ('--pilot', 'colour'):
        out = tmp_path / 'out'
        assert main(['evaluate', '--card', *pilot, '--out', str(out)]) == 2
        said = capsys.readouterr().err
        assert 'flies without a bundle, an autopilot or a graph' in said
        assert 'leave out --card' in said
        assert not out.exists()


@given(levels=st.integers(257, 2000), name=st.sampled_from(['a', '..', 'ab']))
@settings(max_examples=20, deadline=None)
def test_a_place_below_hundreds_of_folders_is_refused(levels: int, name: str) -> None:
    """Making more than 500 that are missing ended in a RecursionError."""
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        assert main(['draw', '--out', '/'.join([name] * levels)]) == 2
    assert f'expected a path of at most 256 folders, got {levels}' in stderr.getvalue()


def flags() -> Iterator[tuple[str, str]]:
    """Yield each flag that takes a word and may be left out, with its command."""
    for command in COMMANDS:
        if isinstance(command, Command):
            for one, _ in options_and_groups(command.arguments):
                takes_word = one.kind in (str, Path) and not one.text.positional
                if takes_word and (one.kind is Path or one.default in ('', None, ())):
                    yield command.name, flag_of(one)


@pytest.mark.parametrize('blank', ['', ' '])
@pytest.mark.parametrize(('command', 'flag'), list(flags()))
def test_an_unset_variable_is_not_a_flag_that_was_left_out(
    command: str, flag: str, blank: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--seeds "$SEEDS"`` flew other seeds, ``--shard "$SHARD"`` all of them."""
    assert main([command, flag, blank]) == 2
    said = capsys.readouterr().err
    assert f'{flag}' in said
    assert f"got '{blank}': is a variable not set?" in said


@pytest.mark.parametrize('name', ['', '.', 'my dog', '../dog'])
def test_recordings_are_of_something_with_a_name(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['import-flight', str(tmp_path), '--target', name]) == 2
    assert capsys.readouterr().err.startswith('liquid-drone: --target must be at most')


def test_a_sheet_of_cut_outs_lies_under_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b'\xff')
    odd.mkdir()
    photo = np.full((120, 100, 3), 160, np.uint8)
    photo[30:90, 30:70] = (30, 40, 200)
    cv2.imwrite(str(tmp_path / 'photo.png'), photo)
    line = ['retrain', '--target', 'thing', '--photos', str(tmp_path / 'photo.png')]
    assert main([*line, '--only-cards', '--data', str(odd / 'data')]) == 0
    assert (odd / 'data/target/thing-cut-outs.png').stat().st_size > 1000
