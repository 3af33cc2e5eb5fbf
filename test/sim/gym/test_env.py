# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The Gymnasium environments, alone and many at once."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from liquid_drone.errors import ConfigError
from liquid_drone.sim.gym import env
from liquid_drone.sim.gym.env import FollowEnv, ReachEnv
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs
from liquid_drone.sim.gym.vector_env import FollowEnvs, spread
from liquid_drone.sim.render.gl_context import GlContext

SEED = 9_020  # of the training split
NAMES = {'weather': 'late:1,dropped:2'}


@pytest.mark.parametrize('name', [env.FOLLOW_ID, env.REACH_ID])
def test_it_passes_gymnasiums_own_check(name: str) -> None:
    made = gymnasium.make(name, render_mode='rgb_array')
    check_env(made.unwrapped)
    made.close()


def fly(made: env.DroneEnv, frames: int) -> tuple[list[float], dict[str, Any]]:
    """Let the expert fly."""
    _, info = made.reset(seed=SEED)
    rewards = []
    for _ in range(frames):
        _, reward, terminated, truncated, info = made.step(info['expert'])
        rewards.append(reward)
        if terminated or truncated:
            break
    made.close()
    return rewards, info


def test_the_experts_action_earns_reward_for_following() -> None:
    rewards, info = fly(FollowEnv(), 220)
    assert not info['collision']
    assert np.mean(rewards[-50:]) > 0.9


@pytest.mark.slow
def test_the_expert_reaches_the_target_and_the_episode_ends_in_time() -> None:
    rewards, info = fly(ReachEnv(), 700)
    assert len(rewards) == 600
    assert info['in_range']
    assert info['slow']
    assert info['in_view']
    assert sum(rewards) > 6.0  # metres gained, at least


def test_an_unknown_place_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match='forest'):
        FollowEnv(world='moon')


def test_who_needs_no_teacher_gets_none() -> None:
    with_it, without = (FollowEnvs(2, expert=expert, **NAMES) for expert in (True, False))
    infos, fewer = (made.reset(seed=SEED)[1] for made in (with_it, without))
    assert infos.keys() - fewer.keys() == {'expert', '_expert'}
    for made in (with_it, without):
        made.close()


def test_infos_are_joined_as_gymnasium_joins_them() -> None:
    many = FollowEnvs(2, **NAMES)
    _, joined = many.reset(seed=SEED)
    expected: dict[str, Any] = {}
    for i in range(2):
        _, info = many.envs[i].reset(seed=SEED + i)
        expected = many._add_info(expected, info, i)
    many.close()
    assert joined.keys() == expected.keys()
    for key, values in expected.items():
        assert joined[key].dtype == values.dtype
        assert np.array_equal(joined[key], values)


def test_a_vector_gives_what_single_environments_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a graphics card draws: some pictures are in flight while the others fly."""
    monkeypatch.setattr(GlContext.shared(), 'is_software', False)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-0.5, 0.5, (6, 2, 4)).astype(np.float32)
    many = FollowEnvs(2, **NAMES)
    images, infos = many.reset(seed=SEED)
    singles = [FollowEnv(**NAMES) for _ in range(2)]
    for i, one in enumerate(singles):
        image, info = one.reset(seed=SEED + i)
        np.testing.assert_array_equal(image, images[i])
        assert infos['distance_m'][i] == info['distance_m']
    for action in actions:
        images, rewards, crashed, _, infos = many.step(action)
        for i, one in enumerate(singles):
            image, reward, terminated, _, info = one.step(action[i])
            np.testing.assert_array_equal(image, images[i])
            assert (reward, terminated) == (rewards[i], crashed[i])
            assert info['stamp_ns'] == infos['stamp_ns'][i]
            assert info['distance_m'] == infos['distance_m'][i]
    for made in (many, *singles):
        made.close()


def test_an_ended_episode_begins_anew_with_the_next_step() -> None:
    many = FollowEnvs(2)
    many.reset(seed=SEED)
    many.envs[1]._frames = 10_000  # beyond the task's time
    still = np.zeros((2, 4), np.float32)
    _, _, _, over, _ = many.step(still)
    assert over.tolist() == [False, True]
    _, rewards, crashed, over, infos = many.step(still)
    assert rewards[1] == 0.0
    assert not crashed.any()
    assert not over.any()
    stamps = infos['stamp_ns'] - 1_000_000_000
    assert stamps.tolist() == [100_000_000, 0]
    many.close()


def test_processes_give_what_one_process_gives() -> None:
    one, two = FollowEnvs(2), ParallelDroneEnvs(2, processes=2)
    before, _ = one.reset(seed=SEED)
    images, infos = two.reset(seed=SEED)
    np.testing.assert_array_equal(before, images)
    assert infos['distance_m'].shape == (2,)
    action = np.full((2, 4), 0.3, np.float32)
    for _ in range(2):
        expected, found = one.step(action), two.step(action)
        np.testing.assert_array_equal(expected[0], found[0])
        assert expected[1].tolist() == found[1].tolist()
    one.close()
    two.close()


def test_gymnasium_makes_the_vector_by_name() -> None:
    many = gymnasium.make_vec(
        env.REACH_ID, num_envs=2, vectorization_mode='vector_entry_point', season='winter'
    )
    assert many.single_observation_space.shape == (144, 256, 3)
    assert many.action_space.shape == (2, 4)
    assert many.unwrapped.envs[0].simulator.scenario.season.name == 'winter'
    many.close()


def test_one_seed_is_spread_and_a_wrong_number_is_refused() -> None:
    assert spread(5, 3) == [5, 6, 7]
    assert spread(None, 2) == [None, None]
    with pytest.raises(gymnasium.error.Error, match='expected a seed, or 2 of them'):
        spread([1, 2, 3], 2)
