# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest

from liquid_drone.evaluate.flights_file import Flown
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.scenario.task import Task

FRAME_NS = 50_000_000


def picture(value: int) -> bytes:
    """One camera frame as JPEG."""
    image = np.full((144, 256, 3), (60, 120, 60), np.uint8)
    image[60:90, (10 + value) % 200 : (10 + value) % 200 + 20] = (30, 30, 200)
    return bytes(cv2.imencode('.jpg', image)[1])


def make_flight(
    seconds: float = 45.0, before_s: float = 1.0, distance_m: float = 3.0, **changes
) -> FlightLog:
    """A drone that follows a straight walk at a constant distance; columns may be replaced.

    A change is a function of the seconds since the policy got the drone.
    """
    meta = {'seed': 15000, 'world': 'forest', 'season': 'summer', 'target': 'red_backpack'}
    meta |= {'task': 'follow', 'bundle': 'made-up', 'bundle_hash': '0' * 12}
    meta |= {'autopilot': 'px4', 'through': 'process', 'renderer': 'none', 'lockstep_misses': 0}
    log = FlightLog(meta, np.array([[5.0, 4.0, 0.2], [20.0, -3.0, 0.3]]))
    frames = round((before_s + seconds) / 0.05)
    for i in range(frames):
        t = i * 0.05 - before_s
        x = max(t, 0.0) * 0.8
        row = {
            'stamp_ns': 1_000_000_000 + i * FRAME_NS,
            'position_enu': [x, 0.0, 2.0],
            'velocity_enu': [0.8, 0.0, 0.0],
            'quaternion_xyzw': [0.0, 0.0, 0.0, 1.0],
            'target_position_enu': [x + distance_m, 0.0, 0.0],
            'command': [0.8, 0.0, 0.0, 0.1],
            'setpoint': [0.8, 0.0, 0.0, 0.1] if t >= 0 else [np.nan] * 4,
            'target_pixels': 200,
            'target_bearing': 0.1,
            'target_elevation': -0.2,
            'collision': False,
            'following': t > -1e-9,
        }
        row |= {name: change(t) for name, change in changes.items()}
        log.append(picture(i) if i < 60 else log.jpegs[i % 60], **row)
    return log


@pytest.fixture
def flight():
    """The factory of made-up flights."""
    return make_flight


@pytest.fixture
def task() -> Task:
    return Task('follow')


@pytest.fixture
def flown_at() -> dict[int, Flown]:
    """Finished flights that nobody flew, by seed."""
    made = {}
    for seed in range(15_000, 15_005):
        result = FlightScore(
            seed=seed, success=True, failures=(), flown_s=40.0, in_view_share=1.0,
            longest_lost_s=0.0, collision_s=None, min_distance_m=2.0, mean_distance_m=3.0,
            max_distance_m=4.0, min_clearance_m=1.0, mean_speed_m_s=0.5,
        )  # fmt: skip
        made[seed] = Flown(result, f'{seed:032x}')
    return made
