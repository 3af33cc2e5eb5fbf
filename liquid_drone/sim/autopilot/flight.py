# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated autopilot does with itself: arming, modes, landing, setpoint loss.

Pure functions over a frozen state; no MAVLink, no plant. Each request answers with the new state,
a MAV_RESULT and, where a ground station should read something, a text.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from ...arrays import FloatArray, Vector
from ...geometry import euler_from_quaternion
from .personality import Mode, Personality
from .setpoints import DecodedSetpoint, velocity_of

ACCEPTED, DENIED, UNSUPPORTED, FAILED = 0, 2, 3, 4  # MAV_RESULT
SECOND_NS = 1_000_000_000
STREAM_NEEDED_NS = SECOND_NS // 2  # of setpoints before OFFBOARD is taken
STREAM_RETURNED_NS = 3 * SECOND_NS // 10  # of setpoints after which a failsafe is left by itself
FAILSAFE_HOLD_NS = 5 * SECOND_NS  # in the hover after setpoint loss, then it lands
LANDED_NS = SECOND_NS  # on the ground before it counts as landed
DISARM_AFTER_LANDING_NS = 2 * SECOND_NS
DISARM_UNFLOWN_NS = 10 * SECOND_NS
HOLD_GAIN_PER_S = 0.8
CLIMB_M_S = 1.0
RETURN_M_S = 2.0
RETURN_HEIGHT_M = 5.0


class PlantTruth(Protocol):
    """What the autopilot's perfect estimator knows; world ENU, body FLU, SI."""

    @property
    def stamp_ns(self) -> int: ...  # noqa: D102
    @property
    def position_enu(self) -> FloatArray: ...  # noqa: D102
    @property
    def velocity_enu(self) -> FloatArray: ...  # noqa: D102
    @property
    def quaternion_xyzw(self) -> FloatArray: ...  # noqa: D102
    @property
    def angular_velocity_flu(self) -> FloatArray: ...  # noqa: D102
    @property
    def on_ground(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True)
class FlightState:
    """Everything that the autopilot remembers between steps; times are the plant's, in ns."""

    mode: Mode
    mode_since_ns: int
    armed: bool
    landed: bool
    home_enu: Vector  # where it last stood when it was armed
    armed_since_ns: int = 0
    flown: bool = False  # since it was armed
    grounded_since_ns: int | None = None
    climb_to_m: float | None = None  # height above home, while taking off
    hold_at_enu: Vector | None = None  # None: still stopping
    setpoint: DecodedSetpoint | None = None
    setpoint_ns: int = 0
    stream_since_ns: int = 0
    failsafe: bool = False  # left FOLLOW because the setpoints stopped; nobody chose a mode since


class Outcome(NamedTuple):
    """The answer to a request: the state after it, a MAV_RESULT, a text for the ground station."""

    state: FlightState
    result: int = ACCEPTED
    text: str = ''


class PlantCommand(NamedTuple):
    """What the velocity loop is told."""

    velocity_enu: FloatArray  # (3,) m/s
    yaw_rate_rad_s: float


def streams(state: FlightState, now_ns: int, loss_ns: int) -> bool:
    """Tell whether setpoints have come for long enough, without a gap, until now."""
    fresh = state.setpoint is not None and now_ns - state.setpoint_ns <= loss_ns
    return fresh and now_ns - state.stream_since_ns >= STREAM_NEEDED_NS


def take_setpoint(
    state: FlightState, setpoint: DecodedSetpoint, now_ns: int, loss_ns: int
) -> FlightState:
    """Note an accepted setpoint; a gap longer than the loss time starts a new stream.

    In the mode that obeys it, it ends a takeoff: ArduCopter's GUIDED does one thing at a time.
    """
    goes_on = state.setpoint is not None and now_ns - state.setpoint_ns <= loss_ns
    since = state.stream_since_ns if goes_on else now_ns
    climb_to_m = None if state.mode is Mode.FOLLOW else state.climb_to_m
    return replace(
        state,
        setpoint=setpoint,
        setpoint_ns=now_ns,
        stream_since_ns=since,
        climb_to_m=climb_to_m,
    )


def request_arm(state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int) -> Outcome:
    """Arm, where the mode allows it."""
    now = truth.stamp_ns
    if state.armed:
        return Outcome(state)
    if state.mode in kind.unarmable:
        return Outcome(state, FAILED, f'Arm: {kind.mode_names[state.mode]} mode not armable')
    needs_stream = state.mode is Mode.FOLLOW and kind.needs_stream_to_follow
    if needs_stream and not streams(state, now, loss_ns):
        return Outcome(state, DENIED, 'Arming denied: no offboard setpoints')
    x, y, z = truth.position_enu.tolist()
    armed = replace(state, armed=True, armed_since_ns=now, flown=False, home_enu=(x, y, z))
    return Outcome(armed, ACCEPTED, 'Armed')


