# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace

import numpy as np
import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.announcements import Announcer
from liquid_drone.flight.companion import Companion
from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.flight.guard.drift_compensation import LAG_S
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.health import Level, health
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.reason import Reason
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.vehicle import BatterySample
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

DT_S = 0.05
LOW = BatterySample(0.2, 16.0)


class Rig:
    """A companion with a vehicle whose telemetry is always fresh unless told otherwise."""

    def __init__(self, profile=PX4):
        self.companion = Companion(profile, Limits(battery_cells=4.0))
        self.now = 100.0
        self.vehicle = vehicles.known(self.now, mode=profile.hold_mode, autopilot=profile.name)
        self.profile = profile
        self.fresh, self.sees, self.speed_m_s = True, True, 0.0

    def step(self, dt=DT_S, command=(0.5, 0.0, 0.0, 0.0)):
        self.now += dt
        if self.fresh:
            self.vehicle = vehicles.fresh(
                self.vehicle, self.now, stamp_s=self.now, attitude_stamp_s=self.now
            )
        proposal = None if command is None else Proposal(self.now, command)
        decision = self.companion.step(self.now, self.vehicle, proposal)
        if self.sees:
            self.companion.see(Sighting(self.now, 0.0))
        if decision.stage is Stage.ENGAGED and command is not None:
            self.move(command[0], dt)
        return decision

    def move(self, speed_m_s, dt):
        """Fly ahead, to the east, with the lag that is expected: nothing to bring back."""
        x, y, z = self.vehicle.position_enu
        self.speed_m_s += (speed_m_s - self.speed_m_s) * dt / LAG_S
        self.vehicle = replace(
            self.vehicle,
            position_enu=(x + self.speed_m_s * dt, y, z),
            velocity_enu=(self.speed_m_s, 0.0, 0.0),
        )

    def turn(self, decision):
        """Turn as commanded."""
        rate = decision.setpoint.yaw_rate_rad_s if decision.setpoint else 0.0
        self.vehicle = replace(self.vehicle, yaw=self.vehicle.yaw + rate * DT_S)

    def switch(self, to_ours=True):
        mode = self.profile.follow_mode if to_ours else self.profile.hold_mode
        self.vehicle = replace(self.vehicle, mode=mode)

    def engaged(self):
        self.step()
        assert self.companion.engage(True)[0]
        self.step()
        self.switch()
        self.step()
        self.companion.policy_was_reset()
        for _ in range(40):
            decision = self.step()
        assert decision.stage is Stage.ENGAGED
        assert decision.setpoint.vx_m_s == pytest.approx(0.5, abs=1e-3)
        return self


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_the_whole_way_from_standby_to_engaged(profile):
    rig = Rig(profile)
    assert rig.step().setpoint is None
    assert rig.companion.stage is Stage.STANDBY
    assert rig.companion.engage(True) == (True, Stage.READY.value)
    ready = rig.step()
    assert (ready.stage, ready.setpoint) == (Stage.READY, Setpoint())
    rig.switch()
    engaging = rig.step()
    assert (engaging.reset_policy, engaging.setpoint) == (True, Setpoint())
    rig.companion.policy_was_reset()
    assert rig.step().stage is Stage.ENGAGED
    assert rig.step().setpoint.vx_m_s > 0.0


def test_without_a_human_nothing_is_ever_sent_even_in_its_mode():
    rig = Rig()
    rig.switch()
    assert all(rig.step().setpoint is None for _ in range(50))


def test_zeros_go_out_until_the_policy_has_started_afresh_and_not_for_ever():
    rig = Rig()
    rig.step()
    rig.companion.engage(True)
    rig.switch()
    decisions = [rig.step() for _ in range(60)]
    assert all(d.setpoint in (Setpoint(), None) for d in decisions)
    assert (decisions[-1].stage, decisions[-1].cause) == (
        Stage.HANDED_BACK,
        Cause.POLICY_NOT_RESET,
    )


