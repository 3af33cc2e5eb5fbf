# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A round's practice: its places, what the encoder told of its flights, and the checkpoint."""

import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from ...errors import ConfigError, SimulationError
from ...files import write_text, written
from ...npz import read_npz
from ...policy.network import Network
from ...sim.scenario.scenario import load_scenario
from ..behaviour_cloning import Report, save_progress
from ..clips import Clip
from ..frozen.memory_training import remembering
from ..frozen.views import FlightViews
from ..losses import command_weights
from ..recipe import Recipe, Workspace
from ..rounds import half_way
from ..scan.stage import some_scan_pictures
from ..work_found import places_digest
from .places import FlatPlace, FlatPlaces, beside_each_other, draw_place, seeds_of
from .practising import practise
from .rehearsal import judged_places, rehearse, sentence
from .told import look_at

LOOKED_AT = 60  # flights at most, evenly over all of a round
PICTURES = 8000  # likewise, of those that a scan learned from
MOST_BYTES = 4_000_000_000  # of the places that are kept


def practise_round(
    recipe: Recipe,
    work: Workspace,
    network: Network,
    clips: list[Clip],
    flights: list[FlightViews],
    checkpoint: Path,
    report: Report,
    note: Callable[[str], None],
) -> Network:
    """Have the core of a round practise, and write the round's checkpoint.

    Its steps are reported behind those of the training before, with what a tick cost. A core
    that was interrupted goes on from where it was.

    Raises:
        ConfigError: of no place that is drawn there is a free start.
        EpisodeError: of no flight it is known where the target is.
        TrainingError: a cost is not finite.

    """
    config = recipe.practice
    places = kept_places(recipe, work.root / 'practice', note)
    looked = clips[:: math.ceil(len(clips) / LOOKED_AT)]
    note(f'practice: what the encoder tells, of {len(looked)} flights')
    frames = look_at(network, looked, some_scan_pictures(recipe, work, PICTURES))
    remembered = [remembering(network, flight) for flight in flights]
    vehicle = load_scenario(recipe.worlds[0]).vehicle

    def reported(step: int, costs: dict[str, float]) -> None:
        report(recipe.train.steps + step, costs)

    weight = command_weights(flights)
    given = remembered, frames, places, vehicle, config, recipe.train, weight, reported
    partial = half_way(checkpoint)
    progress = practise(network, *given, partial)
    practised = progress.average.module
    assert isinstance(practised, Network)
    if config.rehearsed:
        judged = judged_places(recipe.practised_in, config.rehearsed)
        found = rehearse(practised, frames, judged, vehicle, recipe.train.seed)
        note(sentence(found))
        told = {kind: one._asdict() for kind, one in found.items()}
        write_text(checkpoint.with_suffix('.flat-world.json'), json.dumps(told, indent=1) + '\n')
    save_progress(progress, progress.step, checkpoint)
    partial.unlink(missing_ok=True)
    return practised


def kept_places(recipe: Recipe, folder: Path, note: Callable[[str], None]) -> FlatPlaces:
    """Return the places of a recipe, drawn once and kept.

    Raises:
        ConfigError: of none that is drawn there is a free start.

    """
    kinds = recipe.practised_in
    file = folder / f'places-{places_digest(recipe)[:16]}.npz'
    if file.is_file():
        kept = read_npz(file, MOST_BYTES)
        return FlatPlaces(**{name: torch.from_numpy(rows) for name, rows in kept.items()})
    note(f'practice: {recipe.practice.places} places are drawn')
    drawn: list[FlatPlace] = []
    for number, seed in enumerate(seeds_of(recipe.practice.places)):
        try:
            drawn.append(draw_place(*kinds[number % len(kinds)], seed))
        except SimulationError:
            continue  # no free start: counted below
    if not drawn:
        raise ConfigError(f'{recipe.name}: no place to practise in has a free start')
    if left := recipe.practice.places - len(drawn):
        note(f'practice: {left} places have no free start, and are left out')
    places = beside_each_other(drawn)
    folder.mkdir(parents=True, exist_ok=True)
    written(file, partial(_save, places))
    return places


def _save(places: FlatPlaces, file: Path) -> None:
    with file.open('wb') as into:
        np.savez(into, **{name: rows.numpy() for name, rows in vars(places).items()})
