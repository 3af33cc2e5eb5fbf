# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Rosbag2 MCAP in and out of a recording, without a ROS installation (package ``rosbags``).

Only standard message types. What an episode means is said in ``episode.py``.
"""

import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .. import topics
from ..contract import CameraSpec
from ..encodings import JPEG_OF_RGB
from ..errors import EpisodeError, LiquidDroneError, require, shown
from ..files import visible
from .mcap_file import McapFile
from .recording import EpisodeInfo, Recording

IMAGE, CAMERA, LABEL = topics.IMAGE_COMPRESSED, topics.CAMERA_INFO, topics.COMMAND
EXECUTED, ODOM, TARGET, MASK = (
    topics.COMMAND_EXECUTED,
    topics.ODOMETRY,
    topics.TARGET_POSE,
    topics.TARGET_MASK,
)
TYPES = {
    IMAGE: 'sensor_msgs/msg/CompressedImage',
    CAMERA: 'sensor_msgs/msg/CameraInfo',
    LABEL: 'geometry_msgs/msg/TwistStamped',
    EXECUTED: 'geometry_msgs/msg/TwistStamped',
    ODOM: 'nav_msgs/msg/Odometry',
    TARGET: 'geometry_msgs/msg/PoseStamped',
    MASK: 'geometry_msgs/msg/PointStamped',
}
DECISION = topics.DECISION  # of a flight on a drone
SETPOINT, FOLLOWING, COLLISION, PROBABILITY, REQUESTED = (  # of a simulated flight
    topics.SETPOINT,
    topics.FOLLOWING,
    topics.COLLISION,
    topics.TARGET_PROBABILITY,
    topics.REQUESTED,
)
ALL_TYPES = {
    **TYPES,
    SETPOINT: 'geometry_msgs/msg/TwistStamped',
    FOLLOWING: 'std_msgs/msg/Bool',
    COLLISION: 'std_msgs/msg/Bool',
    PROBABILITY: 'std_msgs/msg/Float64',
    REQUESTED: 'geometry_msgs/msg/Vector3Stamped',
    DECISION: 'diagnostic_msgs/msg/DiagnosticArray',
}
OPTICAL, BODY, WORLD = 'camera_optical_frame', 'base_link', 'map'


_COLUMN_OF = {
    SETPOINT: 'setpoint',
    FOLLOWING: 'following',
    COLLISION: 'collision',
    PROBABILITY: 'target_probability',
    REQUESTED: 'request',
}


def write(recording: Recording, path: Path) -> Path:
    """Write a recording as a new rosbag2 directory; return its MCAP file."""
    rosbag2, store = require('rosbags.rosbag2', 'record'), typestore()
    plugin = rosbag2.StoragePlugin.MCAP
    types = {topic: kind for topic, kind in ALL_TYPES.items() if _has(recording, topic)}
    with rosbag2.Writer(path, version=8, storage_plugin=plugin) as writer:
        links = {
            topic: writer.add_connection(f'/{topic}', kind, typestore=store)
            for topic, kind in types.items()
        }
        make = _Maker(store)
        for index, jpeg in enumerate(recording.jpegs):
            row = {name: values[index] for name, values in recording.rows.items()}
            delivered_ns = row['stamp_ns'] if row['delivered_ns'] is None else row['delivered_ns']
            messages = list(make.frame(jpeg, row, int(delivered_ns), recording.info.camera))
            if recording.decisions[index]:
                made = make.decision(int(delivered_ns), recording.decisions[index])
                messages.append((DECISION, made))
            for topic, message in messages:
                data = store.serialize_cdr(message, types[topic])
                writer.write(links[topic], int(delivered_ns), data)
    return storage_file(path)


def _has(recording: Recording, topic: str) -> bool:
    """Tell whether a recording has any message of a topic; those of an episode always count."""
    if topic == DECISION:
        return any(recording.decisions)
    name = _COLUMN_OF.get(topic)
    return name is None or any(value is not None for value in recording.rows[name])


def storage_file(path: Path) -> Path:
    """Return the one MCAP file of a rosbag2 directory.

    Raises:
        EpisodeError: none, or several.

    """
    files = visible(path.glob('*.mcap'))
    if len(files) != 1:
        raise EpisodeError(f'expected one .mcap file in {path}, found {len(files)}')
    return files[0]


def read(path: Path, info: EpisodeInfo, every_frame: bool = False) -> Recording:
    """Read a rosbag2 directory; only frames for which every topic of an episode has a message.

    Args:
        path: the directory.
        info: the manifest.
        every_frame: of a simulated flight also the frames that nothing is to be learned from.

    Raises:
        EpisodeError: it cannot be read.

    """
    frames = _gather(path)
    recording = Recording(info)
    for delivered_ns, row in sorted(frames.items()):
        jpeg, decision = row.pop('jpeg', b''), row.pop('decision', None)
        row.setdefault('stamp_ns', delivered_ns)
        recording.append(jpeg, decision, **{**row, 'delivered_ns': delivered_ns})
        if not every_frame and not recording.is_complete(-1):
            recording.drop_last()
    return recording


def _gather(path: Path) -> dict[int, dict[str, Any]]:
    """Return what the messages of each frame hold, by the time at which they were written."""
    store, frames = typestore(), dict[int, dict[str, Any]]()
    try:
        file = McapFile(storage_file(path))
        wanted = {n: c for n, c in file.channels.items() if c.topic.lstrip('/') in _READ}
        for message in file.messages(wanted):
            channel = wanted[message.channel]
            decoded = store.deserialize_cdr(message.data, channel.msgtype)
            read_one = _READ[channel.topic.lstrip('/')]
            frames.setdefault(message.at_ns, {}).update(read_one(decoded))
    except LiquidDroneError:
        raise
    except Exception as error:  # a broken file raises whatever its first wrong byte leads to
        raise EpisodeError(
            f'{path} cannot be read as rosbag2: {shown(str(error))}; record it again'
        ) from error
    return frames


@functools.cache
def typestore() -> Any:
    """Return the message types of ROS 2 (Humble: those used here are the same since)."""
    typesys = require('rosbags.typesys', 'record')
    return typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)


class _Maker:
    """Builds messages from rows."""

    def __init__(self, store: Any) -> None:
        self.types = {name.rsplit('/', 1)[1]: kind for name, kind in store.types.items()}

    def __call__(self, name: str, *values: Any) -> Any:
        return self.types[name](*values)

    def header(self, stamp_ns: int, frame: str) -> Any:
        return self('Header', self('Time', *divmod(stamp_ns, 1_000_000_000)), frame)

    def frame(
        self, jpeg: bytes, row: dict[str, Any], delivered_ns: int, camera: CameraSpec
    ) -> Iterator[Any]:
        """Yield (topic, message) of one camera frame, for what is known."""
        if jpeg:
            header = self.header(int(row['stamp_ns']), OPTICAL)
            pixels = np.frombuffer(jpeg, np.uint8)
            yield IMAGE, self('CompressedImage', header, JPEG_OF_RGB, pixels)
            yield CAMERA, self.camera_info(int(row['stamp_ns']), camera)
        t = delivered_ns
        for topic, name in ((LABEL, 'label'), (EXECUTED, 'executed'), (SETPOINT, 'setpoint')):
            if row[name] is not None:
                yield topic, self.twist(t, row[name])
        for topic, name in ((FOLLOWING, 'following'), (COLLISION, 'collision')):
            if row[name] is not None:
                yield topic, self('Bool', bool(row[name]))
        if row['target_probability'] is not None:
            yield PROBABILITY, self('Float64', float(row['target_probability']))
        if row['request'] is not None:
            header, vector = self.header(t, BODY), self.vector(row['request'])
            yield REQUESTED, self('Vector3Stamped', header, vector)
        yield ODOM, self.odometry(t, row)
        pose = self(
            'Pose', self.point(row['target_position_enu']), self('Quaternion', 0.0, 0.0, 0.0, 1.0)
        )
        yield TARGET, self('PoseStamped', self.header(t, WORLD), pose)
        yield MASK, self('PointStamped', self.header(t, OPTICAL), self.point(row['target_mask']))

    def decision(self, stamp_ns: int, facts: dict[str, str]) -> Any:
        pairs = [self('KeyValue', key, value) for key, value in facts.items()]
        status = self('DiagnosticStatus', 0, 'mavlink', facts.get('reason', ''), '', pairs)
        return self('DiagnosticArray', self.header(stamp_ns, ''), [status])

    def vector(self, values: Any) -> Any:
        return self('Vector3', *(float(v) for v in values))

    def point(self, values: Any) -> Any:
        return self('Point', *(float(v) for v in values))

    def twist(self, stamp_ns: int, command: Any) -> Any:
        twist = self('Twist', self.vector(command[:3]), self.vector((0.0, 0.0, command[3])))
        return self('TwistStamped', self.header(stamp_ns, BODY), twist)

    def odometry(self, stamp_ns: int, row: dict[str, Any]) -> Any:
        """Pose in ``map``; the twist too, as the child frame's name says."""
        quaternion = self('Quaternion', *(float(v) for v in row['quaternion_xyzw']))
        pose = self('Pose', self.point(row['position_enu']), quaternion)
        twist = self('Twist', self.vector(row['velocity_enu']), self.vector((0.0, 0.0, 0.0)))
        unknown = np.zeros(36)
        return self(
            'Odometry',
            self.header(stamp_ns, WORLD),
            WORLD,
            self('PoseWithCovariance', pose, unknown),
            self('TwistWithCovariance', twist, unknown),
        )

    def camera_info(self, stamp_ns: int, camera: CameraSpec) -> Any:
        focal = camera.width / 2 / math.tan(math.radians(camera.horizontal_fov_deg) / 2)
        x, y = camera.width / 2, camera.height / 2
        k = np.array([focal, 0, x, 0, focal, y, 0, 0, 1.0])
        p = np.array([focal, 0, x, 0, 0, focal, y, 0, 0, 0, 1.0, 0])
        region = self('RegionOfInterest', 0, 0, 0, 0, False)
        header = self.header(stamp_ns, OPTICAL)
        distortion = np.zeros(5)
        return self(
            'CameraInfo', header, camera.height, camera.width, 'plumb_bob',
            distortion, k, np.eye(3).reshape(-1), p, 0, 0, region,
        )  # fmt: skip


