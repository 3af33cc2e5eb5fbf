# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A switch of the radio: only a clear way from off to on, on a radio that is received, engages."""

from dataclasses import replace

import numpy as np
import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st
from radio_flight import follow_for

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, RADIO
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.pilot.radio import GAP_S, JUMPS_S, RadioSwitch, RadioWatch
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

ON, OFF, BETWEEN = 1900, 1100, 1600
NO_VALUES = (0, 65535, 700, 2300, -1)
PERIOD_S = 0.1


class Radio:
    """A radio that is read ten times a second."""

    def __init__(self, channel: int = 7) -> None:
        self.watch = RadioWatch(RadioSwitch(channel))
        self.channel, self.now_s = channel, 100.0

    def hold(
        self, pwm: int, for_s: float, healthy: bool = True, others: tuple[int, ...] = (1500,) * 18
    ) -> list[bool]:
        """Return what is told while the switch stands there."""
        told = []
        for _ in range(round(for_s / PERIOD_S)):
            self.now_s += PERIOD_S
            channels = list(others)
            channels[self.channel - 1] = pwm
            vehicle = vehicles.known(
                self.now_s, radio=tuple(channels), radio_received_s=self.now_s
            )
            told.append(self.watch.take(self.now_s, replace(vehicle, radio_is_healthy=healthy)))
        return [one for one in told if one is not None]

    def silence(self, for_s: float) -> list[bool]:
        vehicle = vehicles.known(self.now_s, radio=(1500,) * 18, radio_received_s=self.now_s)
        self.now_s += for_s
        told = self.watch.take(self.now_s, vehicle)
        return [] if told is None else [told]


@pytest.mark.parametrize('channel', [1, 8, 18])
def test_from_off_to_on_engages_once_and_back_calls_off_once(channel: int) -> None:
    radio = Radio(channel)
    assert radio.hold(OFF, 2.0) == []
    assert radio.hold(ON, 3.0) == [True]
    assert radio.hold(OFF, 3.0) == [False]
    radio.hold(OFF, JUMPS_S)
    assert radio.hold(ON, 3.0) == [True]


@given(st.floats(0.0, 20.0), st.sampled_from([ON, BETWEEN]))
def test_a_switch_that_is_on_from_the_start_engages_nothing(for_s: float, first: int) -> None:
    radio = Radio()
    assert radio.hold(first, 0.4) + radio.hold(ON, for_s) == []


@given(st.sampled_from(NO_VALUES), st.floats(0.1, 5.0), st.booleans())
def test_what_no_radio_sends_begins_it_anew(pwm: int, for_s: float, healthy: bool) -> None:
    radio = Radio()
    radio.hold(OFF, 2.0)
    assert radio.hold(pwm, for_s, healthy) == []
    assert radio.hold(ON, 3.0) == []
    assert radio.hold(OFF, 3.0) == [False]
    assert radio.hold(ON, 3.0) == [True]


@given(st.sampled_from([OFF, ON]), st.floats(0.1, 5.0))
def test_a_receiver_that_the_autopilot_finds_bad_says_nothing(pwm: int, for_s: float) -> None:
    radio = Radio()
    radio.hold(OFF, 2.0)
    radio.hold(pwm, for_s, healthy=False)
    assert radio.hold(ON, 2.0) == []


@given(st.floats(GAP_S + PERIOD_S, 60.0))
def test_after_a_gap_the_switch_must_be_off_first(gap_s: float) -> None:
    radio = Radio()
    radio.hold(OFF, 2.0)
    assert radio.silence(gap_s) == []
    assert radio.hold(ON, 2.0) == []


def test_a_switch_that_went_off_while_the_radio_was_lost_calls_off() -> None:
    radio = Radio()
    radio.hold(OFF, 2.0)
    assert radio.hold(ON, 2.0) == [True]
    radio.silence(5.0)
    assert radio.hold(OFF, 2.0) == [False]


PRESETS = st.lists(st.integers(800, 1199), min_size=2, max_size=17).map(
    lambda low: tuple(low + [1500] * (18 - len(low)))
)


