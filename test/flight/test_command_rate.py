# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that come too seldom refuse engaging, and are told to the pilot who flies by them."""

import itertools

import pytest
import vehicles
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.announcements import Announcer, Severity
from liquid_drone.flight.command_rate import FULL_HZ, GAP_S, LEAST_HZ, SPAN_S, CommandRate
from liquid_drone.flight.companion import Companion, Decision
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.health import Level, health
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4, Profile
from liquid_drone.flight.vehicle import VehicleState

STEP_S, LATE_S = 0.05, 0.03
rates = st.floats(1.0, 40.0)


class Flight:
    """A companion in the air, whose policy answers a camera of any rate."""

    def __init__(self, profile: Profile) -> None:
        self.companion, self.profile = Companion(profile, Limits(battery_cells=4.0)), profile
        self.announcer = Announcer(profile.mode_name(profile.follow_mode))
        self.now_s, self.next_s, self.mode = 100.0, 0.0, profile.hold_mode
        self.proposal: Proposal | None = None
        self.sees_last = False  # a picture's command comes before its sighting
        self.forward_m_s = 0.05
        self.told: list[tuple[Severity, str]] = []

    @property
    def vehicle(self) -> VehicleState:
        return vehicles.known(
            self.now_s,
            mode=self.mode,
            autopilot=self.profile.name,
            stamp_s=self.now_s,
            attitude_stamp_s=self.now_s,
        )

    def fly(self, for_s: float, rate_hz: float) -> Decision:
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            self.now_s += STEP_S
            if self.now_s >= self.next_s:
                self.next_s = max(self.next_s + 1.0 / rate_hz, self.now_s)
                self.proposal = Proposal(self.now_s - LATE_S, (self.forward_m_s, 0.0, 0.0, 0.0))
                sighting = Sighting(self.proposal.stamp_s, 0.0)
                if self.sees_last:
                    self.companion.step(self.now_s, self.vehicle, self.proposal)
                    self.now_s += 0.001
                self.companion.see(sighting)
            decision = self.companion.step(self.now_s, self.vehicle, self.proposal)
            if decision.reset_policy:
                self.companion.policy_was_reset()
            text = self.announcer.take(self.now_s, decision)
            if text is not None:
                self.told.append((text.severity, text.text))
        return decision


@given(rates, st.floats(0.0, 0.4), st.floats(4.0, 20.0))
def test_the_rate_is_that_of_new_pictures(rate_hz: float, jitter: float, for_s: float) -> None:
    pace, now_s, due_s, stamp_s = CommandRate(), 50.0, 50.0, 0.0
    came = 0
    while now_s < 50.0 + for_s:
        now_s += 0.02
        if now_s >= due_s + jitter / rate_hz * (came % 2):
            due_s, stamp_s, came = due_s + 1.0 / rate_hz, now_s - LATE_S, came + 1
        if came:
            pace.note(stamp_s, now_s)  # the newest one again and again
    told_hz = pace.hz(now_s)
    assert told_hz is not None
    assert told_hz == pytest.approx(rate_hz, abs=2.0 / SPAN_S + 0.05 * rate_hz)
    assert bool(pace.obstacle(now_s)) is (told_hz < LEAST_HZ)
    assert bool(pace.trouble(now_s)) is (told_hz < FULL_HZ)


@given(st.floats(GAP_S + 0.1, 60.0), rates)
def test_after_a_pause_it_is_not_known_until_it_was_watched(gap_s: float, rate_hz: float) -> None:
    pace, now_s = CommandRate(), 50.0
    for end_s, is_known in ((54.0, True), (54.0 + gap_s + SPAN_S - 0.7, False)):
        while now_s < end_s:
            pace.note(now_s, now_s)
            now_s += min(1.0 / rate_hz, 0.5)
        assert (pace.hz(now_s) is not None) is is_known
        now_s = 54.0 + gap_s
        assert pace.hz(now_s) is None
        assert not pace.obstacle(now_s) + pace.trouble(now_s)


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
@settings(max_examples=20)
@given(
    rate_hz=st.floats(1.0, 30.0).filter(
        lambda hz: min(abs(hz - LEAST_HZ), abs(hz - FULL_HZ)) > 0.7
    )
)
def test_too_few_refuse_engaging_and_few_are_told_once(profile: Profile, rate_hz: float) -> None:
    """A camera in little light gave 3 a second: engaged, it stood, and nothing was told."""
    flight = Flight(profile)
    flight.fly(6.0, rate_hz)
    before = flight.proposal
    while flight.proposal is before:  # until a command has just come
        flight.fly(STEP_S, rate_hz)
    done, words = flight.companion.engage(True)
    assert done is (rate_hz >= LEAST_HZ)
    if not done:
        assert 'commands come' in words or words.startswith('cannot engage: command from a')
        return
    flight.mode = profile.follow_mode
    decision = flight.fly(12.0, rate_hz)
    assert decision.stage is Stage.ENGAGED
    warned = [text for severity, text in flight.told if severity is Severity.WARNING]
    assert len(warned) == (rate_hz < FULL_HZ)
    assert all('it follows slowly' in text for text in warned)
    assert health(decision, '', '').level is (Level.WARN if rate_hz < FULL_HZ else Level.OK)


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_a_rate_that_falls_in_flight_is_told_and_so_is_nothing_worse_hidden(
    profile: Profile,
) -> None:
    flight = Flight(profile)
    flight.fly(6.0, 20.0)
    assert flight.companion.engage(True)[0]
    flight.mode = profile.follow_mode
    flight.fly(5.0, 20.0)
    before = len(flight.told)
    flight.fly(15.0, 3.3)  # it stands and goes on, again and again
    told = [text for _, text in flight.told[before:]]
    assert sum('it follows hardly at all: 3.' in text for text in told) == 1
    flight.companion.engage(False)
    gone = flight.fly(4.0, 3.3)
    assert (gone.stage, gone.trouble) == (Stage.HANDED_BACK, '')
    assert flight.told[-1][1].startswith('follow: ')


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
@settings(max_examples=20)
@given(st.floats(FULL_HZ + 0.1, 30.0), st.booleans(), st.floats(0.3, 0.9))
def test_between_two_pictures_of_a_slow_camera_no_speed_is_lost(
    profile: Profile, rate_hz: float, sees_last: bool, forward_m_s: float
) -> None:
    """At 6 pictures a second each gap between two was a target out of sight, and it crept."""
    flight = Flight(profile)
    flight.sees_last = sees_last
    flight.fly(6.0, rate_hz)
    assert flight.companion.engage(True)[0]
    flight.mode, flight.forward_m_s = profile.follow_mode, forward_m_s
    speeds = []
    while len(speeds) < 50:  # 2.5 s, in which a vehicle that stands by it is not yet stuck
        decision = flight.fly(STEP_S, rate_hz)
        speeds.append(0.0 if decision.setpoint is None else decision.setpoint.vx_m_s)
    assert speeds[-1] >= forward_m_s - 0.02  # and what is given against the creep of a PX4
    assert all(later >= before - 0.01 for before, later in itertools.pairwise(speeds[5:]))
