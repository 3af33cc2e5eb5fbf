# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The guard: what a policy proposes, made safe, or a stop with a reason. Pure, readable alone.

Between the policy and the autopilot stands only this. While proposals are fresh it keeps them
inside the :class:`.limits.Limits`. When something is wrong it ramps to zero, holds for a moment,
and then says nothing more, so that the autopilot's own setpoint-loss failsafe acts. It never
repeats an old proposal blindly and never lets through a number that is not finite.

Frames: commands are FLU, heading-aligned; positions ENU. Time is the caller's (``now_s``).
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from .limits import (
    ZERO,
    FourFloats,
    Limits,
    Reason,
    allowed,
    approach,
    height_correction,
)
from .vehicle import VehicleState

LONGEST_STEP_S = 0.2  # a longer pause between two steps does not allow a larger change


@dataclass(frozen=True)
class Setpoint:
    """What the autopilot is told: velocity FLU, heading-aligned; yaw rate counter-clockwise."""

    vx_m_s: float = 0.0
    vy_m_s: float = 0.0
    vz_m_s: float = 0.0
    yaw_rate_rad_s: float = 0.0

    def as_tuple(self) -> FourFloats:
        """Return (vx, vy, vz, yaw rate)."""
        return self.vx_m_s, self.vy_m_s, self.vz_m_s, self.yaw_rate_rad_s


@dataclass(frozen=True)
class Proposal:
    """What the policy proposes, with the stamp of the image it acted on, on the caller's clock."""

    stamp_s: float
    command: FourFloats  # vx, vy, vz m/s FLU, yaw rate rad/s

    @property
    def is_finite(self) -> bool:
        """Every number can be flown."""
        return len(self.command) == 4 and all(map(math.isfinite, (self.stamp_s, *self.command)))


@dataclass(frozen=True)
class GuardState:
    """What the guard remembers; start with :func:`start`."""

    last_s: float  # of the last step
    newest_s: float  # stamp of the newest image taken; others must be later
    fresh_s: float  # stamp of the last accepted proposal; at first the start
    command: FourFloats = ZERO  # the last accepted proposal
    setpoint: FourFloats = ZERO  # the last one given
    slope: FourFloats = ZERO  # its time derivative, m/s2 and rad/s2
    refused: bool = False  # the newest proposal was not finite
    wrong: Reason | None = None  # why it is stopping
    wrong_since_s: float = 0.0
    stopping_from: FourFloats = ZERO
    hold_height_m: float = 0.0
    tilted_since_s: float | None = None
    ended: bool = False  # silent for good


class Step(NamedTuple):
    """One answer of the guard; no setpoint means: send nothing."""

    state: GuardState
    setpoint: Setpoint | None
    reason: Reason


def start(now_s: float, begun_s: float | None = None) -> GuardState:
    """Begin at zero velocity; the first proposal has ``command_age_s`` from now to arrive.

    Proposals from images not after ``begun_s`` (``now_s`` by default) will be ignored.
    """
    return GuardState(now_s, newest_s=now_s if begun_s is None else begun_s, fresh_s=now_s)


def step(
    state: GuardState,
    proposal: Proposal | None,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    holds_height: bool = False,
    called_off: bool = False,
) -> Step:
    """Turn the newest proposal (None: nothing new) into a setpoint, or into nothing.

    Args:
        state: from the step before.
        proposal: the newest one known; giving an old one again does no harm.
        vehicle: what is known about the vehicle.
        limits: what is allowed.
        now_s: the caller's time; going backwards counts as standing still.
        holds_height: run an altitude loop while stopped (PX4 holds no position by itself).
        called_off: a human wants it to stop.

    """
    state = _watch_tilt(_take(state, proposal, limits, now_s), vehicle, limits, now_s)
    wrong, since_s = _what_is_wrong(state, vehicle, limits, now_s, called_off)
    if wrong is not None:
        return _stop(state, wrong, since_s, vehicle, limits, now_s, holds_height)
    if vehicle is None:  # never: that is stale telemetry
        return Step(replace(state, ended=True), None, Reason.STALE_TELEMETRY)
    target, reason = allowed(state.command, vehicle, limits)
    dt_s = min(max(now_s - state.last_s, 0.0), LONGEST_STEP_S)
    setpoint, slope = approach(state.setpoint, state.slope, target, limits, dt_s)
    state = replace(state, last_s=now_s, setpoint=setpoint, slope=slope, wrong=None)
    return Step(state, Setpoint(*setpoint), reason)


