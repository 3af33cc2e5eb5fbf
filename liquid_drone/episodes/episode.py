# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes: one flight each, a rosbag2 recording (MCAP) with ``episode.json`` beside it.

Standard message types only, so that Foxglove, RViz and ``ros2 bag play`` open it. An episode is
written aside and renamed when whole, so that a crash leaves no half of one. Nothing here flies or
trains; it needs ``rosbags`` (extra ``record``) and no PyTorch, so that a drone can write episodes.

Topics: ``camera/image_raw/compressed`` (JPEG), ``camera/camera_info``, ``cmd_vel`` (TwistStamped,
what should be done: the label), ``cmd_vel_executed`` (what was done), ``odom``, ``target/pose``
(world) and ``target/mask`` (PointStamped: bearing -1 left..1 right, elevation -1 bottom..1 top,
visible pixels). Of a flight on a drone also ``mavlink/decision`` (DiagnosticArray): what guard and
engage rules made of the frame. There nobody knows where the target is: nan.
"""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import schema
from ..errors import ConfigError, EpisodeError, shown
from ..files import load_json, sha256_of, size_of, write_text
from ..results import EPISODE, replacing
from . import rosbag
from .recording import FORMAT_VERSION, EpisodeInfo, Recording

MANIFEST, BAG = 'episode.json', 'bag'
MOST_BYTES = 4_000_000_000  # of the MCAP file
MOST_MANIFEST_BYTES = 16_000_000


def encode_jpeg(image: npt.NDArray[np.uint8], quality: int = 95) -> bytes:
    """Compress an RGB image (H, W, 3)."""
    import cv2

    done, data = cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise EpisodeError(f'an image of shape {image.shape} cannot be written as JPEG')
    return bytes(data)


def decode_jpeg(data: bytes) -> npt.NDArray[np.uint8]:
    """Return the RGB image (H, W, 3) of JPEG bytes."""
    import cv2

    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise EpisodeError('expected JPEG data, got something that cannot be decoded')
    return np.asarray(image[..., ::-1], dtype=np.uint8)


def save(recording: Recording, directory: Path) -> EpisodeInfo:
    """Write an episode directory, all or nothing; an existing one is replaced.

    Returns:
        The manifest as written, with counts and hash.

    Raises:
        OutputError: it cannot be written, or something else is in its place.

    """
    with replacing(directory, EPISODE) as aside:
        mcap = rosbag.write(recording, aside / BAG)
        counted = {'frames': len(recording.jpegs), 'sha256': sha256_of(mcap)}
        info = EpisodeInfo(**{**vars(recording.info), **counted})
        write_text(aside / MANIFEST, json.dumps(schema.plain(info), indent=1) + '\n')
    return info


def load_info(directory: Path) -> EpisodeInfo:
    """Read the manifest of an episode.

    Raises:
        EpisodeError: no episode there, broken JSON or another format version.

    """
    path = directory / MANIFEST
    try:
        data = load_json(path, MOST_MANIFEST_BYTES)
        version = data.get('format_version') if isinstance(data, dict) else None
        if type(version) is not int or version != FORMAT_VERSION:
            raise EpisodeError(
                f'{path}: expected format_version {FORMAT_VERSION}, got {shown(version)}'
            )
        return schema.build(EpisodeInfo, data, str(path))
    except ConfigError as error:
        raise EpisodeError(f'{directory} is not an episode: {error}') from error


def load(directory: Path, check_hash: bool = True) -> Recording:
    """Read a whole episode.

    Raises:
        EpisodeError: missing, altered or cut short.

    """
    info = load_info(directory)
    mcap = rosbag.storage_file(directory / BAG)
    size_of(mcap, MOST_BYTES, EpisodeError)
    if check_hash and sha256_of(mcap) != info.sha256:
        raise EpisodeError(
            f'{mcap} does not match its manifest: corrupt, or replaced; record it again'
        )
    recording = rosbag.read(directory / BAG, info)
    if len(recording.jpegs) != info.frames:
        raise EpisodeError(
            f'{directory}: expected {info.frames} frames, read {len(recording.jpegs)}'
        )
    return recording


def find_episodes(root: Path) -> list[Path]:
    """Return the finished episode directories in ``root``, by name."""
    found = (path.parent for path in root.glob(f'*/{MANIFEST}'))
    return sorted(path for path in found if not path.name.startswith('.'))
