# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a program of others hands to the environments: taken as meant, or refused by a sentence."""

import copy
import multiprocessing
import shutil
from collections import namedtuple
from multiprocessing import connection
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.errors import ConfigError, SimulationError
from liquid_drone.sim.gym import parallel_env
from liquid_drone.sim.gym.env import FOLLOW_ID, FollowEnv, check_options
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs
from liquid_drone.sim.gym.vector_env import FollowEnvs, spread
from liquid_drone.sim.scenario.scenario import load_scenario

INTEGERS = (int, np.int32, np.int64, np.uint32, np.uint64)
STILL = np.zeros(4, np.float32)


@given(st.sampled_from(INTEGERS), st.integers(0, 2**31 - 100), st.integers(1, 8))
def test_any_integer_is_a_seed(kind: Any, seed: int, count: int) -> None:
    """One drawn by NumPy was a TypeError."""
    expected = [seed + i for i in range(count)]
    for given_seeds in (kind(seed), np.array(expected, kind), [kind(each) for each in expected]):
        got = spread(given_seeds, count)
        assert got == expected
        assert all(type(each) is int for each in got)


NO_SEEDS = [1.5, {}, {0: 1, 1: 2}, [1], [1, 2, 3], np.zeros((2, 2), int), np.array(1.5), '1']


@pytest.mark.parametrize('seed', NO_SEEDS, ids=repr)
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    """Some were a TypeError or ValueError from inside, and a table of two one seed each."""
    with pytest.raises(gymnasium.error.Error, match=r'expected a seed, or 2 of them|integer'):
        FollowEnvs(2, expert=False).reset(seed=seed)


@given(st.sets(st.sampled_from(['frameskip', 'obs_type', 'continuous', 'headless']), min_size=1))
def test_a_framework_finds_out_which_arguments_there_are(names: set[str]) -> None:
    """TorchRL's GymEnv gives ``frameskip`` and takes it back for a TypeError alone."""
    for make in (FollowEnv, FollowEnvs):
        with pytest.raises(TypeError) as told:
            make(**dict.fromkeys(names, 1))
        for name in names:
            assert f"unexpected keyword argument '{name}'" in str(told.value)


def test_a_seed_of_numpy_is_the_place_of_the_same_number() -> None:
    env = FollowEnv(expert=False)
    pictures = [env.reset(seed=seed)[0] for seed in (3, np.int64(3))]
    np.testing.assert_array_equal(*pictures)
    env.close()


@given(st.dictionaries(st.text(max_size=300), st.integers(), min_size=1))
def test_options_are_refused(options: dict[str, int]) -> None:
    """``reset_mask`` reset all without a word, ``{'season': 'winter'}`` nothing."""
    check_options({})
    check_options(None)
    with pytest.raises(gymnasium.error.Error, match='expected no options'):
        check_options(options)


BAD: list[tuple[str, dict[str, Any]]] = [
    ('rgb_array', {'render_mode': 'human'}),
    ('rgb_array', {'render_mode': 'rgb'}),
    ('max_episode_steps >= 1', {'max_episode_steps': 0}),
    ("got 'wrld'", {'wrld': 'forest'}),
    ("got 'st, wrld'", {'wrld': 'forest', 'st': 1}),
    ('got str', {'scenario': 'forest'}),
    ('got Scenario, season', {'scenario': load_scenario(), 'season': 'winter'}),
]


@pytest.mark.parametrize(('expected', 'arguments'), BAD, ids=str)
def test_wrong_arguments_are_refused(expected: str, arguments: dict[str, Any]) -> None:
    for make in (FollowEnv, FollowEnvs, lambda **names: ParallelDroneEnvs(2, **names)):
        with pytest.raises(ConfigError, match=expected):
            make(**arguments)


@pytest.mark.parametrize('count', [0, -1])
def test_no_environment_is_refused(count: int) -> None:
    for make in (FollowEnvs, ParallelDroneEnvs):
        with pytest.raises(ConfigError, match='num_envs'):
            make(count)


def test_a_world_that_was_built_is_not_copied() -> None:
    env = FollowEnv(expert=False)
    copy.deepcopy(env).close()
    env.reset(seed=1)
    with pytest.raises(TypeError, match='copy it before'):
        copy.deepcopy(env)
    env.close()


