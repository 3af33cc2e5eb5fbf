# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The last telemetry of the vehicle, with the time when each part arrived.

Plain data made by :mod:`.mavlink.telemetry`; what may be believed is judged in :mod:`.facts`.
Two clocks: ``stamp_s`` is the autopilot's own; every ``..._received_s`` is the receiver's
(monotonic on a drone, simulated in lock-step) and minus infinity before the first arrival.
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum

from ..arrays import Vector
from .records import replace

NEVER = -math.inf
GUIDED_LATELY_S = 5.0  # for so long it is not taken from who guided it elsewhere
PACKS_LAST_S = 5.0  # a battery's own report
PACK_GONE_S = 10.0  # without one, on the ground: it was taken off
SAG_S = 1.0  # a battery that was good so lately is not low yet
BATTERY_GONE_S = 5.0  # without a report of it, on the ground
MOST_BATTERIES = 64  # reports that are kept
TOLD_BY_PACKS_V = 60.0  # from here on; SYS_STATUS ends at 65.5 V, and both lag by some
AHEAD_S = 0.5  # by so much clocks that were compared may disagree; TIMESYNC may be of another one
STAMP_TURN_S = 2**32 / 1000.0  # time_boot_ms begins anew after 49.7 days


@dataclass(frozen=True)
class BatterySample:
    """One report on the battery; None: not measured."""

    share: float | None = None  # of the charge, 0..1
    voltage_v: float | None = None  # of the whole pack
    is_healthy: bool = True  # False: the autopilot watches it and finds it bad
    current_a: float | None = None  # drawn


@dataclass(frozen=True)
class PackReport:
    """What BATTERY_STATUS tells of one of several batteries; SYS_STATUS tells of one alone."""

    number: int  # its id, from 0
    share: float | None = None  # of the charge, 0..1; None: not measured
    is_low: bool = False  # by the autopilot's own judgement: low, or worse
    voltage_v: float | None = None  # of the whole pack; None: not measured
    received_s: float = NEVER


PackReports = tuple[tuple[PackReport, PackReport], ...]  # of each the newest and the one before


def completed(sample: BatterySample, packs: tuple[PackReport, ...]) -> BatterySample:
    """Return SYS_STATUS's report, with what it cannot say said by the batteries' own reports.

    It tells of the first battery alone, which may be none, and in 16 bits: a pack of 16 cells and
    more comes as unknown there, or as what is left above 65.5 V.
    """
    measured = [(one.voltage_v, one) for one in packs if one.voltage_v is not None]
    least_v = min((voltage_v for voltage_v, _ in measured), default=0.0)
    if least_v > TOLD_BY_PACKS_V:
        return replace(sample, voltage_v=least_v)
    if sample.share is not None or sample.voltage_v is not None:
        return sample
    if not measured:  # a charge alone, if any
        told = [one.share for one in packs if one.share is not None]
        return replace(sample, share=min(told, default=None))
    shares = [(1.0 if one.share is None else one.share, one.number) for _, one in measured]
    voltage_v, emptiest = measured[shares.index(min(shares))]
    return replace(sample, share=emptiest.share, voltage_v=voltage_v)


@dataclass(frozen=True)
class GroundReading:
    """What one sensor that looks down tells of the ground; infinite: it measures nothing."""

    sensor: tuple[int, int]  # DISTANCE_SENSOR's id and type
    told_m: float  # along the vertical, by its last report
    before_m: float = math.inf  # by the one before it
    received_s: float = NEVER


@dataclass(frozen=True)
class JoystickReading:
    """What one sender of MANUAL_CONTROL told last; an axis that it has not is None."""

    sender: tuple[int, int]  # system and component: the autopilot, or a ground station
    received_s: float
    axes: tuple[int | None, ...]  # roll, pitch, throttle in -1000..1000
    goes_below_0: bool = False  # its throttle did so once: its middle is 0, else 500


class SystemStatus(IntEnum):
    """What an autopilot says of itself (MAV_STATE)."""

    UNINIT = 0
    BOOT = 1
    CALIBRATING = 2
    STANDBY = 3
    ACTIVE = 4
    CRITICAL = 5  # a failsafe of its own acts
    EMERGENCY = 6
    POWEROFF = 7
    FLIGHT_TERMINATION = 8


