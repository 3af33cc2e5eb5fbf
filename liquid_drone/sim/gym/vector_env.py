# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many environments at once in one process: each its own place, all drawn into one framebuffer.

Each gives what the single environment gives for the same seed and actions: physics to the bit,
pictures but for a few pixels (rounding differs with the place in the framebuffer). An
episode that has ended begins anew with the next step, whose action is not used (Gymnasium's
``NEXT_STEP``). On more than one core see ``parallel_env``.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ...arrays import BoolArray, Float32Array, FloatArray, Image
from ..render.opengl import render
from ..render.renderer import View
from ..sensors.camera import Shot, SimulatedFrame
from ..simulator import FRAME_S
from .env import DroneEnv, FollowEnv, ReachEnv, check_action

Seeds = int | Sequence[int | None] | None


class DroneEnvs(gymnasium.vector.VectorEnv[Image, Float32Array, Any]):
    """N environments of one class; ``num_envs`` and the names of a scenario."""

    metadata = {  # noqa: RUF012
        'render_modes': ['rgb_array'],
        'render_fps': round(1.0 / FRAME_S),
        'autoreset_mode': AutoresetMode.NEXT_STEP,
    }
    kind: type[DroneEnv] = FollowEnv

    def __init__(self, num_envs: int = 1, render_mode: str | None = None, **names: Any) -> None:
        """Build nothing yet.

        Raises:
            ConfigError: an unknown name.
            SimulationError: no OpenGL here.

        """
        self.num_envs, self.render_mode = num_envs, render_mode
        names = {'renderer': 'opengl', **names}
        self.envs = [self.kind(render_mode=render_mode, **names) for _ in range(num_envs)]
        first = self.envs[0]
        self.single_observation_space = first.observation_space
        self.single_action_space = first.action_space
        self.observation_space = batch_space(first.observation_space, num_envs)
        self.action_space = batch_space(first.action_space, num_envs)
        self._ended = np.zeros(num_envs, dtype=np.bool_)
        self.out: Image | None = None  # where pictures are put; None: each time in a new array

    def reset(
        self, *, seed: Seeds = None, options: dict[str, Any] | None = None
    ) -> tuple[Image, dict[str, Any]]:
        """Begin everywhere: the places of N seeds, or of ``seed``, ``seed + 1`` and so on."""
        for env, one in zip(self.envs, spread(seed, self.num_envs), strict=True):
            env.begin(one)
        self._ended[:] = False
        arrivals = [
            env.arrive(frame) for env, frame in zip(self.envs, self._frames(), strict=True)
        ]
        infos = _joined([info for _, info in arrivals])
        return self._stacked([image for image, _ in arrivals]), infos

    def step(
        self, actions: Float32Array
    ) -> tuple[Image, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Fly one camera frame everywhere; where an episode had ended, begin the next."""
        check_action(actions, (self.num_envs, 4))
        begins = self._ended.copy()
        for i, env in enumerate(self.envs):
            if begins[i]:
                env.begin(None)
            else:
                env.move(actions[i])
        images: list[Image] = []
        rewards, infos = np.zeros(self.num_envs), list[dict[str, Any]]()
        crashed, over = np.zeros_like(begins), np.zeros_like(begins)
        for i, (env, frame) in enumerate(zip(self.envs, self._frames(), strict=True)):
            if begins[i]:
                image, info = env.arrive(frame)
            else:
                image, rewards[i], crashed[i], over[i], info = env.judge(frame)
            images.append(image)
            infos.append(info)
        self._ended = crashed | over
        return self._stacked(images), rewards, crashed, over, _joined(infos)

    def render(self) -> tuple[Any, ...]:
        """Return the view from behind each drone."""
        return tuple(env.render() for env in self.envs)

    def close_extras(self, **_: Any) -> None:
        """Let go of the simulators."""
        for env in self.envs:
            env.close()

    def _stacked(self, images: list[Image]) -> Image:
        return np.stack(images, out=self.out)

    def _frames(self) -> list[SimulatedFrame]:
        """Take all pictures of this moment in one go."""
        aims = [env.aim() for env in self.envs]
        shots: list[tuple[int, Shot, View]] = [
            (i, *aim) for i, aim in enumerate(aims) if not isinstance(aim, SimulatedFrame)
        ]
        pictures = render([view for _, _, view in shots]) if shots else []
        developed = {
            i: self.envs[i].develop(shot, picture)
            for (i, shot, _), picture in zip(shots, pictures, strict=True)
        }
        return [
            aim if isinstance(aim, SimulatedFrame) else developed[i] for i, aim in enumerate(aims)
        ]


class FollowEnvs(DroneEnvs):
    """N times :class:`~liquid_drone.sim.gym.env.FollowEnv`."""

    kind = FollowEnv


class ReachEnvs(DroneEnvs):
    """N times :class:`~liquid_drone.sim.gym.env.ReachEnv`."""

    kind = ReachEnv


def _joined(infos: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what ``VectorEnv._add_info`` makes of infos that all have the same keys."""
    joined: dict[str, Any] = {}
    for key in infos[0]:
        joined[key] = np.array([info[key] for info in infos])
        joined[f'_{key}'] = np.ones(len(infos), dtype=np.bool_)
    return joined


def spread(seed: Seeds, count: int) -> list[int | None]:
    """Return a seed for each of ``count`` environments, as Gymnasium's own vectors do."""
    if seed is None:
        return [None] * count
    if isinstance(seed, int):
        return [seed + i for i in range(count)]
    if len(seed) != count:
        raise ValueError(f'expected {count} seeds, got {len(seed)}')
    return list(seed)
