# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: of a recording one camera is shown, never guessed, with its own angle; stamps rise.

The recordings are made here, as recorders of several cameras and drones write them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from liquid_drone.episodes.rosbag import typestore
from liquid_drone.errors import CameraError, EpisodeError
from liquid_drone.footage.files_shown import kind_of
from liquid_drone.footage.footage import open_footage
from liquid_drone.image import encode_jpeg, horizontal_fov_deg

STORE = typestore()
TYPES = STORE.types
SECOND = 1_000_000_000
WIDTH, HEIGHT = 32, 18
Row = tuple[str, int, Any]  # topic, stamp of the recorder in ns, message
CAMERAS = ('/front/image_raw', '/rear_camera/image_raw', '/zed/left/image_rect_color', '/image')
OURS = ('/camera/image_raw', '/d1/camera/image_raw', '/d2/camera/image_raw')


def header(stamp_ns: int) -> Any:
    stamp = TYPES['builtin_interfaces/msg/Time'](stamp_ns // SECOND, stamp_ns % SECOND)
    return TYPES['std_msgs/msg/Header'](stamp, 'camera')


def image(stamp_ns: int, shade: int) -> Any:
    data = np.full(WIDTH * HEIGHT * 3, shade, np.uint8)
    kind = TYPES['sensor_msgs/msg/Image']
    return kind(header(stamp_ns), HEIGHT, WIDTH, 'rgb8', 0, WIDTH * 3, data)


def compressed(stamp_ns: int, shade: int) -> Any:
    jpeg = encode_jpeg(np.full((HEIGHT, WIDTH, 3), shade, np.uint8))
    kind = TYPES['sensor_msgs/msg/CompressedImage']
    return kind(header(stamp_ns), 'rgb8; jpeg compressed bgr8', np.frombuffer(jpeg, np.uint8))


def info(focal_px: float, binned: int = 1) -> Any:
    middle = WIDTH / 2 / binned, HEIGHT / 2 / binned
    k = np.array([focal_px / binned, 0, middle[0], 0, focal_px / binned, middle[1], 0, 0, 1.0])
    roi = TYPES['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    kind = TYPES['sensor_msgs/msg/CameraInfo']
    size = HEIGHT, WIDTH, 'plumb_bob', np.zeros(5)
    return kind(header(SECOND), *size, k, np.eye(3).ravel(), np.zeros(12), 0, 0, roi)


def bag_of(
    path: Path,
    rows: Iterable[Row],
    mode: CompressionMode = CompressionMode.NONE,
    plugin: StoragePlugin = StoragePlugin.MCAP,
) -> Path:
    writer = Writer(path, version=9, storage_plugin=plugin)
    if mode != CompressionMode.NONE:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    links = {}
    with writer:
        for topic, at_ns, message in rows:
            kind = message.__msgtype__
            if (topic, kind) not in links:
                links[topic, kind] = writer.add_connection(topic, kind, typestore=STORE)
            writer.write(links[topic, kind], at_ns, STORE.serialize_cdr(message, kind))
    return path


@settings(max_examples=60, deadline=None)
@given(
    cameras=st.lists(st.sampled_from(CAMERAS + OURS), min_size=1, max_size=4, unique=True),
    transports=st.lists(st.sampled_from(['raw', 'compressed', 'both']), min_size=4, max_size=4),
    calibrated=st.lists(st.booleans(), min_size=4, max_size=4),
    wanted=st.none() | st.sampled_from(CAMERAS + OURS),
    ending=st.sampled_from(['', '/compressed']),
)
def test_one_camera_is_shown_with_its_own_angle_and_never_a_guessed_one(
    tmp_path_factory: pytest.TempPathFactory,
    cameras: list[str],
    transports: list[str],
    calibrated: list[bool],
    wanted: str | None,
    ending: str,
) -> None:
    rows: list[Row] = [('/depth/compressedDepth', SECOND, compressed(SECOND, 9))]
    for number, (camera, transport) in enumerate(zip(cameras, transports, strict=False)):
        if calibrated[number]:
            beside = f'{camera.rpartition("/")[0]}/camera_info'
            rows.append((beside, SECOND, info(10.0 + 5.0 * number)))
        if transport != 'compressed':
            rows.append((camera, SECOND, image(SECOND, 50 * number + 25)))
        if transport != 'raw':
            rows.append((f'{camera}/compressed', SECOND, compressed(SECOND, 50 * number + 25)))
    path = bag_of(tmp_path_factory.mktemp('bag') / 'it', rows)
    ours = [camera for camera in cameras if camera.endswith('/camera/image_raw')]
    meant = [wanted] if wanted in cameras else [] if wanted else ours or cameras
    asked = wanted and wanted.strip('/') + ending
    if len(meant) != 1:
        with pytest.raises(CameraError, match='expected pictures') as told:
            open_footage([path], image_topic=asked)
        assert all(camera in str(told.value) for camera in meant or cameras)
        return
    footage = open_footage([path], image_topic=asked)
    (frame,) = footage.frames()
    number = cameras.index(meant[0])
    assert np.abs(frame.image.astype(int) - (50 * number + 25)).max() <= 2
    fov_deg = horizontal_fov_deg(WIDTH, 10.0 + 5.0 * number) if calibrated[number] else None
    assert footage.fov_deg == (None if fov_deg is None else pytest.approx(fov_deg))


@settings(max_examples=30, deadline=None)
@given(
    binned=st.lists(st.sampled_from([0, 1, 2, 4]), min_size=1, max_size=4),
    focal_px=st.floats(0.2 * WIDTH, 3.0 * WIDTH),
)
def test_a_camera_info_that_cannot_be_true_is_told_and_the_next_one_counts(
    tmp_path_factory: pytest.TempPathFactory, binned: list[int], focal_px: float
) -> None:
    infos = [info(focal_px if by else 1e-3, by or 1) for by in binned]
    rows: list[Row] = [('/front/camera_info', SECOND, one) for one in infos]
    rows.append(('/front/image_raw', SECOND, image(SECOND, 100)))
    footage = open_footage([bag_of(tmp_path_factory.mktemp('bag') / 'it', rows)])
    is_true = 1 in binned
    expected = pytest.approx(horizontal_fov_deg(WIDTH, focal_px)) if is_true else None
    assert footage.fov_deg == expected
    assert len([*footage.frames()]) == 1
    assert ('/front/camera_info' in footage.left_out) is any(one != 1 for one in binned)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([50, 50, 50, 0, -50, 300, -60_000, 5_000]), max_size=25))
