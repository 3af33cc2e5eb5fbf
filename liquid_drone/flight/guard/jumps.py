# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the telemetry can be what the vehicle has flown, or an estimate jumped. Pure.

The position is compared with the one before and the velocity between them; what moved without
velocity is summed up and slowly forgotten, so that a creeping correction is none and a slide of
metres is one. The very same place under new times, while the velocity goes on, is an estimate that
is stuck. One report that does not fit is set aside, and nothing moves by it; a second one in a row
is a jump. A reset counter, a moved home and a restarted clock count as jumps as well.
"""

import math
from dataclasses import dataclass

from ...arrays import Vector
from ...geometry import wrap_angle
from ..reason import Reason
from ..records import replace
from ..vehicle import VehicleState
from .limits import Limits

FORGOTTEN_S = 2.0  # time constant of what moved without velocity
TURN_RAD_S = 2.5  # faster than guard and pilot turn it together
NOWHERE: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class JumpState:
    """What telemetry is compared with."""

    home_enu: Vector  # as it was at the start; limits are measured from here
    restarts: int
    trusted: VehicleState  # the last telemetry that fits
    slipped: Vector = NOWHERE  # m moved without velocity, lately
    stuck_m: float = 0.0  # that the velocity went on while the place stayed the very same
    suspect: Reason | None = None  # what the newest report would be, had it a second
    suspect_stamps: tuple[float, float] = (0.0, 0.0)  # of position and attitude

    @property
    def vehicle(self) -> VehicleState:
        """The telemetry to fly by, with heights and fence measured from where they began."""
        return replace(self.trusted, home_enu=self.home_enu)


def begin(vehicle: VehicleState) -> JumpState:
    """Trust the telemetry of the start."""
    return JumpState(vehicle.home_enu, vehicle.restarts, vehicle)


def watch(
    state: JumpState, vehicle: VehicleState, limits: Limits
) -> tuple[JumpState, Reason | None]:
    """Compare new telemetry; returns the reason to stop where it jumped."""
    lasting = _lasting(state, vehicle, limits)
    if lasting is not None:
        return state, lasting
    before, stamps = state.trusted, (vehicle.stamp_s, vehicle.attitude_stamp_s)
    slipped = _slipped(state.slipped, before, vehicle)
    stuck_m = _stuck_m(state.stuck_m, before, vehicle)
    found = _jump(slipped, before, vehicle, limits)
    if stuck_m > limits.position_jump_m:
        found = Reason.POSITION_JUMPED
    state = replace(state, stuck_m=stuck_m)
    if found is None:
        return replace(state, trusted=vehicle, slipped=slipped, suspect=None), None
    aside = replace(  # old numbers under the new times: it is known, and not believed yet
        vehicle,
        position_enu=before.position_enu,
        velocity_enu=before.velocity_enu,
        stamp_s=before.stamp_s,
        received_s=before.received_s,
        roll=before.roll,
        pitch=before.pitch,
        yaw=before.yaw,
        attitude_stamp_s=before.attitude_stamp_s,
        attitude_received_s=before.attitude_received_s,
    )
    is_second = state.suspect is not None and stamps != state.suspect_stamps
    state = replace(state, trusted=aside, suspect=found, suspect_stamps=stamps)
    return state, found if is_second else None


def _lasting(state: JumpState, vehicle: VehicleState, limits: Limits) -> Reason | None:
    """Return what is reported by two messages in a row already."""
    if vehicle.restarts != state.restarts:
        return Reason.CLOCK_JUMPED
    counters = vehicle.reset_counter, state.trusted.reset_counter
    if None not in counters and counters[0] != counters[1]:
        return Reason.ESTIMATOR_RESET
    moved_m = math.dist(vehicle.home_enu, state.home_enu)
    return Reason.HOME_MOVED if not moved_m <= limits.home_agrees_m else None


def _slipped(slipped: Vector, before: VehicleState, vehicle: VehicleState) -> Vector:
    dt_s = vehicle.stamp_s - before.stamp_s
    if dt_s <= 0.0:
        return slipped
    keep = math.exp(-dt_s / FORGOTTEN_S)
    steps = zip(
        slipped,
        before.position_enu,
        vehicle.position_enu,
        before.velocity_enu,
        vehicle.velocity_enu,
        strict=True,
    )
    x, y, z = (keep * s + (b - a) - 0.5 * (u + v) * dt_s for s, a, b, u, v in steps)
    return x, y, z


def _stuck_m(stuck_m: float, before: VehicleState, vehicle: VehicleState) -> float:
    dt_s = vehicle.stamp_s - before.stamp_s
    if dt_s <= 0.0:
        return stuck_m
    is_same = vehicle.position_enu == before.position_enu
    return stuck_m + math.hypot(*vehicle.velocity_enu) * dt_s if is_same else 0.0


def _jump(
    slipped: Vector, before: VehicleState, vehicle: VehicleState, limits: Limits
) -> Reason | None:
    if abs(slipped[2]) > limits.height_jump_m:
        return Reason.HEIGHT_JUMPED
    if math.hypot(slipped[0], slipped[1]) > limits.position_jump_m:
        return Reason.POSITION_JUMPED
    turned = abs(wrap_angle(vehicle.yaw - before.yaw))
    most = limits.yaw_jump_rad + TURN_RAD_S * max(
        0.0, vehicle.attitude_stamp_s - before.attitude_stamp_s
    )
    return Reason.YAW_JUMPED if turned > most else None
