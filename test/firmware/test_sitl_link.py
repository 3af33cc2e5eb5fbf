# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The link to real firmware is cut, or its streams are switched off; figures: docs/FIRMWARE.md.

Promises: a short cut is not felt; a long one in any direction ends in silence, within a few
metres; nothing is sent afterwards, and the drone does not fly off, until a human engages anew.
"""

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rig import Command, Rig, flown_m, last_sent_s

from liquid_drone.flight.engagement import Stage

FORWARD: Command = (1.0, 0.0, 0.0, 0.0)
NOT_FELT_S = 0.3  # a cut as long as this; one of a second is as long as telemetry may be old
SILENT_AFTER_S = 3.2  # from the first packet lost: 1.5 s without an answer, stopped, held for 1 s
MOST_M = 6.0  # flown on while the link is cut: ArduPilot's GUID_TIMEOUT alone is 3.7 m
WAYS = {'up': (False, True), 'down': (True, False), 'both': (False, False)}


@pytest.mark.parametrize('way', WAYS)
def test_a_cut_link_is_not_felt_or_ends_in_silence(rig: Rig, way: str) -> None:
    rig.boot_and_climb()
    rig.engage()
    for cut_s in (0.3, 1.0, 3.0, 10.0):
        rig.fly(3.0, FORWARD)
        began_s, before = rig.now_s, len(rig.rows)
        rig.way.up, rig.way.down = WAYS[way]
        rig.fly(cut_s, FORWARD)
        rig.way.up = rig.way.down = True
        back = rig.fly(6.0, FORWARD)
        rows = rig.rows[before:]
        afterwards_m = flown_m(back[60:])  # from 3 s after the way was back
        rig.tell(
            f'link cut {way} for {cut_s} s',
            stage=rows[-1].stage.name,  # type: ignore[union-attr]
            last_setpoint_s=last_sent_s(rows, began_s),
            flown_m=round(flown_m(rows), 1),
            from_3_s_after_m=round(afterwards_m, 2),
        )
        if cut_s <= NOT_FELT_S:
            assert rig.stage is Stage.ENGAGED
        if rig.stage is Stage.ENGAGED:
            assert cut_s <= 1.0
            continue
        assert (last_sent_s(rows, began_s) or 0.0) < SILENT_AFTER_S  # and so nothing afterwards
        assert flown_m(rows) < MOST_M
        assert afterwards_m < 1.0
        rig.engage_anew()
    rig.fly(2.0, FORWARD)
    assert rig.stage is Stage.ENGAGED


def test_streams_that_another_station_switches_off_are_asked_for_again(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(3.0, FORWARD)
    for message in (mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED, mavlink.MAVLINK_MSG_ID_ATTITUDE):
        switch_off(rig, message)
        follow_or_hand_back(rig, f'stream {message}')
    for message in range(1, 256):  # all but the heartbeat
        switch_off(rig, message)
    follow_or_hand_back(rig, 'all streams')


def switch_off(rig: Rig, message: int) -> None:
    """Switch a stream off on the companion's own link, as a station behind the same router."""
    number = mavlink.MAV_CMD_SET_MESSAGE_INTERVAL
    rig.way.write(rig.foreign_command(number, float(message), -1.0))


def follow_or_hand_back(rig: Rig, what: str) -> None:
    """Fly on after streams were switched off: they come back, or the vehicle is handed back."""
    began_s = rig.now_s
    rows = rig.fly(12.0, FORWARD)
    vehicle = rig.vehicle
    assert vehicle is not None
    rig.tell(
        f'{what} off',
        stage=rows[-1].stage.name,  # type: ignore[union-attr]
        stopped_for_s=round(sum((row.reason or '').startswith('no_') for row in rows) * 0.05, 2),
        last_setpoint_s=last_sent_s(rows, began_s),
        age_s=round(vehicle.estimate_age_s(rig.now_s), 2),
    )
    assert vehicle.estimate_age_s(rig.now_s) < 1.0  # whoever holds it: it is known again
    if rig.stage is not Stage.ENGAGED:
        assert not any(row.sent for row in rows[-60:])
        rig.engage_anew()
        rig.fly(3.0, FORWARD)
