# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What every simulation link to firmware has in common: one exchange for each step of the physics.

The two protocols stand in ``ardupilot`` and ``px4``. A link steps in lock-step: simulated time
stands until the firmware has answered, however slow the machine is.
"""

import math
from collections.abc import Callable
from typing import Protocol

from ...arrays import FourFloats, Vector
from ...errors import SimulationError
from ..physics.quadrotor import Sample

FIRST_ANSWER_LIMIT_S = 60.0  # wall clock; firmware starts in one or two seconds
ANSWER_LIMIT_S = 20.0  # wall clock; a busy machine is no reason to give up
LOOK_AGAIN_S = 0.2  # wall clock, between two looks whether the firmware still runs
HALF = math.sqrt(0.5)

Alive = Callable[[], None]  # raises SimulationError where the firmware has ended


class FirmwareBridge(Protocol):
    """The simulator's end of a link; close it."""

    alive: Alive

    @property
    def port(self) -> int: ...  # noqa: D102

    def motors(self, sample: Sample) -> FourFloats:
        """Exchange one step: the firmware feels a sample and answers with its throttles."""

    def close(self) -> None:
        """Give the port back."""


def always_alive() -> None:
    """Believe that the firmware runs: for a firmware that somebody else has started."""


def in_drive_order(throttle: list[float]) -> FourFloats:
    """Sort the throttles of motors 1 to 4 of a quadrotor X into those of a drive.

    Both firmwares number them front right, rear left, front left, rear right; the first two turn
    counter-clockwise seen from above. A drive begins with front left, then row by row.
    """
    front_right, rear_left, front_left, rear_right = (min(max(u, 0.0), 1.0) for u in throttle[:4])
    return front_left, front_right, rear_left, rear_right


def ned_quaternion(quaternion_xyzw: FourFloats) -> FourFloats:
    """Turn a quaternion from FLU in ENU, xyzw, to FRD in NED, wxyz as firmware writes it."""
    x, y, z, w = quaternion_xyzw
    return HALF * (w + z), HALF * (x + y), HALF * (x - y), HALF * (w - z)


def ned(vector_enu: Vector) -> Vector:
    """Turn a world vector from ENU to NED."""
    return vector_enu[1], vector_enu[0], -vector_enu[2]


def no_answer(name: str, waited_s: float) -> SimulationError:
    """Return the error of a firmware that runs but is silent."""
    return SimulationError(
        f'expected {name} to answer its simulation link, but nothing came for {waited_s:.0f} s; '
        'see its log, and docs/FIRMWARE.md for how it must be built and started'
    )
