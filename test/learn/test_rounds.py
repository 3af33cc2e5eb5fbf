# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies which round, on which seeds, into which folder; old names of recipes still load."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.errors import ConfigError
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.recipe import (
    DaggerConfig,
    Recipe,
    TrainConfig,
    ValidationConfig,
    Workspace,
)
from liquid_drone.learn.rounds import rounds_of
from liquid_drone.learn.validation import fly_validation
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.schema import build, plain
from liquid_drone.workers.executor import ThisProcess

WORK = Workspace(Path('work'))


@given(
    rounds=st.integers(1, 12),
    expert=st.integers(0, 60),
    dagger=st.integers(0, 60),
    share=st.floats(0.0, 1.0),
    behind=st.integers(1, 2),
)
def test_no_policy_flies_before_it_is_trained_and_no_seed_is_flown_twice(
    rounds: int, expert: int, dagger: int, share: float, behind: int
) -> None:
    recipe = Recipe(
        'r',
        collect=CollectConfig(episodes=expert),
        dagger=DaggerConfig(rounds, dagger, expert_share=share, share_decay=0.5, behind=behind),
    )
    flown: set[int] = set()
    for one in rounds_of(recipe, WORK):
        trained = rounds_of(recipe, WORK)[: max(one.index - behind + 1, 0)]
        pilots = [earlier.bundle for earlier in trained]
        assert one.driver.bundle == (pilots[-1] if pilots else None)
        assert one.driver.kind == ('mixed' if pilots else 'expert')
        assert one.driver.expert_share == (share * 0.5 ** (one.index - behind) if pilots else 0.0)
        assert len(one.seeds) == (dagger if pilots else expert)
        assert not flown & set(one.seeds)
        flown |= set(one.seeds)
        assert one.episodes.name == f'{"dagger" if pilots else "expert"}-{one.index}'


def test_recipes_with_the_former_names_still_load() -> None:
    old = {'train': {'hint_weight': 0.4}, 'validation': {'sight_flights': 3}}
    recipe = build(Recipe, {'name': 'old', **old}, 'old.yaml')
    assert recipe.train == TrainConfig(auxiliary_weight=0.4)
    assert recipe.validation == ValidationConfig(detection_flights=3)
    assert build(Recipe, plain(recipe), 'new.yaml') == recipe
    with pytest.raises(ConfigError, match="'hint_weight' is the former name of"):
        build(TrainConfig, {'hint_weight': 0.4, 'auxiliary_weight': 0.4}, 'both')


def test_weights_with_the_former_names_still_load() -> None:
    network = Network(NetworkConfig())
    state = network.state_dict()
    old = {name.replace('auxiliary.', 'hints.'): torch.ones_like(x) for name, x in state.items()}
    assert set(old) != set(state)
    network.load_state_dict(old)
    assert (network.auxiliary.weight == 1.0).all()


def test_every_flight_of_a_validation_is_judged_by_its_own_task(tmp_path):
    """Two tasks that take turns: one that nobody can fail, one that nobody can fulfil."""
    plain = resources.named_file('config/tasks', 'follow').read_text()
    lines = {
        'easy': {
            'duration_s': 1.0,
            'settle_s': 0.5,
            'min_distance_m': 0.1,
            'max_distance_m': 40.0,
        },
        'hopeless': {
            'duration_s': 1.5,
            'settle_s': 0.5,
            'min_distance_m': 0.1,
            'max_distance_m': 0.2,
        },
    }
    files = []
    for name, changed in lines.items():
        words = {**yaml.safe_load(plain), 'name': name, **changed}
        files.append(tmp_path / f'{name}.yaml')
        files[-1].write_text(yaml.safe_dump(words))
    recipe = Recipe('two', task=str(files[0]), tasks=(str(files[1]),))
    one = replace(rounds_of(recipe, Workspace(tmp_path))[0], bundle=resources.bundle('follow'))
    frames: list[int] = []
    score = fly_validation(recipe, Workspace(tmp_path), one, 2, ThisProcess(), frames.append)
    assert (score.flights, score.successes, score.failures) == (2, 1, {'too_far': 1})
    assert sorted(frames) == [20, 30]
