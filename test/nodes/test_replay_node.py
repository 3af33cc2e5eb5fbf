# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A recording shown to the policy again gives the commands of then, and says where it does not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.arrays import Command
from liquid_drone.bringup import local_graph
from liquid_drone.errors import EpisodeError
from liquid_drone.nodes import replay_node
from liquid_drone.nodes.replay_bag import Bag
from liquid_drone.runtime.runner import PolicyRunner

FRAMES, PERIOD_NS, FIRST_NS = 12, 50_000_000, 7_000_000_000
rosbag2 = pytest.importorskip('rosbags.rosbag2', reason="pip install 'liquid_drone[record]'")
typesys = pytest.importorskip('rosbags.typesys')


class Recorder:
    """Writes what record.launch.py records, with the times of arrival, not of the headers."""

    def __init__(self, path: Path, prefix: str) -> None:
        self.store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
        self.prefix, self.links = prefix, dict[str, Any]()
        self.writer = rosbag2.Writer(path, version=8, storage_plugin=rosbag2.StoragePlugin.MCAP)
        self.writer.open()

    def make(self, name: str, *values: Any) -> Any:
        return self.store.types[name](*values)

    def header(self, stamp_ns: int) -> Any:
        stamp = self.make('builtin_interfaces/msg/Time', *divmod(stamp_ns, 10**9))
        return self.make('std_msgs/msg/Header', stamp, 'base_link')

    def write(self, topic: str, kind: str, message: Any, at_ns: int) -> None:
        if topic not in self.links:
            name = f'{self.prefix}/{topic}'
            self.links[topic] = self.writer.add_connection(name, kind, typestore=self.store)
        self.writer.write(self.links[topic], at_ns, self.store.serialize_cdr(message, kind))

    def image(self, image: np.ndarray, stamp_ns: int) -> None:
        kind = 'sensor_msgs/msg/Image'
        height, width = image.shape[:2]
        data = image.reshape(-1)
        message = self.make(kind, self.header(stamp_ns), height, width, 'rgb8', 0, 3 * width, data)
        self.write('camera/image_raw', kind, message, stamp_ns + 3_000_000)

    def command(self, command: Command, stamp_ns: int) -> None:
        x, y, z, rate = (float(value) for value in command)
        linear = self.make('geometry_msgs/msg/Vector3', x, y, z)
        angular = self.make('geometry_msgs/msg/Vector3', 0.0, 0.0, rate)
        twist = self.make('geometry_msgs/msg/Twist', linear, angular)
        kind = 'geometry_msgs/msg/TwistStamped'
        message = self.make(kind, self.header(stamp_ns), twist)
        self.write('cmd_vel', kind, message, stamp_ns + 12_000_000)

    def decision(self, stage: str, is_sent: bool, stamp_ns: int) -> None:
        facts = {'stage': stage, 'sent': 'true' if is_sent else 'false'}
        pairs = [self.make('diagnostic_msgs/msg/KeyValue', *pair) for pair in facts.items()]
        kind = 'diagnostic_msgs/msg/DiagnosticArray'
        status = self.make('diagnostic_msgs/msg/DiagnosticStatus', 0, '', '', '', pairs)
        message = self.make(kind, self.header(stamp_ns), [status])
        self.write('mavlink/decision', kind, message, stamp_ns + 15_000_000)


PILOT = np.array([0.9, -0.9, 0.4, 0.7], np.float32)  # what nobody proposed
FLOWN = {'engaged', 'holding', 'searching'}  # 'engaging': the reset is asked for


def record_flown(path: Path, bundle: Path, stages: list[str], runs: bool = True) -> dict[int, Any]:
    """Record frames in these stages, as the recorder does; return what the policy flew."""
    recorder, runner = Recorder(path, ''), PolicyRunner(bundle) if runs else None
    rng, flown, before = np.random.default_rng(0), dict[int, Any](), 'standby'
    coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    for index, stage in enumerate(stages):
        stamp_ns = FIRST_NS + index * PERIOD_NS
        image = cv2.resize(np.roll(coarse, index, axis=1), (256, 144))
        recorder.image(image, stamp_ns)
        if runner is not None and stage in FLOWN and before not in FLOWN:
            runner.reset()
        proposed = PILOT if runner is None else runner.step(image, stamp_ns / 1e9).command
        recorder.command(proposed if stage in FLOWN else PILOT, stamp_ns)
        recorder.decision(stage, stage in {'engaging', *FLOWN}, stamp_ns)
        if stage in FLOWN:
            flown[stamp_ns] = proposed
        before = stage
    recorder.writer.close()
    return flown


