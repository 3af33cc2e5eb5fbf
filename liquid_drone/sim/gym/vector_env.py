# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many environments at once in one process: each its own place, drawn one behind the other.

Each gives what the single environment gives for the same seed and actions, to the last bit. An
episode that has ended begins anew with the next step, whose action is not used (Gymnasium's
``NEXT_STEP``). On more than one core see ``parallel_env``.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ...arrays import BoolArray, Float32Array, FloatArray, Image, IntArray
from ...errors import ConfigError, shown
from ..render.gl_context import GlContext
from ..render.opengl import PendingPictures, begin
from ..render.renderer import View
from ..sensors.camera import Shot, SimulatedFrame
from ..simulator import FRAME_S
from .env import DroneEnv, FollowEnv, ReachEnv, check_options, checked_action, plain_seed

PARTS = 2  # of the pictures of a step, where a card draws one while the others fly
Seeds = int | Sequence[int | None] | IntArray | None


class DroneEnvs(gymnasium.vector.VectorEnv[Image, Float32Array, Any]):
    """N environments of one class; ``num_envs`` and the names of a scenario."""

    metadata = {  # noqa: RUF012
        'render_modes': ['rgb_array'],
        'render_fps': round(1.0 / FRAME_S),
        'autoreset_mode': AutoresetMode.NEXT_STEP,
    }
    autoreset_mode = AutoresetMode.NEXT_STEP  # where TorchRL looks for it
    kind: type[DroneEnv] = FollowEnv

    def __init__(self, num_envs: int = 1, render_mode: str | None = None, **names: Any) -> None:
        """Build nothing yet.

        Raises:
            ConfigError: an unknown name, or no environment.
            SimulationError: no OpenGL here.

        """
        if num_envs < 1:
            raise ConfigError(f'expected num_envs >= 1, got {num_envs}')
        self.num_envs, self.render_mode = num_envs, render_mode
        if names.get('scenario') is None:
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
        check_options(options)
        seeds = spread(seed, self.num_envs)
        frames = self._frames(lambda i: self.envs[i].begin(seeds[i]))
        self._ended[:] = False
        arrivals = [env.arrive(frame) for env, frame in zip(self.envs, frames, strict=True)]
        infos = _joined([info for _, info in arrivals])
        return self._stacked([image for image, _ in arrivals]), infos

    def step(
        self, actions: Float32Array
    ) -> tuple[Image, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Fly one camera frame everywhere; where an episode had ended, begin the next."""
        checked = checked_action(actions, (self.num_envs, 4))
        begins = self._ended.copy()

        def go_on(i: int) -> None:
            if begins[i]:
                self.envs[i].begin(None)
            else:
                self.envs[i].move(checked[i])

        frames = self._frames(go_on)
        images: list[Image] = []
        rewards, infos = np.zeros(self.num_envs), list[dict[str, Any]]()
        crashed, over = np.zeros_like(begins), np.zeros_like(begins)
        for i, (env, frame) in enumerate(zip(self.envs, frames, strict=True)):
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

    def _frames(self, go_on: Callable[[int], None]) -> list[SimulatedFrame]:
        """Let each environment go on, and take the pictures: while a card draws, others fly."""
        parts = min(self._parts(), self.num_envs)
        ends = [self.num_envs * k // parts for k in range(parts + 1)]
        taken: list[_Taken] = []
        for first, end in itertools.pairwise(ends):
            for i in range(first, end):
                go_on(i)
            taken.append(_take(self.envs[first:end]))
        return [frame for each in taken for frame in each.frames()]

    @staticmethod
    def _parts() -> int:
        """Return in how many parts pictures are taken: Mesa draws with the cores that fly."""
        return 1 if GlContext.shared().is_software else PARTS


@dataclass(frozen=True)
class _Taken:
    """Pictures of some environments that are being drawn."""

    envs: Sequence[DroneEnv]
    aims: list[tuple[Shot, View] | SimulatedFrame]
    pending: PendingPictures | None  # None: nobody's frame comes at this moment

    def frames(self) -> list[SimulatedFrame]:
        """Wait for the pictures and make the frames of them."""
        pictures = iter(self.pending.wait() if self.pending else ())
        return [
            aim if isinstance(aim, SimulatedFrame) else env.develop(aim[0], next(pictures))
            for env, aim in zip(self.envs, self.aims, strict=True)
        ]


def _take(envs: Sequence[DroneEnv]) -> _Taken:
    """Let the pictures of this moment be drawn, all in one go."""
    aims = [env.aim() for env in envs]
    views = [aim[1] for aim in aims if not isinstance(aim, SimulatedFrame)]
    return _Taken(envs, aims, begin(views) if views else None)


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
    """Return a seed for each of ``count`` environments, as Gymnasium's own vectors do.

    Raises:
        gymnasium.error.Error: neither one seed nor as many.

    """
    if isinstance(seed, np.ndarray) and seed.ndim != 1:
        seed = seed.tolist()
    if seed is None:
        return [None] * count
    if isinstance(seed, int | np.integer):
        return [int(seed) + i for i in range(count)]
    if not isinstance(seed, Sequence | np.ndarray) or len(seed) != count:
        raise gymnasium.error.Error(f'expected a seed, or {count} of them; got {shown(seed)}')
    return [plain_seed(each) for each in seed]
