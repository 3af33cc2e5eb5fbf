# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a recorded command is learned from where the nodes would have flown it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin, Writer
from test_left_out import COUNT, SECOND, STORE, compressed, encoded, header, made

from liquid_drone.cli.main import main
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.rosbag_import import ImportConfig, import_bag
from liquid_drone.errors import EpisodeError
from liquid_drone.topics import BODY_FRAME, OPTICAL_FRAME, is_in_frame

GREY = encoded(np.full((144, 256, 3), 90, np.uint8))


def record(path: Path, frames: list[str] | None) -> Path:
    """Write a flight whose commands are in these frames in turn; None: they have no header."""
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        kinds = 'Twist' if frames is None else 'TwistStamped', 'CompressedImage'
        links = [
            writer.add_connection(topic, f'{room}_msgs/msg/{kind}', typestore=STORE)
            for topic, room, kind in zip(
                ('/cmd_vel', '/camera/image_raw/compressed'),
                ('geometry', 'sensor'),
                kinds,
                strict=True,
            )
        ]
        for k in range(COUNT):
            at = (k + 1) * SECOND // 20
            twist = made('Twist', made('Vector3', 0.5, 0.0, 0.0), made('Vector3', 0.0, 0.0, 0.0))
            if frames is not None:
                twist = made('TwistStamped', header(at, frames[k % len(frames)]), twist)
            for link, message in zip(links, (twist, compressed(at, GREY)), strict=True):
                data = bytes(STORE.serialize_cdr(message, message.__msgtype__))
                writer.write(link, at, data)
    return path


@pytest.mark.parametrize('frame', ['map', '', 'odom', 'world', 'base_link_ned', 'teleop', 'base'])
def test_a_recording_in_another_frame_is_refused_until_its_frame_is_named(
    frame: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = record(tmp_path / 'bag', [frame])
    with pytest.raises(EpisodeError, match=f"in the frame '{frame}', expected 'base_link'"):
        import_bag(bag, tmp_path / 'out', ImportConfig('dog'))
    assert not list((tmp_path / 'out').glob('*'))
    words = ['import-flight', str(bag), '--target', 'dog', '--out', str(tmp_path / 'out')]
    assert main(words) == 2
    assert '--command-frame' in capsys.readouterr().err
    main([*words, '--command-frame', frame])
    assert f'{COUNT} frames, 0 without a command' in ''.join(capsys.readouterr())


@pytest.mark.parametrize('frames', [['base_link'], ['/base_link'], ['drone2/base_link'], None])
def test_commands_of_the_body_and_those_without_a_header_are_learned_from(
    frames: list[str] | None, tmp_path: Path
) -> None:
    found = import_bag(record(tmp_path / 'bag', frames), tmp_path / 'out', ImportConfig('dog'))
    assert (found.frames, found.without_command, found.left_out.lines()) == (COUNT, 0, [])


@pytest.mark.parametrize('other', ['map', ''])
def test_some_commands_in_another_frame_are_left_out_and_counted(
    other: str, tmp_path: Path
) -> None:
    bag = record(tmp_path / 'bag', ['base_link', other, other])
    found = import_bag(bag, tmp_path / 'out', ImportConfig('dog'))
    (line,) = found.left_out.lines()
    assert f"left out: 40 messages of /cmd_vel are in the frame '{other}'" in line
    assert (load(found.episodes[0]).column('label')[:, 0] == 0.5).all()


@given(st.text(max_size=20), st.sampled_from([BODY_FRAME, OPTICAL_FRAME]))
def test_a_prefix_is_not_looked_at_and_everything_else_is(name: str, wanted: str) -> None:
    assert is_in_frame(f'{name}/{wanted}', wanted)
    is_optical = wanted == OPTICAL_FRAME and 'optical' in name.rpartition('/')[2]
    assert is_in_frame(name, wanted) == (name.rpartition('/')[2] == wanted or is_optical)
