# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The last step of train and retrain: the bundle of the best round, with what is known of it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..learn.recipe import Recipe, Workspace
    from ..learn.validation import Score
    from ..learn.watcher import Watcher
    from ..workers.executor import Executor


def export_best(
    recipe: 'Recipe',
    work: 'Workspace',
    best: 'Score',
    out: Path,
    executor: 'Executor',
    watcher: 'Watcher',
) -> None:
    """Export the best round, count the errors of its target head, write both into its card."""
    from ..evaluate.scoring import wilson
    from ..learn.dagger import frames_of
    from ..learn.export_round import export_round
    from ..learn.target_detection import detection_errors
    from ..policy.card import add_results
    from ..schema import plain

    frames = frames_of(recipe, work, best.round)
    export_round(recipe, work, best.round, out, frames, recipe.name)
    table = {'success': plain(wilson(best.successes, best.flights))}
    flights = recipe.validation.detection_flights
    if flights:
        watcher.begin('target head: validation flights', flights, 'flights')
        counts = detection_errors(recipe, out, flights, executor, lambda: watcher.advance())
        watcher.end(str(counts))
        table['target head'] = str(counts)
    add_results(out, f'validation seeds, task {recipe.task}', table)
