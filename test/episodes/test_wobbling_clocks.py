# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a clock that wobbles or is set costs the pictures concerned, and mixes no labels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from test_left_out import SECOND, STORE, compressed, encoded, twist

from liquid_drone.cli.main import main
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.rosbag_import import ImportConfig, import_bag
from liquid_drone.errors import EpisodeError

COUNT, STEP, BEGIN = 200, SECOND // 20, 10**9 * SECOND
GOOD = encoded(np.full((144, 256, 3), 90, np.uint8))
CONFIG = ImportConfig('dog')
Clock = Callable[[int], int]  # ns since the recording began -> what the clock adds to it


def steady(_at: int) -> int:
    return 0


def record(
    path: Path,
    camera: Clock,
    pilot: Clock,
    recorder: Clock = steady,
    plugin: StoragePlugin = StoragePlugin.MCAP,
) -> Path:
    """Write 10 s of pictures and of commands, the forward speed of each the time in s."""
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        for topic in ('/camera/image_raw/compressed', '/cmd_vel'):
            for k in range(COUNT):
                at = BEGIN + k * STEP
                if topic == '/cmd_vel':
                    message = twist(at + pilot(at), (at - BEGIN) / SECOND)
                else:
                    message = compressed(at + camera(at), GOOD)
                kind = message.__msgtype__
                if k == 0:
                    link = writer.add_connection(topic, kind, typestore=STORE)
                writer.write(link, at + recorder(at), bytes(STORE.serialize_cdr(message, kind)))
    return path


def set_back(seconds: int, behind: int = COUNT // 2) -> Clock:
    return lambda at: 0 if at < BEGIN + behind * STEP else -seconds * SECOND


def labels(path: Path) -> np.ndarray:
    """Return how far the label of each picture is from its time by the steady clock, in s."""
    recording = load(path)
    return recording.column('label')[:, 0] - (recording.column('stamp_ns') - BEGIN) / SECOND


@pytest.mark.parametrize('seconds', [-(10**6), -3, 3, 30])
@pytest.mark.parametrize('count', [1, 2, 9])
def test_some_pictures_astray_are_left_out_and_counted(
    seconds: int, count: int, tmp_path: Path
) -> None:
    begin = BEGIN + 90 * STEP

    def camera(at: int) -> int:
        return seconds * SECOND if 0 <= at - begin < count * STEP else 0

    found = import_bag(record(tmp_path / 'bag', camera, steady), tmp_path / 'out', CONFIG)
    assert (len(found.episodes), found.frames, found.too_short) == (1, COUNT - count, 0)
    assert found.without_command == 0
    (line,) = found.left_out.lines()
    assert f'left out: {count} pictures stamped far from those around them, at' in line
    assert np.abs(labels(found.episodes[0])).max() < 1e-6


@pytest.mark.parametrize('plugin', StoragePlugin)
@pytest.mark.parametrize('is_one_machine', [True, False])
@pytest.mark.parametrize('seconds', [2, 4, 7, 3600])
def test_clocks_that_are_set_back_together_split_and_keep_each_label(
    seconds: int, is_one_machine: bool, plugin: StoragePlugin, tmp_path: Path
) -> None:
    """The stamps of 5 s before come again: a command of then is none of now.

    Of one machine the recorder's clock is set with them: sorted by it, both times would be one.
    """
    clock = set_back(seconds)
    recorder = clock if is_one_machine else steady
    bag = record(tmp_path / 'bag', clock, clock, recorder, plugin)
    found = import_bag(bag, tmp_path / 'out', CONFIG)
    assert (len(found.episodes), found.frames) == (2, COUNT)
    assert found.left_out.lines() == []
    for path, expected in zip(found.episodes, (0.0, seconds), strict=True):
        assert np.abs(labels(path) - expected).max() < 1e-6


@pytest.mark.parametrize('seconds', [2, 7, 55])
def test_pictures_whose_clock_alone_was_set_are_not_given_commands_of_another_time(
    seconds: int, tmp_path: Path
) -> None:
    bag = record(tmp_path / 'bag', set_back(seconds, COUNT - 40), steady)
    with pytest.raises(EpisodeError, match='40 pictures behind a clock that was set') as told:
        import_bag(bag, tmp_path / 'out', CONFIG)
    assert '--most-left-out' in str(told.value)
    found = import_bag(bag, tmp_path / 'out', ImportConfig('dog', most_left_out=0.25))
    assert (len(found.episodes), found.frames) == (1, COUNT - 40)
    assert np.abs(labels(found.episodes[0])).max() < 1e-6


@pytest.mark.parametrize('seconds', [-(10**9) + 20, -3600, -70, 70, 10**6])
@pytest.mark.parametrize('of', ['pictures', 'commands'])
@pytest.mark.parametrize('begin', [0, COUNT // 2])
def test_stamps_of_two_clocks_are_matched_as_they_were_recorded(
    seconds: int, of: str, begin: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Simulated time (rosbag2 issue 764), a board without a battery, a clock set by GPS later."""

    def other(at: int) -> int:
        return seconds * SECOND if at >= BEGIN + begin * STEP else 0

    both = (other, steady) if of == 'pictures' else (steady, other)
    bag = record(tmp_path / 'bag', *both)
    main(['import-flight', str(bag), '--target', 'dog', '--out', str(tmp_path / 'out')])
    told = ''.join(capsys.readouterr())
    paths = sorted((tmp_path / 'out').iterdir())
    found = np.concatenate([load(path).column('label')[:, 0] for path in paths])
    known = np.isfinite(found)
    assert len(found) == COUNT
    late_s = (np.arange(COUNT) / 20 - found)[known]
    assert -1e-6 < late_s.min() <= late_s.max() < CONFIG.command_age_s + 1e-6  # the last one holds
    if of == 'pictures' or not begin:  # else it is not known which of its times is the pictures'
        assert late_s.max() < 1e-6
        assert f'the stamps of {COUNT - begin} pictures and of the commands are of two' in told
        assert known.all()


@pytest.mark.parametrize('every', [25, 67])
@pytest.mark.parametrize('milliseconds', [-900, -120, 400])
def test_stamps_that_wobble_cost_their_own_pictures(
    every: int, milliseconds: int, tmp_path: Path
) -> None:
    def camera(at: int) -> int:
        return milliseconds * 10**6 if at // STEP % every == every // 2 else 0

    found = import_bag(record(tmp_path / 'bag', camera, steady), tmp_path / 'out', CONFIG)
    assert COUNT - found.frames <= COUNT // every + 1
    assert len(found.episodes) == 1
