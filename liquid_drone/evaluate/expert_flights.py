# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly the expert and log it as a policy's flight is logged: what can be reached at best.

Its commands go through the guard's limits straight to the velocity controller, from a hover. It
needs no picture, so one is taken every few frames, to see by the same mask as ever whether the
target is in view; in between the last answer holds.
"""

import numpy as np

from ..flight.guard.limits import SIMULATION_LIMITS, ZERO, approach
from ..geometry import euler_from_quaternion, rotate_by_yaw
from ..sim.expert import Expert
from ..sim.flight_log import FlightLog
from ..sim.scenario.scenario import Scenario
from ..sim.sensors.camera import SimulatedFrame
from ..sim.simulator import FRAME_S, Simulator, Truth

LOOK_EVERY = 10  # frames: two looks a second
NAME = 'expert'


def fly(scenario: Scenario, seed: int, look_every: int = LOOK_EVERY) -> FlightLog:
    """Fly one seed for the task's duration and return its log, without pictures.

    Args:
        scenario: what is flown.
        seed: the place.
        look_every: frames between two looks for the target.

    """
    simulator = Simulator(scenario)
    try:
        simulator.reset(seed)
        return _fly(simulator, seed, look_every)
    finally:
        simulator.close()


def _fly(simulator: Simulator, seed: int, look_every: int) -> FlightLog:
    expert, scenario = Expert(simulator), simulator.scenario
    log = FlightLog({'seed': seed, 'through': NAME}, simulator.obstacles)
    expert.reset()
    simulator.release_target()
    seen, flown, slope = simulator.capture(), ZERO, ZERO
    for step in range(round(scenario.task.duration_s / FRAME_S)):
        truth = simulator.truth()
        if step % look_every == 0:
            seen = simulator.capture()
        command = expert.command()
        vx, vy, vz, turn = (float(value) for value in command)
        flown, slope = approach(flown, slope, (vx, vy, vz, turn), SIMULATION_LIMITS, FRAME_S)
        log.append(b'', **_row(truth, seen), command=command, setpoint=np.array(flown))
        if truth.collision:
            break
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        simulator.advance(rotate_by_yaw(flown[:3], yaw_rad), flown[3])
    return log


def _row(truth: Truth, seen: SimulatedFrame) -> dict[str, object]:
    return {
        'stamp_ns': truth.stamp_ns,
        'position_enu': truth.position_enu,
        'velocity_enu': truth.velocity_enu,
        'quaternion_xyzw': truth.quaternion_xyzw,
        'target_position_enu': truth.target_position_enu,
        'target_pixels': seen.target_pixels,
        'target_bearing': seen.target_bearing,
        'target_elevation': seen.target_elevation,
        'collision': truth.collision,
        'following': True,
    }
