# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever array a framework hands over is an action as meant, or refused by a sentence."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.sim.gym.env import FollowEnv, checked_action
from liquid_drone.sim.gym.parallel_env import ParallelDroneEnvs
from liquid_drone.sim.gym.vector_env import FollowEnvs

torch = pytest.importorskip('torch')
SHARES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=4, max_size=4)
TAKEN: list[Callable[[list[float]], Any]] = [
    list,
    tuple,
    np.array,
    np.float16,
    lambda shares: np.array(shares, '>f4'),
    lambda shares: [np.float32(share) for share in shares],
    torch.tensor,
    lambda shares: torch.tensor(shares, dtype=torch.float16),
    lambda shares: [torch.tensor(share) for share in shares],
]
REFUSED: list[Callable[[list[float]], Any]] = [
    lambda shares: torch.tensor(shares, requires_grad=True),
    lambda shares: torch.tensor(shares, dtype=torch.bfloat16),
    lambda shares: torch.tensor(shares, device='meta'),  # as one on a graphics card
    lambda shares: np.array(shares, complex),
    lambda shares: [str(share) for share in shares],
    lambda shares: [10**400, *shares[1:]],
    lambda shares: dict(enumerate(shares)),
    lambda shares: [*shares, 0.0],
    lambda shares: [shares],
    lambda _: None,
]


@given(SHARES, st.sampled_from(TAKEN))
def test_numbers_are_taken(shares: list[float], made: Callable[[list[float]], Any]) -> None:
    values = checked_action(made(shares), (4,))
    assert values.dtype == np.float64
    assert values.tolist() == shares


@given(SHARES, st.sampled_from(REFUSED))
def test_all_else_is_refused(shares: list[float], made: Callable[[list[float]], Any]) -> None:
    """Tensors and long numbers were errors of PyTorch and Python, texts and 1j were flown."""
    with pytest.raises(gymnasium.error.InvalidAction, match=r'expected (real|finite) numbers'):
        checked_action(made(shares), (4,))


def test_each_environment_takes_and_refuses_the_same() -> None:
    one, many = FollowEnv(expert=False), FollowEnvs(2, expert=False)
    cores = ParallelDroneEnvs(2, expert=False)
    for env, shape in ((one, (4,)), (many, (2, 4)), (cores, (2, 4))):
        env.reset(seed=1)
        env.step(torch.zeros(shape))
        env.step(np.zeros(shape).tolist())
        with pytest.raises(gymnasium.error.InvalidAction, match='detach'):
            env.step(torch.zeros(shape, requires_grad=True))
        env.step(np.zeros(shape, np.float32))
        env.close()


@pytest.mark.parametrize('weather', ['dropped:3', 'late:4'])
def test_each_picture_is_an_array_of_its_own(weather: str) -> None:
    """Where none came the last one came again: what a wrapper had drawn on it was in both."""
    drawn, plain = (FollowEnv(weather=weather, expert=False) for _ in range(2))
    pictures = [drawn.reset(seed=3)[0], plain.reset(seed=3)[0]]
    again = 0
    for _ in range(30):
        np.testing.assert_array_equal(*pictures)
        pictures[0][:] = 0
        steps = [env.step(np.zeros(4, np.float32)) for env in (drawn, plain)]
        again += not steps[0][4]['fresh']
        pictures = [step[0] for step in steps]
    assert again or weather != 'dropped:3'
    drawn.close()
    plain.close()