def test_another_mode_silences_it_in_the_same_step_and_for_good():
    rig = Rig().engaged()
    rig.switch(to_ours=False)
    decision = rig.step()
    assert (decision.setpoint, decision.cause) == (None, Cause.TAKEN_OVER)
    rig.switch()
    assert all(rig.step().setpoint is None for _ in range(100))
    assert rig.companion.engage(True)[0]
    assert rig.step().stage is Stage.ENGAGING


@pytest.mark.parametrize(
    ('change', 'cause'),
    [({'armed': False}, Cause.DISARMED), ({'landed': True}, Cause.LANDED)],
)
def test_disarmed_or_landed_it_gives_the_vehicle_back(change, cause):
    rig = Rig().engaged()
    rig.vehicle = replace(rig.vehicle, **change)
    assert (rig.step().setpoint, rig.companion.stage) == (None, Stage.HANDED_BACK)
    assert rig.step().cause is cause


def test_a_dead_policy_leads_to_zero_in_half_a_second_then_silence_then_a_hand_back():
    rig = Rig().engaged()
    decisions = [rig.step(command=None) for _ in range(60)]
    assert decisions[9].setpoint.as_tuple() == pytest.approx((0, 0, 0, 0), abs=1e-9)
    assert decisions[9].reason is Reason.STALE_COMMAND
    assert decisions[35].setpoint is None
    assert decisions[35].stage is Stage.HANDED_BACK
    assert decisions[-1].cause is Cause.GUARD_STOPPED
    assert rig.step().setpoint is None  # fresh proposals do not bring it back


def test_a_lost_link_is_stopped_gently_then_silence():
    rig = Rig().engaged()
    rig.fresh = False
    decisions = [rig.step() for _ in range(70)]
    assert decisions[-1].setpoint is None
    assert decisions[-1].reason is Reason.NO_POSITION
    assert decisions[-1].stage is Stage.HANDED_BACK


def test_a_human_can_call_it_off_and_it_stops_before_it_falls_silent():
    rig = Rig().engaged()
    assert rig.companion.engage(False)[0]
    decisions = [rig.step() for _ in range(40)]
    speeds = [d.setpoint.vx_m_s for d in decisions if d.setpoint]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] == 0.0
    assert decisions[-1].stage is Stage.HANDED_BACK


@pytest.mark.parametrize('pause', [0.6, 5.0, -1.0])
def test_its_own_pause_costs_it_the_vehicle(pause):
    rig = Rig().engaged()
    decision = rig.step(dt=pause)
    assert (decision.setpoint, decision.cause) == (None, Cause.SILENCE)


def test_a_pause_while_ready_needs_a_new_human_too():
    rig = Rig()
    rig.step()
    rig.companion.engage(True)
    rig.step()
    assert rig.step(dt=1.0).stage is Stage.STANDBY


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({'battery': LOW, 'battery_before': LOW}, 'battery: 20% of its charge'),
        ({'position_valid': False, 'estimator_lacks': 'height'}, 'estimator status: lacks height'),
        ({'position_enu': (40.0, 0.0, 3.0)}, 'outside the fence'),
        ({'position_enu': (0.0, 0.0, 0.5)}, 'outside the altitude band: 0.5 m above home'),
        ({'position_enu': (0.0, 0.0, 12.0)}, 'outside the altitude band'),
    ],
)
def test_it_refuses_to_engage_with_the_reason(change, text):
    rig = Rig()
    rig.vehicle = replace(rig.vehicle, **change)
    rig.step()
    done, sentence = rig.companion.engage(True)
    assert not done
    assert text in sentence
    assert rig.step().setpoint is None


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.sampled_from([PX4, ARDUPILOT]))
def test_who_engages_it_means_this_flight_and_no_later_one(armed, profile):
    """Forgotten until the next takeoff in its mode, it would take that vehicle as well."""
    rig = Rig(profile)
    rig.step()
    assert rig.companion.engage(True)[0]
    flights, before = 0, rig.vehicle.armed
    for now in armed:
        flights += before and not now
        before = now
        rig.vehicle = replace(rig.vehicle, armed=now)
        for _ in range(3):
            decision = rig.step()
        assert (decision.stage is Stage.STANDBY) is (flights > 0)
    rig.switch()
    rig.vehicle = replace(rig.vehicle, armed=True)
    for _ in range(3):
        decision = rig.step()
    assert (decision.stage is Stage.ENGAGING) is (flights == 0)