def test_stamps_rise_and_each_picture_is_shown_or_named(
    tmp_path_factory: pytest.TempPathFactory, steps_ms: list[int]
) -> None:
    stamps_ns = [1_000 * SECOND]
    for step_ms in steps_ms:
        stamps_ns.append(stamps_ns[-1] + step_ms * 1_000_000)
    rows = [
        ('/image', (2_000 + number) * SECOND, image(stamp_ns, number))
        for number, stamp_ns in enumerate(stamps_ns)
    ]
    footage = open_footage([bag_of(tmp_path_factory.mktemp('bag') / 'it', rows)])
    frames = list(footage.frames())
    assert np.all(np.diff([frame.stamp_s for frame in frames]) > 0)
    assert len(frames) + len(footage.left_out) == len(stamps_ns)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [frame.index for frame in frames]
    afresh = [frame.index for frame in frames if frame.starts_afresh]
    assert afresh[0] == 0
    assert len(afresh) <= 1 + sum(step <= -1_000 for step in steps_ms)


@pytest.mark.parametrize('mode', [CompressionMode.FILE, CompressionMode.MESSAGE])
@pytest.mark.parametrize('plugin', StoragePlugin)
def test_a_compressed_recording_is_one(
    tmp_path: Path, plugin: StoragePlugin, mode: CompressionMode
) -> None:
    pytest.importorskip('backports.zstd')
    path = bag_of(tmp_path / 'bag', [('/image', SECOND, image(SECOND, 7))], mode, plugin)
    for shown in (path, next(file for file in path.iterdir() if file.name != 'metadata.yaml')):
        (frame,) = open_footage([shown]).frames()
        assert frame.image[0, 0, 0] == 7


def test_a_recording_of_ros_1_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / 'flight.bag'
    path.write_bytes(b'#ROSBAG V2.0\n' + bytes(4096))
    assert kind_of(path) == 'recording'
    with pytest.raises(EpisodeError, match='ROS 1: rosbags-convert'):
        open_footage([path])


def test_a_camera_is_named_for_a_recording_alone(tmp_path: Path) -> None:
    path = tmp_path / 'a.png'
    path.write_bytes(b'\x89PNG')
    with pytest.raises(CameraError, match='--image-topic is of one'):
        open_footage([path], image_topic='/image')
