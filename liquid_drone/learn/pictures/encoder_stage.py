# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The stage of a recipe that makes pictures and trains the encoder, before the rounds.

The rounds then teach the core alone. Where the target head says "seen" is chosen on pictures that
nothing was trained on, and moved to a probability of 0.5, which is where every consumer looks.
An encoder that is kept (``frozen``) learns from flights and pictures at once instead.
"""

import copy
import dataclasses
import itertools
import math
from collections import Counter
from pathlib import Path

import numpy as np
import torch

from ...errors import ConfigError
from ...files import load_json, write_text, written
from ...policy.network import Network
from ...policy.weights import begin_with, config_of, load_weights_of
from ...sim.flight_spec import FlightSpec
from ...workers.executor import Executor
from ..augmentation.style import style_amplitudes
from ..behaviour_cloning import is_whole, load_weights
from ..clips import Clip
from ..recipe import Recipe, Workspace
from ..watcher import Watcher
from .backgrounds import check_places, read_places
from .beside import PicturesBeside
from .encoder_training import CHUNK, flight_frames, train_encoder
from .operating_point import move_logit
from .shards import Pictures, Shard, joined, make_shards, read_shard, shards_of

KEPT_APART = 0.1  # share of each target's shards that the operating point is chosen on
SPREAD = math.sqrt(2.0)  # its multiples spread evenly over 0..1, whatever takes turns


def with_places(recipe: Recipe, places: Path | None) -> Recipe:
    """Return a recipe whose pictures have photographs of real places behind them.

    Raises:
        ConfigError: the recipe makes no pictures, or no photographs are there.

    """
    if places is None:
        return recipe
    in_style = recipe.train.augmentation.style_share > 0.0 and not recipe.frozen.bundle
    if not recipe.pictures.count and not in_style:
        raise ConfigError(
            f'--places: recipe {recipe.name} makes no pictures: take follow-pictures, or give the '
            "recipe 'start' and 'pictures: {count: ...}', or 'train: {augmentation: {style_share: "
            "...}}'"
        )
    check_places(places)  # before anything is flown or drawn
    pictures = dataclasses.replace(recipe.pictures, places=str(places))
    return dataclasses.replace(recipe, pictures=pictures)


def make_pictures(recipe: Recipe, work: Workspace, executor: Executor, watcher: Watcher) -> None:
    """Make the pictures that are not there yet."""
    shards = shards_of_recipe(recipe, work)
    watcher.begin('pictures', len(shards), 'worlds')
    make_shards(shards, executor, lambda count: watcher.advance(count, count))
    watcher.end()


def shards_of_recipe(recipe: Recipe, work: Workspace) -> list[Shard]:
    """Return the shards of all worlds, seasons and targets, in turn.

    Beside a round's flights, lookalikes are shown as often as a target: they are the pictures
    without it.
    """
    folder, places = work.root / 'pictures', _places_of(recipe)
    reduce = recipe.network.vision.reduce
    if recipe.pictures.beside and not recipe.frozen.bundle:
        flights = _in_turn(recipe)
        return shards_of(flights, recipe.pictures, reduce, places, folder, recipe.lookalikes)
    flights = [
        FlightSpec(world=world, season=season, target=target)
        for target in dict.fromkeys(recipe.targets)
        for season in recipe.seasons
        for world in recipe.worlds
    ]
    return shards_of(flights, recipe.pictures, reduce, places, folder)


def styles_of(recipe: Recipe, size: tuple[int, int]) -> torch.Tensor | None:
    """Return what windows of flights take from photographs of places; None: nothing.

    Args:
        recipe: says whether, and where they are.
        size: rows and columns of the flights' frames.

    """
    places = _places_of(recipe)
    if places is None or recipe.train.augmentation.style_share == 0.0:
        return None
    return style_amplitudes(read_places(places), size)


def _places_of(recipe: Recipe) -> Path | None:
    return Path(recipe.pictures.places) if recipe.pictures.places else None


def _in_turn(recipe: Recipe) -> list[FlightSpec]:
    """Return one flight for each shard: targets and lookalikes take turns, and so do places."""
    shown = (*recipe.targets, *recipe.lookalikes)
    places = [(world, season) for season in recipe.seasons for world in recipe.worlds]
    return [
        FlightSpec(world=world, season=season, target=target)
        for target, (world, season), _ in zip(
            itertools.cycle(shown),
            itertools.cycle(places),
            range(recipe.pictures.drawn_worlds),
            strict=False,
        )
    ]


def pictures_beside(recipe: Recipe, work: Workspace) -> PicturesBeside | None:
    """Return what is learned from beside flights, made before; None: nothing."""
    if not (recipe.pictures.count and recipe.pictures.beside):
        return None
    learned, _ = parted(shards_of_recipe(recipe, work))
    return PicturesBeside(_pictures(learned), recipe.pictures.beside, recipe.train.seed)


def parted(shards: list[Shard]) -> tuple[list[Shard], list[Shard]]:
    """Return what is learned from, and what the operating point is chosen on: some of each target.

    Worlds, seasons and targets take turns; every tenth shard would be those of a few of them.
    """
    learned, apart, numbers = list[Shard](), list[Shard](), Counter[str]()
    for shard in shards:
        share = numbers[shard.flight.target] * SPREAD % 1.0
        (apart if share < KEPT_APART else learned).append(shard)
        numbers[shard.flight.target] += 1
    return learned or apart, apart


def _pictures(shards: list[Shard]) -> Pictures:
    return joined([read_shard(shard.file) for shard in shards])


def keep_encoder(recipe: Recipe, work: Workspace, network: Network) -> str:
    """Choose the operating point of a trained encoder and keep both; return what was said."""
    words = choose_operating_point(recipe, work, network) if recipe.pictures.count else ''
    state = {'weights': network.state_dict(), 'average': network.state_dict(), 'optimiser': {}}
    write_text(work.point, f'{{"operating_point": "{words}"}}\n')
    written(work.encoder, lambda path: torch.save({**state, 'step': 0}, path))  # both are there
    return words


def with_trained_encoder(
    recipe: Recipe, work: Workspace, network: Network, clips: list[Clip], watcher: Watcher
) -> Network:
    """Return the network with its encoder trained, and frozen; the core is the start bundle's."""
    if is_whole(work.encoder) and work.point.is_file():
        load_weights(network, work.encoder)
    else:
        network = _trained(recipe, work, network, clips, watcher)
    network.vision.requires_grad_(False)
    return network