def _xyz(vector: Any) -> tuple[float, float, float]:
    return vector.x, vector.y, vector.z


def _read_odometry(message: Any) -> Iterator[tuple[str, Any]]:
    q = message.pose.pose.orientation
    yield 'position_enu', _xyz(message.pose.pose.position)
    yield 'velocity_enu', _xyz(message.twist.twist.linear)
    yield 'quaternion_xyzw', (q.x, q.y, q.z, q.w)


def _read_twist(name: str) -> Callable[[Any], Iterator[tuple[str, Any]]]:
    def read_one(message: Any) -> Iterator[tuple[str, Any]]:
        yield name, (*_xyz(message.twist.linear), message.twist.angular.z)

    return read_one


def _read_image(message: Any) -> Iterator[tuple[str, Any]]:
    stamp = message.header.stamp
    yield 'stamp_ns', stamp.sec * 1_000_000_000 + stamp.nanosec
    yield 'jpeg', message.data.tobytes()


def _read_decision(message: Any) -> Iterator[tuple[str, Any]]:
    pairs = message.status[0].values if len(message.status) else ()
    yield 'decision', {pair.key: pair.value for pair in pairs}


_READ: dict[str, Callable[[Any], Iterator[tuple[str, Any]]]] = {
    IMAGE: _read_image,
    LABEL: _read_twist('label'),
    EXECUTED: _read_twist('executed'),
    SETPOINT: _read_twist('setpoint'),
    ODOM: _read_odometry,
    TARGET: lambda m: iter([('target_position_enu', _xyz(m.pose.position))]),
    MASK: lambda m: iter([('target_mask', _xyz(m.point))]),
    FOLLOWING: lambda m: iter([('following', m.data)]),
    COLLISION: lambda m: iter([('collision', m.data)]),
    PROBABILITY: lambda m: iter([('target_probability', m.data)]),
    REQUESTED: lambda m: iter([('request', _xyz(m.vector))]),
    DECISION: _read_decision,
}
