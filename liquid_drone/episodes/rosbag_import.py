# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes from what ``ros2 bag record`` wrote on a drone, whatever the camera; no ROS is needed.

Pictures of any size become the policy's through the one resize function. The pilot's command is
the label: the last one before each picture. A gap splits a recording. What was not recorded
(odometry, the target's place) is nan and is not learned from.
"""

import bisect
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Image
from ..contract import CameraSpec
from ..errors import EpisodeError, require
from ..geometry import rotation_from_quaternion
from ..image import fitted, horizontal_fov_deg, is_too_narrow
from .episode import encode_jpeg, save
from .recording import EpisodeInfo, Recording
from .rosbag import typestore

CHANNELS = {'rgb8': 3, 'bgr8': 3, 'rgba8': 4, 'bgra8': 4}
PICTURES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
COMMANDS = ('geometry_msgs/msg/TwistStamped', 'geometry_msgs/msg/Twist')
POSES = ('nav_msgs/msg/Odometry', 'geometry_msgs/msg/PoseStamped')
INFOS = ('sensor_msgs/msg/CameraInfo',)
UNKNOWN: dict[str, tuple[float, ...]] = {
    'position_enu': (math.nan,) * 3,
    'velocity_enu': (math.nan,) * 3,
    'quaternion_xyzw': (math.nan,) * 4,
}


@dataclass(frozen=True)
class Topics:
    """Where things are; types are told by the bag: see the constants above for what is read."""

    image: str = 'camera/image_raw'  # Image, or CompressedImage, there or at .../compressed
    command: str = 'cmd_vel'  # TwistStamped or Twist: m/s and rad/s, body FLU
    odometry: str = 'odom'  # Odometry or PoseStamped, world ENU; may be missing
    camera_info: str = 'camera/camera_info'  # for the field of view; may be missing


@dataclass(frozen=True)
class ImportConfig:
    """How a recording becomes episodes."""

    target: str  # what was followed
    topics: Topics = field(default_factory=Topics)
    camera: CameraSpec = field(default_factory=CameraSpec)
    horizontal_fov_deg: float | None = None  # of the camera, where no camera_info tells it
    gap_s: float = 1.0  # without a picture for longer: a new episode; as in flight
    command_age_s: float = 0.5  # a command older than this says nothing
    fewest_frames: int = 32  # shorter pieces are left out


@dataclass(frozen=True)
class ImportedEpisode:
    """What came of one recording."""

    episodes: tuple[Path, ...]
    frames: int
    too_short: int  # pieces left out
    without_command: int  # frames


def import_bag(
    bag: Path, out: Path, config: ImportConfig, done: Callable[[], None] = lambda: None
) -> ImportedEpisode:
    """Write the episodes of one recording.

    Args:
        bag: directory of a rosbag2 recording (MCAP or SQLite), or a file of one.
        out: directory that gets ``<bag>-00`` and so on; existing ones are replaced.
        config: topics, target, camera.
        done: called after every picture.

    Raises:
        EpisodeError: it cannot be read, or a topic is missing or of a type that is not known.

    """
    highlevel = require('rosbags.highlevel', 'record')
    try:
        with highlevel.AnyReader([bag], default_typestore=typestore()) as reader:
            return _Import(reader, bag, config, done).write(out)
    except (OSError, ValueError, KeyError, highlevel.AnyReaderError) as error:
        raise EpisodeError(
            f'{bag} cannot be read as a recording: {error}; one that was cut off is mended by '
            'ros2 bag reindex (metadata.yaml is missing) or mcap recover (the file has no end)'
        ) from error


class _Import:
    """One recording on its way."""

    def __init__(
        self, reader: Any, bag: Path, config: ImportConfig, done: Callable[[], None]
    ) -> None:
        topics = config.topics
        self._reader, self._bag, self._config, self._done = reader, bag, config, done
        self._namespace = self._only_namespace(topics.image)
        self._pictures = self._link(topics.image, PICTURES)
        self._commands = self._series(self._link(topics.command, COMMANDS), _command)
        self._poses = self._series(self._find(topics.odometry, POSES), _pose)
        self._fov_deg = config.horizontal_fov_deg or self._told_fov()

    def write(self, out: Path) -> ImportedEpisode:
        episodes: list[Path] = []
        frames = short = bare = 0
        for piece in self._pieces():
            if len(piece.jpegs) < self._config.fewest_frames:
                short += 1
                continue
            path = out / f'{name_of(self._bag)}-{len(episodes):02d}'
            save(piece, path)
            episodes.append(path)
            frames += len(piece.jpegs)
            bare += int(np.isnan(piece.column('label')).any(axis=1).sum())
        return ImportedEpisode(tuple(episodes), frames, short, bare)

    def _pieces(self) -> Iterator[Recording]:
        recording, last_ns = self._empty(), None
        for stamp_ns, image in self._images():
            if last_ns is not None and stamp_ns <= last_ns:
                continue  # the same picture again, or one that came late
            if last_ns is not None and stamp_ns - last_ns > self._config.gap_s * 1e9:
                yield recording
                recording = self._empty()
            self._append(recording, stamp_ns, image)
            last_ns = stamp_ns
            self._done()
        yield recording

    def _empty(self) -> Recording:
        name, camera = name_of(self._bag), self._config.camera
        target = self._config.target
        info = EpisodeInfo(
            f'recorded/{name}', 'recorded', 'unknown', target, -1, 'human', camera=camera
        )
        return Recording(info)

    def _append(self, recording: Recording, stamp_ns: int, image: Image) -> None:
        label = _before(self._commands, stamp_ns, self._config.command_age_s)
        pose = _before(self._poses, stamp_ns, self._config.command_age_s) or UNKNOWN
        command = (math.nan,) * 4 if label is None else label
        picture = fitted(image, self._config.camera, self._fov_deg)
        nowhere = (math.nan,) * 3
        recording.append(
            encode_jpeg(picture),
            stamp_ns=stamp_ns,
            label=command,
            executed=command,
            target_position_enu=nowhere,
            target_mask=nowhere,
            **pose,
        )

    def _images(self) -> Iterator[tuple[int, Image]]:
        for link, bag_ns, raw in self._reader.messages([self._pictures]):
            message = self._reader.deserialize(raw, link.msgtype)
            yield _stamp_ns(message, bag_ns), picture_of(message)

    def _series(self, link: Any | None, read: Callable[[Any], Any]) -> tuple[list[int], list[Any]]:
        """Return stamps and values of a topic, by stamp."""
        rows = []
        for found, bag_ns, raw in self._reader.messages([link]) if link else ():
            message = self._reader.deserialize(raw, found.msgtype)
            rows.append((_stamp_ns(message, bag_ns), read(message)))
        rows.sort(key=lambda row: row[0])
        return [row[0] for row in rows], [row[1] for row in rows]

    def _told_fov(self) -> float | None:
        """Return the field of view that the recording tells.

        Raises:
            EpisodeError: the camera sees less than the policy's.

        """
        link = self._find(self._config.topics.camera_info, INFOS)
        for found, _, raw in self._reader.messages([link]) if link else ():
            message = self._reader.deserialize(raw, found.msgtype)
            if message.k[0] <= 0.0:
                return None  # not calibrated
            fov_deg = horizontal_fov_deg(message.width, float(message.k[0]))
            if is_too_narrow(self._config.camera, fov_deg):
                raise EpisodeError(
                    f'{self._bag}: the camera sees {fov_deg:.0f} degrees, expected about '
                    f'{self._config.camera.horizontal_fov_deg:g} or more: use a wider lens'
                )
            return fov_deg
        return None

    def _link(self, topic: str, types: tuple[str, ...]) -> Any:
        """Return the connection of a topic that must be there.

        Raises:
            EpisodeError: it is missing, or of another type.

        """
        link = self._find(topic, types)
        if link is None:
            known = ', '.join(f'{c.topic} ({c.msgtype})' for c in self._reader.connections)
            raise EpisodeError(
                f'{self._bag} has no topic {topic} of type {" or ".join(types)}; it has {known}: '
                'name the topic'
            )
        return link

    def _find(self, topic: str, types: tuple[str, ...]) -> Any | None:
        for name in (topic, f'{topic}/compressed'):
            for link in self._reader.connections:
                full = f'{self._namespace}/{name.strip("/")}'.strip('/')
                if link.topic.strip('/') == full and link.msgtype in types:
                    return link
        return None

    def _only_namespace(self, topic: str) -> str:
        """Return the namespace that the pictures are in; '' where they are as they are named.

        Raises:
            EpisodeError: there are pictures of several drones.

        """
        endings = tuple(f'/{topic.strip("/")}{end}' for end in ('', '/compressed'))
        found = {
            f'/{link.topic.strip("/")}'.removesuffix(ending)
            for link in self._reader.connections
            for ending in endings
            if link.msgtype in PICTURES and f'/{link.topic.strip("/")}'.endswith(ending)
        }
        if '' in found or not found:
            return ''
        if len(found) > 1:
            raise EpisodeError(
                f'{self._bag} has pictures of several drones ({", ".join(sorted(found))}): name '
                'the topics of one, its images, commands, odometry and camera_info'
            )
        return found.pop()


def name_of(bag: Path) -> str:
    """Return what a recording is called: its directory, or its file without the ending."""
    return bag.name if bag.is_dir() else bag.stem


def picture_of(message: Any) -> Image:
    """Return the RGB picture (H, W, 3) of an Image or CompressedImage.

    Raises:
        EpisodeError: an encoding that is not known, or data that cannot be decoded.

    """
    import cv2

    if not hasattr(message, 'encoding'):
        image = cv2.imdecode(np.asarray(message.data, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise EpisodeError(f"a compressed picture ('{message.format}') cannot be decoded")
        return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
    channels = CHANNELS.get(message.encoding)
    if channels is None:
        raise EpisodeError(
            f"expected pictures encoded as {', '.join(CHANNELS)}, got '{message.encoding}': "
            'convert them while recording, for instance with image_proc'
        )
    rows = np.asarray(message.data, np.uint8).reshape(message.height, message.step)
    pixels = rows[:, : message.width * channels].reshape(message.height, message.width, channels)
    rgb = pixels[..., :3] if message.encoding.startswith('rgb') else pixels[..., 2::-1]
    return np.ascontiguousarray(rgb)


def _stamp_ns(message: Any, bag_ns: int) -> int:
    """Return the header's stamp, or when it was recorded, where there is none."""
    header = getattr(message, 'header', None)
    if header is None:
        return bag_ns
    stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
    return stamp_ns or bag_ns


def _command(message: Any) -> tuple[float, ...]:
    twist = getattr(message, 'twist', message)
    return twist.linear.x, twist.linear.y, twist.linear.z, twist.angular.z


def _pose(message: Any) -> dict[str, tuple[float, ...]]:
    """Return pose and velocity in the world; Odometry's twist is told in its child frame."""
    is_odometry = hasattr(message, 'twist')
    pose = message.pose.pose if is_odometry else message.pose
    p, q = pose.position, pose.orientation
    velocity: tuple[float, ...] = (math.nan,) * 3
    if is_odometry:
        v = message.twist.twist.linear
        velocity = v.x, v.y, v.z
        if message.child_frame_id != message.header.frame_id:
            turned = rotation_from_quaternion((q.x, q.y, q.z, q.w)) @ np.array(velocity)
            velocity = tuple(float(value) for value in turned)
    return {
        'position_enu': (p.x, p.y, p.z),
        'velocity_enu': velocity,
        'quaternion_xyzw': (q.x, q.y, q.z, q.w),
    }


def _before(series: tuple[list[int], list[Any]], stamp_ns: int, age_s: float) -> Any | None:
    """Return the last value at or before a moment, unless it is too old."""
    stamps, values = series
    index = bisect.bisect_right(stamps, stamp_ns) - 1
    if index < 0 or stamp_ns - stamps[index] > age_s * 1e9:
        return None
    return values[index]