def test_it_refuses_to_engage_without_a_vehicle():
    companion = Companion(PX4)
    done, words = companion.engage(True)
    assert not done
    assert words.startswith('cannot engage: heartbeat: never received')
    companion.step(1.0, None, None)
    assert not companion.engage(True)[0]


@pytest.mark.parametrize(
    'change',
    [
        {'answered_s': 0.0},
        {'estimator_received_s': 0.0},
        {'landed_told': None},
        {'home_received_s': 0.0},
        {'battery': BatterySample()},
    ],
)
def test_what_is_lost_before_the_switch_is_named_and_needs_a_new_human(change):
    rig = Rig()
    rig.step()
    assert rig.companion.engage(True)[0]
    rig.fresh = False
    rig.vehicle = replace(rig.vehicle, **change)
    rig.switch()
    lost = rig.step()
    assert (lost.stage, lost.cause, lost.setpoint) == (Stage.STANDBY, Cause.NOT_FIT, None)
    assert lost.obstacle
    rig.fresh = True
    assert rig.step().stage is Stage.STANDBY


def test_switched_over_outside_the_band_it_never_begins():
    rig = Rig()
    rig.step()
    assert rig.companion.engage(True)[0]
    rig.vehicle = replace(rig.vehicle, position_enu=(0.0, 0.0, 11.0))
    assert rig.step().stage is Stage.READY  # the pilot may fly back first
    rig.switch()
    decision = rig.step()
    assert (decision.stage, decision.cause) == (Stage.HANDED_BACK, Cause.OUTSIDE)
    assert decision.setpoint is None


@pytest.mark.parametrize('policy', [None, 'from the future'])
def test_without_fresh_commands_it_refuses_to_engage(policy):
    rig = Rig()
    rig.step()
    for _ in range(10):
        rig.step(command=None)
    if policy is not None:
        rig.companion.step(rig.now, rig.vehicle, Proposal(rig.now + 9.0, (0.1, 0.0, 0.0, 0.0)))
    done, words = rig.companion.engage(True)
    assert not done
    assert words.startswith('cannot engage: command from a picture:')


def test_a_stop_for_a_fact_is_for_good_and_for_late_pictures_it_is_not():
    rig = Rig().engaged()
    for _ in range(12):
        assert rig.step(command=None).setpoint is not None
    assert rig.step().reason is Reason.FOLLOWING
    rig.vehicle = replace(rig.vehicle, position_valid=False)
    assert rig.step().reason is Reason.ESTIMATOR_UNUSABLE
    rig.vehicle = replace(rig.vehicle, position_valid=True)
    decisions = [rig.step() for _ in range(60)]
    assert {decision.reason for decision in decisions} == {Reason.ESTIMATOR_UNUSABLE}
    assert decisions[-1].stage is Stage.HANDED_BACK


def test_in_shadow_mode_what_would_be_sent_is_shown_though_nothing_obeys():
    companion, now = Companion(PX4, shadow=True), 100.0
    vehicle = vehicles.known(now, mode=PX4.hold_mode)
    shown = []
    for _ in range(400):
        now += DT_S
        vehicle = vehicles.fresh(vehicle, now, stamp_s=now, attitude_stamp_s=now)
        decision = companion.step(now, vehicle, Proposal(now, (0.3, 0.0, 0.0, 0.0)))
        companion.see(Sighting(now, 0.0))
        companion.engage(True)
        if decision.reset_policy:
            companion.policy_was_reset()
        if decision.stage is Stage.ENGAGED:
            shown.append(decision.setpoint.vx_m_s)
    assert max(shown) == pytest.approx(0.3, abs=1e-6)
    assert shown[-1] == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_on_the_ground_it_waits_though_the_switch_is_on(profile):
    rig = Rig(profile)
    rig.vehicle = replace(rig.vehicle, landed=True)
    rig.step()
    rig.companion.engage(True)
    assert rig.step().setpoint == Setpoint()
    rig.switch()
    assert rig.step().setpoint == (Setpoint() if profile.needs_stream else None)
    assert rig.step().stage is Stage.READY


