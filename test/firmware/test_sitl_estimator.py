# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The estimate of real firmware goes wrong in flight; figures: docs/FIRMWARE.md.

Promises: no dash and no dive after a number that jumps; setpoints end no later than the firmware
takes over; once handed back, nothing is sent.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from firmware_faults import Faults, MoreSensorsForPx4, look_down
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rig import STILL, Command, Rig, Row, firmware_or_skip, last_sent_s

from liquid_drone.flight.engagement import Stage
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.firmware import ardupilot, process
from liquid_drone.sim.firmware.px4 import Px4Bridge
from liquid_drone.sim.firmware.sensors import Inertial
from liquid_drone.sim.physics.quadrotor import Sample

FORWARD: Command = (1.0, 0.0, 0.0, 0.0)


@pytest.fixture
def faults(rig: Rig) -> Faults:
    return Faults(rig)


@pytest.mark.parametrize('command', [STILL, FORWARD], ids=['still', 'forward'])
def test_satellites_that_jump_by_15_m_make_no_dash(
    rig: Rig, faults: Faults, command: Command
) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(4.0, command)
    began_s = rig.now_s
    faults.satellites_jump(15.0)
    wrong = rig.fly(10.0, command)
    faults.satellites_jump(0.0)
    right = rig.fly(10.0, command)
    rows = wrong + right
    aside = [abs(float(row.position[1] - wrong[0].position[1])) for row in rows]
    rig.tell(
        f'satellites 15 m north for 10 s, asked {command}',
        most_aside_m=round(max(aside), 2),
        most_speed_m_s=round(max(row.speed_m_s for row in rows), 2),
        told_step_m=round(told_step_m(rows), 1),
        most_height_m=round(max(abs(float(r.position[2] - rows[0].position[2])) for r in rows), 2),
        **ending(rows, began_s),
    )
    silent_once_handed_back(rows)
    asked_m_s = max(np.hypot(row.sent.vx_m_s, row.sent.vy_m_s) for row in rows if row.sent)
    assert asked_m_s < 1.3
    if told_step_m(rows) > 3.0:  # ArduCopter took the jump in, and itself flew back to its place
        assert rig.stage is Stage.HANDED_BACK
    else:
        assert max(row.speed_m_s for row in rows) < 2.0
        assert max(aside) < 4.0


def test_a_yaw_that_is_reset_makes_no_spin_and_no_dash(rig: Rig, faults: Faults) -> None:
    rig.boot_and_climb()
    faults.knows_yaw_by_vision()
    rig.engage()
    rig.fly(4.0, FORWARD)
    began_s, told = rig.now_s, yaw_told(rig)
    faults.yaw_resets(math.radians(40.0))
    rows, told = [], [told]
    for _ in range(400):
        rows.append(rig.frame(FORWARD))
        told.append(yaw_told(rig))
    steps = np.abs((np.diff(told) + math.pi) % (2.0 * math.pi) - math.pi)
    turned = [abs((row.yaw - rows[0].yaw + math.pi) % (2 * math.pi) - math.pi) for row in rows]
    rig.tell(
        'yaw reset by 40 degrees (ArduCopter: compasses turned by 45)',
        largest_step_told_deg=round(math.degrees(steps.max()), 1),
        nose_turned_deg=round(math.degrees(max(turned)), 1),
        most_speed_m_s=round(max(row.speed_m_s for row in rows), 2),
        **ending(rows, began_s),
    )
    if math.degrees(steps.max()) > 20.0:
        assert rig.stage is Stage.HANDED_BACK
    assert max(row.speed_m_s for row in rows) < 2.0
    assert max(abs(row.sent.yaw_rate_rad_s) for row in rows if row.sent is not None) < 0.1
    silent_once_handed_back(rows)


def test_without_satellites_setpoints_end_before_the_firmware_lands(
    rig: Rig, faults: Faults
) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(4.0, FORWARD)
    began_s = rig.now_s
    faults.satellites_end()
    rows = rig.fly(20.0, FORWARD)
    known = [row.time_s - began_s for row in rows if row.known_mode != rig.ours]
    along = [float(row.position[0] - rows[0].position[0]) for row in rows]
    rig.tell(
        'no satellites',
        mode_changed_s=round(known[0], 2) if known else None,
        mode=str(rig.autopilot.mode),
        flown_m=round(max(along), 1),
        most_speed_m_s=round(max(row.speed_m_s for row in rows), 2),
        **ending(rows, began_s),
    )
    assert rig.stage is not Stage.ENGAGED
    assert max(along) < 15.0  # ArduCopter flies on for 8 s
    silent_once_handed_back(rows)


# ArduCopter looks for its sensors and its sources at the start alone.
ARDUPILOT_FLOW = """
SIM_FLOW_ENABLE 1
FLOW_TYPE 10
RNGFND1_TYPE 100
RNGFND1_MAX_CM 4000
EK3_SRC1_POSXY 0
EK3_SRC1_VELXY 5
EK3_SRC1_VELZ 0
SIM_GPS_DISABLE 1
GPS_TYPE 0
ARMING_CHECK 2097142
"""


