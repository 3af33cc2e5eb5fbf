# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A decision as numbers: stages and causes have codes that never change, all else is a number.

For programs that plot or switch on it. A code is never given to another stage; a new stage gets
the next free one. What is not known is NaN.
"""

import math
from collections.abc import Sequence

from .companion import Decision
from .engagement import Cause, Stage
from .guard.state import Proposal
from .vehicle import NEVER, VehicleState

UNKNOWN = math.nan
STAGE_CODES = {
    Stage.DISCONNECTED: 0,
    Stage.STANDBY: 1,
    Stage.READY: 2,
    Stage.ENGAGING: 3,
    Stage.ENGAGED: 4,
    Stage.HOLDING: 5,
    Stage.SEARCHING: 6,
    Stage.HANDED_BACK: 7,
}
CAUSE_CODES = {
    Cause.NONE: 0,
    Cause.ENGAGED_BY_HUMAN: 1,
    Cause.DISENGAGED_BY_HUMAN: 2,
    Cause.MODE_SWITCHED: 3,
    Cause.TAKEN_OVER: 4,
    Cause.DISARMED: 5,
    Cause.LANDED: 6,
    Cause.SILENCE: 7,
    Cause.POLICY_NOT_RESET: 8,
    Cause.GUARD_STOPPED: 9,
    Cause.NO_VEHICLE: 10,
    Cause.NOT_FIT: 11,
    Cause.TARGET_LOST: 12,
    Cause.TARGET_FOUND: 13,
    Cause.OUTSIDE: 14,
}
COMMAND = ('vx', 'vy', 'vz', 'yaw_rate')
NAMES = (
    *('stage', 'cause', 'is_sent'),
    *(f'proposal_{axis}' for axis in COMMAND),
    *(f'setpoint_{axis}' for axis in COMMAND),
    *('is_armed', 'is_landed', 'battery', 'height_m', 'home_distance_m'),
)


def decision_numbers(
    decision: Decision, vehicle: VehicleState | None, proposal: Proposal | None, sent: bool
) -> list[float]:
    """Return the numbers of :data:`NAMES`, in their order; commands in m/s FLU and rad/s."""
    nothing = (UNKNOWN,) * len(COMMAND)
    setpoint = decision.setpoint
    return [
        float(STAGE_CODES[decision.stage]),
        float(CAUSE_CODES[decision.cause]),
        float(sent),
        *(nothing if proposal is None else map(float, proposal.command)),
        *(nothing if setpoint is None else map(float, setpoint.as_tuple())),
        *of_vehicle(vehicle),
    ]


def of_vehicle(vehicle: VehicleState | None) -> Sequence[float]:
    """Return the last five of :data:`NAMES`; the distance from home is the last one."""
    if vehicle is None:
        return (UNKNOWN,) * 5
    battery = vehicle.battery_remaining
    has_home = vehicle.home_received_s > NEVER and math.isfinite(vehicle.estimate_age_s(0.0))
    (x, y, _), (home_x, home_y, _) = vehicle.position_enu, vehicle.home_enu
    return (
        float(vehicle.armed),
        float(vehicle.landed),
        UNKNOWN if battery is None else float(battery),
        vehicle.height_m if has_home else UNKNOWN,
        math.hypot(x - home_x, y - home_y) if has_home else UNKNOWN,
    )
