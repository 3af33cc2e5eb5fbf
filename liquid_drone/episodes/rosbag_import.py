# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes from what ``ros2 bag record`` wrote on a drone, whatever the camera; no ROS is needed.

Pictures of any size become the policy's through the one resize function. The pilot's command is
the label: the last one before each picture. A gap splits a recording. What was not recorded
(odometry, the target's place) is nan and is not learned from.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..contract import CameraSpec
from ..errors import EpisodeError, ImageError, OutputError
from ..files import as_name
from ..image import encode_jpeg, fitted, is_too_narrow
from ..lens.lens import check_shape, is_rectified
from ..outputs.leftovers import made_aside
from ..results import EPISODE, put
from ..topics import BODY_FRAME, REQUESTED
from .bag_source import TopicSource, filled, open_bag, topics_of
from .episode import save
from .left_out import LeftOut
from .recorded_lens import IMAGE_TYPES, INFO_TYPE, TRANSPORTS, RecordedLens, camera_info_of
from .recorded_series import Series, command_of, pose_of, request_of
from .recorded_stamps import (
    RecordedPiece,
    is_set_back,
    pieces_of,
    stamp_ns_of,
    without_settings,
)
from .recording import EpisodeInfo, Recording
from .ros_pictures import picture_of

PICTURES = IMAGE_TYPES
COMMANDS = ('geometry_msgs/msg/TwistStamped', 'geometry_msgs/msg/Twist')
POSES = ('nav_msgs/msg/Odometry', 'geometry_msgs/msg/PoseStamped')
REQUESTS = ('geometry_msgs/msg/Vector3Stamped',)
INFOS = (INFO_TYPE,)
LATE = 'pictures that came twice or late'
TOO_SHORT = 'pictures in a piece that is too short'
ASTRAY = 'pictures stamped far from those around them'
OF_ANOTHER_CLOCK = 'pictures behind a clock that was set, without commands of their time'
UNKNOWN: dict[str, tuple[float, ...]] = {
    'position_enu': (math.nan,) * 3,
    'velocity_enu': (math.nan,) * 3,
    'quaternion_xyzw': (math.nan,) * 4,
}


@dataclass(frozen=True)
class Topics:
    """Where things are; types are told by the bag: see the constants above for what is read."""

    image: str = (
        'camera/image_raw'  # Image, or CompressedImage, there or at .../compressed, .../zstd
    )
    command: str = 'cmd_vel'  # TwistStamped or Twist: m/s and rad/s, body FLU
    odometry: str = 'odom'  # Odometry or PoseStamped, world ENU; may be missing
    camera_info: str = 'camera/camera_info'  # if this one is meant: that of the pictures' camera
    requested: str = REQUESTED  # Vector3Stamped: what was asked for; may be missing


@dataclass(frozen=True)
class ImportConfig:
    """How a recording becomes episodes."""

    target: str  # what was followed
    topics: Topics = field(default_factory=Topics)
    camera: CameraSpec = field(default_factory=CameraSpec)
    command_frame: str = BODY_FRAME  # frame_id of the commands
    horizontal_fov_deg: float | None = None  # of the camera, where no camera_info tells it
    gap_s: float = 1.0  # without a picture for longer: a new episode; as in flight
    command_age_s: float = 0.5  # a command older than this says nothing
    fewest_frames: int = 32  # shorter pieces are left out
    most_left_out: float = 0.05  # share of the pictures; above it is an error


@dataclass(frozen=True)
class ImportedEpisode:
    """What came of one recording."""

    episodes: tuple[Path, ...]
    frames: int
    too_short: int  # pieces left out
    without_command: int  # frames
    left_out: LeftOut  # what is in none of the episodes
    by_recorder: int  # pictures that have the command that was recorded last before them
    is_lens_known: bool  # else the pictures were taken for those of the policy's camera


def import_bag(
    bag: Path, out: Path, config: ImportConfig, done: Callable[[], None] = lambda: None
) -> ImportedEpisode:
    """Write the episodes of one recording, all or none.

    Args:
        bag: directory of a rosbag2 recording (MCAP or SQLite), or a file of one.
        out: directory that gets ``<bag>-00`` and so on; existing ones are replaced.
        config: topics, target, camera.
        done: called after every picture.

    Raises:
        EpisodeError: it cannot be read, a topic is missing or of a type that is not known, or more
            of it had to be left out than is allowed.
        OutputError: an episode cannot be written.

    """
    with open_bag(bag) as sources:
        return _Import(sources, bag, config, done).write(out)


class _Import:
    """One recording on its way."""

    def __init__(
        self, sources: list[TopicSource], bag: Path, config: ImportConfig, done: Callable[[], None]
    ) -> None:
        topics = config.topics
        self._sources, self._bag, self._config, self._done = sources, bag, config, done
        self._left_out, self._by_recorder = LeftOut(), 0
        self._namespace = self._only_namespace(topics.image)
        self._pictures = self._link(topics.image, PICTURES)
        self._gap_ns = config.gap_s * 1e9
        self._commands = self._series(self._link(topics.command, COMMANDS), self._command)
        if self._commands.is_empty and self._commands.is_refused:
            why = '; '.join(self._left_out.lines())
            raise EpisodeError(
                f'{bag} has no command that can be learned from: {why}; in another frame the same '
                'numbers are another motion, and the nodes refuse them too: if they are those of '
                'the body all the same, name the frame by --command-frame'
            )
        is_named = topics.odometry != Topics.odometry
        poses = (self._link if is_named else self._find)(topics.odometry, POSES)
        self._poses = self._series(poses, pose_of)
        self._requests = self._series(self._find(topics.requested, REQUESTS), request_of)
        times = [
            (stamp_ns_of(message, bag_ns), bag_ns)
            for bag_ns, message in self._pictures.decoded(_not_counted)
        ]
        self._stamps = [stamp_ns for stamp_ns, _ in times]
        self._recorded_ns = without_settings([bag_ns for _, bag_ns in times], self._gap_ns)
        self._was_set = is_set_back(self._stamps, self._gap_ns)
        self._lens = self._told_lens()

    def write(self, out: Path) -> ImportedEpisode:
        made: list[Path] = []
        frames = short = bare = 0
        _check_folder(out)
        with made_aside(out / f'{name_of(self._bag)}-00', is_folder=True) as aside:
            for plan, piece in self._pieces():
                if len(piece.jpegs) < self._config.fewest_frames:
                    short += not plan.is_astray
                    self._leave_out(piece, ASTRAY if plan.is_astray else TOO_SHORT)
                    continue
                if self._is_of_another_clock(piece):
                    self._leave_out(piece, OF_ANOTHER_CLOCK)
                    continue
                made.append(aside / f'{name_of(self._bag)}-{len(made):02d}')
                save(piece, made[-1])
                frames += len(piece.jpegs)
                bare += int(np.isnan(piece.column('label')).any(axis=1).sum())
            self._left_out.check(self._bag, frames, self._config.most_left_out)
            for episode in made:
                put(episode, out / episode.name, EPISODE)
        episodes = tuple(out / episode.name for episode in made)
        return ImportedEpisode(
            episodes,
            frames,
            short,
            bare,
            self._left_out,
            self._by_recorder,
            self._lens.is_known,
        )

    def _pieces(self) -> Iterator[tuple[RecordedPiece, Recording]]:
        """Yield each piece when the last picture of it was read."""
        plans = pieces_of(self._stamps, self._gap_ns)
        of_number = {number: plan for plan in plans for number in (*plan.kept, *plan.late)}
        late = {number for plan in plans for number in plan.late}
        begun = {plan.kept[0]: self._empty() for plan in plans}
        for number, (bag_ns, message) in enumerate(self._pictures.decoded(self._left_out.picture)):
            plan = of_number[number]
            if number in late:
                self._left_out.picture(self._stamps[number], LATE)
            else:
                self._append(begun[plan.kept[0]], number, bag_ns, message)
            if number == max(plan.kept[-1], *plan.late, -1):
                yield plan, begun.pop(plan.kept[0])

    def _leave_out(self, piece: Recording, cause: str) -> None:
        for stamp_ns in piece.rows['stamp_ns']:
            self._left_out.picture(stamp_ns, cause)

    def _is_of_another_clock(self, piece: Recording) -> bool:
        """Tell whether a clock was set, and none of the commands is of the time of a piece."""
        was_set = self._was_set or self._commands.was_set
        return was_set and bool(np.isnan(piece.column('label')).any(axis=1).all())

    def _empty(self) -> Recording:
        name, camera, target = name_of(self._bag), self._config.camera, self._config.target
        info = EpisodeInfo(
            f'recorded/{name}', 'recorded', 'unknown', target, -1, 'human', camera=camera
        )
        return Recording(info)

    def _append(self, recording: Recording, number: int, bag_ns: int, message: Any) -> None:
        """Add a picture with what belongs to it, unless it cannot be read."""
        stamp_ns, recorded_ns = self._stamps[number], self._recorded_ns[number]
        try:
            image = picture_of(message)
            fov_deg = self._lens.fov_of(bag_ns, image.shape[1], image.shape[0])
            if fov_deg is None:
                check_shape(image.shape[1], image.shape[0])
            image = fitted(image, self._config.camera, fov_deg)
        except ImageError as error:
            self._left_out.picture(stamp_ns, f'pictures that cannot be read: {error}')
            return
        when = stamp_ns, recorded_ns, self._config.command_age_s, self._was_set
        command = self._commands.before(*when) or (math.nan,) * 4
        self._by_recorder += self._commands.is_of_another_clock(stamp_ns, recorded_ns)
        nowhere = (math.nan,) * 3
        recording.append(
            encode_jpeg(image),
            stamp_ns=stamp_ns,
            label=command,
            executed=command,
            target_position_enu=nowhere,
            target_mask=nowhere,
            request=self._requests.before(*when),
            **(self._poses.before(*when) or UNKNOWN),
        )
        self._done()

    def _command(self, message: Any) -> Any:
        return command_of(message, self._config.command_frame)

    def _series(self, source: TopicSource | None, read: Callable[[Any], Any]) -> Series:
        return Series(source, read, self._left_out, self._gap_ns)

    def _told_lens(self) -> RecordedLens:
        """Return what the recording tells of the lens.

        Raises:
            EpisodeError: the camera sees less than the policy's.

        """
        topic, camera = self._config.topics.camera_info, self._config.camera
        if topic != Topics.camera_info:
            source: TopicSource | None = self._link(topic, INFOS)
        else:
            own = camera_info_of(self._sources, self._pictures)
            source = own or self._find(topic, INFOS)
            topic = own.topic if own else topic
        lens = RecordedLens(
            source,
            lambda at_ns, why: self._left_out.other(at_ns, f'messages of {topic}: {why}'),
            self._config.horizontal_fov_deg,
            is_rectified(self._pictures.topic),
        )
        for fov_deg in lens.angles_deg:
            if is_too_narrow(camera, fov_deg):
                raise EpisodeError(
                    f'{self._bag}: the camera sees {fov_deg:.0f} degrees, expected about '
                    f'{camera.horizontal_fov_deg:g} or more: use a wider lens'
                )
        return lens

    def _link(self, topic: str, types: tuple[str, ...]) -> TopicSource:
        """Return the connection of a topic that must be there.

        Raises:
            EpisodeError: it is missing, or of another type.

        """
        link = self._find(topic, types)
        if link is None:
            known = topics_of(self._sources)
            raise EpisodeError(
                f'{self._bag} has no topic {topic} of type {" or ".join(types)}; it has {known}: '
                'name the topic'
            )
        return link

    def _find(self, topic: str, types: tuple[str, ...]) -> TopicSource | None:
        names = [f'{self._namespace}/{topic.strip("/")}{end}'.strip('/') for end in TRANSPORTS]
        found = [
            link
            for name in names
            for link in self._sources
            if link.topic.strip('/') == name and link.msgtype in types
        ]
        return next(iter(filled(found)), None)

    def _only_namespace(self, topic: str) -> str:
        """Return the namespace that the pictures are in; '' where they are as they are named.

        Raises:
            EpisodeError: there are pictures of several drones.

        """
        endings = tuple(f'/{topic.strip("/")}{end}' for end in TRANSPORTS)
        found = {
            f'/{link.topic.strip("/")}'.removesuffix(ending)
            for link in self._sources
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
    return as_name(bag.resolve().name if bag.is_dir() else bag.stem)


def _not_counted(_at_ns: int, _cause: str) -> None:
    """Count nothing: pictures that cannot be decoded are counted when they are read."""


def _check_folder(out: Path) -> None:
    """Make the folder of the episodes.

    Raises:
        OutputError: it cannot be made.

    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f'cannot write {out}: {error.strerror}; choose another --out') from error