def _take(
    state: GuardState, proposal: Proposal | None, limits: Limits, now_s: float
) -> GuardState:
    if proposal is None:
        return state
    if not proposal.is_finite:
        return replace(state, refused=True)
    is_new = proposal.stamp_s > state.newest_s
    is_from_the_future = proposal.stamp_s > now_s + limits.command_age_s  # a clock jumped
    if not is_new or is_from_the_future:
        return state
    fresh_s = min(proposal.stamp_s, now_s)
    return replace(
        state,
        command=proposal.command,
        newest_s=proposal.stamp_s,
        fresh_s=max(fresh_s, state.fresh_s),
        refused=False,
    )


def _watch_tilt(
    state: GuardState, vehicle: VehicleState | None, limits: Limits, now_s: float
) -> GuardState:
    if vehicle is None or limits.max_tilt_rad is None or vehicle.tilt_rad <= limits.max_tilt_rad:
        return replace(state, tilted_since_s=None)
    return state if state.tilted_since_s is not None else replace(state, tilted_since_s=now_s)


def _what_is_wrong(
    state: GuardState,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    called_off: bool,
) -> tuple[Reason | None, float]:
    """Return the reason to stop, and since when it holds."""
    if state.wrong in (Reason.CALLED_OFF, Reason.LOW_BATTERY, Reason.TILTED):  # these stay
        return state.wrong, state.wrong_since_s
    wrong = Reason.CALLED_OFF if called_off else unfit(vehicle, limits, now_s)
    tilted = state.tilted_since_s
    if wrong is None and tilted is not None and now_s - tilted > limits.tilt_s:
        wrong = Reason.TILTED
    expired_s = state.fresh_s + limits.command_age_s
    if wrong is None and now_s > expired_s:
        wrong = Reason.NOT_FINITE if state.refused else Reason.STALE_COMMAND
        return wrong, state.wrong_since_s if state.wrong else expired_s
    return wrong, state.wrong_since_s if state.wrong else now_s


def unfit(vehicle: VehicleState | None, limits: Limits, now_s: float) -> Reason | None:
    """Return why this vehicle cannot be commanded now; None: it can."""
    if vehicle is None or vehicle.heartbeat_age_s(now_s) > limits.heartbeat_age_s:
        return Reason.STALE_TELEMETRY
    if vehicle.estimate_age_s(now_s) > limits.estimate_age_s:
        return Reason.STALE_TELEMETRY
    motion = (*vehicle.position_enu, *vehicle.velocity_enu, vehicle.yaw)
    if not vehicle.position_valid or not all(map(math.isfinite, motion)):
        return Reason.NO_POSITION
    battery = vehicle.battery_remaining
    if limits.min_battery is not None and battery is not None and battery < limits.min_battery:
        return Reason.LOW_BATTERY
    return None


def _stop(
    state: GuardState,
    wrong: Reason,
    since_s: float,
    vehicle: VehicleState | None,
    limits: Limits,
    now_s: float,
    holds_height: bool,
) -> Step:
    """Ramp to zero, hold, then fall silent; follows again if the reason goes away before that."""
    if state.wrong is None:
        height = vehicle.height_m if vehicle is not None else 0.0
        state = replace(
            state, wrong_since_s=since_s, stopping_from=state.setpoint, hold_height_m=height
        )
    stopped_s = now_s - state.wrong_since_s
    state = replace(state, wrong=wrong, last_s=now_s, slope=ZERO)
    if state.ended or stopped_s > limits.ramp_s + limits.hold_s:
        return Step(replace(state, ended=True), None, wrong)
    left = min(1.0, max(0.0, 1.0 - stopped_s / limits.ramp_s))
    vx, vy, vz, yaw_rate = (left * value for value in state.stopping_from)
    knows_height = unfit(vehicle, limits, now_s) in (None, Reason.LOW_BATTERY)
    if holds_height and vehicle is not None and knows_height:
        vz += (1.0 - left) * height_correction(vehicle, state.hold_height_m, limits)
    setpoint = (vx, vy, vz, yaw_rate)
    return Step(replace(state, setpoint=setpoint), Setpoint(*setpoint), wrong)
