# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The pilot's tools against real ArduCopter and PX4: texts passed on, a flight by the radio alone.

Figures: docs/FIRMWARE.md.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymavlink.dialects.v20 import all as dialect
from rig import STILL, Command, Rig, Row, firmware_or_skip

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.failsafes import FAILSAFES, complaints
from liquid_drone.flight.failsafes import names as failsafe_names
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import RADIO
from liquid_drone.flight.pilot.radio import RadioSwitch
from liquid_drone.flight.pilot.words import BEARING, PilotWords
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.firmware.kinds import KINDS

CHANNEL, ON_US, OFF_US = 7, 1900, 1100
FORWARD: Command = (0.5, 0.0, 0.0, 0.0)


class PilotRig(Rig):
    """The whole session, with a radio's switch and words for the pilot."""

    def connect(self) -> None:
        self.is_on: bool | None = False
        self._radio = dialect.MAVLink(None, 51, dialect.MAV_COMP_ID_TELEMETRY_RADIO)
        address = f'udpin:127.0.0.1:{self.autopilot.companion_port}'
        self.link = MavlinkLink.open(address, besides=(RADIO,))
        self.session = CompanionSession(self.link, SIMULATION_LIMITS, radio=RadioSwitch(CHANNEL))
        self.words = PilotWords(self.link, self.session)

    def _decide(self, command: Command) -> Setpoint | None:
        assert self.link is not None
        now_s = self.now_s
        self.link.poll(now_s)
        sighting = Sighting(now_s - 1e-3, 0.1)
        self.session.see(sighting)
        self.words.note_sighting(sighting)
        decision = self.session.decide(now_s, Proposal(now_s, command))
        self.companion, self.decision = self.session.companion, decision
        if decision is None:
            return None
        if decision.reset_policy:
            self.session.policy_was_reset()
        if decision.setpoint is not None:
            self.link.send_setpoint(decision.setpoint, round(now_s * 1000))
        self.words.tell(now_s, decision)
        return decision.setpoint

    def flip(self, is_on: bool | None) -> None:
        """Move the switch; None: the radio is lost."""
        self.is_on = is_on

    def frame(self, command: Command = STILL, speaks: bool = True) -> Row:
        station, pwm = self.autopilot.station, ON_US if self.is_on else OFF_US
        if self.firmware.kind.name == 'px4':
            station.switches_us = {} if self.is_on is None else {CHANNEL: pwm}
        elif station.heard_ns is not None:
            station.send_raw(self._received(pwm))
        return super().frame(command, speaks)

    def _received(self, pwm: int) -> bytes:
        """Return what a telemetry radio with RC hands to ArduPilot: its centred 13 bit values."""
        lost = dialect.RADIO_RC_CHANNELS_FLAGS_FAILSAFE if self.is_on is None else 0
        throttle = 0 if self.autopilot.station.armed else -3200  # else it refuses to arm
        values = [0, 0, throttle, 0, 0, 0, round((pwm - 1500) * 6.4), 0, *[0] * 24]
        message = dialect.MAVLink_radio_rc_channels_message(
            self.autopilot.station.system, 1, round(1000 * self.now_s), lost, 8, values
        )
        return bytes(message.pack(self._radio))

    def heard(self) -> str:
        return ' | '.join(self.autopilot.station.companion_texts)


@pytest.fixture(params=sorted(KINDS))
def pilot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PilotRig]:
    rig = PilotRig(firmware_or_skip(request.param), tmp_path / 'firmware.log')
    try:
        yield rig
    finally:
        rig.close()


