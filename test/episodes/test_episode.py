# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes: what was recorded is read back, a crash leaves no half of one, damage is noticed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Reader

from liquid_drone.episodes import episode
from liquid_drone.episodes.recording import COLUMNS
from liquid_drone.episodes.rosbag import TYPES
from liquid_drone.errors import EpisodeError


def test_an_episode_survives_the_way_to_disk_and_back(make_recording, tmp_path):
    recording = make_recording()
    info = episode.save(recording, tmp_path / 'one')
    again = episode.load(tmp_path / 'one')
    assert info == again.info
    assert info.frames == 40
    for name in COLUMNS:
        assert np.array_equal(again.column(name), recording.column(name)), name
    assert again.jpegs == recording.jpegs


def test_an_episode_is_a_rosbag2_of_standard_messages(episodes):
    """Foxglove and ros2 bag play must open it."""
    with Reader(episodes[0] / 'bag') as reader:
        types = {link.topic.lstrip('/'): link.msgtype for link in reader.connections}
        counts = {link.topic.lstrip('/'): link.msgcount for link in reader.connections}
    assert types == TYPES
    assert set(counts.values()) == {40}


def test_saving_again_replaces(make_recording, tmp_path):
    episode.save(make_recording(0, frames=5), tmp_path / 'one')
    episode.save(make_recording(1, frames=7), tmp_path / 'one')
    assert len(episode.load(tmp_path / 'one').jpegs) == 7


def test_an_altered_episode_is_refused(episodes):
    mcap = next(episodes[0].rglob('*.mcap'))
    data = bytearray(mcap.read_bytes())
    data[len(data) // 2] ^= 1
    mcap.write_bytes(bytes(data))
    with pytest.raises(EpisodeError, match='does not match'):
        episode.load(episodes[0])


def test_another_format_version_is_named(episodes):
    path = episodes[0] / episode.MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), 'format_version': 99}))
    with pytest.raises(EpisodeError, match='99'):
        episode.load_info(episodes[0])


@pytest.mark.parametrize('damage', ['', 'not json', '[]'])
def test_a_broken_manifest_is_a_clear_error(episodes, damage):
    (episodes[0] / episode.MANIFEST).write_text(damage)
    with pytest.raises(EpisodeError):
        episode.load(episodes[0])


WRITER = """
import sys
from pathlib import Path
from inventions import invent
from liquid_drone.episodes.episode import save
for k in range(1000):
    save(invent(k, frames=10), Path(sys.argv[1]) / f'{k:05d}')
"""


def test_kill_while_recording_loses_no_finished_episode(tmp_path):
    """A crash must leave whole episodes only; whatever is found must be readable."""
    test = Path(__file__).parents[1]
    paths = os.pathsep.join((str(test.parent), str(test / 'support')))
    environment = {**os.environ, 'PYTHONPATH': paths}
    command = [sys.executable, '-c', WRITER, str(tmp_path)]
    writer = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + 60.0
        while len(episode.find_episodes(tmp_path)) < 5 and time.monotonic() < deadline:
            time.sleep(0.005)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    found = episode.find_episodes(tmp_path)
    assert len(found) >= 5
    assert all(len(episode.load(path).jpegs) == 10 for path in found)
