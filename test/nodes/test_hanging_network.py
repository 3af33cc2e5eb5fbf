# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A network that never answers (a driver that hangs) ends its node with a sentence."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graph_bench import FRAME_S, LIMIT_S
from rclpy.node import Node
from sensor_msgs.msg import Image as ImageMessage
from support.faulty_graphs import WHITE, altered, hanging

from liquid_drone.ros import conversions, qos


@pytest.fixture
def camera(ros: None) -> Iterator[Node]:
    node = Node('camera')
    try:
        yield node
    finally:
        node.destroy_node()


@pytest.mark.parametrize('asked_to_end', [False, True])
def test_a_network_that_hangs_ends_its_node_with_a_sentence(
    camera: Node, bundle: Path, tmp_path: Path, asked_to_end: bool
) -> None:
    faulty = altered(bundle, tmp_path / 'faulty', hanging, 'features')
    line = [sys.executable, '-m', 'liquid_drone.nodes.policy_node', '--ros-args']
    line += ['-p', f'bundle:={faulty}', '-p', 'max_image_age_s:="off"']
    images = camera.create_publisher(ImageMessage, 'camera/image_raw', qos.SENSOR_OUT)
    node = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    white, stamp_ns, shown_s = np.full((144, 256, 3), WHITE, np.uint8), 10**9, 0.0
    until_s = time.monotonic() + 5.0 * LIMIT_S
    while node.poll() is None and time.monotonic() < until_s:
        if images.get_subscription_count():  # one of them arrives
            shown_s, stamp_ns = shown_s + FRAME_S, stamp_ns + 50_000_000
            images.publish(conversions.image_message(white, stamp_ns))
        if asked_to_end and 2.0 < shown_s < 2.0 + FRAME_S:
            node.send_signal(signal.SIGINT)
        time.sleep(FRAME_S)
    _, told = node.communicate(timeout=LIMIT_S)
    assert node.returncode == 2
    assert 'the network on cpu fp32 hangs, for 5 s: the node ends' in told
