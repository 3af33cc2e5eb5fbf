# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The overlay comes with the stamp of its picture, and nothing is computed where nobody looks."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image as ImageMessage

from liquid_drone.nodes import attention_node
from liquid_drone.nodes.attention_node import AttentionNode
from liquid_drone.ros import conversions, qos


def spin(executor: SingleThreadedExecutor, is_true: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not is_true() and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.02)
    return is_true()


@pytest.mark.usefixtures('ros')
def test_an_overlay_is_made_for_who_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    occlude = attention_node.occlude

    def counted(*given: object) -> object:
        looked_at.append(1)
        return occlude(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(attention_node, 'occlude', counted)
    node, other, shown = AttentionNode(), Node('other'), list[ImageMessage]()
    out = other.create_publisher(ImageMessage, 'camera/image_raw', qos.SENSOR_OUT)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    executor.add_node(other)
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    assert spin(executor, lambda: out.get_subscription_count() > 0, 10.0)

    def show() -> bool:
        out.publish(conversions.image_message(image, 3_000_000_000))
        return bool(shown)

    assert not spin(executor, show, 0.5)
    assert not looked_at
    other.create_subscription(ImageMessage, 'attention/image', shown.append, qos.SENSOR_IN)
    assert spin(executor, show, 20.0)
    assert (shown[0].width, shown[0].height) == (512, 288)
    assert conversions.nanoseconds(shown[0].header.stamp) == 3_000_000_000
    assert looked_at
    executor.shutdown()
    node.destroy_node()
    other.destroy_node()
