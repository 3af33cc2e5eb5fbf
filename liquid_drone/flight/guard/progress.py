# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the vehicle does what it is commanded: one that does not is let go of. Pure.

The autopilot's own fence or avoidance, a yaw stick, a lost way up or a rope: commanded to move, it
does not. To go on commanding would let it fly off as soon as it is free again. A wrong compass,
vibration or an estimate that diverges: it flies off, faster than commanded, and the mode is ours.
"""

import cmath
import math
from dataclasses import dataclass

from ...arrays import FourFloats
from ...geometry import wrap_angle
from ..records import replace
from ..vehicle import VehicleState

LEAST_M_S = 0.3  # a slower command proves nothing
LEAST_RAD_S = 0.2
SPIN_RAD_S = 1.5  # faster than commanded; ArduPilot's yaw stick adds 1.05 rad/s
SHARE = 0.2  # of the commanded motion; less is none


@dataclass(frozen=True)
class ProgressState:
    """Since when it does not move, not turn, or flies off; None: it does as commanded."""

    still_since_s: float | None = None
    straight_since_s: float | None = None
    away_since_s: float | None = None  # faster than commanded by ``flyaway_m_s``
    yaw: float = 0.0  # of the attitude before
    yaw_stamp_s: float = -math.inf
    yaw_rate_rad_s: float = 0.0  # measured between the last two attitudes

    def stuck_s(self, now_s: float) -> float:
        """Return for how long it has not done as commanded."""
        since = [s for s in (self.still_since_s, self.straight_since_s) if s is not None]
        return now_s - min(since) if since else 0.0

    def away_s(self, now_s: float) -> float:
        """Return for how long it has flown or turned faster than commanded."""
        return 0.0 if self.away_since_s is None else now_s - self.away_since_s


def watch(
    state: ProgressState,
    commanded: FourFloats,
    vehicle: VehicleState,
    now_s: float,
    flyaway_m_s: float | None = None,
    returned: FourFloats = (0.0, 0.0, 0.0, 0.0),
) -> ProgressState:
    """Compare the last setpoint, FLU heading-aligned, with how the vehicle moves.

    What only takes a creep away or brings it back from a gust asks for no motion: one that stands
    by it stands as it should.

    Args:
        state: of the step before.
        commanded: the last setpoint, m/s and rad/s.
        vehicle: newest telemetry.
        now_s: the caller's time.
        flyaway_m_s: by so much it may be faster than commanded; None: by any.
        returned: what the setpoint has of what brings the vehicle back to its place and height.

    """
    state = _turned(state, vehicle)
    moves = (commanded[0] - returned[0], commanded[1] - returned[1], commanded[2] - returned[2])
    return replace(
        state,
        still_since_s=_since(state.still_since_s, _is_still(moves, vehicle), now_s),
        straight_since_s=_since(
            state.straight_since_s, _is_straight(commanded[3], state.yaw_rate_rad_s), now_s
        ),
        away_since_s=_since(
            state.away_since_s, _is_away(commanded, vehicle, state, flyaway_m_s), now_s
        ),
    )


def _since(since_s: float | None, holds: bool, now_s: float) -> float | None:
    return (now_s if since_s is None else since_s) if holds else None


def _is_still(commanded: tuple[float, float, float], vehicle: VehicleState) -> bool:
    speed = math.hypot(*commanded)
    if speed < LEAST_M_S:
        return False
    ahead = complex(commanded[0], commanded[1]) * cmath.rect(1.0, vehicle.yaw)
    east, north, up = vehicle.velocity_enu
    along = (ahead.real * east + ahead.imag * north + commanded[2] * up) / speed
    return along < SHARE * speed


def _is_away(
    commanded: FourFloats, vehicle: VehicleState, state: ProgressState, most_m_s: float | None
) -> bool:
    """Tell whether it moves or turns faster than commanded, whichever way it goes."""
    if most_m_s is None:
        return False
    vx, vy, vz, yaw_rate = commanded
    east, north, up = vehicle.velocity_enu
    across = math.hypot(east, north) - math.hypot(vx, vy)
    spins = abs(state.yaw_rate_rad_s) - abs(yaw_rate) > SPIN_RAD_S
    return spins or max(across, abs(up) - abs(vz)) > most_m_s


def _is_straight(commanded_rad_s: float, measured_rad_s: float) -> bool:
    along = math.copysign(1.0, commanded_rad_s) * measured_rad_s
    return abs(commanded_rad_s) > LEAST_RAD_S and along < SHARE * abs(commanded_rad_s)


def _turned(state: ProgressState, vehicle: VehicleState) -> ProgressState:
    dt_s = vehicle.attitude_stamp_s - state.yaw_stamp_s
    if dt_s <= 0.0:
        return state
    rate = wrap_angle(vehicle.yaw - state.yaw) / dt_s if math.isfinite(dt_s) else 0.0
    return replace(
        state, yaw=vehicle.yaw, yaw_stamp_s=vehicle.attitude_stamp_s, yaw_rate_rad_s=rate
    )
