# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware acts by itself: battery and fence; figures: docs/FIRMWARE.md.

Promises: the companion is silent in the cycle that knows the new mode and never asks for its own
again; where the firmware stops the drone without a word, the companion notices and says so.
"""

import pytest
from firmware_faults import Faults
from rig import Command, Rig, Row, last_sent_s

from liquid_drone.flight.engagement import Stage

FORWARD: Command = (1.0, 0.0, 0.0, 0.0)
FENCE_M = 12.0


def test_a_battery_failsafe_silences_the_companion(rig: Rig) -> None:
    faults = Faults(rig)
    if faults.is_px4:
        prepare(rig, SIM_BAT_MIN_PCT=60.0, COM_LOW_BAT_ACT=2)
    else:
        prepare(rig, BATT_LOW_VOLT=14.0, BATT_FS_LOW_ACT=1)
    rig.boot_and_climb()
    rig.engage()
    rig.fly(3.0, FORWARD)
    began_s = rig.now_s
    faults.battery_empties()
    rows = rig.fly(40.0, FORWARD)
    tell_ending(rig, 'battery failsafe', rows, began_s)
    assert rows[-1].mode != rig.ours
    assert_silent(rig, rows)


@pytest.mark.parametrize('avoids', [True, False], ids=['avoidance', 'breach'])
def test_the_fence_of_the_firmware_silences_the_companion(rig: Rig, avoids: bool) -> None:
    is_px4 = rig.firmware.kind.name == 'px4'
    if is_px4 and avoids:
        pytest.skip('PX4 does not stop before its fence')
    if is_px4:
        prepare(rig, GF_MAX_HOR_DIST=FENCE_M, GF_ACTION=2)
    else:
        values = {'FENCE_ENABLE': 1, 'FENCE_TYPE': 2, 'FENCE_RADIUS': FENCE_M, 'FENCE_MARGIN': 2.0}
        prepare(rig, **values, AVOID_ENABLE=3 if avoids else 0)
    rig.boot_and_climb()
    rig.engage()
    began_s = rig.now_s
    rows = rig.fly(30.0, FORWARD)
    tell_ending(rig, 'fence, avoidance on' if avoids else 'fence', rows, began_s)
    assert max(row.position[0] for row in rows) < FENCE_M + 4.0
    assert rig.stage is Stage.HANDED_BACK
    if not avoids:
        assert rows[-1].mode != rig.ours
    assert_silent(rig, rows)


def prepare(rig: Rig, **values: float) -> None:
    """Set parameters before the firmware has booted."""
    rig.until(lambda: rig.autopilot.station.heard_ns is not None, 60.0)
    rig.set_parameters(**values)


def tell_ending(rig: Rig, what: str, rows: list[Row], began_s: float) -> None:
    known = [row.time_s - began_s for row in rows if row.known_mode != rig.ours]
    rig.tell(
        what,
        mode=str(rig.autopilot.mode),
        companion_knows_s=round(known[0], 2) if known else None,
        last_setpoint_s=last_sent_s(rows, began_s),
        farthest_m=round(float(max(row.position[0] for row in rows)), 1),
        stage=rows[-1].stage.name,  # type: ignore[union-attr]
        reasons=list(dict.fromkeys(row.reason for row in rows if row.reason)),
    )


def assert_silent(rig: Rig, rows: list[Row]) -> None:
    """Assert that no setpoint follows the first frame in which another mode is known."""
    known = [i for i, row in enumerate(rows) if row.known_mode != rig.ours]
    assert not known or not any(row.sent for row in rows[known[0] :])
    ended = [i for i, row in enumerate(rows) if row.stage is Stage.HANDED_BACK]
    assert ended
    assert not any(row.sent for row in rows[ended[0] :])
