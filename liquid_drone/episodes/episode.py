# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Episodes: one flight each, a rosbag2 recording (MCAP) with ``episode.json`` beside it.

Standard message types only, so that Foxglove, RViz and ``ros2 bag play`` open it. An episode is
written aside and renamed when whole, so that a crash leaves no half of one. Nothing here flies or
trains; it needs ``rosbags`` (extra ``record``) and no PyTorch, so that a drone can write episodes.

Topics: ``camera/image_raw/compressed`` (JPEG), ``camera/camera_info``, ``cmd_vel`` (TwistStamped,
the label: what should be done), ``cmd_vel_executed`` (what was commanded), ``odom``,
``target/pose`` (world) and ``target/mask`` (PointStamped: bearing -1 left..1 right, elevation -1
bottom..1 top, visible pixels). A frame is trained on when it has all of them. A simulated flight
has every frame, and also ``mavlink/setpoint`` (what the guard let pass), ``flight/following`` and
``flight/collision`` (Bool) and ``policy/target_probability`` (Float64). Where something was asked
for it has ``policy/requested`` (Vector3Stamped: distance m, height m, speed m/s; nan: not asked
for). A flight on a drone also
has ``mavlink/decision`` (DiagnosticArray): what guard and engage rules made of the frame. There
the place of the target is unknown: nan.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from .. import schema
from ..errors import ConfigError, EpisodeError, shown
from ..files import load_json, sha256_of, size_of, write_text
from ..outputs.durability import put_in_place
from ..outputs.leftovers import made_aside
from ..results import EPISODE, replacing
from . import rosbag
from .recording import READABLE_VERSIONS, EpisodeInfo, Recording

MANIFEST, BAG = 'episode.json', 'bag'
MOST_BYTES = 4_000_000_000  # of the MCAP file
MOST_MANIFEST_BYTES = 16_000_000


def save(recording: Recording, directory: Path) -> EpisodeInfo:
    """Write an episode directory, all or nothing; an existing one is replaced.

    Returns:
        The manifest as written, with counts and hash.

    Raises:
        OutputError: it cannot be written, or something else is in its place.

    """
    with replacing(directory, EPISODE) as aside:
        mcap = rosbag.write(recording, aside / BAG)
        counted = {'frames': recording.complete_frames(), 'sha256': sha256_of(mcap)}
        info = EpisodeInfo(**{**vars(recording.info), **counted})
        write_text(aside / MANIFEST, json.dumps(schema.plain(info), indent=1) + '\n')
    return info


def move(source: Path, directory: Path) -> None:
    """Move an episode, to another disk too, all or nothing; an existing one is replaced.

    Raises:
        OutputError: as :func:`save`.

    """
    with replacing(directory, EPISODE) as aside:
        shutil.copytree(source, aside, dirs_exist_ok=True)
    shutil.rmtree(source)


def load_info(directory: Path) -> EpisodeInfo:
    """Read the manifest of an episode.

    Raises:
        EpisodeError: no episode there, broken JSON or another format version.

    """
    path = directory / MANIFEST
    try:
        data = load_json(path, MOST_MANIFEST_BYTES)
        version = data.get('format_version') if isinstance(data, dict) else None
        if type(version) is not int or version not in READABLE_VERSIONS:
            known = ' or '.join(map(str, READABLE_VERSIONS))
            raise EpisodeError(
                f'{path}: expected format_version {known}, got {shown(version)}; a newer release '
                'of liquid_drone may have written it'
            )
        return schema.build(EpisodeInfo, data, str(path))
    except ConfigError as error:
        raise EpisodeError(f'{directory} is not an episode: {error}') from error


def load(directory: Path, check_hash: bool = True, every_frame: bool = False) -> Recording:
    """Read an episode: the frames to train on, or with ``every_frame`` all of a simulated flight.

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
    recording = rosbag.read(directory / BAG, info, every_frame)
    complete = recording.complete_frames()
    if complete != info.frames:
        raise EpisodeError(f'{directory}: expected {info.frames} frames, read {complete}')
    return recording


def copy_into(folder: Path, episodes: Iterable[Path]) -> None:
    """Copy episodes into a folder, each flight once, whatever two of them are called.

    One whose name another flight has there gets the beginning of its hash behind it; one that is
    there already is left alone.

    Raises:
        EpisodeError: one cannot be read.

    """
    there = {place.name: load_info(place).sha256 for place in find_episodes(folder)}
    for episode in episodes:
        sha256 = load_info(episode).sha256
        if sha256 in there.values():
            continue
        name = f'{episode.name}-{sha256[:12]}' if episode.name in there else episode.name
        with made_aside(folder / name, is_folder=True) as aside:
            shutil.copytree(episode, aside, dirs_exist_ok=True)
            put_in_place(aside, folder / name)
        there[name] = sha256


def rewrite_info(directory: Path, info: EpisodeInfo) -> None:
    """Replace the manifest of an episode, for facts that its recorder could not know."""
    write_text(directory / MANIFEST, json.dumps(schema.plain(info), indent=1) + '\n')


def find_episodes(root: Path) -> list[Path]:
    """Return the finished episode directories in ``root``, by name; none where it is missing.

    Raises:
        OSError: one of them cannot be looked into: it would be left out.

    """
    places = sorted(root.iterdir()) if root.is_dir() else []
    return [place for place in places if place.name[0] != '.' and (place / MANIFEST).is_file()]
