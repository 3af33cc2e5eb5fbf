# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures on disk: one file for each drawn world, made once; what is there is not made again."""

import math
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...arrays import Image
from ...contract import CameraSpec
from ...errors import EpisodeError, SimulationError
from ...evaluate.scenario_identity import scenario_identity
from ...files import sha256_of, written
from ...image import reduced
from ...npz import read_npz
from ...schema import plain
from ...seeds import split_seeds
from ...sim.flight_spec import FlightSpec
from ...sim.identity import digest
from ...sim.render.selection import OPENGL, choose
from ...sim.scenario.scenario import Scenario, scenario_of
from ...sim.world.layout import Layout, draw_air, make_layout
from ...streams import Stream, stream
from ...workers.executor import Executor
from ..augmentation.config import identity_of
from .backgrounds import place_files, read_places
from .camera_chain import developed
from .composition import compose
from .config import PictureConfig
from .photographer import CutOuts, LabelledPicture, WorldPictures
from .troupe import Troupe

MOST_BYTES = 4_000_000_000
GOLDEN = 0.618_033_988_75  # its multiples spread evenly over 0..1
PLACES_TRIED = 20  # seeds, until one leaves a free start
FREE_LINE = 8000  # training seeds from here on: flights take those below


Behind = Literal['world', 'photo', 'noise']


@dataclass(frozen=True)
class Shard:
    """Pictures of one world to be made."""

    flight: FlightSpec
    config: PictureConfig
    behind: Behind
    reduce: int
    places: Path | None
    file: Path
    is_target: bool = True  # False: who is shown is what only looks like it


@dataclass(frozen=True)
class Pictures:
    """N pictures, as the network's own first step reduces them."""

    frames: Image  # (N, h, w, 3)
    usual: Image  # (N, h, w, 3), zeros where there is none
    has_usual: npt.NDArray[np.bool_]  # (N,)
    target: npt.NDArray[np.float32]  # (N, 3)
    log_range: npt.NDArray[np.float32]  # (N,), nan: unknown

    def __len__(self) -> int:
        """Return N."""
        return len(self.target)

    def some(self, chosen: npt.NDArray[Any]) -> 'Pictures':
        """Return the pictures of an index or a mask."""
        return Pictures(*(getattr(self, name)[chosen] for name in FIELDS))


FIELDS = ('frames', 'usual', 'has_usual', 'target', 'log_range')


def shards_of(
    flights: list[FlightSpec],
    config: PictureConfig,
    reduce: int,
    places: Path | None,
    folder: Path,
    lookalikes: Collection[str] = (),
) -> list[Shard]:
    """Return the shards of a recipe's pictures: the flights take turns.

    Args:
        flights: where and with whom; their seeds are replaced.
        config: how many pictures, and what they show.
        reduce: as the network's own first step.
        places: folder with photographs, or none.
        folder: where the files are.
        lookalikes: targets of flights that are not to be taken for the target.

    """
    photos = sorted(sha256_of(p) for p in place_files(places)) if places else []
    makers = {flight: made_by(scenario_of(flight)) for flight in dict.fromkeys(flights)}
    asked, shards = identity_of(config), []
    for index, seed in enumerate(_seeds(config)):
        kind = flights[index % len(flights)]
        flight = type(kind)(**{**vars(kind), 'seed': seed})
        behind = _behind(index, config, places is not None)
        made_of = [
            behind,
            makers[kind],
            flight.seed,
            reduce,
            photos,
            asked,
        ]
        is_target = flight.target not in lookalikes
        file = folder / f'{digest(made_of if is_target else [*made_of, False])[:20]}.npz'
        shards.append(Shard(flight, config, behind, reduce, places, file, is_target))
    return shards


def _seeds(config: PictureConfig) -> range:
    return split_seeds('train', config.drawn_worlds, FREE_LINE) if config.count else range(0)


def made_by(scenario: Scenario) -> list[Any]:
    """Return what makes the pictures of a scenario: those who stand in them, too."""
    target = scenario.target
    return [scenario_identity(scenario), plain(target.person), plain(target.counterexamples)]


def _behind(index: int, config: PictureConfig, has_photos: bool) -> Behind:
    """Return what is behind the people of a shard: evenly by the shares."""
    share = (index * GOLDEN) % 1.0
    photo = config.photo_share if has_photos else 0.0
    if share < photo:
        return 'photo'
    return 'noise' if share < photo + config.noise_share else 'world'


def make_shards(
    shards: list[Shard], executor: Executor, done: Callable[[int], None] = lambda count: None
) -> Pictures:
    """Make what is not there yet; return all pictures."""
    missing = [shard for shard in shards if not shard.file.is_file()]
    done(len(shards) - len(missing))
    for _ in executor.results(make_shard, missing):
        done(1)
    return joined([read_shard(shard.file) for shard in shards])


