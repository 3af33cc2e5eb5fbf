# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From a round's checkpoint to a bundle that names its origin and can be trained further."""

from pathlib import Path

from ..contract import Training
from ..policy.export import export
from ..policy.network import Network
from .behaviour_cloning import load_weights
from .pictures.encoder_stage import choose_operating_point, operating_point_of
from .pictures.operating_point import told_of
from .recipe import Recipe, Workspace
from .run_manifest import commit


def export_round(
    recipe: Recipe, work: Workspace, index: int, bundle: Path, frames: int, name: str = ''
) -> None:
    """Write the bundle of a round's checkpoint.

    Args:
        recipe: that was trained.
        work: where its checkpoints are.
        index: the round.
        bundle: directory to write.
        frames: how many frames it was trained on, for the card.
        name: of the bundle; the recipe's name and the round when empty.

    Raises:
        ConfigError: the checkpoint is missing or does not fit.
        OutputError: the bundle cannot be written.

    """
    network = load_weights(Network(recipe.network), work.checkpoint(index))
    point = ''
    if recipe.pictures.count:  # where the encoder is not kept, its head went on learning
        kept = recipe.keeps_encoder
        point = operating_point_of(work) if kept else choose_operating_point(recipe, work, network)
    if recipe.frozen.is_moved:
        point = told_of(recipe.frozen.threshold, point)
    training = Training(
        target=', '.join(dict.fromkeys((*recipe.targets, *recipe.recorded))),
        worlds=recipe.worlds,
        seasons=recipe.seasons,
        command=f'liquid-drone train --recipe {recipe.name}',
        commit=commit(),
        frames=frames,
        pictures=recipe.pictures.count,
        operating_point=point,
    )
    export(network, name or f'{recipe.name}-round-{index}', training, bundle, retrainable=True)
