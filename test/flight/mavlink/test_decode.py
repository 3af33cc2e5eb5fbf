# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Messages into telemetry: what is late, odd or alone decides nothing."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.facts import ATTITUDE, BATTERY, FACTS, HOME, POSITION, Evidence, known
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4, Profile
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.flight.vehicle import STAMP_TURN_S
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

GOOD_FLAGS = 0x3F | 0x300


class Air:
    """A codec, and the vehicle whose messages it gets."""

    def __init__(self, profile: Profile = PX4) -> None:
        self.codec, self.now_s = MavlinkCodec(), 5.0
        self.sender = mavlink.MAVLink(None, 1, 1)
        kind = mavlink.MAV_TYPE_QUADROTOR
        self.send(mavlink.MAVLink_heartbeat_message(kind, profile.autopilot, 129, 4, 4, 3))

    def send(self, *messages, after_s=0.05):
        self.now_s += after_s
        for message in messages:
            self.codec.receive(message.pack(self.sender), self.now_s)
            self.sender.seq = (self.sender.seq + 1) % 256
        return self.codec.vehicle

    def position(self, boot_ms, up=0.0, north=0.0):
        return self.send(position(boot_ms, up, north))

    def home_at(self, height_m, up, altitude_m=500.0, home_up=0.0):
        """Tell home, and where the vehicle is: ``height_m`` above it, at ``up`` locally."""
        self.position(round(self.now_s * 1000), up)
        self.send(home(altitude_m, up=home_up))
        return self.here(altitude_m + height_m, height_m)

    def here(self, altitude_m, height_m):
        boot_ms = round(self.codec.vehicle.stamp_s * 1000)
        return self.send(here(altitude_m, height_m, boot_ms))


def position(boot_ms, up=0.0, north=0.0):
    return mavlink.MAVLink_local_position_ned_message(boot_ms, north, 0, -up, 0, 0, 0)


def home(altitude_m=500.0, latitude_deg=47.0, up=0.0):
    place = round(latitude_deg * 1e7), 80000000, round(altitude_m * 1000)
    return mavlink.MAVLink_home_position_message(*place, 0, 0, -up, [1, 0, 0, 0], 0, 0, 0)


def here(altitude_m, height_m, boot_ms):
    place = 470000000, 80000000, round(altitude_m * 1000)
    return mavlink.MAVLink_global_position_int_message(
        boot_ms, *place, round(height_m * 1000), 0, 0, 0, 0
    )


def status(percent=50, millivolts=15000):
    return mavlink.MAVLink_sys_status_message(
        0, 0, 0, 0, millivolts, -1, percent, 0, 0, 0, 0, 0, 0
    )


def standing(state):
    return mavlink.MAVLink_extended_sys_state_message(0, state)


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_from_a_healthy_autopilot_every_fact_of_the_table_becomes_good(kind):
    autopilot = SimulatedAutopilot(PointMass(), kind, airborne=True)
    codec, now_s = MavlinkCodec(), 0.0
    for step in range(100):
        now_s += 0.05
        for packet in autopilot.transmit():
            codec.receive(packet, now_s)
        if codec.vehicle is not None:
            autopilot.receive(codec.ask_clock(now_s))
        if step == 5:
            for need in codec.profile.streams:
                autopilot.receive(codec.encoder.request_stream(need.message_id, need.ask_hz))
        autopilot.advance()
    facts = list(known(Evidence(now_s, codec.vehicle), Limits(battery_cells=4.0)))
    assert [fact.sentence for fact in facts if not fact.is_good] == []
    assert len(facts) == len(FACTS) - 3  # neither gimbal nor range sensor nor policy here


def test_every_message_of_the_table_is_read():
    for spec in FACTS:
        assert set(spec.px4 + spec.ardupilot) <= set(HANDLERS)


