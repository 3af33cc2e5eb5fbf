# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what killed processes left is removed or put back; what another makes is let alone."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liquid_drone.errors import OutputError
from liquid_drone.files import write_text, written
from liquid_drone.outputs import durability
from liquid_drone.outputs.leftovers import made_aside
from liquid_drone.results import BUNDLE, replacing

FLUSH = durability._flush  # the tests do without it
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


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> list[int | str]:
    """Return what is asked of the disk: inodes that are written, and names that come."""
    asked: list[int | str] = []
    fsync, replace = os.fsync, os.replace

    def written_out(number: int) -> None:
        fsync(number)
        asked.append(os.fstat(number).st_ino)

    def renamed(old: str, new: str) -> None:
        replace(old, new)
        asked.append(str(new))

    monkeypatch.setattr(durability, '_flush', FLUSH)
    monkeypatch.setattr(os, 'fsync', written_out)
    monkeypatch.setattr(os, 'replace', renamed)
    return asked


@pytest.mark.parametrize('before', [False, True])
@pytest.mark.parametrize('names', [[], ['bag/bag_0.mcap', 'bag/metadata.yaml'], ['a/b/c/d', 'e']])
def test_a_result_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, disk: list[int | str], names: list[str], before: bool
) -> None:
    """A battery that was pulled after landing left empty files under good names."""
    place = tmp_path / 'result'
    if before:
        with replacing(place, BUNDLE) as aside:
            (aside / BUNDLE.proof).write_text(PROOF)
        disk.clear()
    with replacing(place, BUNDLE) as aside:
        for name in (BUNDLE.proof, *names):
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).write_text(PROOF)
        inodes = {path.stat().st_ino for path in (aside, *aside.rglob('*'))}
    named = disk.index(str(place))
    assert inodes <= set(disk[:named])
    assert tmp_path.stat().st_ino in disk[named:]


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, disk: list[int | str]
) -> None:
    write_text(tmp_path / 'result.json', 'whole')
    inode = (tmp_path / 'result.json').stat().st_ino
    assert disk == [inode, str(tmp_path / 'result.json'), tmp_path.stat().st_ino]


@pytest.mark.parametrize(('code', 'is_told'), [
    (errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, True), (errno.EINVAL, False),
])  # fmt: skip
def test_a_disk_that_was_full_all_along_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: list[int | str],
    code: int,
    is_told: bool,
) -> None:
    """Over a network, and of a quota, that is told when it is written out, and no sooner."""

    def refused(number: int) -> None:
        raise OSError(code, os.strerror(code))

    place = tmp_path / 'result.json'
    place.write_text('of yesterday')
    monkeypatch.setattr(os, 'fsync', refused)
    if is_told:
        with pytest.raises(OutputError, match=os.strerror(code)):
            write_text(place, 'of today')
    else:
        write_text(place, 'of today')
    assert place.read_text() == ('of yesterday' if is_told else 'of today')
    assert [path.name for path in tmp_path.iterdir()] == ['result.json']
