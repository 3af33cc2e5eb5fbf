# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a proposal moves the drone once, in its time, and only where one node commands."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from geometry_msgs.msg import TwistStamped
from graph_bench import MavlinkBench
from rclpy.node import Node
from sensor_msgs.msg import Image

from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.reason import Reason
from liquid_drone.nodes.pacing import LEAST_PERIOD_S
from liquid_drone.ros import conversions, qos

SETPOINT = bytes([1, 191, 84, 0, 0])  # system, component and number in a packet


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        yield made


@pytest.mark.parametrize(
    ('kind', 'topic'),
    [(TwistStamped, 'cmd_vel'), (Image, 'camera/image_raw')],
    ids=['command', 'picture'],
)
def test_a_second_publisher_refuses_engaging_stops_in_flight_and_is_named(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str], kind: Any, topic: str
) -> None:
    if topic != 'cmd_vel':
        bench.policy.create_publisher(kind, topic, qos.SENSOR_OUT)
    bench.node.start()
    bench.fly()
    teleop = Node('teleop', namespace='/desk')
    bench.add(teleop)
    second = teleop.create_publisher(kind, f'/{topic}', qos.COMMAND)
    assert bench.wait(lambda: bench.speed() < 0.05)
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    words = f'2 publishers on /{topic}: /desk/teleop, /policy'
    assert bench.node.decision.reason is Reason.TWO_COMMAND
    assert 'more than one node commands it' in capfd.readouterr().err
    response = bench.engage()
    assert not response.success
    assert response.message == f'cannot engage: {words}'
    teleop.destroy_publisher(second)
    assert bench.wait(lambda: not bench.node.decision.obstacle)
    assert bench.engage().success


def test_a_command_that_comes_again_and_again_is_taken_once(bench: MavlinkBench) -> None:
    bench.node.start()
    bench.fly()
    frozen = conversions.command_message(
        (0.5, 0.0, 0.0, 0.0), bench.policy.get_clock().now().nanoseconds
    )
    bench.proposes = None

    def repeat() -> bool:
        bench.commands.publish(frozen)
        return bench.speed() < 0.05

    assert bench.wait(repeat, 3.0)
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)


def test_commands_stamped_by_a_fast_clock_never_keep_it_flying(
    bench: MavlinkBench,
) -> None:
    bench.node.start()
    bench.fly()
    bench.proposes = None

    def fast() -> bool:
        ahead_ns = bench.policy.get_clock().now().nanoseconds + 10**9 // 2
        bench.commands.publish(conversions.command_message((0.5, 0.0, 0.0, 0.0), ahead_ns))
        return bench.speed() < 0.05

    assert bench.wait(fast, 3.0)
    assert bench.wait(lambda: fast() and bench.stage() is Stage.HANDED_BACK)


@pytest.mark.parametrize('rate_hz', [90.0, 250.0])
def test_a_fast_camera_does_not_fill_a_slow_link(bench: MavlinkBench, rate_hz: float) -> None:
    """More than 88 setpoints a second are all that 57600 baud hold (mavros 1058)."""
    arrived: list[float] = []
    receive = bench.autopilot.receive

    def count(data: bytes, link: int = 0) -> None:
        arrived.extend(time.monotonic() for _ in range(data.count(SETPOINT)))
        receive(data, link)

    bench.node.start()
    bench.fly()
    bench.autopilot.receive = count  # type: ignore[method-assign]
    began_s = time.monotonic()
    next_s = began_s

    def show() -> bool:
        nonlocal next_s
        if time.monotonic() >= next_s:
            next_s += 1.0 / rate_hz
            stamp_ns = bench.policy.get_clock().now().nanoseconds
            bench.commands.publish(conversions.command_message((0.5, 0.0, 0.0, 0.0), stamp_ns))
            bench.endpoint.poll()
        return time.monotonic() - began_s > 1.0

    assert bench.wait(show)
    assert len(arrived) <= (arrived[-1] - began_s) / LEAST_PERIOD_S + 2
    assert len(arrived) > 10