@given(PRESETS, st.floats(0.6, 30.0), st.booleans(), st.integers(9, 18))
def test_a_receiver_that_loses_or_finds_its_radio_flips_no_switch(
    preset: tuple[int, ...], for_s: float, stands_on: bool, channel: int
) -> None:
    """Radios that go on sending what they were taught are not reported as lost (PX4 12381)."""
    radio = Radio(channel)
    preset = tuple(preset[:8]) + (1500,) * 10  # of sticks and modes; the switch is another
    radio.hold(OFF, 2.0)
    if stands_on:
        radio.hold(ON, 2.0)
    there, back = (OFF, ON) if stands_on else (ON, OFF)
    assert radio.hold(there, for_s, others=preset) == ([False] if stands_on else [])
    assert True not in radio.hold(back, 5.0)
    radio.hold(OFF, JUMPS_S)
    assert radio.hold(ON, 2.0) == [True]


def test_a_stick_that_moves_with_the_switch_hinders_nothing() -> None:
    radio = Radio()
    radio.hold(OFF, 2.0, others=(1100,) + (1500,) * 17)
    assert radio.hold(ON, 2.0) == [True]


def test_a_three_way_switch_may_pause_between_and_not_stay_there() -> None:
    radio = Radio()
    radio.hold(OFF, 2.0)
    radio.hold(BETWEEN, 0.5)
    assert radio.hold(ON, 2.0) == [True]
    radio.hold(OFF, 5.0)
    radio.hold(BETWEEN, 3.0)
    assert radio.hold(ON, 2.0) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from([ON, OFF, BETWEEN, *NO_VALUES]),
            st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.6, 1.5]),
        ),
        max_size=40,
    )
)
def test_however_a_channel_jumps_on_is_told_after_a_clear_off_only(
    way: list[tuple[int, float]],
) -> None:
    radio, changes, last = Radio(), [], 0
    off_from_s, off_to_s = 0.0, 0.0  # the last time that it was off, without a gap
    for pwm, for_s in way:
        begins_s = radio.now_s + PERIOD_S
        if True in radio.hold(pwm, for_s):
            assert pwm == ON
            assert off_to_s - off_from_s >= 0.5 - 1e-6
            assert sum(radio.now_s - one < JUMPS_S - 1.5 for one in changes) <= 3
        if pwm in (ON, OFF):
            changes += [begins_s] if last not in (0, pwm) else []
            if pwm == OFF:
                off_from_s = off_from_s if last == OFF else begins_s
                off_to_s = radio.now_s
            last = pwm
        elif pwm != BETWEEN:
            off_from_s, off_to_s, last = radio.now_s, radio.now_s, 0


def test_a_channel_that_jumps_engages_nothing_until_it_is_quiet() -> None:
    radio, told = Radio(), []
    radio.hold(OFF, 2.0)
    assert radio.hold(ON, 0.7) == [True]
    for _ in range(20):
        told += radio.hold(OFF, 0.6) + radio.hold(ON, 0.6)
    assert True not in told
    radio.hold(OFF, JUMPS_S)
    assert radio.hold(ON, 1.0) == [True]


@pytest.mark.parametrize('switch', [{'channel': 0}, {'channel': 19}, {'channel': 5, 'on_us': 900}])
def test_a_switch_that_cannot_be_is_refused(switch: dict[str, int]) -> None:
    with pytest.raises(ValueError, match='got'):
        RadioSwitch(**switch)


class Link:
    """A link whose vehicle the test sets."""

    def __init__(self) -> None:
        self.vehicle = None
        self.profile = ARDUPILOT
        self.obstacle = ''


class Rig:
    """A session engaged by the radio alone."""

    def __init__(self, does: str = 'radio', shadow: bool = False) -> None:
        self.link, self.now_s = Link(), 100.0
        self.session = CompanionSession(
            self.link, Limits(battery_cells=4.0), shadow, **{does: RadioSwitch(7)}
        )
        self.mode = ARDUPILOT.hold_mode

    def hold(
        self, pwm: int, for_s: float, others: tuple[int, ...] = (1500,) * 6, **changes: object
    ) -> Stage:
        for _ in range(round(for_s / 0.05)):
            self.now_s += 0.05
            self.link.vehicle = vehicles.known(
                self.now_s,
                mode=self.mode,
                autopilot='ardupilot',
                stamp_s=self.now_s,
                attitude_stamp_s=self.now_s,
                radio=(*others, pwm),
                radio_received_s=self.now_s,
                **changes,
            )
            proposal = Proposal(self.now_s, (0.0, 0.0, 0.0, 0.0))  # as it stands
            decision = self.session.decide(self.now_s, proposal)
            self.session.see(Sighting(self.now_s, 0.0))  # never seen, it would be searched for
            if decision is not None and decision.reset_policy:
                self.session.policy_was_reset()
        return self.session.stage


