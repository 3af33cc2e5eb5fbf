# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What must be known before and while the companion flies, and when it counts as not known. Pure.

A fact is good, bad, odd (reported, and impossible) or not known (never reported, reported as
unmeasured, or older than its largest age). Only good is good. :data:`FACTS` is the one table: the
guard stops by it, engaging is refused by it, streams are requested and diagnostics are made from
it, and ``docs/SAFETY.md`` shows it.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import judgements
from .judgements import FactLimits, Judgement, Standing
from .reason import Reason
from .vehicle import NEVER, VehicleState

SLOW_TRIP_S = 0.5  # for an answer to be under way
LONGEST_WAY_S = 60.0  # no link keeps telemetry for longer
TIMES_HELP = 'two senders under one id, or a bridge or firmware that does not tell its own time'
FUTURE_S = 0.5  # what arrived so much later than now tells that a clock was set back


@dataclass(frozen=True)
class RangeReading:
    """The range sensor's distance; 0: too near to measure, infinite: nothing in range."""

    received_s: float
    distance_m: float


@dataclass(frozen=True)
class Evidence:
    """All that facts are judged on."""

    now_s: float
    vehicle: VehicleState | None
    distance: RangeReading | None = None  # None: there is no range sensor
    picture_s: float | None = None  # stamp of the newest command's image; None: not asked for


@dataclass(frozen=True)
class FactSpec:
    """One row of the table.

    Attributes:
        name: for people, in sentences.
        px4: the messages that tell it on PX4; empty: it does not come over MAVLink.
        ardupilot: likewise.
        needed_rate_hz: the least rate at which it never counts as too old.
        age_limit: the field of the limits with its largest age.
        unknown: the reason to stop in flight where it is odd or not known.
        bad: the reason where it is known and bad.
        age_s: time since it was true; infinite before that.
        judge: what it is worth while it is fresh.

    """

    name: str
    px4: tuple[str, ...]
    ardupilot: tuple[str, ...]
    needed_rate_hz: float
    age_limit: str
    unknown: Reason
    bad: Reason
    age_s: Callable[[Evidence, VehicleState], float]
    judge: Callable[[VehicleState, FactLimits], Judgement]

    def messages(self, autopilot: str) -> tuple[str, ...]:
        """Return the messages that tell it on an autopilot."""
        by_profile: dict[str, tuple[str, ...]] = {'px4': self.px4, 'ardupilot': self.ardupilot}
        return by_profile.get(autopilot, ())


@dataclass(frozen=True)
class Fact:
    """One fact at one time."""

    spec: FactSpec
    standing: Standing
    age_s: float
    words: str = ''

    @property
    def is_good(self) -> bool:
        """It can be relied on."""
        return self.standing is Standing.GOOD

    @property
    def reason(self) -> Reason:
        """Why to stop, where it is not good."""
        return self.spec.bad if self.standing is Standing.BAD else self.spec.unknown

    @property
    def sentence(self) -> str:
        """For the pilot."""
        return f'{self.spec.name}: {self.words or self.standing.value}'


def known(evidence: Evidence, limits: FactLimits) -> Iterator[Fact]:
    """Judge every fact that applies, in the order of the table."""
    vehicle = evidence.vehicle or NO_VEHICLE
    for spec in FACTS:
        if _applies(spec, evidence, vehicle, limits):
            yield _judged(spec, evidence, vehicle, limits)


def _applies(
    spec: FactSpec, evidence: Evidence, vehicle: VehicleState, limits: FactLimits
) -> bool:
    if spec is GIMBAL:
        return vehicle.gimbal_received_s > NEVER and limits.gimbal_rad is not None
    if spec is RANGE:
        return evidence.distance is not None
    return spec is not PICTURE or evidence.picture_s is not None


def first_wrong(evidence: Evidence, limits: FactLimits) -> Fact | None:
    """Return the first fact that is not good; None: all are."""
    return next((fact for fact in known(evidence, limits) if not fact.is_good), None)