def request_disarm(state: FlightState, force: bool) -> Outcome:
    """Disarm; in the air only when forced, and then it falls."""
    if not state.armed:
        return Outcome(state)
    if not state.landed and not force:
        return Outcome(state, DENIED, 'Disarming denied: not landed')
    return Outcome(_disarmed(state), ACCEPTED, 'Disarmed')


def _disarmed(state: FlightState) -> FlightState:
    return replace(state, armed=False, flown=False, climb_to_m=None, failsafe=False)


def request_mode(
    state: FlightState, mode: Mode, now_ns: int, kind: Personality, loss_ns: int
) -> Outcome:
    """Change the mode because a pilot, a ground station or a companion asked for it."""
    refuses = mode is Mode.FOLLOW and kind.needs_stream_to_follow and not state.landed
    if refuses and not streams(state, now_ns, loss_ns):
        return Outcome(state, DENIED, f'Switching to {kind.mode_names[mode]} is not available')
    if mode is state.mode and not state.failsafe:
        return Outcome(state)
    return Outcome(in_mode(state, mode, now_ns))


def in_mode(state: FlightState, mode: Mode, now_ns: int, failsafe: bool = False) -> FlightState:
    """Return the state after a mode change; a hold point is chosen once it has stopped."""
    return replace(
        state,
        mode=mode,
        mode_since_ns=now_ns,
        climb_to_m=None,
        hold_at_enu=None,
        failsafe=failsafe,
    )


def request_takeoff(
    state: FlightState, height_m: float, now_ns: int, kind: Personality
) -> Outcome:
    """Climb to a height above home, in metres, as MAV_CMD_NAV_TAKEOFF does."""
    if Mode.TAKEOFF in kind.custom_modes:
        return Outcome(replace(in_mode(state, Mode.TAKEOFF, now_ns), climb_to_m=height_m))
    if state.mode is not Mode.FOLLOW or not state.armed or not state.landed:
        return Outcome(state, FAILED, 'Takeoff needs GUIDED, armed, on the ground')
    return Outcome(replace(state, climb_to_m=height_m))


def supervise(state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int) -> Outcome:
    """Do what the autopilot does unasked: notice landing, disarm, leave a dead setpoint stream."""
    answer = _watch_ground(state, truth)
    if not answer.state.armed:
        return answer
    for rule in (_disarm_on_ground, _end_takeoff, _watch_stream, _end_return):
        state, _, text = rule(answer.state, truth, kind, loss_ns)
        answer = Outcome(state, ACCEPTED, text or answer.text)
    return answer


def _watch_ground(state: FlightState, truth: PlantTruth) -> Outcome:
    if not truth.on_ground:
        text = 'Takeoff detected' if state.landed and state.armed else ''
        flown = state.flown or state.armed
        return Outcome(
            replace(state, landed=False, flown=flown, grounded_since_ns=None), text=text
        )
    since = truth.stamp_ns if state.grounded_since_ns is None else state.grounded_since_ns
    landed = state.landed or truth.stamp_ns - since >= LANDED_NS or not state.armed
    text = 'Landing detected' if landed and not state.landed else ''
    return Outcome(replace(state, landed=landed, grounded_since_ns=since), text=text)


def _disarm_on_ground(
    state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int
) -> Outcome:
    stays_armed = state.mode is Mode.FOLLOW and not kind.rises_by_setpoint
    if not state.landed or state.grounded_since_ns is None or stays_armed:
        return Outcome(state)
    since = state.grounded_since_ns if state.flown else state.armed_since_ns
    delay = DISARM_AFTER_LANDING_NS if state.flown else DISARM_UNFLOWN_NS
    if truth.stamp_ns - since < delay:
        return Outcome(state)
    return Outcome(_disarmed(state), text='Disarmed by landing' if state.flown else 'Disarmed')


def _end_takeoff(
    state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int
) -> Outcome:
    if state.climb_to_m is None:
        return Outcome(state)
    height = float(truth.position_enu[2]) - state.home_enu[2]
    if abs(height - state.climb_to_m) > 0.2:
        return Outcome(state)
    if state.mode is Mode.TAKEOFF:
        return Outcome(in_mode(state, Mode.HOLD, truth.stamp_ns))
    return Outcome(replace(state, climb_to_m=None, hold_at_enu=None, setpoint=None))