@pytest.fixture(params=('ardupilot', 'px4'))
def flow(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Rig]:
    """Firmware without satellites, whose position is that of a flow camera."""
    firmware, file = firmware_or_skip(request.param), tmp_path / 'flow.parm'
    kind = replace(firmware.kind, start_mode=Mode.POSITION)  # PX4's Hold needs satellites
    firmware = replace(firmware, kind=kind)
    file.write_text(ARDUPILOT_FLOW)
    usual, encode = process.command_line, ardupilot.encode_state

    def with_range(time_s: float, sample: Sample, inertial: Inertial) -> bytes:
        height_m = max(sample.motion.position_enu[2], 0.0) + 0.11
        state = encode(time_s, sample, inertial).decode().strip()
        return f'\n{state[:-1]},"rng_1":{height_m:.3f}}}\n'.encode()

    monkeypatch.setattr(ardupilot, 'encode_state', with_range)
    monkeypatch.setattr(
        process,
        'command_line',
        lambda *given: [f'{w},{file}' if w.endswith('.parm') else w for w in usual(*given)],
    )
    rig = Rig(firmware, tmp_path / 'firmware.log')
    try:
        if firmware.kind.name == 'px4':
            use_flow(rig)
        yield rig
    finally:
        rig.close()


def use_flow(rig: Rig) -> None:
    """Let PX4 fly by a flow camera."""
    pilot, faults = rig.autopilot, Faults(rig)
    assert isinstance(pilot.bridge, Px4Bridge)
    faults.satellites_end()
    MoreSensorsForPx4(pilot.bridge, look_down)
    rig.until(lambda: pilot.station.heard_ns is not None, 60.0)
    rig.set_parameters(EKF2_OF_CTRL=1, EKF2_GPS_CTRL=0, SYS_HAS_GPS=0, EKF2_RNG_CTRL=1)
    rig.set_parameters(COM_ARM_WO_GPS=1, EKF2_OF_QMIN=1)


def test_a_position_from_optical_flow_alone_is_flown_by_or_refused(flow: Rig) -> None:
    pilot = flow.autopilot
    if flow.firmware.kind.name == 'ardupilot':
        flow.fly(20.0)
        place = pilot.bridge.sensors.config
        latitude, longitude = round(place.latitude_deg * 1e7), round(place.longitude_deg * 1e7)
        altitude_mm = round(place.altitude_m * 1e3)
        pilot.station.send(
            mavlink.MAVLink_set_gps_global_origin_message(1, latitude, longitude, altitude_mm)
        )
        climb_in_altitude_hold(flow)
    else:
        flow.boot_and_climb()
    refused = flow.can_engage(20.0)
    vehicle = flow.vehicle
    assert vehicle is not None
    flow.tell(
        'optical flow alone',
        refused=refused,
        position_valid=vehicle.position_valid,
        height_m=round(vehicle.height_m, 2),
        true_height_m=round(float(flow.rows[-1].position[2]), 2),
    )
    if refused:
        assert not any(row.sent for row in flow.fly(5.0, FORWARD))
        return
    flow.engage()
    rows = flow.fly(6.0, FORWARD)
    still = flow.fly(10.0, STILL)[60:]
    drifts = np.array([row.position for row in still]) - still[0].position
    flow.tell(
        'flown by flow',
        ahead_m_s=round(float(np.mean([row.velocity[0] for row in rows[-40:]])), 2),
        drift_m=np.abs(drifts).max(axis=0).round(2).tolist(),
    )
    assert max(row.speed_m_s for row in flow.rows) < 2.0
    assert np.abs(drifts).max() < 2.0


def climb_in_altitude_hold(rig: Rig) -> None:
    """Take off as one must by flow: on the ground ArduCopter knows no position."""
    pilot, station, altitude_hold = rig.autopilot, rig.autopilot.station, 2

    def is_armed() -> bool:
        if station.custom_mode != altitude_hold:
            custom = mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED
            station.command(mavlink.MAV_CMD_DO_SET_MODE, custom, altitude_hold)
        elif station.can_arm:
            station.ask_arm()
        return station.armed

    rig.until(is_armed, 60.0)
    pilot.pilot_takeoff(3.0)
    rig.until(lambda: not pilot.climbing and not pilot.landed, 30.0)
    rig.until(lambda: pilot.pilot_mode(Mode.POSITION), 20.0)
    rig.fly(3.0)


def ending(rows: list[Row], began_s: float) -> dict[str, object]:
    """Return how it ended, for the documents."""
    reasons = list(dict.fromkeys(row.reason for row in rows if row.reason))
    stage = rows[-1].stage
    return {
        'stage': None if stage is None else stage.name,
        'reasons': reasons,
        'last_setpoint_s': last_sent_s(rows, began_s),
    }


def silent_once_handed_back(rows: list[Row]) -> None:
    """Assert that no setpoint follows the first frame in which the vehicle was handed back."""
    ended = [i for i, row in enumerate(rows) if row.stage is Stage.HANDED_BACK]
    assert not ended or not any(row.sent for row in rows[ended[0] :])


def told_step_m(rows: list[Row]) -> float:
    """Return the largest step of the position that the companion knows, in the plane."""
    told = np.array([row.told[:2] for row in rows])
    return float(np.linalg.norm(np.diff(told, axis=0), axis=1).max())


def yaw_told(rig: Rig) -> float:
    assert rig.vehicle is not None
    return rig.vehicle.yaw
