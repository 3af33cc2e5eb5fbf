# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The follow task as a Gymnasium environment, ``liquid_drone/Follow-v0``.

Register it by importing this module, then ``gymnasium.make('liquid_drone/Follow-v0')``. Commands
go straight to the velocity controller, without guard or autopilot. The drone starts in a hover.
"""

from typing import Any

import gymnasium
import numpy as np

from ..contract import Command, CommandSpec, Image
from ..geometry import euler_from_quaternion, rotate_by_yaw
from .camera import CameraFrame
from .config import Scenario, load_scenario
from .expert import Expert
from .simulator import FRAME_S, Simulator

ID = 'liquid_drone/Follow-v0'
LARGEST_SEED = 2**31 - 1


class FollowEnv(gymnasium.Env[Image, Command]):
    """Follow the target and keep clear of the trees.

    Observation: the camera's picture, uint8 (144, 256, 3) RGB.
    Action: float32 (4,), each -1..1: shares of the contract's largest vx, vy, vz and yaw rate,
        body FLU, heading-aligned.
    Reward: for each frame 1 while the target is in view and the distance allowed, else 0; -10 once
    for a collision, which ends the episode. It is cut off at the task's duration.
    ``info``: ``distance_m``, ``in_view``, ``collision``, ``stamp_ns`` and ``expert`` (4,), the
    action of the privileged expert.
    """

    metadata = {'render_modes': ['rgb_array'], 'render_fps': round(1.0 / FRAME_S)}  # noqa: RUF012

    def __init__(self, scenario: Scenario | None = None, render_mode: str | None = None) -> None:
        """Build nothing yet: :meth:`reset` makes the place of a seed."""
        self.render_mode = render_mode
        self._simulator = Simulator(scenario or load_scenario())
        self._expert = Expert(self._simulator)
        camera = self._simulator.camera
        self._limits = np.array(CommandSpec().limits)
        self.observation_space = gymnasium.spaces.Box(
            0, 255, (camera.height, camera.width, 3), np.uint8
        )
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float32)
        self._frames = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Image, dict[str, Any]]:
        """Begin in the place of a seed; without one, in one that the generator draws."""
        super().reset(seed=seed)
        place = int(self.np_random.integers(LARGEST_SEED)) if seed is None else seed
        self._simulator.reset(place)
        self._simulator.release_target()
        self._expert.reset()
        self._frames = 0
        frame = self._simulator.capture()
        return frame.image, self._info(frame)

    def step(self, action: Command) -> tuple[Image, float, bool, bool, dict[str, Any]]:
        """Fly one camera frame."""
        simulator = self._simulator
        command = np.clip(np.asarray(action, dtype=np.float64), -1.0, 1.0) * self._limits
        yaw_rad = euler_from_quaternion(simulator.truth().quaternion_xyzw)[2]
        simulator.advance(rotate_by_yaw(command[:3], yaw_rad), float(command[3]))
        self._frames += 1
        frame = simulator.capture()
        info = self._info(frame)
        task = simulator.scenario.task
        near = task.min_distance_m <= info['distance_m'] <= task.max_distance_m
        reward = -10.0 if info['collision'] else float(info['in_view'] and near)
        is_over = self._frames * FRAME_S >= task.duration_s
        return frame.image, reward, info['collision'], is_over, info

    def render(self) -> Any:
        """Return the view from behind the drone."""
        return self._simulator.chase_view(480, 270) if self.render_mode == 'rgb_array' else None

    def close(self) -> None:
        """Let go of the simulator."""
        self._simulator.close()

    def _info(self, frame: CameraFrame) -> dict[str, Any]:
        truth = self._simulator.truth()
        away = (truth.target_position_enu - truth.position_enu)[:2]
        return {
            'distance_m': float(np.hypot(*away)),
            'in_view': frame.target_pixels >= self._simulator.scenario.task.min_target_pixels,
            'collision': truth.collision,
            'stamp_ns': frame.stamp_ns,
            'expert': (self._expert.command() / self._limits).astype(np.float32),
        }


if ID not in gymnasium.registry:
    gymnasium.register(ID, entry_point=f'{__name__}:{FollowEnv.__name__}')