def _judged(spec: FactSpec, evidence: Evidence, vehicle: VehicleState, limits: FactLimits) -> Fact:
    age_s, most_s = spec.age_s(evidence, vehicle), getattr(limits, spec.age_limit, 0.25)
    if most_s is not None and not age_s <= most_s:
        words = _other_clock(spec, evidence.now_s, vehicle, age_s, most_s)
        words = words or _too_old(spec, vehicle, age_s, most_s)
        return Fact(spec, Standing.UNKNOWN, age_s, words)
    if age_s < -FUTURE_S:
        return Fact(spec, Standing.ODD, age_s, 'from the future: a clock was set back')
    judgement = spec.judge(vehicle, limits)
    return Fact(spec, judgement.standing, age_s, judgement.words)


def _other_clock(
    spec: FactSpec, now_s: float, vehicle: VehicleState, age_s: float, most_s: float
) -> str:
    """Say that what has just arrived is old by the clocks' comparison alone; empty: it is not."""
    arrived_s = {'position': vehicle.received_s, 'attitude': vehicle.attitude_received_s}
    if not now_s - arrived_s.get(spec.name, NEVER) <= most_s or age_s <= LONGEST_WAY_S:
        return ''
    return (
        f'it arrives, and its times are {age_s:.0f} s behind the clock that answers TIMESYNC: '
        f'{TIMES_HELP}'
    )


def _too_old(spec: FactSpec, vehicle: VehicleState, age_s: float, most_s: float) -> str:
    source = ' and '.join(spec.messages(vehicle.autopilot))
    if source in vehicle.not_finite:
        return f'{source} comes with numbers that are not finite: the autopilot does not know it'
    if source in vehicle.not_timed:
        return f'{source} comes with times (time_boot_ms) that stand still or jump: {TIMES_HELP}'
    needs = f'; {source} must come at {spec.needed_rate_hz:g} Hz or faster' if source else ''
    if age_s == math.inf:
        return f'never received{needs}'
    if vehicle.trip_s > SLOW_TRIP_S:
        needs += f'; the link is slow: {vehicle.trip_s:.1f} s there and back'
    return f'{age_s:.1f} s old, at most {most_s:g} s{needs}'


def _range_age_s(evidence: Evidence, vehicle: VehicleState) -> float:
    reading = evidence.distance
    return math.inf if reading is None else evidence.now_s - reading.received_s


def _picture_age_s(evidence: Evidence, vehicle: VehicleState) -> float:
    """Count a stamp from the future as far off as one from the past."""
    return math.inf if evidence.picture_s is None else abs(evidence.now_s - evidence.picture_s)


def _since(received_s: Callable[[VehicleState], float]) -> Callable[..., float]:
    def age_s(evidence: Evidence, vehicle: VehicleState) -> float:
        arrived_s = received_s(vehicle)
        return evidence.now_s - arrived_s if math.isfinite(arrived_s) else math.inf

    return age_s