STAGES = st.lists(
    st.sampled_from(
        ['disconnected', 'standby', 'ready', 'engaging', 'handed_back', *sorted(FLOWN)]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(STAGES)
def test_only_frames_that_the_policy_flew_are_compared_where_a_recording_tells_it(
    tmp_path_factory: pytest.TempPathFactory, bundle: Path, stages: list[str]
) -> None:
    path = tmp_path_factory.mktemp('flown') / 'bag'
    flown = record_flown(path, bundle, stages, runs=False)
    found = Bag(path).commands()
    assert found.flown == len(flown)
    if flown:
        assert set(found.commands) == set(flown)
    else:  # a rehearsal that nobody engaged: its proposals
        assert len(found.commands) == len(stages)
    begun = zip(['standby', *stages], stages, strict=False)
    assert len(found.begins) == sum(now in FLOWN and was not in FLOWN for was, now in begun)


@pytest.mark.e2e
def test_a_policy_that_was_engaged_twice_is_the_same_when_shown_again(
    bundle: Path, tmp_path: Path
) -> None:
    parts = (('standby', 6), ('engaged', 12), ('handed_back', 5), ('engaging', 1), ('engaged', 11))
    stages = [stage for stage, count in parts for _ in range(count)]
    flown = record_flown(tmp_path / 'bag', bundle, stages)
    assert replay(tmp_path / 'bag', bundle, tmp_path / 'out.json', tolerance=1e-6) == 0
    found = json.loads((tmp_path / 'out.json').read_text())
    assert found['shown'] == found['answered'] == len(stages)
    assert found['flown'] == found['compared'] == len(flown) == 23
    assert found['vx_max'] == found['yaw_rate_max'] == 0.0


@pytest.fixture
def flight(bundle: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a recording of a drone in a namespace, flown by the untrained bundle."""
    recorder = Recorder(tmp_path / 'flight', '/drone1')
    runner, rng = PolicyRunner(bundle), np.random.default_rng(0)
    coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
    for index in range(FRAMES):
        stamp_ns = FIRST_NS + index * PERIOD_NS
        image = cv2.resize(np.roll(coarse, index, axis=1), (256, 144))
        recorder.image(image, stamp_ns)
        recorder.command(runner.step(image, stamp_ns / 1e9).command, stamp_ns)
    recorder.writer.close()
    return tmp_path / 'flight'


def replay(bag: Path, bundle: Path, out: Path, tolerance: float) -> int:
    """Run both nodes as replay.launch.py does; return the exit code of the one that compares."""
    variables = local_graph.environment(local_graph.free_domain())
    given = {
        'policy': f'bundle:={bundle}',
        'replay': f'bag:={bag} out:={out} tolerance:={tolerance}',
    }
    file = str(resources.find('config/replay.yaml'))
    running = {}
    for name, text in given.items():
        line = [sys.executable, '-m', f'liquid_drone.nodes.{name}_node', '--ros-args']
        line += ['--params-file', file]
        line += [word for pair in text.split() for word in ('-p', f'{name}:{pair}')]
        running[name] = subprocess.Popen(line, env=variables)
    try:
        return running['replay'].wait(60)
    finally:
        for process in running.values():
            process.terminate()
            process.wait(10)


@pytest.mark.e2e
def test_the_same_policy_gives_the_same_commands(
    flight: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))  # a shell leaves the ~ behind := as it is
    assert replay(flight, bundle, Path('~/out.json'), tolerance=1e-6) == 0
    found = json.loads((tmp_path / 'out.json').read_text())
    assert (found['shown'], found['compared'], found['unanswered']) == (FRAMES, FRAMES, 0)
    assert found['yaw_rate_max'] == 0.0


@pytest.mark.e2e
def test_another_policy_is_told_apart_by_the_exit_code(flight: Path, tmp_path: Path) -> None:
    shipped = resources.bundle('follow')
    assert replay(flight, shipped, tmp_path / 'out.json', tolerance=1e-3) == 1
    assert json.loads((tmp_path / 'out.json').read_text())['vx_max'] > 1e-3


def test_commands_are_compared_by_stamp_only() -> None:
    one, two = np.zeros(4, np.float32), np.full(4, 0.5, np.float32)
    found = replay_node.compare({1: one, 2: one, 4: one}, {1: one, 2: two, 3: two})
    assert (found['answered'], found['compared']) == (3, 2)
    assert found['vx_max'] == 0.5
    assert replay_node.compare({1: one}, {2: two}) == {'answered': 1, 'compared': 0}


def test_what_is_no_recording_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match=r'expected files that end in \.mcap or \.db3'):
        Bag(tmp_path)
    recorder = Recorder(tmp_path / 'bag', '')
    recorder.command(np.zeros(4, np.float32), FIRST_NS)
    recorder.writer.close()
    with pytest.raises(EpisodeError, match='has no topic camera/image_raw/compressed or'):
        Bag(tmp_path / 'bag')
