# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Cameras that publish other pictures than rgb8: other encodings, or compressed ones alone."""

import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from graph_bench import LIMIT_S, SILENCE_S, PolicyBench
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as ImageMessage

from liquid_drone.arrays import Image
from liquid_drone.nodes import policy_node
from liquid_drone.ros import conversions, qos
from liquid_drone.runtime.runner import PolicyRunner

FRAME_NS = 50_000_000
FORMATS = ('jpeg', 'rgb8; jpeg compressed bgr8', 'png', 'bgr8; png compressed ')


@pytest.fixture
def bench(ros: None, bundle: Path) -> Iterator[PolicyBench]:
    with PolicyBench(bundle) as made:
        made.compressed = made.camera.create_publisher(  # type: ignore[attr-defined]
            CompressedImage, 'camera/image_raw/compressed', qos.SENSOR_OUT
        )
        yield made


def picture(seed: int, channels: int = 3) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (144, 256, channels), dtype=np.uint8)


def packed(pixels: Image, described: str, stamp_ns: int) -> CompressedImage:
    ending = '.png' if 'png' in described else '.jpg'
    data = cv2.imencode(ending, pixels)[1].tobytes()
    header = conversions.header(stamp_ns, 'camera_optical_frame')
    return CompressedImage(header=header, format=described, data=data)


def shown(bench: Any, message: CompressedImage, limit_s: float = LIMIT_S) -> Any:
    count = len(bench.received)
    bench.compressed.publish(message)
    is_answered = bench.wait(lambda: len(bench.received) > count, limit_s)
    return bench.received[-1] if is_answered else None


def begun(bench: Any, transport: str) -> None:
    bench.set(image_transport=transport)
    bench.node.start()
    topic = bench.compressed if transport == 'compressed' else bench.images
    assert bench.wait(lambda: topic.get_subscription_count() > 0)
    assert bench.wait(lambda: bench.camera.count_publishers('cmd_vel') > 0)


def test_it_flies_on_compressed_pictures_of_every_format(bench: PolicyBench, bundle: Path) -> None:
    begun(bench, 'compressed')
    runner = PolicyRunner(bundle)
    for index, described in enumerate(FORMATS):
        stamp_ns = 10**9 + index * FRAME_NS
        message = packed(picture(index), described, stamp_ns)
        answer = shown(bench, message)
        assert answer is not None, described
        bgr = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
        expected = runner.step(np.ascontiguousarray(bgr[..., ::-1]), stamp_ns / 1e9).command
        assert np.array_equal(conversions.command_array(answer), expected)


@pytest.mark.parametrize(
    ('described', 'change', 'words'),
    [
        ('jpeg', lambda data: data[: len(data) // 50], 'expected'),
        ('jpeg', lambda data: b'', 'expected'),
        ('jpeg', lambda data: bytes(len(data)), 'expected'),
        ('32FC1; compressedDepth png', lambda data: data, 'distances are no picture'),
    ],
)
def test_what_is_no_picture_is_refused_in_words_and_the_next_one_is_taken(
    bench: PolicyBench, described: str, change: Any, words: str
) -> None:
    begun(bench, 'compressed')
    message = packed(picture(1), described, 10**9)
    message.data = change(bytes(message.data))
    assert shown(bench, message, SILENCE_S) is None
    assert words in bench.node.camera.refusal
    assert shown(bench, packed(picture(2), 'jpeg', 10**9 + FRAME_NS)) is not None


def test_where_only_compressed_pictures_arrive_the_node_says_what_to_set(
    bench: PolicyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_node, 'SILENCE_S', 0.3)
    begun(bench, 'raw')
    assert shown(bench, packed(picture(1), 'jpeg', 10**9), SILENCE_S) is None
    assert bench.wait(lambda: 'image_transport:=compressed' in bench.node._silence())


# encoding of the message -> its bytes, of a picture (144, 256, 3) RGB; None: colours are lost
RAW = {
    'rgb8': lambda rgb: rgb,
    'bgr8': lambda rgb: rgb[..., ::-1],
    'rgba8': lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 9, np.uint8)]),
    'bgra8': lambda rgb: np.dstack([rgb[..., ::-1], np.full(rgb.shape[:2], 9, np.uint8)]),
    'mono8': lambda rgb: cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY),
    'yuv422_yuy2': lambda rgb: cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_YUY2),
    '8UC3': lambda rgb: rgb[..., ::-1],
    '8UC4': lambda rgb: np.dstack([rgb[..., ::-1], np.full(rgb.shape[:2], 9, np.uint8)]),
    '8UC1': lambda rgb: cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY),
}
BACK = {
    'mono8': lambda sent: cv2.cvtColor(sent, cv2.COLOR_GRAY2RGB),
    '8UC1': lambda sent: cv2.cvtColor(sent, cv2.COLOR_GRAY2RGB),
    'yuv422_yuy2': lambda sent: cv2.cvtColor(sent, cv2.COLOR_YUV2RGB_YUY2),
}


def raw(rgb: Image, encoding: str, stamp_ns: int) -> ImageMessage:
    sent = np.ascontiguousarray(RAW[encoding](rgb))
    message = conversions.image_message(rgb, stamp_ns)
    message.encoding, message.step = encoding, sent.nbytes // sent.shape[0]
    message.data = array.array('B', sent.tobytes())
    return message


def test_it_flies_on_raw_pictures_of_every_encoding(bench: PolicyBench, bundle: Path) -> None:
    bench.set(colour_order='bgr')
    begun(bench, 'raw')
    runner = PolicyRunner(bundle)
    for index, encoding in enumerate(RAW):
        stamp_ns, rgb = 10**9 + index * FRAME_NS, picture(index)
        answer = bench.show_message(raw(rgb, encoding, stamp_ns))
        assert answer is not None, encoding
        back = BACK.get(encoding)
        acted_on = rgb if back is None else back(np.ascontiguousarray(RAW[encoding](rgb)))
        expected = runner.step(acted_on, stamp_ns / 1e9).command
        assert np.array_equal(conversions.command_array(answer), expected), encoding


@pytest.mark.parametrize('encoding', ['8UC3', '8UC4'])
def test_without_a_stated_order_of_colours_it_says_what_to_set_and_flies_on_the_next_picture(
    bench: PolicyBench, encoding: str
) -> None:
    begun(bench, 'raw')
    assert bench.show_message(raw(picture(1), encoding, 10**9), SILENCE_S) is None
    assert 'colour_order:=bgr' in bench.node.camera.refusal
    assert bench.show_message(raw(picture(2), 'bgr8', 10**9 + FRAME_NS)) is not None


@pytest.mark.parametrize(
    ('described', 'channels'), [('mono8; png compressed mono8', 1), ('bgra8; png compressed', 4)]
)
def test_compressed_pictures_of_one_and_four_channels_fly(
    bench: PolicyBench, described: str, channels: int
) -> None:
    begun(bench, 'compressed')
    assert shown(bench, packed(picture(1, channels), described, 10**9)) is not None
