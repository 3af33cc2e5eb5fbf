# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The pictures of one camera of a recording with their stamps and its field of view.

A recording may hold several cameras and several drones: which of them is meant is never guessed.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .. import topics
from ..arrays import Image
from ..episodes.bag_source import TopicSource, filled, open_bag, topics_of
from ..episodes.recorded_lens import (
    COMPRESSED,
    IMAGE_TYPES,
    ZSTD,
    RecordedLens,
    camera_info_of,
    camera_of,
)
from ..episodes.recorded_stamps import SECOND_NS, stamp_ns_of
from ..episodes.ros_pictures import picture_of
from ..errors import CameraError, ImageError
from ..lens.lens import is_rectified

DEPTH = '/compressedDepth'  # as image_transport calls it
NOT_AFTER = (
    'its stamp is not after that of the picture before it; flight does not act on it either'
)


def recorded_frames(
    path: Path,
    wanted: str | None,
    tell: Callable[[str, str], None],
    apart_s: float = 0.0,
    fov_deg: float | None = None,
) -> Iterator[tuple[int, float, bool, Image, float | None]]:
    """Yield (number, stamp in s, whether it starts afresh, RGB (H, W, 3), field of view) of each.

    Pictures are numbered from 0, those that cannot be shown too. Stamps count from the first one
    and rise: where a clock was set back by a second or more, the pictures start afresh and the
    recorder's clock counts.

    Args:
        path: of the recording.
        wanted: topic of the camera; None: the only one.
        tell: gets the name of each picture that is not shown, and why.
        apart_s: pictures that come sooner after the last one are passed over.
        fov_deg: of the camera; None: as its camera_info says.

    Raises:
        CameraError: as :func:`image_topic`.
        EpisodeError: it cannot be read.

    """
    numbers = itertools.count()

    def leave_out(at_ns: int, reason: str, number: int | None = None) -> None:
        number = next(numbers) if number is None else number
        tell(f'picture {number}, {at_ns / SECOND_NS:.2f} s', reason)

    with open_bag(path) as sources:
        first_ns = last_ns = last_bag_ns = None
        camera = image_topic(path, sources, wanted)
        info = camera_info_of(sources, camera)
        rectified = is_rectified(camera.topic)
        lens = RecordedLens(info, lambda *_: None, fov_deg, rectified)  # told when it was opened
        for bag_ns, message in camera.decoded(leave_out):
            number, is_afresh = next(numbers), first_ns is None
            stamp_ns = stamp_ns_of(message, bag_ns)
            if last_ns is not None and first_ns is not None and last_bag_ns is not None:
                if last_ns - SECOND_NS < stamp_ns <= last_ns:
                    leave_out(stamp_ns, NOT_AFTER, number)
                    continue
                if stamp_ns <= last_ns:  # the clock was set
                    is_afresh = True
                    first_ns -= last_ns - stamp_ns + max(bag_ns - last_bag_ns, 1)
                elif stamp_ns - last_ns < apart_s * SECOND_NS:
                    continue
            first_ns = stamp_ns if first_ns is None else first_ns
            try:
                image = picture_of(message)
                told_deg = lens.fov_of(bag_ns, image.shape[1], image.shape[0])
            except ImageError as error:
                leave_out(stamp_ns, str(error), number)
                continue
            yield number, (stamp_ns - first_ns) / SECOND_NS, is_afresh, image, told_deg
            last_ns, last_bag_ns = stamp_ns, bag_ns


def image_topic(
    path: Path, sources: Sequence[TopicSource], wanted: str | None = None
) -> TopicSource:
    """Return the topic of one camera: the one that is wanted, else the only one.

    ``camera/image_raw``, in a namespace or not, is taken before others, and of one camera the
    compressed pictures before the raw ones, and these before those by zstd. A topic on which
    nothing came is none.

    Raises:
        CameraError: several cameras, or none.

    """
    cameras: dict[str, TopicSource] = {}  # name -> its topic
    pictures = [one for one in sources if one.msgtype in IMAGE_TYPES]
    for source in filled([one for one in pictures if not one.topic.endswith(DEPTH)]):
        camera = camera_of(source.topic)
        if camera not in cameras or _rank(source.topic) < _rank(cameras[camera].topic):
            cameras[camera] = source
    if wanted is not None:
        cameras = {name: source for name, source in cameras.items() if name == camera_of(wanted)}
    ours = [name for name in cameras if name.endswith(f'/{topics.IMAGE}')]
    found = [cameras[name] for name in ours or cameras]
    if len(found) == 1:
        return found[0]
    if found:
        raise CameraError(
            f'{path}: expected pictures of one camera, found {topics_of(found)}: name one, infer '
            'has --image-topic for it, or record that one alone'
        )
    expected = 'a topic with pictures' if wanted is None else f'pictures on {wanted}'
    raise CameraError(
        f'{path}: expected {expected} ({" or ".join(IMAGE_TYPES)}), found none; it has '
        f'{topics_of(sources)}'
    )


def _rank(topic: str) -> int:
    """Return which of the transports of one camera is taken: the lowest."""
    return 0 if topic.endswith(COMPRESSED) else 2 if topic.endswith(ZSTD) else 1


def recorded_fov_deg(
    path: Path, wanted: str | None, tell: Callable[[str, str], None]
) -> float | None:
    """Return the first field of view that the camera's own camera_info gives; None: it gives none.

    Args:
        path: of the recording.
        wanted: topic of the camera; None: the only one.
        tell: gets the topic and what is wrong, where a camera_info cannot be true.

    Raises:
        CameraError: as :func:`image_topic`.
        EpisodeError: it cannot be read.

    """
    with open_bag(path) as sources:
        camera = image_topic(path, sources, wanted)
        source = camera_info_of(sources, camera)
        name, rectified = source.topic if source else '', is_rectified(camera.topic)
        lens = RecordedLens(source, lambda _at_ns, why: tell(name, why), None, rectified)
    return next(iter(lens.angles_deg), None)
