# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder node beside the real mavlink node and a simulated autopilot, by the wall clock."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from test_mavlink_node import Bench

from liquid_drone.episodes import episode
from liquid_drone.flight.engagement import Stage
from liquid_drone.nodes.recorder_node import RecorderNode
from liquid_drone.ros import conversions, qos


class Recorded(Bench):
    """A bench with a camera of any size and a recorder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        rng = np.random.default_rng(3)
        self.image = rng.integers(0, 255, (480, 640, 3), dtype=np.uint8)
        self.images = self.policy.create_publisher(Image, 'camera/image_raw', qos.SENSOR_OUT)
        self.recorder = RecorderNode()
        values: dict[str, Any] = {'directory': str(folder), 'after_s': 0.5}
        values['least_free_megabytes'] = 0.0
        self.recorder.set_parameters([Parameter(n, value=v) for n, v in values.items()])
        self.executor.add_node(self.recorder)

    def _frame(self) -> None:
        stamp_ns = self.policy.get_clock().now().nanoseconds
        self.images.publish(conversions.image_message(self.image, stamp_ns))
        super()._frame()

    def close(self) -> None:
        self.recorder.close()
        self.executor.remove_node(self.recorder)
        self.recorder.destroy_node()
        super().close()


@pytest.fixture
def bench(ros: None, tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded(tmp_path / 'flights')
    yield made
    made.close()


def test_a_takeover_becomes_an_episode_on_the_disk(bench: Recorded, tmp_path: Path) -> None:
    bench.recorder.start()
    bench.node.start()
    bench.engage_when_ready()
    bench.autopilot.pilot_mode('GUIDED')
    assert bench.live(lambda: bench.speed() > 0.4)
    bench.autopilot.pilot_mode('LOITER')
    assert bench.live(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.live(lambda: bool(episode.find_episodes(tmp_path / 'flights')))
    bench.live(lambda: False, 1.0)  # the seconds afterwards
    bench.recorder.release()
    (path,) = episode.find_episodes(tmp_path / 'flights')
    recording = episode.load(path)
    assert recording.info.event == 'taken_over'
    assert recording.info.target == 'red_backpack'
    assert episode.decode_jpeg(recording.jpegs[0]).shape == (144, 256, 3)
    stages = [told['stage'] for told in recording.decisions]
    assert {'ready', 'engaged', 'handed_back'} <= set(stages)
    flown = [told for told in recording.decisions if told['stage'] == 'engaged']
    assert {told['sent'] for told in flown} == {'true'}
    assert recording.column('label')[stages.index('engaged') + 10, 0] == pytest.approx(0.5)


def test_a_policy_that_is_not_there_is_refused(
    bench: Recorded, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.recorder.set_parameters([Parameter('bundle', value='nobody')])
    assert bench.recorder.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "unknown policy bundle 'nobody'" in capfd.readouterr().err
