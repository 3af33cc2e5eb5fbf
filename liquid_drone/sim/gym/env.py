# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The tasks as Gymnasium environments: ``liquid_drone/Follow-v0`` and ``liquid_drone/Reach-v0``.

``gymnasium.make('liquid_drone.sim.gym.env:liquid_drone/Follow-v0')`` registers and makes one;
``gymnasium.make_vec`` with ``vectorization_mode='vector_entry_point'`` makes many that share their
renderer. Commands go straight to the velocity controller, without guard or autopilot, and the
drone starts in a hover.
"""

import inspect
import math
import os
from typing import Any

import gymnasium
import numpy as np

from ...arrays import Command, FloatArray, Image
from ...contract import CommandSpec
from ...errors import ConfigError, shown
from ...geometry import euler_from_quaternion, rotate_by_yaw
from ...seeds import SPLITS
from ..expert import Expert
from ..preview.cameras import chase_view
from ..render.picture import RenderedFrame
from ..render.renderer import View
from ..scenario.scenario import Scenario, load_scenario
from ..sensors.camera import Shot, SimulatedFrame
from ..simulator import FRAME_S, Simulator

FOLLOW_ID, REACH_ID = 'liquid_drone/Follow-v0', 'liquid_drone/Reach-v0'
CRASH_REWARD = -10.0
THERE_REWARD = 0.1  # a frame, for Reach: standing where it should
NUMBERS = 'biuf'  # NumPy's kinds of types that real numbers have


class UnknownNameError(ConfigError, TypeError):
    """An argument that the environments do not have, told in Python's words, too.

    Frameworks try arguments (``frameskip`` of Atari's, for TorchRL) and leave out those that a
    TypeError names as unexpected.
    """


class DroneEnv(gymnasium.Env[Image, Command]):
    """What both tasks share; see :class:`FollowEnv` for spaces and ``info``."""

    metadata = {'render_modes': ['rgb_array'], 'render_fps': round(1.0 / FRAME_S)}  # noqa: RUF012
    task = 'follow'

    def __init__(
        self,
        scenario: Scenario | None = None,
        render_mode: str | None = None,
        expert: bool = True,
        max_episode_steps: int | None = None,
        **names: Any,
    ) -> None:
        """Build nothing yet: :meth:`reset` makes the place of a seed.

        Args:
            scenario: what is flown, but for the seed.
            render_mode: ``rgb_array`` for a view from behind the drone, or None.
            expert: put what the expert would do into ``info``.
            max_episode_steps: truncate after so many frames, if the task's time is not over yet
                (``gymnasium.make`` keeps it for its own wrapper; ``make_vec`` hands it on).
            names: without a scenario, what ``sim.scenario.scenario.load_scenario`` takes:
                ``world``, ``season``, ``target``, ``weather``, ``renderer`` ...

        Raises:
            UnknownNameError: an unknown name.
            ConfigError: names beside a scenario, another render mode, no steps.

        """
        if render_mode not in (None, *self.metadata['render_modes']):
            raise ConfigError(f'expected render_mode rgb_array or None, got {shown(render_mode)}')
        if max_episode_steps is not None and max_episode_steps < 1:
            raise ConfigError(f'expected max_episode_steps >= 1, got {max_episode_steps}')
        self.render_mode, self._most_frames = render_mode, max_episode_steps
        self.simulator = Simulator(_scenario(scenario, self.task, names))
        self._expert = Expert(self.simulator) if expert else None
        camera = self.simulator.camera
        self._limits = np.array(CommandSpec().limits)
        self.observation_space = gymnasium.spaces.Box(
            0, 255, (camera.height, camera.width, 3), np.uint8
        )
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float32)
        self._frames, self._distance_m = 0, 0.0
        self._has_begun = self._is_closed = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Image, dict[str, Any]]:
        """Begin in the place of a seed; without one, in one that the generator draws.

        Raises:
            gymnasium.error.ClosedEnvironmentError: after close.
            gymnasium.error.Error: a seed that is none, or options: there are none.

        """
        check_options(options)
        self.begin(seed)
        return self.arrive(self.simulator.capture())

    def step(self, action: Command) -> tuple[Image, float, bool, bool, dict[str, Any]]:
        """Fly one camera frame."""
        self.move(action)
        return self.judge(self.simulator.capture())

    def render(self) -> Any:
        """Return the view from behind the drone, uint8 (270, 480, 3), RGB; None without a mode."""
        self._check_open()
        return chase_view(self.simulator, 480, 270) if self.render_mode == 'rgb_array' else None

    def close(self) -> None:
        """Let go of the simulator; a second time it does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self.simulator.close()

    # the halves of reset and step, before and after the picture is taken

    def begin(self, seed: int | None) -> None:
        """Build the place of a seed, without one that of a training seed; no picture yet."""
        self._check_open()
        seed = plain_seed(seed)
        super().reset(seed=seed)
        place = int(self.np_random.integers(len(SPLITS['train']))) if seed is None else seed
        self.simulator.reset(place)
        self.simulator.release_target()
        if self._expert is not None:
            self._expert.reset()
        self._frames, self._has_begun = 0, True

    def arrive(self, frame: SimulatedFrame) -> tuple[Image, dict[str, Any]]:
        """Return what reset returns, for the first frame."""
        info = self._info(frame)
        self._distance_m = info['distance_m']
        return frame.image.copy(), info  # the camera shows its own again where none comes

    def move(self, action: Command) -> None:
        """Fly until the next frame; no picture yet.

        Raises:
            gymnasium.error.ClosedEnvironmentError: after close.
            gymnasium.error.ResetNeeded: before the first reset, and once an episode is over.
            gymnasium.error.InvalidAction: no numbers, another shape, or not finite.

        """
        self._check_open()
        if not self._has_begun:
            raise gymnasium.error.ResetNeeded(
                'call reset() before the first step(), and after a terminated or truncated one'
            )
        command = np.clip(checked_action(action, (4,)), -1.0, 1.0) * self._limits
        yaw_rad = euler_from_quaternion(self.simulator.truth().quaternion_xyzw)[2]
        self.simulator.advance(rotate_by_yaw(command[:3], yaw_rad), float(command[3]))
        self._frames += 1

    def aim(self) -> tuple[Shot, View] | SimulatedFrame:
        """Return the picture to take now, or the frame where none comes."""
        shot = self.simulator.aim()
        return shot if isinstance(shot, SimulatedFrame) else (shot, self.simulator.view(shot))

    def develop(self, shot: Shot, picture: RenderedFrame) -> SimulatedFrame:
        """Make the camera's frame of a picture that was taken."""
        return self.simulator.develop(shot, picture)

    def judge(self, frame: SimulatedFrame) -> tuple[Image, float, bool, bool, dict[str, Any]]:
        """Return what step returns, for the frame after the move."""
        info = self._info(frame)
        reward = CRASH_REWARD if info['collision'] else self._reward(info)
        self._distance_m = info['distance_m']
        is_over = self._frames * FRAME_S >= self.simulator.scenario.task.duration_s
        is_over = is_over or self._frames == self._most_frames
        self._has_begun = not (info['collision'] or is_over)
        return frame.image.copy(), reward, info['collision'], is_over, info

    def _check_open(self) -> None:
        if self._is_closed:
            raise gymnasium.error.ClosedEnvironmentError(
                'this environment is closed: make another'
            )

    def _reward(self, info: dict[str, Any]) -> float:
        raise NotImplementedError

    def _info(self, frame: SimulatedFrame) -> dict[str, Any]:
        truth, task = self.simulator.truth(), self.simulator.scenario.task
        x, y, _ = (truth.target_position_enu - truth.position_enu).tolist()
        distance_m, velocity = math.hypot(x, y), truth.velocity_enu
        speed_m_s = math.sqrt(velocity @ velocity)
        info = {
            'distance_m': distance_m,
            'speed_m_s': speed_m_s,
            'in_view': frame.target_pixels >= task.min_target_pixels,
            'in_range': task.min_distance_m <= distance_m <= task.max_distance_m,
            'slow': task.max_speed_m_s is None or speed_m_s <= task.max_speed_m_s,
            'collision': truth.collision,
            'stamp_ns': frame.stamp_ns,
            'fresh': frame.fresh,
        }
        if self._expert is not None:
            info['expert'] = (self._expert.command() / self._limits).astype(np.float32)
        return info


def _scenario(scenario: Scenario | None, task: str, names: dict[str, Any]) -> Scenario:
    """Return the scenario given, or the one of the names."""
    known = inspect.signature(load_scenario).parameters
    if unknown := sorted(names.keys() - known):
        words = ', '.join(f'unexpected keyword argument {shown(name)}' for name in unknown)
        raise UnknownNameError(
            f'expected names among {", ".join(known)}; got {shown(", ".join(unknown))} ({words})'
        )
    texts = {k: os.fspath(v) if isinstance(v, os.PathLike) else v for k, v in names.items()}
    if odd := {name: value for name, value in texts.items() if not isinstance(value, str)}:
        raise ConfigError(f'expected names or paths of files as text, got {shown(odd)}')
    if scenario is None:
        return load_scenario(**{'task': task, **texts})
    if not isinstance(scenario, Scenario) or names:
        got = ', '.join([type(scenario).__name__, *names])
        raise ConfigError(
            'expected a Scenario alone, or names (world=..., season=..., see load_scenario); '
            f'got {got}'
        )
    return scenario


def check_options(options: dict[str, Any] | None) -> None:
    """Refuse options of a reset: they would be left out without a word.

    Raises:
        gymnasium.error.Error: there are some.

    """
    if options:
        raise gymnasium.error.Error(
            f'expected no options, got {shown(", ".join(map(str, options)))}: place, weather and '
            'target are arguments of the environment; a vector resets all of its own'
        )


def plain_seed(seed: Any) -> int | None:
    """Return a seed as Gymnasium takes it: NumPy's integers are integers too."""
    return int(seed) if isinstance(seed, np.integer) else seed


def checked_action(action: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return an action as numbers; what is none is refused.

    Raises:
        gymnasium.error.InvalidAction: no numbers, another shape, or not finite.

    """
    try:
        given = np.asarray(action)
        if given.dtype.kind not in NUMBERS:
            raise TypeError(f'{given.dtype} is no type of real numbers')
        values = given.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # torch has the last
        raise gymnasium.error.InvalidAction(
            f'expected real numbers of shape {shape}, got {shown(action)} ({error}); of a '
            'tensor give action.detach().cpu().float().numpy()'
        ) from error
    if values.shape != shape or not np.isfinite(values).all():
        raise gymnasium.error.InvalidAction(
            f'expected finite numbers of shape {shape}, each -1..1; got shape {values.shape}, '
            f'{int((~np.isfinite(values)).sum())} of them not finite'
        )
    return values


class FollowEnv(DroneEnv):
    """Follow a walking target through the trees and keep a polite distance.

    ============  =================================================================================
    Observation   the camera's picture, uint8 (144, 256, 3), RGB, of the vehicle's camera
    Action        float32 (4,), each -1..1: shares of 2 m/s forward, 2 m/s left, 0.8 m/s up and
                  1.2 rad/s counter-clockwise; body FLU, heading-aligned; held for one frame
    Step          one camera frame, 0.05 s; physics runs at 240 Hz
    Reward        1 for a frame with the target in view and 1.5 to 6 m away, else 0; -10 once for
                  a collision. At most 900
    Terminated    a collision
    Truncated     after 45 s
    Start         hovering 2 m high, 5 to 9 m behind the target, which is in view and walks off
    Seed          the place, the walk, light, wind and weather: all of it
    ============  =================================================================================

    Figures are those of ``config/tasks/follow.yaml`` and ``sim/vehicles/x500.yaml``. ``info``:
    ``distance_m`` (horizontal), ``speed_m_s``, ``in_view``, ``in_range``, ``slow``, ``collision``,
    ``stamp_ns`` of the exposure, ``fresh`` (False: the picture is the last one again) and
    ``expert`` (4,), the action of the privileged expert, unless made with ``expert=False``.
    """

    def _reward(self, info: dict[str, Any]) -> float:
        return float(info['in_view'] and info['in_range'])


class ReachEnv(DroneEnv):
    """Fly to a target that stands 8 to 15 m away, past the trees, and stop 2 m before it.

    ============  =================================================================================
    Observation   as :class:`FollowEnv`
    Action        as :class:`FollowEnv`
    Step          as :class:`FollowEnv`
    Reward        metres of |distance - 2 m| gained in the frame, and 0.1 for a frame with the
                  target in view, 1.2 to 2.8 m away, below 0.4 m/s; -10 once for a collision
    Terminated    a collision
    Truncated     after 30 s
    Start         hovering 2 m high, 8 to 15 m from the target, which is in view and stands
    Seed          the place, light, wind and weather: all of it
    ============  =================================================================================

    Figures are those of ``config/tasks/reach.yaml``; ``info`` is that of :class:`FollowEnv`.
    """

    task = 'reach'

    def _reward(self, info: dict[str, Any]) -> float:
        keep_m = self.simulator.scenario.task.keep_distance_m
        gained = abs(self._distance_m - keep_m) - abs(info['distance_m'] - keep_m)
        is_there = info['in_view'] and info['in_range'] and info['slow']
        return float(gained + THERE_REWARD * is_there)


ENVIRONMENTS: dict[str, type[DroneEnv]] = {FOLLOW_ID: FollowEnv, REACH_ID: ReachEnv}


def register() -> None:
    """Tell Gymnasium about both, once."""
    for name, made in ENVIRONMENTS.items():
        if name not in gymnasium.registry:
            gymnasium.register(
                name,
                entry_point=f'{__name__}:{made.__name__}',
                vector_entry_point=f'liquid_drone.sim.gym.vector_env:{made.__name__}s',
            )


register()