@given(
    profile=st.sampled_from([PX4, ARDUPILOT]),
    told=st.lists(st.tuples(*[st.booleans()] * 4), min_size=1, max_size=6),
)
def test_what_it_waits_for_is_told_where_the_switch_is_on_and_nothing_where_it_is_not(
    profile, told
):
    """Pilots whose mode switch was on read that they should switch (ArduPilot 18910)."""
    rig = Rig(profile)
    rig.step()
    assert rig.companion.engage(True)[0]
    announcer = Announcer('OURS')
    for armed, landed, taking_off, is_ours in told:
        if rig.companion.stage is not Stage.READY:
            break
        rig.switch(is_ours)
        rig.vehicle = replace(rig.vehicle, armed=armed, landed=landed, taking_off=taking_off)
        for _ in range(45):
            shown = rig.step()
            announcer.take(rig.now, shown)
        words = shown.trouble if shown.stage is Stage.READY else ''
        waits = shown.stage is Stage.READY and is_ours
        assert waits is (bool(words) and (not armed or landed or taking_off))
        assert health(shown, '', '').level is Level.OK or shown.stage is not Stage.READY
        if shown.stage is Stage.READY:
            assert announcer._standing.text == f'ready: {words or "switch to OURS"}'


@pytest.mark.parametrize('autopilot', ['px4', 'ardupilot'])
@pytest.mark.parametrize('floor_m', [0.0, 0.4, 1.0])
@pytest.mark.parametrize('height_m', [1.5, 3.0, 6.0])
def test_engaged_on_the_ground_it_ends_no_takeoff_of_the_pilot(autopilot, floor_m, height_m):
    """The autopilot climbs by itself (ArduPilot 28767), whenever the climb is reported."""
    simulated = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), autopilot)
    link = MavlinkLink(MemoryTransport(simulated.transmit, simulated.receive))
    session = CompanionSession(link, Limits(battery_cells=4.0, floor_m=floor_m))

    def fly(seconds):
        heights = []
        for _ in range(int(20 * seconds)):
            simulated.advance(12)
            now_s = simulated.now_ns / 1e9
            vehicle = link.poll(now_s)
            decision = session.decide(now_s, Proposal(now_s, (0.0, 0.0, 0.0, 0.0)))
            if decision is not None and decision.setpoint is not None:
                link.send_setpoint(decision.setpoint, round(1e3 * now_s))
            heights.append(vehicle.height_m if vehicle else 0.0)
        return heights

    fly(8.0)
    assert session.engage(True)[0]
    fly(1.0)
    assert simulated.change_mode_to('OFFBOARD' if autopilot == 'px4' else 'GUIDED') == 0
    assert simulated.arm() == 0
    fly(2.0)
    assert simulated.take_off(height_m) == 0
    stages = set()
    while simulated.climbing:
        fly(0.1)
        stages.add(session.stage)
    assert stages == {Stage.READY}
    assert fly(1.0)[-1] == pytest.approx(height_m, abs=0.5)
    is_ours = autopilot == 'ardupilot'  # PX4 climbs in a mode of its own
    assert session.stage is (Stage.ENGAGING if is_ours else Stage.READY)


def test_switched_off_checks_are_logged(caplog):
    Companion(PX4, Limits(fence_radius_m=None))
    assert 'fence_radius_m is switched off' in caplog.text


EVENTS = [
    *['step', 'no_proposal', 'pause', 'deaf', 'hear'],
    *['ours', 'other', 'engage', 'off', 'reset'],
    *['arm', 'disarm', 'land', 'fly'],
]


