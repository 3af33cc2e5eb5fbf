# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the vehicle should be by what it was told, and what brings it back there. Pure.

In its velocity mode PX4 holds no place: told to stand still it crept 12.8 m west in a minute. A
camera that looks at its target does not see that, and what stands beside the picture is hit. So
the velocities that were given are summed up, as an autopilot would follow them; the vehicle is
brought back to that place slowly. Creep is taken away, whatever causes it; a jump of the estimate
is forgotten beyond the leash. Positions are ENU, velocities as complex numbers, east + i north.
"""

import cmath
from dataclasses import dataclass

from ..vehicle import VehicleState
from .jerk_limit import shorten

GAIN_PER_S = 0.5  # of the loop: a creep of 0.2 m/s ends 0.4 m away
LEASH_M = 0.8  # the place is never further away than this
LAG_S = 0.5  # of guard and autopilot together: for so long a new velocity is not flown yet


@dataclass(frozen=True)
class DriftState:
    """Where the vehicle should be, and how it should be moving."""

    position: complex  # m, in the autopilot's local frame
    velocity: complex = 0j  # m/s


def expected(
    before: DriftState | None, wanted_flu: complex, vehicle: VehicleState, dt_s: float
) -> DriftState:
    """Return the place after ``dt_s`` with a wanted velocity, forward + i left, m/s.

    The first one is where the vehicle is, moving as it moves.
    """
    east, north, _ = vehicle.position_enu
    here = complex(east, north)
    if before is None:
        return DriftState(here, complex(*vehicle.velocity_enu[:2]))
    wanted = wanted_flu * cmath.rect(1.0, vehicle.yaw)
    velocity = before.velocity + (wanted - before.velocity) * min(dt_s / LAG_S, 1.0)
    position = before.position + velocity * dt_s
    return DriftState(here + shorten(position - here, LEASH_M), velocity)


def correction(place: DriftState, vehicle: VehicleState) -> complex:
    """Return the velocity, forward + i left, m/s, that is to be added: at most 0.4 m/s."""
    east, north, _ = vehicle.position_enu
    away = place.position - complex(east, north)
    return GAIN_PER_S * away * cmath.rect(1.0, -vehicle.yaw)