@dataclass(frozen=True)
class VehicleState:
    """One vehicle; world ENU with the autopilot's local origin, body FLU, radians, SI."""

    system_id: int
    mode: int  # HEARTBEAT.custom_mode
    mode_name: str
    armed: bool
    heartbeat_received_s: float
    mode_is_ours: bool = False  # setpoints are flown in this mode
    guided_s: float = NEVER  # when somebody else told the autopilot where to go
    guided_by: str = ''  # who, and how
    # a ground station's word in this mode (DO_CHANGE_SPEED), across, and up or down
    told_speed_m_s: float = math.inf
    told_climb_m_s: float = math.inf
    status: int | None = None  # HEARTBEAT.system_status of the last one; None: not reported
    status_before: int | None = None  # of the one before it
    autopilot: str = 'px4'  # name of its profile
    answered_s: float = NEVER  # when the newest TIMESYNC that it answered was sent
    is_of_two: bool = False  # two clocks answer one question: two vehicles under one system id
    trip_s: float = 0.0  # how long that answer was under way, there and back
    stamp_s: float = 0.0  # autopilot's time of the position
    clock_offset_s: float | None = None  # receiver's clock minus the autopilot's; None: unknown
    restarts: int = 0  # how often the autopilot's clock began anew
    received_s: float = NEVER  # when the position arrived
    position_enu: Vector = (0.0, 0.0, 0.0)  # m
    velocity_enu: Vector = (0.0, 0.0, 0.0)  # m/s
    attitude_received_s: float = NEVER
    attitude_stamp_s: float = 0.0  # autopilot's time of the attitude
    not_finite: frozenset[str] = frozenset()  # messages whose last one had such numbers
    not_timed: frozenset[str] = (
        frozenset()
    )  # messages whose last one had a time that was not taken
    odd_stamp_s: float | None = None  # a time of position that does not fit, until the next one
    attitude_odd_stamp_s: float | None = None
    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0  # counter-clockwise from east
    rates_flu: Vector | None = None  # rad/s; None: not told
    reset_counter: int | None = None  # of the estimator, by two reports; None: not reported
    reset_told: int | None = None  # by the last report alone
    estimator_received_s: float = NEVER
    position_valid: bool = True  # one of the last two reports found the estimate usable
    estimator_lacks: str = ''  # in the last report; empty: nothing
    accuracy_m: tuple[float, float] | None = None  # of position, across and up; None: not told
    landed_received_s: float = NEVER
    landed: bool = False  # by two reports in a row
    landed_told: bool | None = None  # by the last report alone; None: undefined
    landed_before: bool | None = None  # by the one before it
    wings_told: int = 0  # reports in a row of a VTOL's state, which a multirotor has not
    taking_off: bool = False  # the last report: the autopilot itself climbs
    unfit: str = ''  # what flies it, or its own fence, as the last SYS_STATUS found it unhealthy
    unfit_before: str = ''  # by the report before it
    battery_received_s: float = NEVER
    battery: BatterySample = field(default_factory=BatterySample)
    battery_before: BatterySample = field(default_factory=BatterySample)  # before it
    batteries: tuple[tuple[float, BatterySample], ...] = ()  # all of the last second, with times
    battery_most_v: float = 0.0  # the highest voltage so far
    packs: PackReports = ()  # of each battery the last two
    radio_received_s: float = NEVER
    radio: tuple[int, ...] = ()  # RC_CHANNELS in us; one that no radio sends: there is none
    radio_is_healthy: bool = True  # False: the autopilot finds its receiver bad
    joysticks: tuple[JoystickReading, ...] = ()  # of each sender
    ground: tuple[GroundReading, ...] = ()  # of each sensor that looks down
    # of each gimbal: component and number, how far from ahead it looks or is rolled (rad), before
    # that, when
    gimbals: tuple[tuple[tuple[int, int], float, float, float], ...] = ()
    gimbal_received_s: float = NEVER  # the newest report of the one that was silent for longest
    home_received_s: float = NEVER
    home_enu: Vector = (0.0, 0.0, 0.0)  # where heights and fence begin
    home_differs_m: float = 0.0  # between the places at which its reports let home be

    @property
    def is_introduced(self) -> bool:
        """Two heartbeats in a row told its kind."""
        return self.heartbeat_received_s > NEVER

    @property
    def battery_remaining(self) -> float | None:
        """Share of the charge, 0..1; None: not measured."""
        return self.battery.share

    @property
    def height_m(self) -> float:
        """Height above home."""
        return self.position_enu[2] - self.home_enu[2]

    @property
    def below_m(self) -> float | None:
        """Distance to what is below: the least that a sensor told twice; None: not known."""
        least_m = min((max(one.told_m, one.before_m) for one in self.ground), default=math.inf)
        return least_m if math.isfinite(least_m) else None

    @property
    def room_m(self) -> float:
        """What is left below: the height above home, or less where a sensor measures less."""
        below_m = self.below_m
        return self.height_m if below_m is None else min(self.height_m, below_m)

    @property
    def tilt_rad(self) -> float:
        """Angle between the body's up axis and the vertical; infinite where it is not a number."""
        if not math.isfinite(self.roll + self.pitch):
            return math.inf
        return math.acos(max(-1.0, min(1.0, math.cos(self.roll) * math.cos(self.pitch))))

    def is_guided(self, now_s: float) -> bool:
        """Tell whether somebody else told the autopilot lately where to go: a human's word."""
        return 0.0 <= now_s - self.guided_s <= GUIDED_LATELY_S

    def heartbeat_age_s(self, now_s: float) -> float:
        """Time since the last heartbeat."""
        return now_s - self.heartbeat_received_s

    def position_age_s(self, now_s: float) -> float:
        """Age of the position, since it was true where the clocks are known to each other."""
        return self._age_s(now_s, self.received_s, self.stamp_s)

    def attitude_age_s(self, now_s: float) -> float:
        """Age of the attitude, likewise."""
        return self._age_s(now_s, self.attitude_received_s, self.attitude_stamp_s)

    def estimate_age_s(self, now_s: float) -> float:
        """Age of the older one of position and attitude; infinite before the first."""
        return max(self.position_age_s(now_s), self.attitude_age_s(now_s))

    def _age_s(self, now_s: float, received_s: float, stamp_s: float) -> float:
        """Count from the earlier of arrival and stamp: what waited in a buffer is not fresh."""
        if math.isinf(received_s):
            return math.inf
        arrived_s = now_s - received_s
        if self.clock_offset_s is None:  # what came with the answer is no older than its question
            return arrived_s + self.trip_s
        waited_s = math.remainder(now_s - stamp_s - self.clock_offset_s, STAMP_TURN_S)
        if waited_s < -AHEAD_S:  # stamps are not of the clock that answers, and tell no age
            return arrived_s + self.trip_s
        return max(arrived_s, waited_s)


