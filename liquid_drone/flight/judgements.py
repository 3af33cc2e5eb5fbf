# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What each part of fresh telemetry is worth: good, bad, odd or not known. Pure.

Ages are judged in :mod:`.facts`, which holds the table.
"""

import math
from dataclasses import dataclass
from enum import Enum

from .records import replace
from .vehicle import SystemStatus, VehicleState

FULL_CELL_V = 4.25  # a full lithium polymer cell; more needs another cell
IMPOSSIBLE_CELL_V = 4.45
EMPTY_CELL_V = 3.0  # a pack with less at rest carries no vehicle
KNOWS_CHARGE = frozenset({'px4'})  # from the voltage; ArduPilot counts from 100 % at each start
CELLS_HINT = 'set limits.battery_cells if that is not its number of cells'
STARTING = {SystemStatus.UNINIT, SystemStatus.BOOT, SystemStatus.CALIBRATING}
FLYING = {SystemStatus.STANDBY, SystemStatus.ACTIVE}
NO_VOLTAGE = 'the autopilot reports a charge, but measures no voltage'


@dataclass(frozen=True)
class FactLimits:
    """Largest ages and least values; None switches a check off, which is logged."""

    heartbeat_age_s: float = 2.5
    answer_age_s: float | None = 1.5  # of the autopilot's last answer to TIMESYNC
    estimate_age_s: float = 1.0  # of position and attitude
    estimator_age_s: float = 5.0  # of the estimator's status; PX4 sends it every 1 to 2 s
    home_age_s: float = 10.0
    home_agrees_m: float = 1.5  # what HOME_POSITION, heights and the take-off place may differ by
    landed_age_s: float = 3.0
    battery_age_s: float = 5.0
    range_age_s: float = 0.5  # of a range sensor, once it was there
    gimbal_age_s: float = 3.0  # of a gimbal's report, once there was one
    gimbal_rad: float | None = 0.5  # from straight ahead; None: the camera is on none
    min_battery: float | None = 0.25  # 0..1
    min_cell_v: float | None = 3.4
    battery_cells: float | None = None  # None: told by the highest voltage where one fits


class Standing(Enum):
    """What a fact is worth."""

    GOOD = 'good'
    BAD = 'bad'
    ODD = 'odd'
    UNKNOWN = 'not known'


@dataclass(frozen=True)
class Judgement:
    """What one fact is worth, and why, for people."""

    standing: Standing
    words: str = ''


GOOD = Judgement(Standing.GOOD)


def always(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Take it as it is: to have come is all that counts."""
    return GOOD


