# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: pictures are the camera's, however image_transport packed and recorded them.

The messages are made here as its plugins make them: compressed (JPEG, PNG, TIFF) and zstd.
"""

import gzip
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin, Writer
from test_rosbag_import import SECOND, STORE, header, made, serialised, twist

from liquid_drone.arrays import Image
from liquid_drone.encodings import decode, decode_compressed
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.ros_pictures import picture_of
from liquid_drone.episodes.rosbag import IMAGE, _Maker, typestore
from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag
from liquid_drone.errors import ImageError
from liquid_drone.footage.footage import open_footage
from liquid_drone.image import encode_jpeg

CONFIG = ImportConfig('red_backpack', Topics('cam/image', 'pilot/cmd'))
ORDERS = {'rgb8': [0, 1, 2], 'bgr8': [2, 1, 0], 'rgba8': [0, 1, 2, 3], 'bgra8': [2, 1, 0, 3]}
PATTERNS = ('rggb', 'bggr', 'gbrg', 'grbg')
WIDTH, HEIGHT = 48, 32


def scene(seed: int, channels: int = 3) -> Image:
    """Return large patches of bright and dark colours, which no packing blurs."""
    coarse = np.random.default_rng(seed).integers(0, 2, (2, 3, channels), dtype=np.uint8)
    coarse[..., 3:] = 1
    coarse[0, 0, :3] = 1, 0, 0  # red, so that no order of channels is another one
    return (coarse * 200 + 20).repeat(HEIGHT // 2, 0).repeat(WIDTH // 3, 1)


def pixels_of(rgb: Image, encoding: str) -> Image:
    """Return what a driver sends of an RGB picture."""
    if encoding in ORDERS:
        order = ORDERS[encoding]
        full = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        return np.ascontiguousarray(full[..., order])
    if encoding == 'mono8':
        return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    mosaic = np.zeros(rgb.shape[:2], np.uint8)
    for place, colour in enumerate(encoding.removeprefix('bayer_')[:4]):
        rows, columns = slice(place // 2, None, 2), slice(place % 2, None, 2)
        mosaic[rows, columns] = rgb[rows, columns, 'rgb'.index(colour)]
    return mosaic


def packed(pixels: Any, encoding: str, container: str) -> tuple[str, Any]:
    """Return format and data as compressed_image_transport makes them."""
    target = ''
    if encoding in ORDERS and container != 'tiff':
        pixels = np.ascontiguousarray(
            pixels[..., :3] if encoding[0] == 'b' else pixels[..., 2::-1]
        )
        target = 'bgr8'
    elif container == 'jpeg':
        target = 'mono8'
    ending = {'jpeg': '.jpg', 'png': '.png', 'tiff': '.tiff'}[container]
    return f'{encoding}; {container} compressed {target}', cv2.imencode(ending, pixels)[1].ravel()


def zstd(pixels: Image, encoding: str, padding: int = 0) -> Any:
    """Return data as zstd_image_transport packs it."""
    height, step = len(pixels), pixels[0].nbytes + padding
    rows = np.zeros((height, step), np.uint8)
    rows[:, : step - padding] = pixels.reshape(height, -1)
    head = struct.pack('<IIBII', height, pixels.shape[1], 0, step, len(encoding))
    return np.frombuffer(head + encoding.encode() + gzip.compress(rows.tobytes()), np.uint8)


def message_of(described: str, data: Any, stamp_ns: int = SECOND) -> Any:
    return made('CompressedImage', header(stamp_ns), described, data)


@given(
    st.integers(0, 99),
    st.sampled_from([*ORDERS, 'mono8', *(f'bayer_{name}8' for name in PATTERNS)]),
    st.sampled_from(['jpeg', 'png', 'tiff']),
)
def test_colours_are_the_camera_s_in_every_container(
    seed: int, encoding: str, container: str
) -> None:
    """TIFF of rgb8 had red and blue exchanged, and a Bayer pattern was shown as a grey picture."""
    sent = pixels_of(scene(seed), encoding)
    described, data = packed(sent, encoding, container)
    if described.endswith('mono8') and encoding.startswith('bayer'):
        with pytest.raises(ImageError, match='packed as grey'):
            decode_compressed(described, data)
        return
    step = sent[0].nbytes
    camera_s = decode(encoding, WIDTH, HEIGHT, step, sent.tobytes())
    for got in (decode_compressed(described, data), picture_of(message_of(described, data))):
        assert got.shape == camera_s.shape
        assert np.abs(got.astype(int) - camera_s).mean() < (15.0 if container == 'jpeg' else 0.1)


@given(st.integers(0, 99), st.sampled_from(PATTERNS), st.sampled_from(['png', 'tiff']))
def test_a_recorded_bayer_pattern_of_16_bits_has_colours(
    seed: int, pattern: str, container: str
) -> None:
    mosaic = pixels_of(scene(seed), f'bayer_{pattern}8')
    described, data = packed(mosaic.astype(np.uint16) * 257, f'bayer_{pattern}16', container)
    expected = decode(f'bayer_{pattern}8', WIDTH, HEIGHT, WIDTH, mosaic.tobytes())
    got = picture_of(message_of(described.removesuffix('mono8'), data))
    assert np.abs(got.astype(int) - expected).max() <= 1


@given(st.integers(0, 99), st.sampled_from([*ORDERS, 'mono8', 'bayer_rggb8']), st.integers(0, 64))
def test_a_raw_picture_that_was_packed_is_the_raw_one(
    seed: int, encoding: str, padding: int
) -> None:
    sent = pixels_of(scene(seed), encoding)
    expected = decode(encoding, WIDTH, HEIGHT, sent[0].nbytes, sent.tobytes())
    got = picture_of(message_of('zstd', zstd(sent, encoding, padding)))
    assert np.array_equal(got, expected)


@given(st.data(), st.integers(1, 400))
def test_a_packed_picture_that_is_cut_or_broken_is_an_error_of_pictures(
    data: st.DataObject, most: int
) -> None:
    whole = zstd(scene(1), 'rgb8').copy()
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 12))]
    else:
        changed = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8))
        whole[changed] ^= data.draw(st.integers(1, 255))
    try:
        picture = picture_of(message_of('zstd', whole))
    except ImageError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3


def bag_of_transports(path: Path, transports: list[str], empty: list[str]) -> Path:
    """Record 34 pictures of one camera by several plugins, and a pilot's commands.

    Nothing comes on the transports that are named last, nor of another camera.
    """
    rows = []
    for number in range(34):
        at_ns, rgb = SECOND + number * SECOND // 20, scene(number)
        rgb = np.ascontiguousarray(rgb[:27])  # 48x27: the shape of the policy's pictures
        raw = made('Image', header(at_ns), 27, WIDTH, 'rgb8', 0, 3 * WIDTH, rgb.reshape(-1))
        by_transport = {
            '': raw,
            '/compressed': message_of(*packed(rgb, 'rgb8', 'tiff'), at_ns),
            '/zstd': message_of('zstd', zstd(rgb, 'rgb8'), at_ns),
            '/compressedDepth': message_of('16UC1; compressedDepth', np.zeros(9, np.uint8), at_ns),
        }
        rows += [serialised(f'/cam/image{one}', by_transport[one], at_ns) for one in transports]
        rows.append(serialised('/pilot/cmd', twist(at_ns, 1.0, 0.0), at_ns))
    topics = [(f'/cam/image{one}', bool(one)) for one in empty] + [('/rear/image', False)]
    with Writer(path, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        links = {}
        for topic, is_packed in topics:
            kind = f'sensor_msgs/msg/{"CompressedImage" if is_packed else "Image"}'
            writer.add_connection(topic, kind, typestore=STORE)
        for topic, kind, stamp_ns, data in rows:
            if topic not in links:
                links[topic] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(links[topic], stamp_ns, data)
    return path


@settings(max_examples=12, deadline=None)
@given(
    transports=st.lists(
        st.sampled_from(['', '/compressed', '/zstd']), min_size=1, max_size=3, unique=True
    ),
    has_depth=st.booleans(),
)
def test_one_camera_is_one_by_however_many_transports_it_was_recorded(
    tmp_path_factory: pytest.TempPathFactory, transports: list[str], has_depth: bool
) -> None:
    """``ros2 bag record -a`` takes all: .../zstd, and what nothing came on, was another camera."""
    path = tmp_path_factory.mktemp('bag')
    empty = [one for one in ('', '/compressed', '/zstd') if one not in transports]
    bag = bag_of_transports(path / 'it', transports + ['/compressedDepth'] * has_depth, empty)
    frames = list(open_footage([bag]).frames())
    assert len(frames) == 34
    for number, frame in enumerate(frames):
        assert np.array_equal(frame.image, scene(number)[:27])
    found = import_bag(bag, path / 'out', CONFIG)
    assert found.frames == 34
    assert len(load(found.episodes[0]).jpegs) == 34


def by_image_transport(described: str, data: Any) -> Image:
    """Return the RGB that ``image_transport`` hands to RViz: its rules, on a decoded picture."""
    pixels: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    source, is_told, container = described.partition(';')
    is_rgb = bool(is_told) and source == 'rgb8'
    if is_rgb and 'compressed bgr' in container:
        pixels = pixels[..., ::-1]
    return np.asarray(pixels if is_rgb else pixels[..., ::-1], np.uint8)


def test_a_recorded_episode_has_its_colours_in_rviz(tmp_path: Path) -> None:
    """image_transport takes a JPEG for BGR where its format says so, and else for RGB."""
    rgb = scene(3)
    maker = _Maker(typestore())
    row = {'stamp_ns': SECOND}
    topic, message = next(maker.frame(encode_jpeg(rgb, 95), row, SECOND, CONFIG.camera))
    assert topic == IMAGE
    shown = by_image_transport(message.format, message.data)
    assert np.abs(shown.astype(int) - rgb).mean() < 15.0