def make_shard(shard: Shard) -> None:
    """Take the pictures of one world and write them."""
    if choose('auto') is not OPENGL:
        raise EpisodeError(
            'training pictures need OpenGL, which cannot be had: see liquid-drone doctor'
        )
    rng = stream(shard.flight.seed, Stream.TRAINING_PICTURES)
    scenario, camera = scenario_of(shard.flight), CameraSpec()
    troupe = Troupe(scenario.target, shard.config.looks, rng)
    by: WorldPictures | CutOuts
    if shard.behind == 'world':
        by = WorldPictures(a_place(scenario, shard.flight.seed), troupe, camera, rng)
    else:
        photos = _photos(shard.places) if shard.behind == 'photo' and shard.places else []
        by = CutOuts(draw_air(scenario.season, rng), troupe, camera, photos, rng)
    try:
        asked = (
            compose(troupe, by.spots(), shard.config, camera, rng)
            for _ in range(shard.config.per_world)
        )
        taken = [by.take(one) for one in asked]
    finally:
        by.close()
    taken = _through_lenses(shard, taken)
    shard.file.parent.mkdir(parents=True, exist_ok=True)
    columns = _columns(taken, shard.reduce, rng)
    if not shard.is_target:
        columns['target'][:], columns['log_range'][:] = 0.0, np.nan
    written(shard.file, lambda path: save_columns(path, columns))


def a_place(scenario: Scenario, seed: int) -> Layout:
    """Return the place of a seed; without a free start that of the first one below which has it.

    Raises:
        SimulationError: none of those that are tried leaves a free start.

    """
    last = max(seed - PLACES_TRIED + 1, 0)
    for tried in range(seed, last, -1):
        try:
            return make_layout(scenario, tried)
        except SimulationError:
            continue
    return make_layout(scenario, last)


@lru_cache(maxsize=1)
def _photos(places: Path) -> list[Image]:
    return read_places(places)  # once in each process


def _through_lenses(shard: Shard, taken: list[LabelledPicture]) -> list[LabelledPicture]:
    """Return the pictures as other lenses see them, in the colours of places; labels follow."""
    config = shard.config
    photos = _photos(shard.places) if shard.places and config.style_share else []
    if not (photos or config.lens):
        return taken
    from ..augmentation.picture import Lenses  # PyTorch, which other pictures do without

    rng = stream(shard.flight.seed, Stream.PICTURE_LENSES)
    rows, columns = taken[0].image.shape[:2]
    lenses = Lenses(config.lens, config.style_share, photos, (rows, columns))
    changed = []
    for one in taken:
        seen = lenses.drawn(rng)
        usual = None if one.usual is None else seen.picture(one.usual)
        target = seen.target(one.target, (rows, columns))
        away = one.log_range if target[0] == 1.0 else math.nan
        changed.append(LabelledPicture(seen.picture(one.image), usual, target, away))
    return changed


def save_columns(path: Path, columns: dict[str, Any]) -> None:
    """Write arrays by name; they are on the disk then."""
    with path.open('wb') as file:
        np.savez(file, **columns)
        file.flush()
        os.fsync(file.fileno())


def _columns(
    taken: list[LabelledPicture], reduce: int, rng: np.random.Generator
) -> dict[str, Any]:
    frames = np.stack([reduced(developed(one.image, rng), reduce) for one in taken])
    empty = np.zeros_like(frames[0])
    usual = [empty if one.usual is None else reduced(one.usual, reduce) for one in taken]
    return {
        'frames': frames,
        'usual': np.stack(usual),
        'has_usual': np.array([one.usual is not None for one in taken]),
        'target': np.array([one.target for one in taken], np.float32),
        'log_range': np.array([one.log_range for one in taken], np.float32),
    }


def read_shard(file: Path) -> Pictures:
    """Read a file of pictures.

    Raises:
        EpisodeError: torn, or something else.

    """
    return Pictures(**read_columns(file, FIELDS))


def read_columns(file: Path, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file of pictures, all as long as each other.

    Raises:
        EpisodeError: torn, or something else.

    """
    data = read_npz(file, MOST_BYTES, EpisodeError)
    if set(data) != set(names) or len({len(column) for column in data.values()}) != 1:
        raise EpisodeError(f'{file}: expected the pictures of one world; delete it')
    return data


def joined(parts: list[Pictures]) -> Pictures:
    """Return the pictures of all parts."""
    return Pictures(*(np.concatenate([getattr(p, name) for p in parts]) for name in FIELDS))
