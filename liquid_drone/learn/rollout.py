# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One training flight, closed loop directly on the simulator, in one process.

The measured loop of an evaluation, with guard and MAVLink, is ``evaluate``'s; this one is for data
and for choosing between checkpoints.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..contract import CommandSpec
from ..episodes.episode import encode_jpeg
from ..episodes.recording import EpisodeInfo, Recording
from ..flight.guard.limits import SIMULATION_LIMITS, ZERO, approach
from ..geometry import euler_from_quaternion, rotate_by_yaw
from .drivers import FRAME_S, Driver

if TYPE_CHECKING:
    from ..sim.expert import Expert
    from ..sim.scenario.scenario import Scenario
    from ..sim.scenario.task import Task
    from ..sim.sensors.camera import SimulatedFrame
    from ..sim.simulator import Simulator, Truth

LOST_M = 15.0  # an episode ends when the target is further away


@dataclass(frozen=True)
class TrainingFlight:
    """One row per frame of what a flight was like; T frames."""

    distance_m: npt.NDArray[np.float64]  # (T,), horizontal
    target_pixels: npt.NDArray[np.int64]  # (T,)
    command_error: npt.NDArray[np.float64]  # (T, 4), executed minus label, shares of the limits
    collision: bool
    speed_m_s: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))  # (T,)
    target_probability: npt.NDArray[np.float64] = field(
        default_factory=lambda: np.zeros(0)
    )  # (T,), 0..1, nan


def fly(
    simulator: 'Simulator',
    expert: 'Expert',
    driver: Driver,
    frames: int,
    recording: Recording | None = None,
    drift_enu_m_s: npt.ArrayLike = (0.0, 0.0, 0.0),
    tick: Callable[[], None] = lambda: None,
) -> TrainingFlight:
    """Fly until ``frames`` are over, something is hit or the target is lost from reach.

    Args:
        simulator: reset, hovering.
        expert: of this simulator; gives the labels.
        driver: gives what is executed.
        frames: at most this many.
        recording: gets every frame, when given.
        drift_enu_m_s: added to the executed velocity, as an autopilot's estimator errs.
        tick: called once a frame, for progress.

    """
    limits = np.array(CommandSpec().limits)
    expert.reset()
    simulator.release_target()
    rows: list[tuple[float, int, Any, float, float]] = []
    executed = np.zeros(4, dtype=np.float32)
    flown, slope = ZERO, ZERO  # what the guard makes of the commands
    for _ in range(frames):
        truth, frame, label = simulator.truth(), simulator.capture(), expert.command()
        distance_m = horizontal_distance_m(truth)
        if truth.collision or distance_m > LOST_M:
            break
        if frame.fresh:
            executed = driver.command(frame.image, frame.stamp_ns * 1e-9, label)
        speed = float(np.linalg.norm(truth.velocity_enu))
        error = (executed - label) / limits
        rows.append((distance_m, frame.target_pixels, error, speed, driver.target_probability))
        if recording is not None and frame.fresh:
            _record(recording, truth, frame, label, executed)
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        vx, vy, vz, turn = (float(value) for value in executed)
        flown, slope = approach(flown, slope, (vx, vy, vz, turn), SIMULATION_LIMITS, FRAME_S)
        velocity_enu = rotate_by_yaw(flown[:3], yaw_rad) + np.asarray(drift_enu_m_s)
        simulator.advance(velocity_enu, flown[3])
        tick()
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    return TrainingFlight(
        np.array(columns[0], dtype=np.float64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2], dtype=np.float64).reshape(-1, 4),
        bool(simulator.truth().collision),
        np.array(columns[3], dtype=np.float64),
        np.array(columns[4], dtype=np.float64),
    )


def horizontal_distance_m(truth: 'Truth') -> float:
    """Return the horizontal distance from the drone to the target."""
    return float(np.linalg.norm((truth.target_position_enu - truth.position_enu)[:2]))


def new_recording(
    simulator: 'Simulator', scenario: 'Scenario', seed: int, pilot: str
) -> Recording:
    """Return an empty recording of the flight that is about to begin."""
    place = scenario.world.name, scenario.season.name, scenario.target.name
    obstacles = tuple((float(x), float(y), float(r)) for x, y, r in simulator.obstacles)
    identity = '/'.join([*place, str(seed), pilot])
    info = EpisodeInfo(identity, *place, seed, pilot, camera=simulator.camera, obstacles=obstacles)
    return Recording(info)


def failure_of(flight: TrainingFlight, task: 'Task', frame_s: float) -> str:
    """Say why a flight fails: collision, lost, distance, speed or view; empty if it does not."""
    frames = round(task.duration_s / frame_s)
    if flight.collision:
        return 'collision'
    if len(flight.distance_m) < frames:
        return 'lost'
    settle = round(task.settle_s / frame_s)
    settled = flight.distance_m[settle:]
    if settled.min() < task.min_distance_m or settled.max() > task.max_distance_m:
        return 'distance'
    if task.max_speed_m_s is not None and flight.speed_m_s[settle:].max() > task.max_speed_m_s:
        return 'speed'
    in_view = float(np.mean(flight.target_pixels >= task.min_target_pixels))
    return '' if in_view >= task.min_in_view else 'view'


def _record(
    recording: Recording, truth: 'Truth', frame: 'SimulatedFrame', label: Any, executed: Any
) -> None:
    recording.append(
        encode_jpeg(frame.image),
        stamp_ns=frame.stamp_ns,
        label=np.array(label, dtype=np.float64),
        executed=np.array(executed, dtype=np.float64),
        position_enu=truth.position_enu,
        velocity_enu=truth.velocity_enu,
        quaternion_xyzw=truth.quaternion_xyzw,
        target_position_enu=truth.target_position_enu,
        target_mask=(frame.target_bearing, frame.target_elevation, frame.target_pixels),
    )
