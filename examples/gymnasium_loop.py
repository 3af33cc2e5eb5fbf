# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The Gymnasium loop: reset, step, reward; the expert's action is in ``info``.

pip install 'liquid_drone[sim]'
python examples/gymnasium_loop.py
"""

import gymnasium

FOLLOW = 'liquid_drone.sim.gym.env:liquid_drone/Follow-v0'  # the colon imports what registers it


def main(steps: int = 200) -> dict[str, float]:
    """Fly the same place by chance and by the expert; return both sums of rewards."""
    env = gymnasium.make(FOLLOW, season='autumn')
    env.action_space.seed(7)
    sums = {}
    for name in ('by chance', 'expert'):
        _, info = env.reset(seed=7)  # picture: (144, 256, 3) uint8
        sums[name] = 0.0
        for _ in range(steps):
            action = info['expert'] if name == 'expert' else env.action_space.sample()
            _, reward, terminated, truncated, info = env.step(action)
            sums[name] += float(reward)
            if terminated or truncated:
                break
        print(f'{name}: reward {sums[name]:.1f}, {info["distance_m"]:.1f} m to the target')
    env.close()
    return sums


if __name__ == '__main__':
    main()
