# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Learn to follow by reinforcement: PPO of Stable-Baselines3 on ``liquid_drone/Follow-v0``.

pip install 'liquid_drone[sim,rl]'
python examples/ppo.py --steps 1000000 --envs 8
"""

import argparse

from gymnasium.wrappers import ResizeObservation
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

FOLLOW = 'liquid_drone.sim.gym.env:liquid_drone/Follow-v0'


def main() -> None:
    """Train, save and say how well it follows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--steps', type=int, default=1_000_000, help='environment steps')
    parser.add_argument('--envs', type=int, default=8, help='processes with one environment each')
    parser.add_argument('--rollout', type=int, default=256, help='steps between two updates')
    parser.add_argument('--season', default='summer')
    parser.add_argument('--out', default='out/ppo')
    args = parser.parse_args()
    kind = SubprocVecEnv if args.envs > 1 else DummyVecEnv
    names = {'season': args.season}
    envs = make_vec_env(
        FOLLOW,
        args.envs,
        seed=0,
        vec_env_cls=kind,
        env_kwargs=names,
        wrapper_class=ResizeObservation,
        wrapper_kwargs={'shape': (72, 128)},  # half the camera's size: a quarter of the time
    )
    model = PPO('CnnPolicy', envs, n_steps=args.rollout, batch_size=args.rollout, verbose=1)
    model.learn(args.steps)
    model.save(args.out)
    envs.close()


if __name__ == '__main__':
    main()
