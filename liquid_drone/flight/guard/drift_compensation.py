# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the vehicle should be by what it was told, and what brings it back there. Pure.

In its velocity mode PX4 holds neither place nor height: told to stand still it crept 12.8 m west
and 7.3 m up in a minute. A camera that looks at its target does not see that, and what stands
beside the picture is hit. So the velocities that were given are summed up, as an autopilot would
follow them; the vehicle is brought back to that place slowly. Told to stand, it comes back from
where a gust has pushed it; on its way, what is further off than the leash is forgotten. A jump of
the estimate is not flown back: it is found in :mod:`.jumps` and stops. Positions are ENU,
velocities as complex numbers, east + i north.
"""

import cmath
import math
from dataclasses import dataclass

from ..vehicle import VehicleState
from .jerk_limit import shorten

GAIN_PER_S = 0.5  # of the loop: a creep of 0.2 m/s ends 0.4 m away
LEASH_M = 0.8  # on its way the place is never further away than this
STANDING_LEASH_M = 6.0  # told to stand: a front of 6 m/s pushed PX4 3.1 m away
STANDING_M_S = 0.05  # slower is standing
LAG_S = 0.5  # of guard and autopilot together: for so long a new velocity is not flown yet
MOST_M_S = GAIN_PER_S * LEASH_M  # it is never brought back faster


@dataclass(frozen=True)
class DriftState:
    """Where the vehicle should be, and how it should be moving."""

    position: complex  # m, in the autopilot's local frame
    velocity: complex = 0j  # m/s
    up_m: float = 0.0
    climb_m_s: float = 0.0


def expected(
    before: DriftState | None,
    wanted_flu: complex,
    climb_m_s: float,
    vehicle: VehicleState,
    dt_s: float,
) -> DriftState:
    """Return the place after ``dt_s`` with a wanted velocity, forward + i left, m/s, and climb.

    The first one is where the vehicle is, moving as it moves.
    """
    east, north, up = vehicle.position_enu
    here = complex(east, north)
    if before is None:
        vx, vy, vz = vehicle.velocity_enu
        return DriftState(here, complex(vx, vy), up, vz)
    share = min(dt_s / LAG_S, 1.0)
    wanted = wanted_flu * cmath.rect(1.0, vehicle.yaw)
    velocity = before.velocity + (wanted - before.velocity) * share
    climb = before.climb_m_s + (climb_m_s - before.climb_m_s) * share
    position = before.position + velocity * dt_s
    leash_m = STANDING_LEASH_M if abs(wanted) < STANDING_M_S else LEASH_M
    away_up = before.up_m + climb * dt_s - up
    return DriftState(
        here + shorten(position - here, leash_m),
        velocity,
        up + math.copysign(min(abs(away_up), LEASH_M), away_up),
        climb,
    )


def correction(place: DriftState, vehicle: VehicleState) -> complex:
    """Return the velocity, forward + i left, m/s, that is to be added: at most 0.4 m/s."""
    east, north, _ = vehicle.position_enu
    away = place.position - complex(east, north)
    return shorten(GAIN_PER_S * away, MOST_M_S) * cmath.rect(1.0, -vehicle.yaw)


def height_back(place: DriftState, vehicle: VehicleState) -> float:
    """Return the climb, m/s, that is to be added: at most 0.4 m/s."""
    return GAIN_PER_S * (place.up_m - vehicle.position_enu[2])
