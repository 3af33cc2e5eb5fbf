# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where and when the companion starts beside real firmware; figures: docs/FIRMWARE.md.

Promises: a companion that starts in the air knows the height or refuses; wherever home is put,
the drone flies nowhere that nobody proposed; firmware that refuses to restart goes on as before.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from firmware_faults import METRE_DEG
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rig import STILL, Command, Rig, Row, firmware_or_skip

from liquid_drone.flight.engagement import Stage

FORWARD: Command = (1.0, 0.0, 0.0, 0.0)
DOWN: Command = (0.0, 0.0, -0.4, 0.0)


@pytest.fixture(params=('ardupilot', 'px4'))
def late(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Firmware that flies before the companion starts."""
    rig = Rig(firmware_or_skip(request.param), tmp_path / 'firmware.log', connected=False)
    try:
        yield rig
    finally:
        rig.close()


def test_a_companion_that_starts_in_the_air_knows_the_height_or_refuses(late: Rig) -> None:
    late.boot_and_climb()
    late.connect()
    began_s = late.now_s
    refused = late.can_engage(20.0)
    assert not any(row.sent for row in late.rows[:-1])
    vehicle = late.vehicle
    assert vehicle is not None
    late.tell(
        'companion started in the air',
        refused=refused,
        engages_after_s=round(late.now_s - began_s, 2),
        height_m=round(vehicle.height_m, 2),
        true_height_m=round(float(late.rows[-1].position[2]), 2),
    )
    if not refused:
        assert vehicle.height_m == pytest.approx(late.rows[-1].position[2], abs=0.6)
        late.engage()
        late.fly(3.0, FORWARD)
        assert rises_m(late.fly(15.0, STILL)) < 0.6


def test_a_companion_that_starts_on_the_ground_is_silent_until_it_is_engaged(rig: Rig) -> None:
    rig.boot_and_climb()
    vehicle = rig.vehicle
    assert vehicle is not None
    rig.tell(
        'companion started on the ground',
        height_m=round(vehicle.height_m, 2),
        true_height_m=round(float(rig.rows[-1].position[2]), 2),
    )
    assert not any(row.sent for row in rig.rows)
    assert vehicle.height_m == pytest.approx(rig.rows[-1].position[2], abs=0.6)


@pytest.mark.parametrize('up_m', [-5.0, 5.0])
def test_a_home_away_from_the_origin_moves_nothing(rig: Rig, up_m: float) -> None:
    rig.boot_and_climb()
    put_home(rig, north_m=25.0, up_m=up_m)
    rig.fly(3.0)
    refused = rig.can_engage()
    vehicle = rig.vehicle
    assert vehicle is not None
    rig.tell(
        f'home 25 m north, {up_m:+.0f} m',
        refused=refused,
        height_m=round(vehicle.height_m, 2),
        true_height_m=round(float(rig.rows[-1].position[2]), 2),
    )
    if refused:
        assert not any(row.sent for row in rig.fly(3.0, FORWARD))
        return
    rig.engage()
    still = rig.fly(15.0, STILL)
    sinks = rig.fly(12.0, DOWN)
    lowest_m = float(min(row.position[2] for row in sinks))
    rig.tell('with that home', rises_m=round(rises_m(still), 2), lowest_m=round(lowest_m, 2))
    assert rises_m(still) < 0.6
    assert lowest_m > 0.3
    assert max(row.speed_m_s for row in still) < 0.6


def put_home(rig: Rig, north_m: float, up_m: float) -> None:
    """Move home as a ground station does."""
    place = rig.autopilot.bridge.sensors.config
    latitude = place.latitude_deg + north_m * METRE_DEG
    rig.autopilot.station.command(
        mavlink.MAV_CMD_DO_SET_HOME,
        *(0.0, 0.0, 0.0, 0.0, latitude, place.longitude_deg, place.altitude_m + up_m),
    )
    rig.until(lambda: mavlink.MAV_CMD_DO_SET_HOME in rig.autopilot.station.results, 5.0)
    assert rig.autopilot.station.results[mavlink.MAV_CMD_DO_SET_HOME] == 0


def rises_m(rows: list[Row]) -> float:
    """Return the largest change of height."""
    heights = np.array([row.position[2] for row in rows])
    return float(np.abs(heights - heights[0]).max())


def test_a_reboot_that_is_asked_for_in_flight_is_refused_and_flight_goes_on(rig: Rig) -> None:
    rig.boot_and_climb()
    rig.engage()
    rig.fly(3.0, FORWARD)
    rig.autopilot.station.command(mavlink.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN, 1.0)
    rows = rig.fly(5.0, FORWARD)
    result = rig.autopilot.station.results.get(mavlink.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN)
    rig.tell('reboot asked for in flight', result=result, stage=rig.stage.name)  # type: ignore[union-attr]
    assert result not in (None, mavlink.MAV_RESULT_ACCEPTED)
    assert rig.stage is Stage.ENGAGED
    assert math.isclose(float(np.mean([row.velocity[0] for row in rows])), 1.0, abs_tol=0.2)