def test_nothing_goes_on_behind_the_end() -> None:
    """Steps behind a collision cost ten points each; a picture behind close was a traceback."""
    env = FollowEnv(expert=False, max_episode_steps=2, render_mode='rgb_array')
    for _ in range(2):
        env.reset(seed=1)
        ends = [env.step(STILL)[3] for _ in range(2)]
        assert ends == [False, True]
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(STILL)
        assert env.render().shape == (270, 480, 3)
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.render()


def test_a_vector_by_name_takes_the_number_of_steps() -> None:
    many = gymnasium.make_vec(FOLLOW_ID, 2, max_episode_steps=2, expert=False)
    many.reset(seed=1)
    ends = [many.step(np.stack([STILL] * 2))[3].tolist() for _ in range(4)]
    assert ends == [[False] * 2, [True] * 2, [False] * 2, [False] * 2]
    many.close()


def test_an_error_in_a_process_is_that_of_one_environment() -> None:
    """It ended the process, and every call behind it failed."""
    many = ParallelDroneEnvs(2, expert=False, render_mode='rgb_array')
    actions = np.stack([STILL] * 2)
    with pytest.raises(gymnasium.error.ResetNeeded):
        many.step(actions)
    with pytest.raises(gymnasium.error.Error, match='greater or equal to zero'):
        many.reset(seed=[1, -5])
    many.reset(seed=1)
    many.step(actions)
    assert [view.shape for view in many.render()] == [(270, 480, 3)] * 2
    many.close()
    for call in (many.reset, many.render, lambda: many.step(actions)):
        with pytest.raises(gymnasium.error.ClosedEnvironmentError):
            call()


Usage = namedtuple('Usage', 'total used free')


@pytest.mark.parametrize('free', [0, 1000, 2 * 144 * 256 * 3 - 1])
def test_too_little_shared_memory_is_named(free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container has 64 MB; what does not fit ends a process by SIGBUS, without a word."""
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: Usage(free, 0, free))
    with pytest.raises(SimulationError, match='shm-size'):
        ParallelDroneEnvs(2, expert=False)
    assert not multiprocessing.active_children()


def test_no_shared_memory_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise FileNotFoundError(2, 'No such file or directory')

    monkeypatch.setattr(parallel_env, 'SharedMemory', refuse)
    with pytest.raises(SimulationError, match='shared memory'):
        ParallelDroneEnvs(2, expert=False)


class StoppedError(Exception):
    """What a program raises while it waits, as Ctrl-C does."""


@pytest.mark.parametrize('stopped', ['no answer in time', 'while it waits'])
def test_a_step_that_was_given_up_leaves_no_answer_for_the_next(
    stopped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each later step had the rewards and infos of the one before it, without a word."""

    def stop(*_: Any) -> bool:
        raise StoppedError

    def in_vain(*_: Any) -> bool:
        return False

    many, one = ParallelDroneEnvs(2, expert=False), FollowEnvs(2, expert=False)
    actions = [np.full((2, 4), value, np.float32) for value in (0.5, -0.25, 1.0)]
    many.reset(seed=7)
    one.reset(seed=7)
    with monkeypatch.context() as patch:
        waits = stop if stopped == 'while it waits' else in_vain
        patch.setattr(connection.Connection, 'poll', waits)
        with pytest.raises((StoppedError, SimulationError)):
            many.step(actions[0])
    one.step(actions[0])
    for action in actions[1:]:
        got, expected = many.step(action), one.step(action)
        assert np.array_equal(got[0], expected[0])
        assert np.array_equal(got[1], expected[1])
        assert np.array_equal(got[4]['stamp_ns'], expected[4]['stamp_ns'])
    many.close()
    one.close()


@pytest.mark.parametrize('kind', ['world', 'season', 'target', 'task', 'vehicle'])
def test_a_file_may_be_named_by_a_path_object(kind: str, tmp_path: Path) -> None:
    """It was an AttributeError from deep inside."""
    folder = 'config/tasks' if kind == 'task' else f'sim/{kind}s'
    usual = {'world': 'forest', 'season': 'winter', 'target': 'dog', 'task': 'follow'}
    path = tmp_path / 'mine.yaml'
    shutil.copyfile(resources.named_file(folder, usual.get(kind, 'x500')), path)
    env = FollowEnv(**{kind: path})
    assert env.simulator.scenario == FollowEnv(**{kind: str(path)}).simulator.scenario
    for odd in (3, None, ['forest'], b'forest'):
        with pytest.raises(ConfigError, match='expected names or paths of files as text'):
            FollowEnv(**{kind: odd})
