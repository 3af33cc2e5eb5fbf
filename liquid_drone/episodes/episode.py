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

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import schema
from ..contract import CameraSpec
from ..errors import ConfigError, EpisodeError

FORMAT_VERSION = 1
MANIFEST, BAG = 'episode.json', 'bag'
FloatArray = npt.NDArray[np.float64]
COLUMNS: dict[str, tuple[int, ...]] = {  # one row per frame; float64 but for the stamp
    'stamp_ns': (),
    'label': (4,),  # command vx, vy, vz m/s, yaw rate rad/s, body FLU heading-aligned
    'executed': (4,),
    'position_enu': (3,),
    'velocity_enu': (3,),
    'quaternion_xyzw': (4,),
    'target_position_enu': (3,),
    'target_mask': (3,),  # bearing, elevation, pixels
}


@dataclass(frozen=True)
class EpisodeInfo:
    """What ``episode.json`` holds; ``id`` replays the episode exactly in the simulator."""

    id: str  # world/season/target/seed/bundle hash or "expert"
    world: str
    season: str
    target: str
    seed: int
    pilot: str  # who steered: "expert", or the bundle hash of a policy
    frames: int = 0
    collision: bool = False
    camera: CameraSpec = field(default_factory=CameraSpec)
    obstacles: tuple[tuple[float, float, float], ...] = ()  # x, y, radius in m
    event: str = ''  # why the flight recorder kept it, such as "taken_over"
    sha256: str = ''  # of the MCAP file
    format_version: int = FORMAT_VERSION


@dataclass
class Recording:
    """Frames being gathered: JPEG bytes and one row of every column each."""

    info: EpisodeInfo
    jpegs: list[bytes] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    decisions: list[dict[str, str]] = field(default_factory=list)  # facts, empty where unknown

    def append(self, jpeg: bytes, decision: Mapping[str, str] | None = None, **row: Any) -> None:
        """Add one frame; ``row`` names every column."""
        for name, values in self.rows.items():
            values.append(row[name])
        self.jpegs.append(jpeg)
        self.decisions.append(dict(decision or {}))

    def column(self, name: str) -> npt.NDArray[Any]:
        """Return a column as an array (T, ...)."""
        kind = np.int64 if name == 'stamp_ns' else np.float64
        return np.array(self.rows[name], dtype=kind).reshape(len(self.jpegs), *COLUMNS[name])


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

    """
    from . import bag

    aside = directory.with_name(f'.{directory.name}.partial')
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    mcap = bag.write(recording, aside / BAG)
    info = EpisodeInfo(
        **{
            **vars(recording.info),
            'frames': len(recording.jpegs),
            'sha256': hashlib.sha256(mcap.read_bytes()).hexdigest(),
        }
    )
    text = json.dumps(schema.plain(info), indent=1)
    (aside / MANIFEST).write_text(text + '\n', encoding='utf-8')
    outdated = directory.with_name(f'.{directory.name}.outdated')
    shutil.rmtree(outdated, ignore_errors=True)
    if directory.exists():
        directory.replace(outdated)
    aside.replace(directory)
    shutil.rmtree(outdated, ignore_errors=True)
    return info


def load_info(directory: Path) -> EpisodeInfo:
    """Read the manifest of an episode.

    Raises:
        EpisodeError: no episode there, broken JSON or another format version.

    """
    path = directory / MANIFEST
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
        version = data.get('format_version') if isinstance(data, dict) else None
        if version != FORMAT_VERSION:
            raise EpisodeError(
                f'{path}: expected format_version {FORMAT_VERSION}, got {version!r}'
            )
        return schema.build(EpisodeInfo, data, str(path))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, ConfigError) as error:
        raise EpisodeError(f'{directory} is not an episode: {error}') from error


def load(directory: Path, check_hash: bool = True) -> Recording:
    """Read a whole episode.

    Raises:
        EpisodeError: missing, altered or cut short.

    """
    from . import bag

    info = load_info(directory)
    mcap = bag.storage_file(directory / BAG)
    if check_hash and hashlib.sha256(mcap.read_bytes()).hexdigest() != info.sha256:
        raise EpisodeError(
            f'{mcap} does not match its manifest: corrupt, or replaced; record it again'
        )
    recording = bag.read(directory / BAG, info)
    if len(recording.jpegs) != info.frames:
        raise EpisodeError(
            f'{directory}: expected {info.frames} frames, read {len(recording.jpegs)}'
        )
    return recording


def find_episodes(root: Path) -> list[Path]:
    """Return the finished episode directories in ``root``, by name."""
    found = (path.parent for path in root.glob(f'*/{MANIFEST}'))
    return sorted(path for path in found if not path.name.startswith('.'))