def test_a_flight_by_the_radio_alone() -> None:
    rig = Rig()
    assert rig.hold(OFF, 1.0) is Stage.STANDBY
    assert rig.hold(ON, 1.0) is Stage.READY
    rig.mode = ARDUPILOT.follow_mode
    assert rig.hold(ON, 1.0) is Stage.ENGAGED
    assert rig.hold(OFF, 3.0) is Stage.HANDED_BACK
    rig.mode = ARDUPILOT.hold_mode
    rig.hold(OFF, 5.0)
    assert rig.hold(ON, 1.0) is Stage.READY  # and again, without anything else


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_engaged_followed_taken_over_and_engaged_again_by_the_radio_alone(kind: str) -> None:
    plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
    autopilot = SimulatedAutopilot(plant, kind, airborne=True)
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive), besides=(RADIO,))
    session = CompanionSession(link, SIMULATION_LIMITS, radio=RadioSwitch(7))

    def fly(pwm: int, for_s: float) -> Stage:
        autopilot.radio_us = (1500,) * 6 + (pwm, 1500)
        return follow_for(for_s, autopilot, link, session)

    assert fly(OFF, 5.0) is Stage.STANDBY
    for _ in range(2):
        assert fly(ON, 1.5) is Stage.READY
        assert autopilot.pilot_mode(Mode.FOLLOW)
        assert fly(ON, 3.0) is Stage.ENGAGED
        assert np.linalg.norm(plant.truth().velocity_enu) > 0.3  # it follows
        assert autopilot.pilot_mode(Mode.HOLD)
        assert fly(ON, 1.0) is Stage.HANDED_BACK
        assert fly(OFF, 3.0) is Stage.HANDED_BACK
    link.close()


def test_what_the_guard_forbids_the_radio_cannot_and_the_pilot_is_told_why() -> None:
    rig = Rig()
    rig.hold(OFF, 1.0, position_valid=False, estimator_lacks='height')
    stage = rig.hold(ON, 2.0, position_valid=False, estimator_lacks='height')
    assert stage is Stage.STANDBY
    assert rig.session.radio_refusal.startswith('cannot engage: ')
    assert rig.hold(ON, 2.0) is Stage.STANDBY  # good again: the switch must be moved again
    rig.hold(OFF, 5.0)
    assert rig.hold(ON, 1.0) is Stage.READY


def test_shadow_by_the_radio_from_the_start_and_only_its_way_back_ends_it() -> None:
    rig = Rig('shadow_radio')
    rig.hold(ON, 1.0)
    assert rig.session.is_shadow  # on since the start: only looking on is the careful answer
    rig.hold(OFF, 1.0)
    assert not rig.session.is_shadow
    rig.hold(0, 5.0)  # a lost radio changes nothing
    assert not rig.session.is_shadow
    rig.hold(ON, 1.0)
    rig.hold(0, 5.0)
    assert rig.session.is_shadow


@given(st.lists(st.integers(800, 1199), min_size=2, max_size=6), st.booleans())
def test_a_lost_radio_ends_no_shadow(low: list[int], is_found: bool) -> None:
    rig = Rig('shadow_radio')
    rig.hold(ON, 1.0)
    preset = tuple(low + [1500] * (6 - len(low)))
    if is_found:
        rig.hold(0, 2.0)
    rig.hold(OFF, 2.0, others=preset)
    assert rig.session.is_shadow
    rig.hold(ON, 1.0)
    rig.hold(OFF, 1.0)
    assert not rig.session.is_shadow


def test_a_node_that_was_started_in_shadow_stays_so() -> None:
    rig = Rig('shadow_radio', shadow=True)
    rig.hold(ON, 1.0)
    rig.hold(OFF, 1.0)
    assert rig.session.is_shadow
    assert 'stays' in rig.session.radio_refusal


@given(st.booleans(), st.lists(st.sampled_from([ON, OFF]), min_size=1, max_size=4))
def test_shadow_never_changes_while_it_commands_or_may_soon(
    is_followed: bool, switches: list[int]
) -> None:
    rig = Rig('shadow_radio')
    rig.hold(OFF, 1.0)
    assert rig.session.engage(True)[0]
    if is_followed:
        rig.mode = ARDUPILOT.follow_mode
        assert rig.hold(OFF, 1.0) is Stage.ENGAGED
    for pwm in switches:
        rig.hold(pwm, 1.0)
        assert not rig.session.is_shadow
        assert not rig.session.shadow(True)[0]
    assert rig.session.has_vehicle is is_followed
    assert is_followed or rig.session.stage is Stage.READY
