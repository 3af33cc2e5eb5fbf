# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The stage of a recipe that trains a scan alone, before the rounds, on flights and pictures.

The encoder stays as it is. Flights keep away from things; ``frozen: {scan_pictures: ...}`` draws
pictures where they seldom come (``viewpoints.py``), half of what a step learns from.
"""

from dataclasses import replace
from pathlib import Path

from ...arrays import Image
from ...policy.network import Network
from ...sim.flight_spec import FlightSpec
from ...workers.executor import Executor
from ..behaviour_cloning import Beside, Report, Span, train
from ..clips import Clip
from ..recipe import Recipe, TrainConfig, Workspace
from ..watcher import Watcher
from .beside import ScanPicturesBeside
from .shards import ScanShard, make_scan_shards, read_scan_shards, scan_shards

WINDOWS, FRAMES = 64, 2  # of flights, in each step
RATE = 2e-3  # of learning: a small part, on maps that stay as they are


def make_scan_pictures(
    recipe: Recipe, work: Workspace, executor: Executor, watcher: Watcher
) -> None:
    """Make the pictures that are not there yet."""
    shards = shards_of_recipe(recipe, work)
    watcher.begin('scan pictures', len(shards), 'worlds')
    make_scan_shards(shards, executor, lambda count: watcher.advance(count, count))
    watcher.end()


def shards_of_recipe(recipe: Recipe, work: Workspace) -> list[ScanShard]:
    """Return the shards of all tasks, seasons and worlds, in turn."""
    tasks = dict.fromkeys((recipe.task, *recipe.tasks, *recipe.practice.tasks))
    places = [
        FlightSpec(world=world, season=season, target=recipe.targets[0], task=task)
        for season in recipe.seasons
        for task in tasks
        for world in recipe.worlds
    ]
    reduce, folder = recipe.network.vision.reduce, work.root / 'scan-pictures'
    return scan_shards(places, recipe.frozen.scan_pictures, reduce, folder)


def scan_pictures_beside(recipe: Recipe, work: Workspace) -> Beside | None:
    """Return what a scan learns from beside flights, made before; None: nothing."""
    if not recipe.frozen.scan_pictures:
        return None
    pictures = read_scan_shards(shards_of_recipe(recipe, work))
    return ScanPicturesBeside(pictures, WINDOWS * FRAMES, recipe.train.seed).losses


def frames_of_a_step(recipe: Recipe) -> int:
    """Return how many frames and pictures each step of a scan's training looks at."""
    return WINDOWS * FRAMES * (2 if recipe.frozen.scan_pictures else 1)


def some_scan_pictures(recipe: Recipe, work: Workspace, most: int) -> Image | None:
    """Return so many of the pictures at most, (M, h, w, 3), evenly over all worlds; None: none."""
    count = recipe.frozen.scan_pictures
    if not count:
        return None
    return read_scan_shards(shards_of_recipe(recipe, work)[:: -(-count // most)]).frames


def train_scan(
    network: Network,
    clips: list[Clip],
    config: TrainConfig,
    steps: int,
    checkpoint: Path,
    report: Report = lambda step, losses: None,
    beside: Beside | None = None,
) -> None:
    """Train the scan alone, on the maps of an encoder that stays as it is; write a checkpoint.

    By its own labels: the core behind it has learned nothing yet, and what would make its commands
    or its belief right says nothing of what is near. A sight beside it learns from the flights.
    """
    network.requires_grad_(False)
    assert network.vision.scan is not None
    network.vision.scan.requires_grad_(True)
    if network.vision.sight is not None:
        network.vision.sight.requires_grad_(True)
    short = replace(
        config, steps=steps, windows=WINDOWS, length=FRAMES, burn_in=0,
        learning_rate=RATE, command_weight=0.0, belief_weight=0.0,
        target_weight=config.auxiliary_weight,  # of the pictures; the target head stays
    )  # fmt: skip
    average = train(
        network, clips, short, Span(0, steps, steps), checkpoint, report=report, beside=beside
    )
    network.cpu()  # where the core behind it is trained
    network.load_state_dict(average.state_dict())
    network.requires_grad_(True)
