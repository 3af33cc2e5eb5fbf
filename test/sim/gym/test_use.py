# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Gymnasium as people use it: processes however they start, wrong actions, wrong order."""

import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gymnasium
import numpy as np
import pytest

from liquid_drone.errors import SimulationError
from liquid_drone.sim.gym.env import FOLLOW_ID, FollowEnv

ASYNC = """
import sys, warnings
import gymnasium
import liquid_drone.sim.gym.env
warnings.simplefilter('ignore')
def main():
    if sys.argv[1] == 'drawn':
        gymnasium.make('liquid_drone/Follow-v0').reset(seed=1)
    context = {'context': sys.argv[2]}
    envs = gymnasium.make_vec('liquid_drone/Follow-v0', num_envs=2,
                              vectorization_mode='async', vector_kwargs=context)
    images, _ = envs.reset(seed=3)
    print(images.shape)
    envs.close()
if __name__ == '__main__':
    main()
"""


@pytest.mark.slow
@pytest.mark.parametrize('before', ['nothing', 'drawn'])
@pytest.mark.parametrize('start', ['fork', 'forkserver', 'spawn'])
def test_asynchronous_vectors_work_or_say_why_not(before: str, start: str, tmp_path: Any) -> None:
    """It used to wait for ever: OpenGL does not survive a fork."""
    (tmp_path / 'run.py').write_text(ASYNC)
    command = [sys.executable, str(tmp_path / 'run.py'), before, start]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    if (before, start) == ('drawn', 'fork'):
        assert 'OpenGL does not survive a fork' in done.stderr
    else:
        assert '(2, 144, 256, 3)' in done.stdout, done.stderr


def test_an_environment_can_be_pickled_before_it_has_begun() -> None:
    env = pickle.loads(pickle.dumps(FollowEnv()))
    assert env.action_space.shape == (4,)


FRESH = """
import sys, gymnasium
assert not [name for name in sys.modules if name.startswith('liquid_drone')]
print(gymnasium.make('liquid_drone.sim.gym.env:liquid_drone/Reach-v0').spec.id)
print(gymnasium.make('liquid_drone/Follow-v0').spec.id)  # from now on without the module
"""


def test_the_environments_are_found_without_an_import() -> None:
    """Gymnasium 1.0 and later read no entry points: the name says which module registers it."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', FRESH], capture_output=True, text=True, timeout=150
    )
    assert done.stdout.split() == ['liquid_drone/Reach-v0', FOLLOW_ID], done.stderr


@pytest.fixture(scope='module')
def env() -> Any:
    made = FollowEnv(expert=False)
    made.reset(seed=1)
    yield made
    made.close()


@pytest.mark.parametrize(
    'action', [[math.nan] * 4, [0.0] * 3, [[0.0] * 4], [0.0, 0.0, 0.0, math.inf], 'left', None]
)
def test_what_is_no_action_is_gymnasiums_own_error(env: FollowEnv, action: Any) -> None:
    with pytest.raises(gymnasium.error.InvalidAction):
        env.step(action)
    env.step(np.zeros(4, np.float32))  # and it goes on


def in_a_thread(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result(60)


def test_another_thread_is_told_that_it_cannot_draw(env: FollowEnv) -> None:
    """It used to get other pictures, without a word."""
    still, other = np.zeros(4, np.float32), FollowEnv(expert=False)
    for call in (lambda: env.step(still), lambda: env.reset(seed=1), lambda: other.reset(seed=1)):
        with pytest.raises(SimulationError, match='OpenGL draws in one thread alone'):
            in_a_thread(call)
    in_a_thread(other.close)
    first, _ = env.reset(seed=1)
    again, _ = env.reset(seed=1)
    np.testing.assert_array_equal(first, again)  # here it goes on


def test_too_many_actions_are_gymnasiums_own_error() -> None:
    many = gymnasium.make_vec(FOLLOW_ID, num_envs=2, vectorization_mode='vector_entry_point')
    many.reset(seed=1)
    for action in (np.zeros((3, 4)), np.zeros((1, 4)), np.zeros(4), np.full((2, 4), np.nan), 'x'):
        with pytest.raises(gymnasium.error.InvalidAction):
            many.step(action)
    many.step(np.zeros((2, 4), np.float32))
    many.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        many.step(np.zeros((2, 4), np.float32))


def test_calls_in_the_wrong_order_are_gymnasiums_own_errors() -> None:
    env = FollowEnv()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros(4, np.float32))
    env.close()
    env.close()
    for call in (env.reset, lambda: env.step(np.zeros(4, np.float32))):
        with pytest.raises(gymnasium.error.ClosedEnvironmentError):
            call()