def packs_left(vehicle: VehicleState, now_s: float) -> PackReports:
    """Return the reports of all batteries but those that were taken off on the ground."""
    if vehicle.armed:
        return vehicle.packs
    return tuple(two for two in vehicle.packs if now_s - two[0].received_s <= PACK_GONE_S)


def reported_lately(
    vehicle: VehicleState, told: BatterySample, now_s: float
) -> tuple[tuple[float, BatterySample], ...]:
    """Return the reports on the battery of the last second, with the newest one."""
    known = (*vehicle.batteries[1 - MOST_BATTERIES :], (now_s, told))
    return tuple(one for one in known if 0.0 <= now_s - one[0] < SAG_S)


def highest_v(vehicle: VehicleState, told: BatterySample, now_s: float) -> float:
    """Return the highest voltage of the battery so far; one odd report of two adds no cell.

    What is gone on the ground, by two reports or by none for a while, may come back as another.

    Args:
        vehicle: before this report.
        told: the report.
        now_s: time of its arrival.

    """
    before = vehicle.battery
    is_gap = now_s - vehicle.battery_received_s > BATTERY_GONE_S
    is_gone = is_gap or (before.voltage_v is None and told.voltage_v is None)
    known_v = 0.0 if is_gone and not vehicle.armed else vehicle.battery_most_v
    return max(known_v, min(told.voltage_v or 0.0, before.voltage_v or math.inf))
