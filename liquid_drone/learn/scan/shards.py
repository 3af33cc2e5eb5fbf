# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures for a scan on disk: one file for each world, made once; what is there is kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...arrays import Image
from ...contract import CameraSpec
from ...errors import EpisodeError
from ...files import written
from ...image import reduced
from ...seeds import split_seeds
from ...sim.flight_spec import FlightSpec
from ...sim.identity import digest
from ...sim.render.selection import OPENGL, choose
from ...sim.scenario.scenario import scenario_of
from ...sim.sensors.image_corruptions import rain
from ...streams import Stream, stream
from ...workers.executor import Executor
from ..pictures.camera_chain import developed
from ..pictures.photographer import WorldPictures
from ..pictures.shards import a_place, made_by, read_columns, save_columns
from ..pictures.troupe import Troupe
from .truth import Upright, nearness_seen
from .viewpoints import Viewpoints

PER_WORLD = 200  # pictures
LOOKS = 4  # different targets in one of them, and as many others
SEEDS_FROM = 6500  # of the training split: flights, practice and other pictures have others
RAIN_SHARE, STREAKS = 0.25, (30, 200)
FORMAT = 1  # of what is drawn: another one makes all files anew
FIELDS = ('frames', 'near')


@dataclass(frozen=True)
class ScanPictures:
    """N pictures, as the network's own first step reduces them."""

    frames: Image  # (N, h, w, 3)
    near: npt.NDArray[np.float32]  # (N, 16), left to right; nan: the picture does not show it

    def __len__(self) -> int:
        """Return N."""
        return len(self.near)


@dataclass(frozen=True)
class ScanShard:
    """Pictures of one world to be made."""

    flight: FlightSpec
    reduce: int
    file: Path


def scan_shards(
    places: list[FlightSpec], count: int, reduce: int, folder: Path
) -> list[ScanShard]:
    """Return the shards of so many pictures: the places take turns.

    Args:
        places: world, season, target and task; their seeds are replaced.
        count: of pictures, at least.
        reduce: as the network's own first step.
        folder: where the files are.

    """
    makers = {place: made_by(scenario_of(place)) for place in dict.fromkeys(places)}
    shards = []
    for index, seed in enumerate(split_seeds('train', -(-count // PER_WORLD), SEEDS_FROM)):
        place = places[index % len(places)]
        name = digest([FORMAT, makers[place], seed, reduce])[:20]
        flight = FlightSpec(**{**vars(place), 'seed': seed})
        shards.append(ScanShard(flight, reduce, folder / f'{name}.npz'))
    return shards


def make_scan_shards(
    shards: list[ScanShard], executor: Executor, done: Callable[[int], None]
) -> None:
    """Make what is not there yet."""
    missing = [shard for shard in shards if not shard.file.is_file()]
    done(len(shards) - len(missing))
    for _ in executor.results(make_scan_shard, missing):
        done(1)


def make_scan_shard(shard: ScanShard) -> None:
    """Take the pictures of one world and write them.

    Raises:
        EpisodeError: without OpenGL.

    """
    if choose('auto') is not OPENGL:
        raise EpisodeError(
            'pictures for a scan need OpenGL, which cannot be had: see liquid-drone doctor'
        )
    rng = stream(shard.flight.seed, Stream.SCAN_PICTURES)
    scenario, spec = scenario_of(shard.flight), CameraSpec()
    layout = a_place(scenario, shard.flight.seed)
    standing, troupe = Upright.of(layout.scenery.solids), Troupe(scenario.target, LOOKS, rng)
    viewpoints = Viewpoints(layout, standing, troupe)
    pictures, frames, near = WorldPictures(layout, troupe, spec, rng), [], []
    try:
        for _ in range(PER_WORLD):
            one = viewpoints.draw(spec, rng)
            image = pictures.shown(one.camera, one.people)
            if rng.random() < RAIN_SHARE:
                image = rain(image, int(rng.integers(*STREAKS)), rng)
            frames.append(reduced(developed(image, rng), shard.reduce))
            at = one.camera.position_enu
            near.append(nearness_seen(standing, at, one.yaw_rad, one.tilt_rad, spec))
    finally:
        pictures.close()
    shard.file.parent.mkdir(parents=True, exist_ok=True)
    columns = {'frames': np.stack(frames), 'near': np.stack(near).astype(np.float32)}
    written(shard.file, lambda path: save_columns(path, columns))


def read_scan_shards(shards: list[ScanShard]) -> ScanPictures:
    """Return the pictures of all files.

    Raises:
        EpisodeError: one is missing, torn, or something else.

    """
    frames, near, first = np.empty(0, np.uint8), np.empty(0, np.float32), 0
    for shard in shards:  # each into its place: joined, they would be there twice
        part = read_columns(shard.file, FIELDS)
        if not first:
            count = PER_WORLD * len(shards)
            frames, near = (np.empty((count, *part[n].shape[1:]), part[n].dtype) for n in FIELDS)
        rows = slice(first, first + PER_WORLD)
        frames[rows], near[rows] = part['frames'], part['near']
        first += PER_WORLD
    return ScanPictures(frames, near)
