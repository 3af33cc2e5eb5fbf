# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The companion against real ArduCopter and PX4, over an open field; figures: docs/FIRMWARE.md.

    LIQUID_DRONE_PX4=.../bin/px4 LIQUID_DRONE_ARDUCOPTER=.../bin/arducopter pytest -s test/firmware

Firmware binds ports on every interface: run it in a network namespace, or behind a firewall.
"""

import numpy as np
import pytest
from rig import Command, Rig, Row, first

from liquid_drone.flight.engagement import Stage
from liquid_drone.sim.autopilot.personality import Mode

FORWARD: Command = (1.0, 0.0, 0.0, 0.0)
PROFILE: tuple[Command, ...] = (
    FORWARD,
    (-1.0, 0.0, 0.0, 0.0),
    (0.0, 0.8, 0.0, 0.0),
    (0.0, 0.0, 0.4, 0.0),
    (0.0, 0.0, -0.4, 0.0),
    (0.0, 0.0, 0.0, 0.5),
    (0.8, 0.0, 0.0, 0.3),
)


def test_a_velocity_profile_is_followed(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.tell('ready', climbed_after_s=round(rig.now_s, 1))
    rig.engage()
    rise = rig.fly(5.0, FORWARD)
    began_s = next(row.time_s for row in rise if row.sent is not None and row.sent.vx_m_s > 0.0)
    steps_s = {share: reached(rise, share) - began_s for share in (0.1, 0.5, 0.9)}
    rig.tell('one metre a second', **{f'{k:.0%}': round(v, 2) for k, v in steps_s.items()})
    for command in PROFILE:
        rows = rig.fly(6.0, command)[-40:]
        flown = np.mean([[*row.velocity, row.yaw_rate] for row in rows], axis=0)
        tilt = max(row.tilt_deg for row in rows)
        rig.tell(f'asked {command}', flown=flown.round(2).tolist(), tilt_deg=round(tilt, 1))
        assert np.abs(flown - command).max() < 0.3, command
    assert rig.stage is Stage.ENGAGED
    rig.fly(4.0)
    still = np.array([row.position for row in rig.fly(30.0)])
    away_m = np.abs(still - still[0]).max(axis=0).round(2).tolist()
    rig.tell('asked to stand for 30 s', most_away_m=away_m)
    assert away_m[2] < 0.8  # the guard holds the height where the firmware does not


def test_a_takeover_by_another_ground_station_silences_the_companion(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(5.0, FORWARD)
    asked_s, ours = rig.now_s, rig.rows[-1].mode
    rig.second_station(Mode.HOLD)
    rows = rig.fly(8.0, FORWARD)
    told_s = first(rows, lambda row: row.known_mode != ours)
    last_s = max((row.time_s for row in rows if row.sent is not None), default=asked_s)
    stands_s = first(rows, lambda row: float(np.hypot(*row.velocity[:2])) < 0.2)
    rig.tell(
        'takeover',
        companion_knows_s=round(told_s - asked_s, 2),
        last_setpoint_s=round(last_s - asked_s, 2),
        below_0_2_m_s_s=round(stands_s - asked_s, 2),
    )
    assert last_s < told_s  # the frame that knows is silent: within one period
    assert told_s - asked_s < 0.5
    assert rig.stage is Stage.HANDED_BACK
    assert not any(row.sent for row in rig.fly(5.0, FORWARD))
    assert rig.autopilot.mode is Mode.HOLD


def test_when_setpoints_stop_the_firmware_acts_and_the_companion_stays_silent(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(5.0, FORWARD)
    began_s, ours = rig.now_s, rig.rows[-1].mode
    rows = rig.fly(8.0, speaks=False)
    slowing_s = first(rows, lambda row: row.velocity[0] < 0.8) - began_s
    stands_s = first(rows, lambda row: float(np.hypot(*row.velocity[:2])) < 0.1) - began_s
    changed = [row.time_s - began_s for row in rows if row.mode != ours]
    rig.tell(
        'setpoints stop',
        mode_changed_s=round(changed[0], 2) if changed else None,
        below_0_8_m_s_s=round(slowing_s, 2),
        below_0_1_m_s_s=round(stands_s, 2),
    )
    assert bool(changed) is (rig.firmware.kind.name == 'px4')  # ArduPilot stays in GUIDED
    assert stands_s < 6.0
    after = rig.fly(3.0, FORWARD)
    assert not any(row.sent for row in after)  # it paused: a human must engage it anew
    assert rig.stage is Stage.HANDED_BACK


def test_a_restart_of_the_firmware_in_flight_is_survived(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(3.0, FORWARD)
    rig.autopilot.stop()
    rig.autopilot.start()
    began_s = rig.now_s
    rows = rig.fly(10.0, FORWARD)
    last_s = max((row.time_s for row in rows if row.sent is not None), default=began_s)
    rig.tell('restart', last_setpoint_s=round(last_s - began_s, 2), stage=str(rows[-1].stage))
    assert last_s - began_s < 3.0
    assert rows[-1].stage in (Stage.HANDED_BACK, Stage.DISCONNECTED)
    rig.autopilot.stop()  # started while it fell, it has learned wrong biases: once more, at rest
    rig.autopilot.start()
    rig.boot_and_climb()
    rig.engage()
    flown = np.mean([row.velocity for row in rig.fly(5.0, FORWARD)[-20:]], axis=0)
    rig.tell('after the restart', flown=flown.round(2).tolist())
    assert flown[0] == pytest.approx(1.0, abs=0.2)


def reached(rows: list[Row], speed_m_s: float) -> float:
    """Return when a speed ahead was reached."""
    return first(rows, lambda row: row.velocity[0] >= speed_m_s)