def _watch_stream(
    state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int
) -> Outcome:
    if not kind.fails_over_to_hold:
        return Outcome(state)
    now = truth.stamp_ns
    silent = state.setpoint is None or now - state.setpoint_ns > loss_ns
    if state.mode is Mode.FOLLOW and silent:
        return Outcome(in_mode(state, Mode.HOLD, now, failsafe=True), text='Failsafe activated')
    if not state.failsafe:
        return Outcome(state)
    if not silent and now - state.stream_since_ns >= STREAM_RETURNED_NS:
        return Outcome(in_mode(state, Mode.FOLLOW, now), text='Failsafe deactivated')
    if state.mode is Mode.HOLD and now - state.mode_since_ns >= FAILSAFE_HOLD_NS:
        return Outcome(in_mode(state, Mode.LAND, now, failsafe=True), text='Failsafe: landing')
    return Outcome(state)


def _end_return(state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int) -> Outcome:
    offset = truth.position_enu - np.array(state.home_enu)
    if state.mode is not Mode.RETURN or float(np.hypot(offset[0], offset[1])) > 0.3:
        return Outcome(state)
    return Outcome(in_mode(state, Mode.LAND, truth.stamp_ns))


def steer(
    state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int
) -> tuple[FlightState, PlantCommand | None]:
    """Return what the velocity loop is told; None: motors off or idling on the ground."""
    state = _keep_hold_point(state, truth)
    if not state.armed:
        return state, None
    order = _order(state, truth, kind, loss_ns)
    rises = state.climb_to_m is not None or (
        state.mode is Mode.FOLLOW and kind.rises_by_setpoint and order.velocity_enu[2] > 0.15
    )
    return state, None if state.landed and not rises else order


def _order(state: FlightState, truth: PlantTruth, kind: Personality, loss_ns: int) -> PlantCommand:
    height = float(truth.position_enu[2]) - state.home_enu[2]
    velocity = _hold_velocity(state, truth)
    if state.climb_to_m is not None:
        velocity[2] = np.clip(state.climb_to_m - height, -CLIMB_M_S, CLIMB_M_S)
    elif state.mode is Mode.FOLLOW and state.setpoint is not None:
        return _follow(state, state.setpoint, truth, kind, loss_ns)
    elif state.mode is Mode.LAND:
        velocity[2] = -0.6 if height > 1.0 else -0.3
    elif state.mode is Mode.RETURN:
        velocity = _return_velocity(state, truth)
    return PlantCommand(velocity, 0.0)


def _follow(
    state: FlightState,
    setpoint: DecodedSetpoint,
    truth: PlantTruth,
    kind: Personality,
    loss_ns: int,
) -> PlantCommand:
    if truth.stamp_ns - state.setpoint_ns > loss_ns:
        return PlantCommand(np.zeros(3), 0.0)
    yaw = euler_from_quaternion(truth.quaternion_xyzw)[2]
    velocity, yaw_rate = velocity_of(setpoint, truth.position_enu, yaw, kind)
    if not np.isfinite(setpoint.position_enu).any() and not state.landed:
        velocity = velocity + np.array(kind.drift_enu_m_s)
    return PlantCommand(velocity, yaw_rate)


def _keep_hold_point(state: FlightState, truth: PlantTruth) -> FlightState:
    if state.hold_at_enu is not None or float(np.linalg.norm(truth.velocity_enu)) > 0.3:
        return state
    x, y, z = truth.position_enu.tolist()
    return replace(state, hold_at_enu=(x, y, z))


def _hold_velocity(state: FlightState, truth: PlantTruth) -> FloatArray:
    if state.hold_at_enu is None:
        return np.zeros(3)
    return _towards(np.array(state.hold_at_enu), truth, CLIMB_M_S)


def _return_velocity(state: FlightState, truth: PlantTruth) -> FloatArray:
    target = np.array(state.home_enu)
    target[2] = max(float(truth.position_enu[2]), state.home_enu[2] + RETURN_HEIGHT_M)
    return _towards(target, truth, RETURN_M_S)


def _towards(target_enu: FloatArray, truth: PlantTruth, limit_m_s: float) -> FloatArray:
    velocity: Any = HOLD_GAIN_PER_S * (target_enu - truth.position_enu)
    speed = float(np.linalg.norm(velocity))
    scaled: FloatArray = velocity * min(1.0, limit_m_s / max(speed, 1e-9))
    return scaled
