# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Learn to reach by reinforcement on a Ray cluster: PPO of RLlib on ``liquid_drone/Reach-v0``.

pip install 'liquid_drone[sim]' 'ray[rllib]' torch     # RLlib chooses the version of Gymnasium
python examples/ppo_rllib.py --rounds 100 --runners 8  # on a cluster's machine: joins it
"""

import argparse
from typing import Any

import gymnasium
import numpy as np
import ray
from gymnasium.wrappers import DtypeObservation, RescaleObservation, ResizeObservation
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

REACH = 'liquid_drone.sim.gym.env:liquid_drone/Reach-v0'


def small(config: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    """Return the environment with pictures of half the camera's size, 0..1."""
    env = ResizeObservation(gymnasium.make(REACH, expert=False, **config), (72, 128))
    return RescaleObservation(DtypeObservation(env, np.float32), np.float32(0), np.float32(1))


def main() -> None:
    """Train, and print the mean return of each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=100, help='updates of the policy')
    parser.add_argument('--runners', type=int, default=2, help='processes with an environment')
    parser.add_argument('--steps', type=int, default=2048, help='environment steps of a round')
    parser.add_argument('--season', default='summer')
    args = parser.parse_args()
    register_env('reach', small)
    filters = [[16, 8, 4], [32, 4, 2], [64, 3, 2]]  # channels, kernel, stride
    algorithm = (
        PPOConfig()
        .environment('reach', env_config={'season': args.season})
        .env_runners(num_env_runners=args.runners, rollout_fragment_length='auto')
        .training(train_batch_size=args.steps, minibatch_size=min(128, args.steps))
        .rl_module(model_config={'conv_filters': filters})
        .build_algo()
    )
    for number in range(args.rounds):
        found = algorithm.train()['env_runners']
        print(f'round {number}: return {found.get("episode_return_mean", float("nan")):.2f}')
    algorithm.stop()
    ray.shutdown()


if __name__ == '__main__':
    main()