@given(
    st.lists(st.tuples(st.integers(-2500, 40), st.floats(0.0, 0.3)), max_size=30),
    st.sampled_from([0, 4_294_960_000, 4_294_967_000]),
)
def test_late_and_repeated_positions_keep_nothing_fresh_and_move_nothing(late, begun_ms):
    air = Air()
    newest_ms, stamp_s = begun_ms + 10_000, None
    for shift_ms, passed_s in late:
        air.now_s += passed_s
        before = air.codec.vehicle
        told_ms = newest_ms + shift_ms
        after = air.position(told_ms % 2**32, up=float(shift_ms))
        is_new = stamp_s is None or shift_ms > 0
        if is_new:
            newest_ms = told_ms
            assert after.received_s == air.now_s
            assert stamp_s is None or after.stamp_s > stamp_s
            stamp_s = after.stamp_s
        else:
            assert after.received_s == before.received_s
            assert after.position_enu == before.position_enu
        assert after.restarts == 0


def test_one_odd_time_is_set_aside_and_two_in_a_row_are_a_restart():
    air = Air()
    air.position(600_000)
    assert air.position(1_000).stamp_s == 600.0
    assert air.position(600_150).restarts == 0
    assert air.position(10_000_000).stamp_s == 600.15
    assert air.position(10_000_000).stamp_s == 600.15  # the same packet twice is one
    vehicle = air.position(10_000_050)
    assert (vehicle.stamp_s, vehicle.restarts) == (10_000.05, 1)


@pytest.mark.parametrize('spec', [POSITION, ATTITUDE])
@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
@settings(max_examples=20, deadline=None)
@given(st.sampled_from([0, 1, 123456, 2**32 - 1]), st.none() | st.randoms(use_true_random=False))
def test_times_that_tell_nothing_are_told_as_that(profile, spec, boot_ms, random):
    """A bridge or an old firmware tells no time; the advice was to raise the rate."""
    air = Air(profile)
    for count in range(60):
        if random is not None:  # one that counts another thing there
            boot_ms = (boot_ms + random.randrange(10**6, 2**31)) % 2**32
        message = position(boot_ms, up=0.01 * count)
        if spec is ATTITUDE:
            message = mavlink.MAVLink_attitude_message(boot_ms, 0, 0, 0.01 * count, 0, 0, 0)
        air.send(message)
    facts = {one.spec: one for one in known(Evidence(air.now_s, air.codec.vehicle), Limits())}
    assert not facts[spec].is_good
    assert 'times (time_boot_ms) that stand still or jump' in facts[spec].sentence


@settings(max_examples=20, deadline=None)
@given(st.floats(100.0, STAMP_TURN_S / 2.0 - 100.0))
def test_times_of_another_clock_than_the_one_that_answers_are_told_as_that(behind_s):
    """It was 1234567.8 s old, with the advice to raise the rate."""
    air = Air()
    for count in range(20):
        asked_ns = round(air.now_s * 1e9)
        air.codec.ask_clock(air.now_s)
        theirs_ns = asked_ns + round(1e9 * behind_s)
        answer = mavlink.MAVLink_timesync_message(theirs_ns, asked_ns)
        air.send(answer, position(round(1000 * air.now_s), up=0.01 * count))
    facts = {one.spec: one for one in known(Evidence(air.now_s, air.codec.vehicle), Limits())}
    assert not facts[POSITION].is_good
    assert 'behind the clock that answers TIMESYNC' in facts[POSITION].sentence


def test_the_age_outlives_the_turn_of_the_autopilots_clock():
    air = Air()
    vehicle = replace(air.position(5_000), clock_offset_s=air.now_s - STAMP_TURN_S - 5.0)
    assert vehicle.position_age_s(air.now_s) == pytest.approx(0.0, abs=1e-3)
    assert vehicle.position_age_s(air.now_s + 2.0) == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_as_if_they_had_not_come(value):
    air = Air()
    before = air.position(1000, up=2.0)
    after = air.position(1050, up=value)
    assert after.position_enu == before.position_enu
    assert after.received_s == before.received_s
    attitude = mavlink.MAVLink_attitude_message(1000, value, 0, 0, 0, 0, 0)
    assert air.send(attitude).attitude_received_s == -math.inf


