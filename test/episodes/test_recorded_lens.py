# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: of one camera_info flight, infer and import believe the same, at each picture."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin, Writer

from liquid_drone.contract import CameraSpec
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.rosbag import typestore
from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag
from liquid_drone.errors import ImageError
from liquid_drone.footage.footage import open_footage
from liquid_drone.image import decode_jpeg, fitted, horizontal_fov_deg
from liquid_drone.lens.lens import Lens

STORE = typestore()
TYPES = STORE.types
SECOND = 1_000_000_000
WIDE, HIGH = 256, 144
STEP_NS = SECOND // 20
RAMP = np.repeat(np.arange(WIDE, dtype=np.uint8)[None, :, None], HIGH, 0).repeat(3, 2)  # (H, W, 3)
FISHEYE, BROWN, OTHER = 'equidistant', 'plumb_bob', 'double_sphere'


def header(stamp_ns: int, frame: str = 'camera') -> Any:
    stamp = TYPES['builtin_interfaces/msg/Time'](stamp_ns // SECOND, stamp_ns % SECOND)
    return TYPES['std_msgs/msg/Header'](stamp, frame)


def image(stamp_ns: int) -> Any:
    kind = TYPES['sensor_msgs/msg/Image']
    return kind(header(stamp_ns), HIGH, WIDE, 'rgb8', 0, WIDE * 3, RAMP.ravel())


def info(focal_px: float, bent: tuple[str, list[float]], sensor: float, shape: int = 0) -> Any:
    """Return what a camera says whose sensor is larger than the pictures, which are its middle."""
    wide, high = round(sensor * WIDE), round(sensor * HIGH) + shape
    corner = (wide - WIDE) // 2, (high - HIGH) // 2
    part = (*corner, HIGH, WIDE) if sensor > 1.0 else (0,) * 4
    roi = TYPES['sensor_msgs/msg/RegionOfInterest'](*part, False)
    k = np.array([focal_px, 0, wide / 2, 0, focal_px, high / 2, 0, 0, 1.0])
    kind, (model, d) = TYPES['sensor_msgs/msg/CameraInfo'], bent
    size = high, wide, model, np.array(d)
    return kind(header(SECOND), *size, k, np.eye(3).ravel(), np.zeros(12), 0, 0, roi)


small = st.floats(-0.03, 0.03)
bends = st.tuples(st.just(FISHEYE), st.lists(small, min_size=4, max_size=4)) | st.tuples(
    st.just(BROWN), st.tuples(st.floats(-0.2, 0.1), small).map(lambda two: [*two, 0, 0, 0])
)
wide_focals = st.floats(0.3 * WIDE, 0.5 * WIDE)
infos = (
    st.builds(info, wide_focals, bends, st.sampled_from([1.0, 1.0, 1.5, 2.0]))
    | st.builds(info, st.sampled_from([0.0, -1.0, 1e-3]), bends, st.just(1.0))
    | st.builds(info, wide_focals, st.just((OTHER, [0.5, 0.1])), st.just(1.0))
    | st.builds(info, wide_focals, bends, st.just(1.0), st.just(40))  # of another shape
)


def bag_of(path: Path, words: list[Any | None], pictures: str = 'image_raw') -> Path:
    """Write pictures, each behind the camera_info that came just before it."""
    names = f'/camera/{pictures}', '/camera/camera_info', '/cmd_vel'
    command = TYPES['geometry_msgs/msg/TwistStamped']
    vector = TYPES['geometry_msgs/msg/Vector3'](0.0, 0.0, 0.0)
    twist = TYPES['geometry_msgs/msg/Twist'](vector, vector)
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        kinds = [f'sensor_msgs/msg/{one}' for one in ('Image', 'CameraInfo')]
        kinds.append('geometry_msgs/msg/TwistStamped')
        pairs = zip(names, kinds, strict=True)
        links = [writer.add_connection(one, kind, typestore=STORE) for one, kind in pairs]
        for number, word in enumerate(words):
            at_ns = SECOND + number * STEP_NS
            rows = [(2, command(header(at_ns, 'base_link'), twist)), (0, image(at_ns))]
            for link, message in [(1, word), *rows] if word else rows:
                kind = links[link].msgtype
                writer.write(links[link], at_ns, STORE.serialize_cdr(message, kind))
    return path


def flown(words: list[Any | None]) -> list[float | str | None]:
    """Return the angle that each picture has in flight, or why it is refused."""
    lens, found = Lens(), list[float | str | None]()
    for word in words:
        try:
            if word is not None:
                lens.take_message(word)
        except ImageError:
            pass  # the last good one stays
        try:
            found.append(lens.fov_of(WIDE, HIGH))
        except ImageError as error:
            found.append(str(error))
    return found


@settings(max_examples=25, deadline=None)
@given(first=infos, others=st.lists(st.none() | infos, max_size=6))
def test_each_picture_has_the_angle_that_it_has_in_flight(
    tmp_path_factory: pytest.TempPathFactory, first: Any, others: list[Any | None]
) -> None:
    is_as_in_flight(tmp_path_factory.mktemp('bag'), first, others)


TWO = [info(share * WIDE, (BROWN, [0.0] * 5), 1.0) for share in (0.35, 0.6)]


@settings(max_examples=10, deadline=None)
@given(others=st.lists(st.sampled_from([*TWO, *TWO, None]), min_size=4, max_size=24))
def test_the_words_of_two_cameras_in_one_recording_are_no_angle(
    tmp_path_factory: pytest.TempPathFactory, others: list[Any | None]
) -> None:
    """Two cameras in one namespace (realsense-ros 2864), recorded; as in flight."""
    is_as_in_flight(tmp_path_factory.mktemp('bag'), TWO[0], others)


def is_as_in_flight(folder: Path, first: Any, others: list[Any | None]) -> None:
    bag = bag_of(folder / 'it', [first, *others])
    in_flight = flown([first, *others])
    believed = next((n for n, one in enumerate(in_flight) if 'refused' not in str(one)), None)
    # of the pictures before the first camera_info that can be, a recording knows better
    expected = in_flight[believed:] if believed is not None else []
    footage, kept = open_footage([bag]), [one for one in expected if not isinstance(one, str)]
    frames = {frame.index: frame.fov_deg for frame in footage.frames()} if kept else {}
    for number, angle in enumerate(expected, believed or 0):
        if isinstance(angle, str):
            assert number not in frames
            assert not kept or angle in footage.left_out.values()
        else:
            assert frames[number] == (None if angle is None else pytest.approx(angle))
    config = ImportConfig('pear', fewest_frames=1, most_left_out=1.0)
    found = import_bag(bag, folder / 'out', config)
    pictures = [decode_jpeg(jpeg) for path in found.episodes for jpeg in load(path).jpegs]
    for picture, angle in zip(reversed(pictures), reversed(kept), strict=False):
        wanted = fitted(RAMP, CameraSpec(), angle)
        assert np.abs(picture.astype(int) - wanted).max() <= 8


@pytest.mark.parametrize(
    ('shape', 'words'), [((72, 256), 'side by side'), ((256, 144), 'its side')]
)
def test_two_pictures_in_one_are_not_learned_from_unless_their_lens_is_told(
    tmp_path: Path, shape: tuple[int, int], words: str
) -> None:
    bag, (high, wide) = tmp_path / 'it', shape
    kinds = ('sensor_msgs/msg/Image', 'geometry_msgs/msg/TwistStamped')
    vector = TYPES['geometry_msgs/msg/Vector3'](0.0, 0.0, 0.0)
    twist = TYPES['geometry_msgs/msg/Twist'](vector, vector)
    with Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        names = '/camera/image_raw', '/cmd_vel'
        links = [
            writer.add_connection(one, kind, typestore=STORE)
            for one, kind in zip(names, kinds, strict=True)
        ]
        for number in range(3):
            at_ns = SECOND + number * STEP_NS
            pixels = np.zeros(high * wide * 3, np.uint8)
            picture = TYPES[kinds[0]](header(at_ns), high, wide, 'rgb8', 0, wide * 3, pixels)
            command = TYPES[kinds[1]](header(at_ns, 'base_link'), twist)
            for link, message in zip(links, (picture, command), strict=True):
                writer.write(link, at_ns, STORE.serialize_cdr(message, link.msgtype))
    config = ImportConfig('pear', fewest_frames=1, most_left_out=1.0)
    found = import_bag(bag, tmp_path / 'out', config)
    assert not found.episodes
    assert words in '; '.join(found.left_out.lines())
    config = ImportConfig('pear', fewest_frames=1, most_left_out=1.0, horizontal_fov_deg=90.0)
    assert len(import_bag(bag, tmp_path / 'told', config).episodes) == 1


@pytest.mark.parametrize(('pictures', 'focal_px'), [('image_raw', 100.0), ('image_rect', 120.0)])
def test_rectified_pictures_of_a_recording_have_the_angle_of_p(
    tmp_path: Path, pictures: str, focal_px: float
) -> None:
    word = info(100.0, (BROWN, [0.0] * 5), 1.0)
    word.p[[0, 5, 2, 6, 10]] = 120.0, 120.0, WIDE / 2, HIGH / 2, 1.0
    bag = bag_of(tmp_path / 'it', [word] * 3, pictures)
    (angle,) = {frame.fov_deg for frame in open_footage([bag]).frames()}
    assert angle == pytest.approx(horizontal_fov_deg(WIDE, focal_px))
    topics = Topics(image=f'camera/{pictures}')
    config = ImportConfig('pear', topics, fewest_frames=1, most_left_out=1.0)
    (episode,) = import_bag(bag, tmp_path / 'out', config).episodes
    wanted = fitted(RAMP, CameraSpec(), angle).astype(int)
    assert np.abs(decode_jpeg(load(episode).jpegs[0]) - wanted).max() <= 8
