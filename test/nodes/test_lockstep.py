# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: in lock-step the same messages decide the same, in whatever order they come."""

from collections.abc import Iterator
from typing import Any

import pytest
from geometry_msgs.msg import PointStamped
from graph_bench import MavlinkBench
from hypothesis import given
from hypothesis import strategies as st
from rclpy.parameter import Parameter
from std_msgs.msg import Header

from liquid_drone import topics
from liquid_drone.flight.companion import Decision
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.ros import conversions, qos

PERIOD_NS = 50_000_000
STANDBY = Decision(None, False, Stage.STANDBY, Cause.NONE)
FRAMES = st.lists(
    st.tuples(st.booleans(), st.permutations([topics.COMMAND, topics.ANSWERED, topics.SIGHTING])),
    min_size=1,
    max_size=6,
)


class LockstepBench(MavlinkBench):
    """The real node, which only notes, in order, what it decides, sees and tells."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[str, int]] = []
        self.stamp_ns = 1_000_000_000
        self.node.set_parameters([Parameter('use_sim_time', value=True)])
        self.set(lockstep=True, exact_telemetry=False)
        self.node.start()
        self.node.decide = self._decide
        self.node.see = lambda sighting: self._note('seen', round(sighting.stamp_s * 1e9))
        self.node._pacer._told = self

    def _note(self, word: str, stamp_ns: int) -> None:
        self.events.append((word, stamp_ns - self.stamp_ns))

    def _decide(self, now_s: float, _proposal: object) -> Decision:
        self._note('decided', round(now_s * 1e9))
        return STANDBY

    def publish(self, header: Header) -> None:
        self._note('told', conversions.nanoseconds(header.stamp))

    def deliver(self, topic: str, message: Any) -> None:
        (heard,) = (one for one in self.node.subscriptions if one.topic_name == f'/{topic}')
        heard.callback(message)

    def show(self, is_seen: bool, order: list[str]) -> list[tuple[str, int]]:
        """Let the policy's messages on the next frame arrive in an order."""
        self.stamp_ns += PERIOD_NS
        self.events.clear()
        header = conversions.header(self.stamp_ns, 'camera_optical_frame')
        command = conversions.command_message((0.5, 0.0, 0.0, 0.0), self.stamp_ns)
        answered = Header(stamp=header.stamp, frame_id=header.frame_id if is_seen else '')
        sighting = PointStamped(header=header)
        sighting.point.z = 1.0
        messages = {
            topics.COMMAND: command,
            topics.ANSWERED: answered,
            topics.SIGHTING: sighting,
        }
        for topic in order:
            if is_seen or topic != topics.SIGHTING:
                self.deliver(topic, messages[topic])
        return self.events


@pytest.fixture
def bench(ros: None) -> Iterator[LockstepBench]:
    with LockstepBench() as made:
        yield made


def test_a_sighting_counts_after_its_frames_decision_whatever_overtakes_what(
    bench: LockstepBench,
) -> None:
    bench.policy.create_publisher(Header, '~/answered', qos.SENSOR_OUT)
    assert bench.wait(lambda: bench.node.count_publishers('/policy/answered') > 0)

    @given(FRAMES)
    def check(frames: list[tuple[bool, list[str]]]) -> None:
        for is_seen, order in frames:
            expected = ['decided', 'seen', 'told'] if is_seen else ['decided', 'told']
            assert bench.show(is_seen, order) == [(word, 0) for word in expected]

    check()


def test_a_policy_that_tells_no_answers_is_not_waited_for(bench: LockstepBench) -> None:
    assert bench.show(False, [topics.COMMAND]) == [('decided', 0), ('told', 0)]


def test_a_frame_shown_again_before_its_answer_is_whole_is_not_told(bench: LockstepBench) -> None:
    bench.policy.create_publisher(Header, '~/answered', qos.SENSOR_OUT)
    assert bench.wait(lambda: bench.node.count_publishers('/policy/answered') > 0)
    twice = [topics.COMMAND, topics.COMMAND, topics.ANSWERED, topics.COMMAND, topics.SIGHTING]
    assert bench.show(True, twice) == [('decided', 0), ('seen', 0), ('told', 0)]
    bench.deliver(
        topics.COMMAND, conversions.command_message((0.5, 0.0, 0.0, 0.0), bench.stamp_ns)
    )
    assert bench.events[-1] == ('told', 0)