def test_a_flight_by_the_radio_alone_told_to_the_ground_station(pilot: PilotRig) -> None:
    station = pilot.autopilot.station
    pilot.flip(False)
    pilot.boot_and_climb()
    pilot.until(lambda: 'can be engaged' in pilot.heard(), 20.0)
    refused = pilot.stage
    pilot.flip(True)
    engaged_s = pilot.until(lambda: pilot.stage is Stage.READY, 10.0)
    pilot.until(lambda: pilot.autopilot.pilot_mode(Mode.FOLLOW), 10.0)
    pilot.until(lambda: pilot.stage is Stage.ENGAGED, 5.0)
    pilot.fly(5.0, FORWARD)
    assert pilot.stage is Stage.ENGAGED
    pilot.flip(False)
    ended_s = pilot.until(lambda: pilot.stage is Stage.HANDED_BACK, 10.0, FORWARD)
    pilot.fly(3.0)
    pilot.tell(
        'by the radio',
        engaged_after_s=round(engaged_s, 2),
        handed_back_after_s=round(ended_s, 2),
        texts=station.companion_texts,
        values=station.companion_values,
    )
    assert refused is Stage.STANDBY
    assert 'engaged, following' in pilot.heard()
    assert 'handed back: called off by a human' in pilot.heard()
    assert station.companion_values[BEARING] == pytest.approx(-5.73, abs=0.01)
    pilot.until(lambda: pilot.autopilot.pilot_mode(Mode.HOLD), 20.0)
    pilot.fly(6.0)
    pilot.flip(True)  # and again
    pilot.until(lambda: pilot.stage is Stage.READY, 10.0)
    pilot.until(lambda: pilot.autopilot.pilot_mode(Mode.FOLLOW), 10.0)
    pilot.until(lambda: pilot.stage is Stage.ENGAGED, 5.0)
    pilot.fly(3.0, FORWARD)
    pilot.until(lambda: pilot.autopilot.pilot_mode(Mode.HOLD), 20.0, FORWARD)
    pilot.until(lambda: pilot.stage is Stage.HANDED_BACK, 5.0)  # taken over
    pilot.flip(False)
    pilot.fly(2.0)
    pilot.flip(True)
    pilot.until(lambda: pilot.stage is Stage.READY, 10.0)


def test_a_switch_that_is_on_from_the_start_and_a_lost_radio_engage_nothing(
    pilot: PilotRig,
) -> None:
    pilot.flip(True)
    pilot.boot_and_climb()
    assert {row.stage for row in pilot.fly(5.0)} == {Stage.STANDBY}
    assert pilot.vehicle is not None
    if pilot.firmware.kind.name == 'ardupilot':  # a station's sticks count as a radio to it
        pilot.autopilot.station.sends_sticks = False
    pilot.flip(False)
    pilot.fly(5.0)
    pilot.flip(None)
    pilot.fly(5.0)
    pilot.tell('lost radio', channels=pilot.vehicle.radio, healthy=pilot.vehicle.radio_is_healthy)
    pilot.flip(True)
    rows = pilot.fly(5.0)
    pilot.tell('found', channels=pilot.vehicle.radio, mode=pilot.vehicle.mode_name)
    assert Stage.READY not in {row.stage for row in rows}


def test_the_failsafes_are_read_as_the_firmware_has_them(pilot: PilotRig) -> None:
    pilot.until(lambda: pilot.vehicle is not None and pilot.vehicle.is_introduced, 60.0)
    link, kind = pilot.link, pilot.firmware.kind.name
    assert link is not None
    names = set(failsafe_names(kind))

    def are_read() -> bool:
        missing = [one for one in FAILSAFES[kind] if not one.answered(link.parameters)]
        for name in (name for one in missing for name in one.names):
            link.request_parameter(name)
        return not missing

    pilot.until(are_read, 30.0)
    pilot.tell('failsafes', **link.parameters)
    whole = {'COM_OBL_RC_ACT', 'NAV_RCL_ACT', 'GF_ACTION', 'FS_THR_ENABLE', 'FENCE_ENABLE'}
    for name in whole & names:
        assert link.parameters[name] in range(8)
    found = complaints(kind, link.parameters)
    assert not any('not answered' in words for words in found.values())
    assert found['GF_MAX_HOR_DIST' if kind == 'px4' else 'GUID_TIMEOUT']  # as they come
