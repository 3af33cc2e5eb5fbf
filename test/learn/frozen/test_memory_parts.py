# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a part of the memory is worth: trained without it, judged on flights that were held out."""

import json
from dataclasses import replace

import numpy as np
import pytest

from liquid_drone.errors import EpisodeError
from liquid_drone.learn.frozen import memory_parts
from liquid_drone.learn.frozen.memory_parts import (
    AFTER_S,
    FORGOTTEN,
    HELD_OUT,
    PARTS,
    PartResult,
    results_of,
    table,
)
from liquid_drone.learn.frozen.views import FlightViews
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.request import RequestSpec

TRAIN = TrainConfig(
    windows=2, length=8, warmup_steps=1, precision='float32', device='cpu',
    augmentation=Augmentation(flip=False, skip_share=0),
)  # fmt: skip
RECIPE = Recipe(
    'parts',
    network=NetworkConfig(request=RequestSpec(), belief=True, memory=True),
    train=TRAIN,
)


def flight(number: int, frames: int = 50) -> FlightViews:
    """Return a flight whose target is 4 m ahead, and hidden after the first second."""
    rng = np.random.default_rng(number)
    seen = (np.arange(frames) < 20).astype(np.float32)
    here = np.tile(np.float32([1.0, 0.0, 0.0]), (1, frames, 1))
    label = rng.uniform(-0.5, 0.5, (1, frames, 4)).astype(np.float32)
    features = rng.normal(size=(1, frames, 128)).astype(np.float16)
    return FlightViews(
        features, label, np.arange(frames) * 0.05, np.column_stack([seen] * 3), here,
        np.full((frames, 3), np.nan, np.float32), label, np.zeros(frames, np.float32),
    )  # fmt: skip


FLIGHTS = [flight(number) for number in range(2 * HELD_OUT)]


def test_every_part_is_left_out_and_what_is_there_is_not_made_again(tmp_path, monkeypatch):
    encoder, file = Network(RECIPE.network), tmp_path / 'results.jsonl'
    found = results_of(RECIPE, encoder, FLIGHTS, (1, 2), 1, file)
    assert [(one.part, one.seed) for one in found] == [(p, s) for s in (1, 2) for p in PARTS]
    assert all(one.frames[0] == 2 * 20 for one in found)  # two flights are held out
    assert all(one.frames[1] > 0 and one.frames[3] == 0 for one in found)  # 1.5 s hidden, never 4
    assert all(one.median_m[3] is None and one.median_m[1] is not None for one in found)
    lines = file.read_text().splitlines()
    file.write_text('\n'.join([*lines[:-1], lines[-1][:20]]) + '\n')  # the last one is torn
    trained = []
    before = memory_parts._trained

    def counted(recipe, encoder, part, flights, config):
        trained.append((part, config.seed))
        return before(recipe, encoder, part, flights, config)

    monkeypatch.setattr(memory_parts, '_trained', counted)
    again = results_of(RECIPE, encoder, FLIGHTS, (1, 2), 1, file)
    assert trained == [('slow neurons', 2)]
    assert sorted(map(str, again)) == sorted(map(str, found))  # the same seed, the same result
    assert json.loads(file.read_text().splitlines()[-1])['part'] == 'slow neurons'


def test_results_of_other_steps_flights_or_networks_are_made_again(tmp_path):
    """With other ``--steps`` the table was that of before."""
    encoder, file, part = Network(RECIPE.network), tmp_path / 'results.jsonl', ('no velocity',)
    told: list[str] = []
    given = file, told.append, part
    smaller = replace(RECIPE, train=replace(TRAIN, windows=3))
    for recipe, flights, steps in (
        (RECIPE, FLIGHTS, 1), (RECIPE, FLIGHTS, 2), (RECIPE, FLIGHTS[1:], 1), (smaller, FLIGHTS, 1)
    ):  # fmt: skip
        (one,) = results_of(recipe, encoder, flights, (1,), steps, *given)
        assert [one] == results_of(recipe, encoder, flights, (1,), steps, *given)
    assert len(told) == len(file.read_text().splitlines()) == 4
    file.write_text(file.read_text().replace('"of":', '"another":'))  # of an older release
    results_of(RECIPE, encoder, FLIGHTS, (1,), 1, *given)
    assert len(told) == 5


def test_a_part_that_is_left_out_stays_out():
    encoder, config = Network(RECIPE.network), replace(TRAIN, memory_steps=2, steps=2)
    made = {
        part: memory_parts._trained(RECIPE, encoder, part, FLIGHTS[:3], config) for part in PARTS
    }
    assert bool(made['whole'].memory.measure.expected.weight.any())
    assert not made['no expectation'].memory.measure.expected.weight.any()
    assert float(made['no velocity'].memory.log_fade_s) == FORGOTTEN
    assert float(made['whole'].memory.log_fade_s) != FORGOTTEN
    assert made['neurons'].memory is None
    assert made['neurons'].belief is not None
    slow, plain = (made[name].config.core.options for name in ('slow neurons', 'neurons'))
    assert 'time_constants_s' in slow
    assert 'time_constants_s' not in plain
    still = memory_parts._told('no own motion', FLIGHTS[0])
    assert not still.flown.any()
    assert FLIGHTS[0].flown.any()


def test_the_table_compares_seed_by_seed():
    rows = [
        PartResult(part, seed, (0.5, off, None, None), (9, 9, 0, 0))
        for part, offs in (('whole', (1.0, 2.0)), ('neurons', (1.5, 1.9)))
        for seed, off in enumerate(offs)
    ]
    lines = table(rows).splitlines()
    assert len(lines) == 4
    assert all(line.count('|') == len(AFTER_S) + 3 for line in lines)
    assert '1.50 (1.00 to 2.00)' in lines[2]
    assert 'worse' not in lines[2]
    assert '1.70 (1.50 to 1.90), worse in 1 of 2' in lines[3]
    assert lines[3].endswith('| none |')


def test_too_few_flights_are_told():
    with pytest.raises(EpisodeError, match='at least 6 flights, got 2'):
        results_of(RECIPE, Network(RECIPE.network), FLIGHTS[:2], (1,), 1, None)
