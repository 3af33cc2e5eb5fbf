# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: over no message that can be sent does a node end, and setpoints go on at their pace.

The whole of it (10,000 of each kind to the callbacks, then 100,000 through a real graph: 10,000
generated, and nine changes of each), and the figures of docs/ROS2.md::

    python -m pytest --hypothesis-profile=thorough -s test/nodes/test_odd_messages.py
"""

import math
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odd_messages
import pytest
from graph_bench import MavlinkBench, PolicyBench, RecorderBench
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_graph import OddGraph
from rclpy.node import Node

from liquid_drone import topics
from liquid_drone.errors import ImageError
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.ros.conversions import compressed_array

NOW_NS = time.time_ns()
CASES = settings(
    suppress_health_check=list(HealthCheck), max_examples=max(200, settings().max_examples)
)
IS_SHORT = settings().max_examples <= 100
BATCH = 10  # messages of one case of the real graph


def deliver(node: Node, topic: str, message: Any) -> None:
    """Give a message to whoever in the node listens, as the executor does."""
    heard = [one for one in node.subscriptions if one.topic_name.endswith(f'/{topic}')]
    assert heard
    for subscription in heard:
        subscription.callback(message)


@pytest.fixture
def policy(ros: None, bundle: Path) -> Iterator[PolicyBench]:
    with PolicyBench(bundle) as made:
        made.start()
        yield made


@pytest.fixture
def mavlink(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        made.node.start()
        made.fly()
        yield made


@pytest.fixture
def recorder(ros: None, tmp_path: Path) -> Iterator[RecorderBench]:
    with RecorderBench(tmp_path) as made:
        made.recorder.start()
        yield made


@CASES
@given(message=odd_messages.images(NOW_NS))
def test_any_image_is_answered_or_refused(policy: PolicyBench, message: Any) -> None:
    deliver(policy.node, topics.IMAGE, message)


@CASES
@given(message=odd_messages.camera_infos(NOW_NS))
def test_any_camera_info_is_believed_or_refused(policy: PolicyBench, message: Any) -> None:
    deliver(policy.node, topics.CAMERA_INFO, message)
    fov_deg = policy.node.camera.lens.fov_deg
    assert fov_deg is None or 15.0 <= fov_deg <= 150.0


@CASES
@given(message=odd_messages.compressed_images(NOW_NS))
def test_any_compressed_image_is_a_picture_or_a_sentence(message: Any) -> None:
    try:
        picture = compressed_array(message)
    except ImageError:
        return
    assert picture.ndim == 3


@CASES
@given(message=odd_messages.images(NOW_NS))
def test_any_image_is_recorded_or_refused(recorder: RecorderBench, message: Any) -> None:
    deliver(recorder.recorder, topics.IMAGE, message)


@CASES
@given(message=odd_messages.decisions(NOW_NS))
def test_any_decision_is_recorded_or_passed_over(recorder: RecorderBench, message: Any) -> None:
    deliver(recorder.recorder, topics.DECISION, message)


def check_setpoint(bench: MavlinkBench) -> None:
    """What was sent last is a number within the limits."""
    decision, limits = bench.node.decision, Limits()
    assert decision is not None
    if decision.setpoint is not None:
        vx, vy, vz, yaw_rate = decision.setpoint.as_tuple()
        assert math.hypot(vx, vy) <= limits.speed_m_s + 1e-6
        assert abs(vz) <= limits.climb_m_s + 1e-6
        assert abs(yaw_rate) <= limits.yaw_rate_rad_s + 1e-6


@CASES
@given(message=odd_messages.commands(NOW_NS))
def test_no_command_leaves_the_limits(mavlink: MavlinkBench, message: Any) -> None:
    deliver(mavlink.node, topics.COMMAND, message)
    check_setpoint(mavlink)


@CASES
@given(message=odd_messages.points(NOW_NS))
def test_no_sighting_leaves_the_limits(mavlink: MavlinkBench, message: Any) -> None:
    deliver(mavlink.node, topics.SIGHTING, message)
    mavlink.pause(0.0)
    check_setpoint(mavlink)


@CASES
@given(message=odd_messages.ranges(NOW_NS))
def test_no_range_leaves_the_limits(mavlink: MavlinkBench, message: Any) -> None:
    deliver(mavlink.node, topics.TARGET_RANGE, message)
    mavlink.pause(0.0)
    check_setpoint(mavlink)


@pytest.mark.timeout(3600)
def test_a_graph_of_real_processes_goes_on_under_all_of_them(ros: None, bundle: Path) -> None:
    with OddGraph(bundle) as graph:
        graph.engage()
        before = graph.measure(1.5 if IS_SHORT else 30.0)

        @settings(CASES, max_examples=30 if IS_SHORT else settings().max_examples // 10)
        @given(batch=odd_messages.batches(NOW_NS, BATCH), seed=st.integers(0))
        def send(batch: list[tuple[str, Any]], seed: int) -> None:
            rng = random.Random(seed)
            for _ in range(1 if IS_SHORT else 10):
                graph.send(batch)
                batch = [(topic, odd_messages.changed(one, rng)) for topic, one in batch]

        send()
        during = graph.measure(1.5)
        assert graph.is_alive()
        assert graph.is_flown()  # good commands are still obeyed
        sys.stderr.write(f'{graph.count} odd messages; before {before}, during {during}\n')