@given(st.lists(st.sampled_from(EVENTS), max_size=120))
def test_however_things_happen_it_moves_the_vehicle_only_when_it_may(sequence):
    rig = Rig()
    human_wants = False
    for event in sequence:
        rig.fresh = {'deaf': False, 'hear': True}.get(event, rig.fresh)
        if event in ('ours', 'other'):
            rig.switch(event == 'ours')
        elif event in ('arm', 'disarm'):
            rig.vehicle = replace(rig.vehicle, armed=event == 'arm')
        elif event in ('land', 'fly'):
            rig.vehicle = replace(rig.vehicle, landed=event == 'land')
        elif event in ('engage', 'off'):
            done, _ = rig.companion.engage(event == 'engage')
            human_wants = (event == 'engage' and done) or (human_wants and event != 'off')
            human_wants = human_wants or rig.companion.stage is Stage.ENGAGED
        elif event == 'reset':
            rig.companion.policy_was_reset()
        before = rig.companion.stage
        command = None if event == 'no_proposal' else (0.5, 0.1, 0.0, 0.1)
        decision = rig.step(dt=1.0 if event == 'pause' else DT_S, command=command)
        is_ours = rig.vehicle.mode == PX4.follow_mode and rig.vehicle.armed
        if decision.setpoint is not None:
            assert human_wants
            assert decision.stage in (Stage.READY, Stage.ENGAGING, Stage.ENGAGED)
            if decision.setpoint != Setpoint():
                assert is_ours
                assert decision.stage is Stage.ENGAGED
        if before in (Stage.ENGAGING, Stage.ENGAGED) and not is_ours:
            assert decision.setpoint is None
            assert decision.stage is Stage.HANDED_BACK
        if decision.stage in (Stage.HANDED_BACK, Stage.STANDBY, Stage.DISCONNECTED):
            human_wants = False


def test_the_first_image_after_the_policys_fresh_start_counts_and_older_ones_do_not():
    for first, expected in (((0.5, 0.0, 0.0, 0.0), True), (None, False)):
        rig = Rig()
        rig.step()
        rig.companion.engage(True)
        rig.switch()
        rig.step()
        rig.step()
        rig.companion.policy_was_reset()
        assert rig.step(command=first).stage is Stage.ENGAGED
        moves = rig.step(command=None).setpoint.vx_m_s > 0.0
        assert moves is expected


def test_a_lost_target_is_a_stage_of_its_own_and_comes_back():
    rig = Rig().engaged()
    rig.sees = False

    def until(stage, seen=False):
        for _ in range(900):
            decision = rig.step(command=(0.0, 0.0, 0.0, 0.0))
            rig.turn(decision)
            if seen:
                rig.companion.see(Sighting(rig.now, 0.2))
            if decision.stage is stage:
                return decision
        raise AssertionError(f'never {stage}')

    assert until(Stage.HOLDING).cause is Cause.TARGET_LOST
    assert until(Stage.SEARCHING).reason is Reason.SEARCHING
    assert until(Stage.ENGAGED, seen=True).cause is Cause.TARGET_FOUND
    until(Stage.HOLDING)
    rig.switch(to_ours=False)
    assert rig.step().cause is Cause.TAKEN_OVER
    rig = Rig().engaged()
    rig.sees = False
    gone = until(Stage.HANDED_BACK)
    assert (gone.setpoint, gone.cause) == (None, Cause.GUARD_STOPPED)
    assert gone.reason is Reason.TARGET_GONE


def test_a_sighting_counts_from_the_step_after_its_frame_whatever_came_first():
    answers = []
    for early in (True, False):
        rig = Rig().engaged()
        rig.sees = False
        for number in range(60):
            sighting = Sighting(rig.now + DT_S, 0.1, distance_m=3.0 - 0.03 * number)
            if early:
                rig.companion.see(sighting)
            answers.append((early, number, rig.step().setpoint))
            if not early:
                rig.companion.see(sighting)
    assert [a[1:] for a in answers if a[0]] == [a[1:] for a in answers if not a[0]]


def test_outside_a_polygon_it_refuses_to_engage():
    rig = Rig()
    square = (1 + 1j, -1 + 1j, -1 - 1j, 1 - 1j)
    rig.companion = Companion(PX4, Limits(fence_polygon=square))
    rig.vehicle = replace(rig.vehicle, position_enu=(2.0, 0.0, 3.0))
    rig.step()
    assert rig.companion.engage(True) == (False, 'cannot engage: outside the fence')
