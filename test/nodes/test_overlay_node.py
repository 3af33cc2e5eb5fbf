# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The live overlay shows the policy's answers, at a bounded rate, and takes nothing unwatched."""

import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rclpy
from graph_bench import PolicyBench
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import Image as ImageMessage

from liquid_drone.contract import CameraSpec
from liquid_drone.infer.overlay import PANE
from liquid_drone.nodes.overlay_node import OverlayNode
from liquid_drone.ros import conversions, qos

FRAME_NS = 50_000_000


@pytest.mark.usefixtures('ros')
def test_the_overlay_of_a_real_policy_in_a_namespace(bundle: Path) -> None:
    rclpy.shutdown()
    rclpy.init(args=['--ros-args', '-r', '__ns:=/one'])
    bench, overlay = PolicyBench(bundle), OverlayNode()
    bench.executor.add_node(overlay)
    shown: list[ImageMessage] = []
    image = np.random.default_rng(0).integers(0, 256, (144, 256, 3), dtype=np.uint8)
    stamp_ns = 10**9

    def film(count: int) -> None:
        nonlocal stamp_ns
        for _ in range(count):
            stamp_ns += FRAME_NS
            image[0, 0] += 1  # no camera sends the same pixels twice
            assert bench.show(image, stamp_ns) is not None  # the policy answers all the same

    def until(is_true: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + 30.0
        while not is_true() and time.monotonic() < deadline:
            film(1)
        return is_true()

    try:
        bench.start()
        film(3)
        assert bench.images.get_subscription_count() == 1  # the policy's: nobody watches
        watcher = bench.camera.create_subscription(
            ImageMessage, 'overlay/image', shown.append, qos.SENSOR_IN
        )
        assert until(lambda: len(shown) > 0)
        assert (shown[0].width, shown[0].height) == PANE
        drawn = conversions.nanoseconds(shown[0].header.stamp)
        assert 10**9 < drawn <= stamp_ns
        assert (drawn - 10**9) % FRAME_NS == 0  # the picture's own stamp
        pixels = conversions.image_array(shown[0])
        assert (pixels == (255, 210, 60)).all(axis=2).sum() > 20  # the proposed command
        count, began_s = len(shown), time.monotonic()
        film(20)
        most = (time.monotonic() - began_s) * 5.0 + 2
        assert len(shown) - count <= most
        bench.camera.destroy_subscription(watcher)
        assert until(lambda: bench.images.get_subscription_count() == 1)
    finally:
        bench.executor.remove_node(overlay)
        overlay.destroy_node()
        bench.close()


CAMERA = CameraSpec(width=256, height=144, horizontal_fov_deg=80.0)
SHARE = st.floats(-1.0, 1.0)


@given(SHARE, SHARE)
def test_a_sighting_is_drawn_where_the_policy_saw_it(bearing: float, elevation: float) -> None:
    message = conversions.bearing_message(1, CAMERA, bearing, elevation)
    assert conversions.bearing_of(message, CAMERA) == pytest.approx((bearing, elevation))


@given(st.floats(), st.floats(), st.floats())
def test_a_sighting_of_any_numbers_lies_in_the_picture(x: float, y: float, z: float) -> None:
    message = conversions.bearing_message(1, CAMERA, 0.0, 0.0)
    message.point.x, message.point.y, message.point.z = x, y, z
    found = conversions.bearing_of(message, CAMERA)
    assert all(-1.0 <= value <= 1.0 for value in found)


@given(
    st.lists(st.tuples(SHARE, SHARE), min_size=1, max_size=6),
    st.integers(0, 5),
    st.booleans(),
)
def test_the_mark_stays_where_the_target_was_last(
    sightings: list[tuple[float, float]], at: int, is_sighted: bool
) -> None:
    """While the target counts as seen, a picture without a sighting has the mark of the last."""
    node: Any = SimpleNamespace(
        _sightings=OrderedDict((FRAME_NS * k, where) for k, where in enumerate(sightings)),
        **dict.fromkeys(('_setpoint', '_belief_probability')),
        _beliefs={},
        _commands={},
        _stage='follow',
        _probability=0.5,
    )
    stamp_ns = FRAME_NS * (min(at, len(sightings) - 1) if is_sighted else len(sightings))
    answer = OverlayNode._answer(node, np.zeros((1, 1, 3), np.uint8), stamp_ns)
    expected = sightings[min(at, len(sightings) - 1)] if is_sighted else sightings[-1]
    assert (answer.bearing, answer.elevation) == expected
