# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The recorder node beside the real mavlink node and a simulated autopilot, by the wall clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_bench import RecorderBench
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from liquid_drone.episodes import episode
from liquid_drone.flight.engagement import Stage
from liquid_drone.image import decode_jpeg


@pytest.fixture
def bench(ros: None, tmp_path: Path) -> Iterator[RecorderBench]:
    with RecorderBench(tmp_path / 'flights') as made:
        yield made


def test_a_takeover_becomes_an_episode_on_the_disk(bench: RecorderBench, tmp_path: Path) -> None:
    bench.recorder.start()
    bench.node.start()
    bench.fly()
    bench.autopilot.pilot_mode('LOITER')
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.wait(lambda: bool(episode.find_episodes(tmp_path / 'flights')))
    bench.pause(1.0)  # the seconds afterwards
    bench.recorder.release()
    (path,) = episode.find_episodes(tmp_path / 'flights')
    recording = episode.load(path)
    assert recording.info.event == 'taken_over'
    assert recording.info.target == 'red_backpack'
    assert decode_jpeg(recording.jpegs[0]).shape == (144, 256, 3)
    stages = [told['stage'] for told in recording.decisions]
    assert {'ready', 'engaged', 'handed_back'} <= set(stages)
    flown = [told for told in recording.decisions if told['stage'] == 'engaged']
    assert {told['sent'] for told in flown} == {'true'}
    assert recording.column('label')[stages.index('engaged') + 10, 0] == pytest.approx(0.5)


def test_a_policy_that_is_not_there_is_refused(
    bench: RecorderBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.recorder.set_parameters([Parameter('bundle', value='nobody')])
    assert bench.recorder.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert "unknown policy bundle 'nobody'" in capfd.readouterr().err
