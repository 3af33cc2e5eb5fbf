# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The last step of train and retrain: the bundle of the best round, with what is known of it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..learn.dagger import Score, Watcher
    from ..learn.recipe import Recipe, Workspace


def publish(
    recipe: 'Recipe',
    work: 'Workspace',
    best: 'Score',
    out: Path,
    processes: int,
    watcher: 'Watcher',
) -> None:
    """Export the best round, let it watch a few flights, and write both into its card."""
    from ..evaluate.scoring import wilson
    from ..learn.dagger import frames_of
    from ..learn.export_round import export_round
    from ..learn.target_detection import sight_of
    from ..policy.card import add_results
    from ..schema import plain

    frames = frames_of(recipe, work, best.round)
    export_round(recipe, work, best.round, out, frames, recipe.name)
    table = {'success': plain(wilson(best.successes, best.flights))}
    flights = recipe.validation.sight_flights
    if flights:
        watcher.begin('what it sees: validation flights', flights, 'flights')
        sight = sight_of(recipe, out, flights, processes, lambda: watcher.advance())
        watcher.end(str(sight))
        table['target head'] = str(sight)
    add_results(out, f'validation seeds, task {recipe.task}', table)