@given(st.lists(st.sampled_from([0.0, math.nan, math.inf]), min_size=1, max_size=6))
def test_what_comes_without_numbers_is_told_as_that_and_not_as_lost(values):
    """Before satellites are there (mavros 933, MAVSDK-Python 524)."""
    air = Air()
    for step, value in enumerate(values):
        air.position(1000 + 50 * step, up=value)
    facts = known(Evidence(air.now_s + 5.0, air.codec.vehicle), Limits())
    words = next(fact.sentence for fact in facts if fact.spec is POSITION)
    is_told = 'LOCAL_POSITION_NED comes with numbers that are not finite' in words
    assert is_told is not math.isfinite(values[-1])


@pytest.mark.parametrize('kind', ['ekf_status_report', 'estimator_status'])
def test_the_estimator_must_know_height_and_place_and_one_bad_report_is_not_enough(kind):
    profile = ARDUPILOT if kind.startswith('ekf') else PX4

    def report(flags):
        return estimate(profile, flags)

    for flags, lacks in ((0x1F, 'height'), (0x2F, 'horizontal position'), (0xBF, 'measured')):
        air = Air(profile)
        assert not air.codec.vehicle.position_valid
        assert not air.send(report(flags)).position_valid  # at first nothing better is known
        assert lacks in air.codec.vehicle.estimator_lacks
        assert air.send(report(GOOD_FLAGS)).position_valid
        assert air.send(report(flags)).position_valid
        assert not air.send(report(flags)).position_valid


@given(st.sampled_from([PX4, ARDUPILOT]), st.integers(0, 2**5 - 1))
def test_a_place_known_from_the_start_alone_is_told_as_that(profile, bits):
    """Flow, or vision whose origin nobody set (mavros 1641, PX4 18561, dronekit 1224)."""
    air, flags = Air(profile), GOOD_FLAGS & ~0x10 & (bits | bits << 1 | 0x20)
    for _ in range(2):
        vehicle = air.send(estimate(profile, flags))
    told = 'the way from its start' in vehicle.estimator_lacks
    assert told is bool(flags & 0x08)
    assert 'horizontal position' in vehicle.estimator_lacks
    assert not vehicle.position_valid


FLAGS = st.one_of(
    st.sampled_from([GOOD_FLAGS | bit << 7 for bit in range(2**9)]), st.integers(0, 2**16 - 1)
)


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.sampled_from([1, 2, 3, 4]),
    st.lists(FLAGS, min_size=2, max_size=6),
)
def test_an_estimator_that_assumes_its_place_or_finds_its_satellites_wrong_is_not_usable(
    profile, standing_state, reports
):
    """A PX4 at rest on the ground assumes its place (PX4 23413); glitches: ArduPilot 6650."""
    air = Air(profile)
    air.send(standing(standing_state), standing(standing_state))
    glitch, start = (32768, 1024) if profile is ARDUPILOT else (1024, 0)
    is_at_rest = profile is PX4 and standing_state == 1
    is_bad = [
        flags & 0x37 != 0x37
        or bool(flags & (glitch | start))
        or (bool(flags & (128 | (2048 if profile is PX4 else 0))) and not is_at_rest)
        for flags in reports
    ]
    for flags in reports:
        vehicle = air.send(estimate(profile, flags))
    assert vehicle.position_valid is not (is_bad[-1] and is_bad[-2])
    if flags & glitch:
        assert 'glitch' in vehicle.estimator_lacks


RATIOS = st.floats(0.0, 3.0, width=32) | st.sampled_from([math.nan, 1.0, 1.5, 2.0, math.inf])