def heartbeat(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge what the autopilot says of itself; of two reports the better one counts."""
    if vehicle.unfit and vehicle.unfit_before:
        words = f'the autopilot reports as unhealthy (SYS_STATUS): {vehicle.unfit}'
        return Judgement(Standing.BAD, words)
    judged = [_status(status, vehicle) for status in (vehicle.status, vehicle.status_before)]
    return next((one for one in judged if one.standing is Standing.GOOD), judged[0])


def _status(status: int | None, vehicle: VehicleState) -> Judgement:
    if status not in set(SystemStatus):
        return Judgement(Standing.ODD, f'the autopilot reports a state that is none ({status})')
    told = SystemStatus(status)
    is_starting = told in STARTING and not vehicle.armed
    is_ready = told is SystemStatus.CRITICAL and not vehicle.mode_is_ours  # our setpoints lack
    if told in FLYING or is_starting or is_ready:
        return GOOD
    words = f'the autopilot reports MAV_STATE_{told.name}'
    return Judgement(Standing.ODD if told in STARTING else Standing.BAD, words)


def answer(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge whether one vehicle answers: what is sent to it, another one would fly as well."""
    if not vehicle.is_of_two:
        return GOOD
    return Judgement(
        Standing.ODD,
        f'two answer as system {vehicle.system_id}, each with a clock of its own: give each '
        'vehicle a system id of its own (MAV_SYS_ID; SYSID_THISMAV, from 4.7 MAV_SYSID)',
    )


def position(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge position and velocity."""
    numbers = (*vehicle.position_enu, *vehicle.velocity_enu)
    if all(map(math.isfinite, numbers)):
        return GOOD
    return Judgement(Standing.ODD, 'a number that is not finite')


def attitude(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge the attitude."""
    if all(map(math.isfinite, (vehicle.roll, vehicle.pitch, vehicle.yaw))):
        return GOOD
    return Judgement(Standing.ODD, 'a number that is not finite')


def estimator(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge what the estimator says of itself."""
    if vehicle.position_valid:
        return GOOD
    return Judgement(Standing.BAD, f'lacks {vehicle.estimator_lacks or "a usable position"}')


def home(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge whether the reports of home agree."""
    if not all(map(math.isfinite, vehicle.home_enu)):
        return Judgement(Standing.ODD, 'a number that is not finite')
    differs_m = vehicle.home_differs_m
    if differs_m <= limits.home_agrees_m:
        return GOOD
    return Judgement(
        Standing.ODD,
        f'HOME_POSITION, height and take-off place differ by {differs_m:.1f} m, at most '
        f'{limits.home_agrees_m:g} m',
    )


def gimbal(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge whether a gimbal looks ahead; of two reports the better one counts."""
    away_rad = max((min(one[1], one[2]) for one in vehicle.gimbals), default=0.0)
    if limits.gimbal_rad is None or away_rad <= limits.gimbal_rad:
        return GOOD
    return Judgement(
        Standing.BAD,
        f'it looks {math.degrees(away_rad):.0f} degrees away from straight ahead, or is rolled by '
        f'so much, at most {math.degrees(limits.gimbal_rad):.0f}: point it ahead and let its yaw '
        'follow the drone, '
        'or set limits.gimbal_rad to off where the camera is not on it',
    )


def landed(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge the landed state; one report that tells nothing, or of wings, decides nothing."""
    if vehicle.wings_told > 1:
        words = 'the autopilot reports a VTOL (EXTENDED_SYS_STATE), whatever type it calls itself'
        return Judgement(Standing.ODD, f'{words}: only multirotors are flown')
    if vehicle.landed_told is not None or vehicle.landed_before is not None:
        return GOOD
    return Judgement(Standing.UNKNOWN, 'the autopilot reports it as undefined')


def battery(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge charge and voltage; the best report of the last second, and of the last two, counts.

    A voltage sags where the vehicle climbs or brakes, and a PX4 reports five times a second. What
    the autopilot itself finds of the battery counts by two reports.
    """
    told = _battery(vehicle, limits)
    if told.standing is not Standing.BAD:
        return told
    is_healthy = vehicle.battery.is_healthy or vehicle.battery_before.is_healthy
    lately = [replace(one, is_healthy=is_healthy) for _, one in vehicle.batteries]
    then = (replace(vehicle, battery=one, battery_before=one) for one in lately)
    return GOOD if any(_battery(one, limits) is GOOD for one in then) else told


def _battery(vehicle: VehicleState, limits: FactLimits) -> Judgement:
    """Judge the last two reports, of which the better one counts."""
    samples = vehicle.battery, vehicle.battery_before
    shares = [one.share for one in samples if one.share is not None]
    volts = [one.voltage_v for one in samples if one.voltage_v is not None]
    if limits.min_battery is None and limits.min_cell_v is None:
        return GOOD
    has_charge = limits.min_battery is not None and vehicle.battery.share is not None
    has_voltage = limits.min_cell_v is not None and vehicle.battery.voltage_v is not None
    if not has_charge and not has_voltage:
        return Judgement(Standing.UNKNOWN, 'the autopilot measures neither charge nor voltage')
    if has_charge and limits.min_battery is not None and max(shares) < limits.min_battery:
        return Judgement(
            Standing.BAD, f'{max(shares):.0%} of its charge, at least {limits.min_battery:.0%}'
        )
    if not any(one.is_healthy for one in samples):
        return Judgement(Standing.BAD, 'the autopilot reports it as unhealthy (SYS_STATUS)')
    words = _low_pack(vehicle, limits.min_battery)
    if words:
        return Judgement(Standing.BAD, words)
    if limits.min_cell_v is None:
        return GOOD
    is_charge_known = has_charge and vehicle.autopilot in KNOWS_CHARGE
    if has_voltage:
        most_v = max(vehicle.battery_most_v, *volts)
        return _cells(max(volts), most_v, limits.min_cell_v, limits.battery_cells, is_charge_known)
    return Judgement(Standing.UNKNOWN, NO_VOLTAGE)


def _low_pack(vehicle: VehicleState, least: float | None) -> str:
    """Say which of several batteries two reports in a row found low; empty: none."""
    for newest, before in vehicle.packs:
        name = f'number {newest.number + 1} of several (BATTERY_STATUS {newest.number})'
        if newest.is_low and before.is_low:
            return f'the autopilot reports {name} as low or unfit'
        shares = [one.share for one in (newest, before) if one.share is not None]
        if least is not None and len(shares) > 1 and max(shares) < least:
            return f'{name} has {max(shares):.0%} of its charge, at least {least:.0%}'
    return ''


def _cells(
    voltage_v: float, most_v: float, least_v: float, told: float | None, is_charge_known: bool
) -> Judgement:
    """Judge the voltage of a cell; one sample of two that is fine is enough."""
    fewest = max(1, math.ceil(most_v / FULL_CELL_V))
    most = max(fewest, math.floor(most_v / EMPTY_CELL_V))
    cells = told or fewest
    words = f'{voltage_v:.1f} V are {voltage_v / cells:.2f} V for each of {cells:g} cells'
    if voltage_v / cells > IMPOSSIBLE_CELL_V:
        return Judgement(Standing.ODD, f'{words}; {CELLS_HINT}')
    if voltage_v / cells < least_v:
        return Judgement(Standing.BAD, f'{words}, at least {least_v:g} V; {CELLS_HINT}')
    if told is None and most > fewest and not is_charge_known:
        return Judgement(
            Standing.UNKNOWN,
            f'{voltage_v:.1f} V may be {fewest} cells or {most}: set limits.battery_cells',
        )
    return GOOD
