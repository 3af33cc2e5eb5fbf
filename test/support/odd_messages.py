# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of every kind that the nodes take, with anything that fits into their fields."""

import array
import copy
import math
import random
import time
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Point, PointStamped, Twist, TwistStamped, Vector3
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, Range, RegionOfInterest
from std_msgs.msg import Header

from liquid_drone import topics
from liquid_drone.encodings import ENCODINGS

DECISION_KEYS = [
    'stage',
    'cause',
    'reason',
    'sent',
    'proposal',
    'setpoint',
    'mode',
    'armed',
    'position_enu',
]
U32 = 2**32 - 1
SHARE = 0.4  # of the fields that a change draws anew
EXTREMES = (0.0, -0.0, 1.0, -1.0, 0.3, 2.5, 320.0, 1e30, -1e30, math.nan, math.inf, -math.inf)
REALS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e308, -1e308, 5e-324, float('nan'), float('inf')]),
)
SINGLES = st.one_of(st.floats(width=32), st.sampled_from([0.0, float('-inf'), float('nan')]))
SIZES = st.one_of(st.integers(0, 64), st.sampled_from([640, 480, 65535, 2**31, U32]))
TEXTS = st.one_of(
    st.sampled_from(['', 'camera_optical_frame', '/', 'base_link', 'é' * 50, 'x' * 3000]),
    st.text(st.characters(exclude_categories=['Cs'], exclude_characters='\0'), max_size=20),
)
BYTES = st.one_of(
    st.binary(max_size=400),
    st.integers(0, 70_000).map(lambda count: bytes(count)),
)


def times(now_ns: int) -> st.SearchStrategy[Time]:
    """Return stamps: near now, and whatever a message can hold."""
    near = st.integers(now_ns - 10**9, now_ns + 10**9).map(
        lambda ns: Time(sec=ns // 10**9, nanosec=ns % 10**9)
    )
    anything = st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=st.integers(0, U32))
    return st.one_of(near, anything)


def headers(now_ns: int) -> st.SearchStrategy[Header]:
    """Return headers with such stamps."""
    return st.builds(Header, stamp=times(now_ns), frame_id=TEXTS)


def packed(data: bytes) -> array.array:
    """Return bytes as rclpy takes them without looking at each."""
    return array.array('B', data)


@st.composite
def images(draw: st.DrawFn, now_ns: int) -> Image:
    """Return pictures: some that can be read, most that cannot."""
    encoding = draw(st.one_of(st.sampled_from([*ENCODINGS, 'mono16', '32FC1']), TEXTS))
    height, width = draw(SIZES), draw(SIZES)
    if draw(st.booleans()):  # enough bytes for what it claims to be
        height, width = min(height, 64), min(width, 64)
        step, data = 4 * width, bytes(6 * width * (height + 1))
    else:
        step, data = draw(SIZES), draw(BYTES)
    return Image(
        header=draw(headers(now_ns)),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=draw(st.integers(0, 255)),
        step=step,
        data=packed(data),
    )


def compressed_images(now_ns: int) -> st.SearchStrategy[CompressedImage]:
    """Return pictures that are hardly ever JPEG."""
    return st.builds(CompressedImage, header=headers(now_ns), format=TEXTS, data=BYTES.map(packed))


def camera_infos(now_ns: int) -> st.SearchStrategy[CameraInfo]:
    """Return what no camera says of itself, and now and then what one does."""
    region = st.builds(RegionOfInterest, x_offset=SIZES, y_offset=SIZES, height=SIZES, width=SIZES)
    return st.builds(
        CameraInfo,
        header=headers(now_ns),
        height=SIZES,
        width=SIZES,
        distortion_model=TEXTS,
        d=st.lists(REALS, max_size=14),
        k=st.lists(REALS, min_size=9, max_size=9),
        r=st.lists(REALS, min_size=9, max_size=9),
        p=st.lists(REALS, min_size=12, max_size=12),
        binning_x=SIZES,
        binning_y=SIZES,
        roi=region,
    )


