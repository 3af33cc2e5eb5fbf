# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The rounds of a recipe: who flies each one, on which seeds, and where its files lie.

For round r the policy of round r - 2 and the expert take turns (DAgger), since the policy of round
r - 1 is still in training when these flights begin; with ``behind: 1`` they wait for it. For the
rounds that have no such policy yet the expert flies alone. Nothing here flies or trains.
"""

from dataclasses import dataclass
from pathlib import Path

from .. import resources
from ..contract import CommandSpec
from ..seeds import split_seeds
from .drivers import DriverPlan
from .recipe import Recipe, Workspace

SEEDS_PER_ROUND = 400  # training seeds that are set aside for each round


@dataclass(frozen=True)
class Round:
    """One round: new flights, then training on these and on all flights before."""

    index: int
    driver: DriverPlan  # who flies the new episodes
    seeds: range  # of the new episodes
    frames: int  # of a new episode, at most
    episodes: Path  # folder of the new episodes
    checkpoint: Path  # written at the end of the training
    bundle: Path  # exported from the checkpoint


def half_way(checkpoint: Path) -> Path:
    """Return the file that an interrupted practice of a round goes on from."""
    return checkpoint.with_suffix('.practised')


def rounds_of(recipe: Recipe, work: Workspace) -> tuple[Round, ...]:
    """Return all rounds of a recipe, in their order."""
    return tuple(_round(recipe, work, index) for index in range(recipe.dagger.rounds))


def _round(recipe: Recipe, work: Workspace, index: int) -> Round:
    by_expert = index < recipe.dagger.behind
    flights = recipe.collect if by_expert else recipe.dagger
    return Round(
        index,
        driver=_driver(recipe, work, index),
        seeds=_seeds(flights.episodes, index),
        frames=flights.frames,
        episodes=work.episodes(index, by_expert),
        checkpoint=work.checkpoint(index),
        bundle=work.bundle(index),
    )


def _seeds(episodes: int, index: int) -> range:
    return split_seeds('train', episodes, SEEDS_PER_ROUND * index) if episodes else range(0)


def _driver(recipe: Recipe, work: Workspace, index: int) -> DriverPlan:
    disturbance, command = recipe.collect.disturbance, CommandSpec()
    before = index - recipe.dagger.behind  # the newest round that is trained by then
    if before < 0 and recipe.collect.expert_share < 1.0:
        bundle, share = resources.bundle(recipe.flown_bundle), recipe.collect.expert_share
        return DriverPlan('mixed', disturbance, command, bundle, share, recipe.collect.teacher)
    if before < 0:
        return DriverPlan('expert', disturbance, command, teacher=recipe.collect.teacher)
    share = recipe.dagger.expert_share * recipe.dagger.share_decay**before
    bundle, teacher = work.bundle(before), recipe.collect.teacher
    return DriverPlan('mixed', disturbance, command, bundle, share, teacher)