@given(st.sampled_from([PX4, ARDUPILOT]), st.lists(st.tuples(*[RATIOS] * 4), min_size=2))
def test_an_estimator_that_rejects_what_is_measured_is_not_usable(profile, reports):
    """Positions that no satellite moves any more (ArduPilot 10466, 3000; PX4-ECL 832)."""
    air = Air(profile)
    for velocity, place, height, heading in reports:
        pair = sum(ratio >= 1.0 for ratio in (velocity, place, heading)) >= 2
        is_bad = pair or any(ratio >= 2.0 for ratio in (velocity, place, height))
        was_bad = bool(air.codec.vehicle.estimator_lacks)
        is_first = math.isinf(air.codec.vehicle.estimator_received_s)
        vehicle = air.send(estimate(profile, GOOD_FLAGS, velocity, place, height, heading))
        assert vehicle.position_valid is not (is_bad and (was_bad or is_first))
        told = vehicle.estimator_lacks
        assert bool(told) is is_bad
        assert not is_bad or ('horizontal position' in told) is (place >= 1.0)


ACCURACIES = st.floats(0.0, 60.0, width=32) | st.sampled_from([math.nan, 5.0, math.inf])


@given(st.lists(ACCURACIES, min_size=2, max_size=8), st.booleans())
def test_a_place_that_is_known_to_more_than_five_metres_is_none(told_m, stands):
    """The estimator drifts on with good flags and ratios (PX4 12434, 21018, 28642)."""
    air = Air(PX4)
    air.send(*[standing(1 if stands else 2)] * 2)
    for told, before in zip(told_m[1:], told_m, strict=False):
        ratios = 0, GOOD_FLAGS, *[0.0] * 6
        for accuracy_m in (before, told):
            message = mavlink.MAVLink_estimator_status_message(*ratios, accuracy_m, 0.1)
            vehicle = air.send(message)
        are_good = [accuracy_m <= 5.0 for accuracy_m in (before, told)]  # no number is not good
        assert vehicle.position_valid is any(are_good)
        assert ('within 5 m' in vehicle.estimator_lacks) is not are_good[1]


def estimate(profile, flags, velocity=0.0, place=0.0, height=0.0, heading=0.0):
    if profile is ARDUPILOT:
        ratios = velocity, place, height, heading, 0.0
        return mavlink.MAVLink_ekf_status_report_message(flags, *ratios)
    ratios = velocity, place, height, heading, *[0.0] * 4
    return mavlink.MAVLink_estimator_status_message(0, flags, *ratios)


def test_the_landed_state_changes_by_two_reports_in_a_row_and_undefined_is_not_known():
    air = Air()
    air.send(standing(2))
    states = [air.send(standing(state)).landed for state in (1, 2, 1, 1, 2, 2)]
    assert states == [False, False, False, True, True, False]
    assert air.send(standing(0)).landed_told is None


def test_one_odd_landed_report_in_flight_moves_nothing():
    air = Air()
    air.send(standing(1), position(1000, 0.0))
    air.send(standing(2), standing(2))
    before = air.home_at(3.0, up=3.0)
    after = air.send(standing(1), position(99_000, 4.0))
    assert after.home_enu == before.home_enu == (0.0, 0.0, 0.0)


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_home_is_found_where_the_local_frame_begins_elsewhere(profile):
    """The companion began in the air, the estimator's origin is 7 m above home."""
    air = Air(profile)
    home_up = -7.0 if profile is PX4 else 0.0  # ArduPilot tells no local place of home
    for _ in range(3):
        vehicle = air.home_at(10.0, up=3.0, home_up=home_up)
    assert vehicle.home_enu[2] == pytest.approx(-7.0, abs=0.01)
    assert vehicle.height_m == pytest.approx(10.0, abs=0.01)
    assert vehicle.home_differs_m < 0.01