def commands(now_ns: int) -> st.SearchStrategy[TwistStamped]:
    """Return velocities, not all of them numbers."""
    vectors = st.builds(Vector3, x=REALS, y=REALS, z=REALS)
    return st.builds(
        TwistStamped,
        header=headers(now_ns),
        twist=st.builds(Twist, linear=vectors, angular=vectors),
    )


def points(now_ns: int) -> st.SearchStrategy[PointStamped]:
    """Return sightings of the target in places that are none."""
    return st.builds(
        PointStamped, header=headers(now_ns), point=st.builds(Point, x=REALS, y=REALS, z=REALS)
    )


def ranges(now_ns: int) -> st.SearchStrategy[Range]:
    """Return distances; REP 117 has infinities of its own."""
    return st.builds(
        Range,
        header=headers(now_ns),
        radiation_type=st.integers(0, 255),
        field_of_view=SINGLES,
        min_range=SINGLES,
        max_range=SINGLES,
        range=SINGLES,
    )


def decisions(now_ns: int) -> st.SearchStrategy[DiagnosticArray]:
    """Return decisions with the right keys and anything behind them."""
    keys = st.one_of(st.sampled_from(DECISION_KEYS), TEXTS)
    words = st.one_of(st.sampled_from(['engaged', 'handed_back', 'true', '1 2 3 4']), TEXTS)
    values = st.lists(st.builds(KeyValue, key=keys, value=words), max_size=8)
    status = st.builds(DiagnosticStatus, name=TEXTS, message=TEXTS, values=values)
    return st.builds(DiagnosticArray, header=headers(now_ns), status=st.lists(status, max_size=2))


def batches(now_ns: int, size: int) -> st.SearchStrategy[list[tuple[str, object]]]:
    """Return lists of (topic, message) of all kinds."""
    kinds = {
        topics.IMAGE: images(now_ns),
        topics.IMAGE_COMPRESSED: compressed_images(now_ns),
        topics.CAMERA_INFO: camera_infos(now_ns),
        topics.COMMAND: commands(now_ns),
        topics.SIGHTING: points(now_ns),
        topics.TARGET_RANGE: ranges(now_ns),
    }
    one = st.one_of([st.tuples(st.just(topic), kind) for topic, kind in kinds.items()])
    return st.lists(one, min_size=size, max_size=size)


def changed(message: Any, rng: random.Random) -> Any:
    """Return a message of the same kind with some of its fields drawn anew, much faster."""
    made = copy.copy(message)
    for name, kind in message.get_fields_and_field_types().items():
        value = getattr(message, name)
        if isinstance(value, Time) and rng.random() < SHARE:
            now_ns = time.time_ns()  # so that the rest of it is looked at too
            setattr(made, name, Time(sec=now_ns // 10**9, nanosec=now_ns % 10**9))
        elif hasattr(value, 'get_fields_and_field_types'):
            setattr(made, name, changed(value, rng))
        elif rng.random() < SHARE:
            setattr(made, name, _drawn(kind, value, rng))
    return made


def _drawn(kind: str, value: Any, rng: random.Random) -> Any:
    """Return another value for a field of a type."""
    if kind.startswith(('double', 'float')):
        count = len(value) if hasattr(value, '__len__') else None
        if count is None:
            return rng.choice(EXTREMES)
        return [rng.choice(EXTREMES) for _ in range(count)]
    if kind == 'string':
        return rng.choice(['', 'rgb8', 'nv12', 'uyvy', 'bgra8', 'bayer_rggb8', 'x' * 200])
    if kind == 'sequence<uint8>':
        return packed(rng.randbytes(rng.choice([0, 1, 100, 12288])))
    if kind in ('uint8', 'octet', 'int8'):
        return rng.randrange(128)
    if kind.startswith(('uint', 'int')):
        low, high = (0, U32) if kind.startswith('uint') else (-(2**31), 2**31 - 1)
        return rng.choice([0, 1, 2, 64, 640, high, low, rng.randint(low, high)])
    return value
