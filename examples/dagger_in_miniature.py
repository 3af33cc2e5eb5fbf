# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""DAgger in miniature: least squares instead of a network, one place instead of hundreds.

The policy flies, the expert labels what the policy met, the policy is fitted to all of it anew.

pip install 'liquid_drone[sim]'
python examples/dagger_in_miniature.py
"""

import cv2
import gymnasium
import numpy as np

FOLLOW = 'liquid_drone.sim.gym.env:liquid_drone/Follow-v0'


def features(image: np.ndarray) -> np.ndarray:
    """Return a picture as 1,729 numbers: 32 x 18 pixels, three colours, and a constant."""
    return np.append(cv2.resize(image, (32, 18), interpolation=cv2.INTER_AREA) / 255.0, 1.0)


def main(rounds: int = 5, frames: int = 200) -> list[float]:
    """Train and fly; return of each round how long the target was in view, a share."""
    env, seen, labels, shares = gymnasium.make(FOLLOW), [], [], []
    weights = None  # (1729, 4)
    for index in range(rounds):
        image, info = env.reset(seed=7)
        in_view = 0
        for _ in range(frames):
            seen.append(features(image))
            labels.append(info['expert'])
            action = labels[-1] if weights is None else seen[-1] @ weights
            image, _, crashed, _, info = env.step(np.clip(action, -1.0, 1.0).astype(np.float32))
            in_view += info['in_view'] and not crashed
            if crashed:
                break
        x, y = np.array(seen), np.array(labels)  # (N, 1729), (N, 4)
        weights = x.T @ np.linalg.solve(x @ x.T + np.eye(len(x)), y)  # ridge regression
        shares.append(in_view / frames)
        print(f'round {index}, {"policy" if index else "expert"}: in view {shares[-1]:.0%}')
    env.close()
    return shares


if __name__ == '__main__':
    main()