NO_VEHICLE = VehicleState(0, 0, '', False, -math.inf)
_NO_MESSAGE: tuple[str, ...] = ()
HEARTBEAT = FactSpec(
    name='heartbeat',
    px4=('HEARTBEAT',),
    ardupilot=('HEARTBEAT',),
    needed_rate_hz=1.0,
    age_limit='heartbeat_age_s',
    unknown=Reason.NO_HEARTBEAT,
    bad=Reason.AUTOPILOT_FAILSAFE,
    age_s=_since(lambda vehicle: vehicle.heartbeat_received_s),
    judge=judgements.heartbeat,
)
ANSWER = FactSpec(
    name='answer to our messages',
    px4=('TIMESYNC',),
    ardupilot=('TIMESYNC',),
    needed_rate_hz=1.0,
    age_limit='answer_age_s',
    unknown=Reason.NO_ANSWER,
    bad=Reason.NO_ANSWER,
    age_s=_since(lambda vehicle: vehicle.answered_s),
    judge=judgements.answer,
)
POSITION = FactSpec(
    name='position',
    px4=('LOCAL_POSITION_NED',),
    ardupilot=('LOCAL_POSITION_NED',),
    needed_rate_hz=4.0,
    age_limit='estimate_age_s',
    unknown=Reason.NO_POSITION,
    bad=Reason.NO_POSITION,
    age_s=lambda evidence, vehicle: vehicle.position_age_s(evidence.now_s),
    judge=judgements.position,
)
ATTITUDE = FactSpec(
    name='attitude',
    px4=('ATTITUDE',),
    ardupilot=('ATTITUDE',),
    needed_rate_hz=4.0,
    age_limit='estimate_age_s',
    unknown=Reason.NO_ATTITUDE,
    bad=Reason.NO_ATTITUDE,
    age_s=lambda evidence, vehicle: vehicle.attitude_age_s(evidence.now_s),
    judge=judgements.attitude,
)
ESTIMATOR = FactSpec(
    name='estimator status',
    px4=('ESTIMATOR_STATUS',),
    ardupilot=('EKF_STATUS_REPORT',),
    needed_rate_hz=0.5,
    age_limit='estimator_age_s',
    unknown=Reason.NO_ESTIMATOR,
    bad=Reason.ESTIMATOR_UNUSABLE,
    age_s=_since(lambda vehicle: vehicle.estimator_received_s),
    judge=judgements.estimator,
)
HOME = FactSpec(
    name='home position',
    px4=('HOME_POSITION', 'GLOBAL_POSITION_INT'),
    ardupilot=('HOME_POSITION', 'GLOBAL_POSITION_INT'),
    needed_rate_hz=0.25,
    age_limit='home_age_s',
    unknown=Reason.NO_HOME,
    bad=Reason.NO_HOME,
    age_s=_since(lambda vehicle: vehicle.home_received_s),
    judge=judgements.home,
)
LANDED = FactSpec(
    name='landed state',
    px4=('EXTENDED_SYS_STATE',),
    ardupilot=('EXTENDED_SYS_STATE',),
    needed_rate_hz=0.5,
    age_limit='landed_age_s',
    unknown=Reason.NO_LANDED_STATE,
    bad=Reason.NO_LANDED_STATE,
    age_s=_since(lambda vehicle: vehicle.landed_received_s),
    judge=judgements.landed,
)
BATTERY = FactSpec(
    name='battery',
    px4=('SYS_STATUS',),
    ardupilot=('SYS_STATUS',),
    needed_rate_hz=0.5,
    age_limit='battery_age_s',
    unknown=Reason.NO_BATTERY,
    bad=Reason.LOW_BATTERY,
    age_s=_since(lambda vehicle: vehicle.battery_received_s),
    judge=judgements.battery,
)
GIMBAL = FactSpec(
    name='gimbal',
    px4=_NO_MESSAGE,
    ardupilot=_NO_MESSAGE,
    needed_rate_hz=0.5,
    age_limit='gimbal_age_s',
    unknown=Reason.NO_GIMBAL,
    bad=Reason.GIMBAL_TURNED,
    age_s=_since(lambda vehicle: vehicle.gimbal_received_s),
    judge=judgements.gimbal,
)
RANGE = FactSpec(
    name='distance to the target',
    px4=_NO_MESSAGE,
    ardupilot=_NO_MESSAGE,
    needed_rate_hz=5.0,
    age_limit='range_age_s',
    unknown=Reason.NO_RANGE,
    bad=Reason.NO_RANGE,
    age_s=_range_age_s,
    judge=judgements.always,
)
PICTURE = FactSpec(
    name='command from a picture',
    px4=_NO_MESSAGE,
    ardupilot=_NO_MESSAGE,
    needed_rate_hz=5.0,
    age_limit='command_age_s',
    unknown=Reason.STALE_COMMAND,
    bad=Reason.STALE_COMMAND,
    age_s=_picture_age_s,
    judge=judgements.always,
)
FACTS = (
    HEARTBEAT,
    ANSWER,
    POSITION,
    ATTITUDE,
    ESTIMATOR,
    HOME,
    LANDED,
    BATTERY,
    GIMBAL,
    RANGE,
    PICTURE,
)
