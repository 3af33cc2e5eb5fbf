# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The truth of a simulated flight, as its own recording holds it: what each picture showed."""

from pathlib import Path
from typing import Any

from .. import topics
from ..contract import MIN_TARGET_PIXELS
from ..episodes.bag_source import TopicSource, open_bag
from ..errors import ConfigError
from ..footage.recorded import image_topic
from .truth import FrameTruth

MASK_TYPE = 'geometry_msgs/msg/PointStamped'


def recorded_truth(path: Path, wanted: str | None = None) -> dict[str, FrameTruth]:
    """Return number of the picture -> whether and where the target is in it.

    Args:
        path: of the recording.
        wanted: topic of the camera; None: the only one.

    Raises:
        ConfigError: the recording does not hold it.
        CameraError: as :func:`~liquid_drone.footage.recorded.image_topic`.
        EpisodeError: it cannot be read.

    """
    with open_bag(path) as sources:
        mask = next((one for one in sources if _is_mask(one)), None)
        if mask is None:
            raise ConfigError(
                f'{path} is a recording without {topics.TARGET_MASK}, which simulated flights '
                'alone have: give --truth a CSV'
            )
        shown = {_stamp(message): message.point for _, message in mask.decoded(_skip)}
        pictures: list[tuple[int, int] | None] = []  # stamps; None: it cannot be decoded
        camera = image_topic(path, sources, wanted)
        for _, message in camera.decoded(lambda _at_ns, _reason: pictures.append(None)):
            pictures.append(_stamp(message))
    points = {str(index): shown[stamp] for index, stamp in enumerate(pictures) if stamp in shown}
    return {
        index: FrameTruth(True, point.x) if point.z >= MIN_TARGET_PIXELS else FrameTruth(False)
        for index, point in points.items()
    }


def _is_mask(source: TopicSource) -> bool:
    return source.msgtype == MASK_TYPE and source.topic.strip('/').endswith(topics.TARGET_MASK)


def _stamp(message: Any) -> tuple[int, int]:
    return message.header.stamp.sec, message.header.stamp.nanosec


def _skip(_at_ns: int, _reason: str) -> None:
    """A message that cannot be decoded has no truth; the pictures name their own."""
