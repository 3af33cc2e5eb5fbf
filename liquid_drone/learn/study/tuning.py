# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The rates of every arm, drawn and compared on held-out flights at home, with equal budgets.

Draw k is the same for every arm. A core learns behind the first frozen encoder from all flights
but the last ones and is judged on these; the least loss wins.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from ...errors import ConfigError
from ...files import load_json, sha256_of, write_text
from ...policy.config import WEIGHTS_FILE
from ...policy.network import Network
from ...policy.weights import keep_encoder_of
from ...schema import build, check_ranges, plain
from ...sim.identity import digest
from ...streams import Stream, stream
from ..dagger import clips_of
from ..frozen.core_training import check_labelled, held_out_loss, train_core
from ..frozen.views import FlightViews, open_views
from ..losses import command_weights
from ..recipe import Recipe, TrainConfig, Workspace
from ..work_found import what_trains

SEED = 0  # of the draws and of every training of the tuning
DECIMALS = 3  # significant ones of a drawn rate
OF = 'of'  # of a draw: hash of what its loss was made of


@dataclass(frozen=True)
class TuningConfig:
    """How many draws each arm has, and how long each learns."""

    draws: int = 0  # 0: the recipe's rates
    steps: int = 750
    held_out: int = 16  # flights that the draws are compared on

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        'draws': (0, 1_000), 'steps': (1, 10_000_000), 'held_out': (1, 10_000),
    }  # fmt: skip

    def __post_init__(self) -> None:
        check_ranges(self, self.RANGES)


def draw_rates(number: int) -> dict[str, float]:
    """Return draw k: learning rate, factor of the core's rate, weight decay; log-uniform."""
    rng = stream(SEED, Stream.TUNING, number)
    ranges = {
        'learning_rate': (3e-4, 3e-3),
        'core_rate_factor': (1.0, 10.0),
        'weight_decay': (0.001, 0.1),
    }
    drawn = {}
    for name, (low, high) in ranges.items():
        value = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        drawn[name] = float(f'{value:.{DECIMALS}g}')
    return drawn


def tune(
    arms: dict[str, Recipe],
    tuning: TuningConfig,
    data: Path,
    file: Path,
    say: Callable[[str], None],
) -> dict[str, dict[str, float]]:
    """Return the chosen rates of every arm; what the file has already is not learned again.

    Args:
        arms: recipe of each arm, with the frozen encoder.
        tuning: the budget of each.
        data: work directory with the expert flights: ``episodes``, ``cache`` and ``views``.
        file: all draws with their losses; goes on where it was.
        say: receives a line for each draw.

    Raises:
        ConfigError: the file has other draws, or those of other arms.

    """
    known = _known(file)
    for arm, recipe in arms.items():
        losses, of = known.setdefault(arm, []), _identity(recipe, tuning)
        if any(one.get(OF, of) != of for one in losses):
            raise ConfigError(
                f'{file}: the draws of {arm} are of another network, training or encoder: '
                'choose another --out, or move it aside, and it is made anew'
            )
        if len(losses) >= tuning.draws:
            continue
        flights = _flights(recipe, Workspace(data))
        for number in range(len(losses), tuning.draws):
            loss = _loss(recipe, tuning, flights, number, file)
            losses.append({**draw_rates(number), 'loss': loss, OF: of})
            write_text(file, json.dumps(known, indent=1) + '\n')
            say(f'tuning {arm} {number + 1} of {tuning.draws}: loss {losses[-1]["loss"]:.4f}')
    return {arm: _best(known[arm][: tuning.draws]) for arm in arms}


def _identity(recipe: Recipe, tuning: TuningConfig) -> str:
    """Return the hash of all that makes a loss, but for the draw and the flights."""
    train = what_trains(recipe.train, {*draw_rates(0), 'seed', 'steps'})
    encoder = sha256_of(Path(recipe.frozen.bundle) / WEIGHTS_FILE)
    made_of = [recipe.network, train, recipe.frozen.views, tuning.steps, tuning.held_out, encoder]
    return digest(made_of)


def _best(draws: list[dict[str, Any]]) -> dict[str, float]:
    best = min(draws, key=lambda one: one['loss'])
    return {name: value for name, value in best.items() if name not in ('loss', OF)}


def _known(file: Path) -> dict[str, list[dict[str, Any]]]:
    if not file.exists():
        return {}
    found: Any = load_json(file)
    try:
        for number, one in ((i, one) for draws in found.values() for i, one in enumerate(draws)):
            told = {OF: str(one[OF])} if OF in one else {}  # older files have none
            if one != {**draw_rates(number), 'loss': float(one['loss']), **told}:
                raise ValueError(f'draw {number} is another one')
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise ConfigError(
            f'{file}: expected the draws of a tuning with their losses ({error}): move it aside, '
            'and it is made anew'
        ) from error
    return dict(found)


def _flights(recipe: Recipe, work: Workspace) -> list[FlightViews]:
    network = keep_encoder_of(Network(recipe.network), recipe.frozen.bundle)
    key = sha256_of(Path(recipe.frozen.bundle) / WEIGHTS_FILE)
    clips, views = clips_of(recipe, work, 0), recipe.frozen.views
    return open_views(network, clips, recipe.train, views, work.views, key)


def _loss(
    recipe: Recipe, tuning: TuningConfig, flights: list[FlightViews], number: int, file: Path
) -> float:
    words = {**plain(recipe.train), **draw_rates(number), 'steps': tuning.steps, 'seed': SEED}
    config = build(TrainConfig, words, 'tuning')
    torch.manual_seed(SEED)
    network = Network(replace(recipe, train=config).network)
    learned, held = flights[: -tuning.held_out], flights[-tuning.held_out :]
    check_labelled(held)
    average = train_core(network, learned, config, file.with_suffix('.pt'))
    return round(held_out_loss(average, held, command_weights(learned)), 6)
