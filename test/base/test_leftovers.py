# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what killed processes left is removed or put back; what another makes is let alone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liquid_drone.files import write_text, written
from liquid_drone.outputs.leftovers import made_aside
from liquid_drone.results import BUNDLE, replacing

PROOF = json.dumps({'format_version': 1})
MAKER = """
import os, signal, sys, time
from pathlib import Path
from liquid_drone.files import aside_of
from liquid_drone.results import BUNDLE, replacing

place = Path(sys.argv[2])
with replacing(place, BUNDLE) if sys.argv[1] == 'folder' else aside_of(place) as aside:
    (aside / 'half' if aside.is_dir() else aside).write_text('half')
    print('made', flush=True)
    sys.stdin.read()
"""


def maker(kind: str, place: Path) -> 'subprocess.Popen[bytes]':
    """Start a process that is in the middle of making a result."""
    process = subprocess.Popen(
        [sys.executable, '-c', MAKER, kind, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline() == b'made\n'
    return process


def make(kind: str, place: Path) -> None:
    if kind == 'file':
        write_text(place, PROOF)
        return
    with replacing(place, BUNDLE) as aside:
        (aside / BUNDLE.proof).write_text(PROOF)


@pytest.mark.parametrize('kind', ['folder', 'file'])
def test_what_a_killed_process_left_goes_and_what_a_living_one_makes_stays(
    kind: str, tmp_path: Path
) -> None:
    place = tmp_path / 'it.png'
    killed, living = maker(kind, place), maker(kind, place)
    killed.kill()
    killed.communicate()
    assert len(list(tmp_path.iterdir())) == 2
    make(kind, place)
    (left,) = set(tmp_path.iterdir()) - {place}
    assert str(living.pid) in left.name
    assert left.suffix == '.png'  # some writers tell the format by it
    living.send_signal(signal.SIGKILL)
    living.communicate()
    make(kind, place)
    assert list(tmp_path.iterdir()) == [place]


def test_the_same_process_number_again_is_no_obstacle(tmp_path: Path) -> None:
    """In a container each run has it."""
    left = tmp_path / f'.it.partial-{os.getpid()}'
    left.mkdir()
    (left / 'half').touch()
    make('folder', tmp_path / 'it')
    assert sorted(path.name for path in (tmp_path / 'it').iterdir()) == [BUNDLE.proof]
    assert [path.name for path in tmp_path.iterdir()] == ['it']


def test_a_result_that_was_moved_away_for_one_that_never_came_is_put_back(tmp_path: Path) -> None:
    place = tmp_path / 'it'
    make('folder', place)
    place.rename(tmp_path / '.it.outdated-1')  # and here the process was killed
    with pytest.raises(RuntimeError), replacing(place, BUNDLE):
        raise RuntimeError
    assert (place / BUNDLE.proof).read_text() == PROOF
    assert [path.name for path in tmp_path.iterdir()] == ['it']


@pytest.mark.parametrize(
    'name', ['.it.partial-x', '.it.partial-1-mine', 'it.partial-1', '.its.partial-1']
)
def test_other_names_are_nobody_s(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / '.it.partial-2').symlink_to(tmp_path / name)
    make('folder', tmp_path / 'it')
    assert {path.name for path in tmp_path.iterdir()} == {name, 'it', '.it.partial-2'}


def test_what_is_made_aside_is_held_from_the_first_moment(tmp_path: Path) -> None:
    with made_aside(tmp_path / 'it', is_folder=True) as first:
        written(tmp_path / 'other', lambda aside: aside.write_text('x'))
        with made_aside(tmp_path / 'its', is_folder=True):
            assert first.is_dir()