def test_where_the_reports_of_home_contradict_each_other_home_is_odd():
    air = Air()
    air.send(standing(1), position(1000, 0.0), standing(2), standing(2))
    for _ in range(3):
        vehicle = air.home_at(15.0, up=3.0)  # 12 m higher than where it stood
    assert vehicle.home_differs_m == pytest.approx(12.0, abs=0.01)
    home_fact = next(f for f in known(Evidence(0.0, vehicle), Limits()) if f.spec is HOME)
    assert not home_fact.is_good


def test_one_odd_report_of_home_or_height_moves_nothing_and_two_do():
    air = Air()
    for _ in range(3):
        before = air.home_at(3.0, up=3.0)
    air.send(home(altitude_m=520.0, latitude_deg=47.001))
    assert air.here(503.0, 15.0).home_enu == pytest.approx(before.home_enu, abs=1e-6)
    assert air.here(503.0, 3.0).home_differs_m == pytest.approx(0.0, abs=1e-6)
    for _ in range(4):
        air.send(home(latitude_deg=47.001))
        moved = air.here(503.0, 3.0)
    assert moved.home_enu[1] == pytest.approx(111.3, abs=0.1)


def test_a_global_position_that_stands_still_in_time_keeps_home_no_longer_known():
    air = Air()
    for _ in range(3):
        before = air.home_at(3.0, up=3.0)
    frozen = here(503.0, 3.0, round(before.stamp_s * 1000))
    for second in range(5):
        air.position(round(before.stamp_s * 1000) + 1000 * (second + 1), up=9.0)
        after = air.send(home(), frozen)
    assert after.home_enu == before.home_enu
    assert after.home_received_s <= before.home_received_s + 0.06 < air.now_s - 0.3


def test_a_battery_that_is_not_measured_is_known_not_to_be():
    air = Air()
    for percent, millivolts in ((-1, 65535), (-1, 0), (101, 65535)):
        vehicle = air.send(status(percent, millivolts))
        fact = next(f for f in known(Evidence(air.now_s, vehicle), Limits()) if f.spec is BATTERY)
        assert not fact.is_good
        assert 'neither charge nor voltage' in fact.sentence


def test_one_odd_voltage_adds_no_cell():
    air = Air()
    air.send(status(millivolts=12_600), status(millivolts=12_600))
    assert air.send(status(millivolts=50_000)).battery_most_v == 12.6
    assert air.send(status(millivolts=12_600)).battery_most_v == 12.6


def test_a_reset_counter_counts_once_it_was_told_twice():
    air = Air()

    def odometry(count):
        covariance = [math.nan] * 21
        return mavlink.MAVLink_odometry_message(
            0, 1, 12, *[0.0] * 3, [1, 0, 0, 0], *[0.0] * 6, covariance, covariance, count, 8, 0
        )

    air.send(odometry(3), odometry(3))
    assert air.codec.vehicle.reset_counter == 3
    assert air.send(odometry(9)).reset_counter == 3
    assert air.send(odometry(4), odometry(4)).reset_counter == 4


@given(st.integers(-1, 32767), st.integers(0, 65535))
def test_current_and_voltage_are_told_where_they_are_measured(centi_amperes, millivolts):
    battery = (
        Air()
        .send(
            mavlink.MAVLink_sys_status_message(
                0, 0, 0, 0, millivolts, centi_amperes, 50, 0, 0, 0, 0, 0, 0
            )
        )
        .battery
    )
    assert battery.current_a == (None if centi_amperes < 0 else centi_amperes / 100.0)
    assert (battery.voltage_v is None) == (millivolts in (0, 65535))


@given(st.tuples(*[st.floats(width=32)] * 3))
def test_rates_are_of_a_body_whose_y_is_left_and_z_up(rates):
    roll, pitch, yaw = rates
    vehicle = Air().send(mavlink.MAVLink_attitude_message(1000, 0.0, 0.0, 0.0, roll, pitch, yaw))
    known = all(map(math.isfinite, rates))
    assert vehicle.rates_flu == ((roll, -pitch, -yaw) if known else None)