def _trained(
    recipe: Recipe, work: Workspace, network: Network, clips: list[Clip], watcher: Watcher
) -> Network:
    learned, _ = parted(shards_of_recipe(recipe, work))
    teacher = load_weights_of(Network(config_of(recipe.start)), recipe.start).vision.eval()
    begin_with(network, recipe.start)
    config = recipe.pictures
    watcher.begin('encoder', config.steps, 'pictures')
    each = config.pictures + config.frames
    network = train_encoder(
        network, teacher, _pictures(learned), flight_frames(clips), config, recipe.train,
        _partial(work), lambda step, losses: watcher.advance(1, each, **losses),
    )  # fmt: skip
    watcher.end(keep_encoder(recipe, work, network))
    return network


def operating_point_of(work: Workspace) -> str:
    """Return what was said of the operating point when it was chosen."""
    return str(load_json(work.point)['operating_point'])


def choose_operating_point(recipe: Recipe, work: Workspace, network: Network) -> str:
    """Move the logit by the pictures that were kept apart; return what was said."""
    _, apart = parted(shards_of_recipe(recipe, work))
    return set_operating_point(network, _pictures(apart), recipe.pictures.false_alarms)


def set_operating_point(network: Network, pictures: Pictures, false_alarms: float) -> str:
    """Move the logit so that 0.5 has at most these false alarms; return what that sees."""
    logits = logits_of(network, pictures)
    shown, not_shown = pictures.target[:, 0] > 0.5, pictures.target[:, 0] <= 0.5
    without = np.sort(logits[not_shown])
    allowed = int(false_alarms * len(without))
    threshold = float(without[-1 - allowed]) + 1e-3 if len(without) else 0.0
    move_logit(network, threshold)
    seen, wrong = logits[shown] >= threshold, logits[not_shown] >= threshold
    return (
        f'seen in {np.mean(seen) if len(seen) else 0.0:.1%} of {len(seen)} pictures with the '
        f'target and in {np.mean(wrong) if len(wrong) else 0.0:.1%} of {len(wrong)} without'
    )


def logits_of(network: Network, pictures: Pictures) -> np.typing.NDArray[np.float32]:
    """Return the logit (N,) of every picture."""
    vision, found = copy.deepcopy(network.vision).eval(), []
    with torch.no_grad():
        for start in range(0, len(pictures), CHUNK):
            pixels = torch.from_numpy(pictures.frames[start : start + CHUNK]).float()
            found.append(vision.look(pixels.permute(0, 3, 1, 2))[1][:, 0])
    return torch.cat(found).numpy()


def _partial(work: Workspace) -> Path:
    return work.root / 'train' / 'encoder.partial'
