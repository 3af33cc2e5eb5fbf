# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where a gimbal looks, as firmware and gimbals tell it, and what is flown by it."""

import math
from dataclasses import replace

import vehicles
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.companion import Companion
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.facts import GIMBAL, Evidence, known
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4
from liquid_drone.flight.reason import Reason

VEHICLE, AUTOPILOT, DEVICE = 1, 1, 154
VEHICLE_FRAME, EARTH_FRAME, YAW_LOCK, HELD = 32, 64, 16, 4 | 8
LIMITS = Limits()
MOST_RAD = 0.5
angles = st.floats(-math.pi, math.pi)


def quaternion(yaw, pitch, roll=0.0):
    """Return w, x, y, z of a camera, z down."""
    cy, sy, cp, sp = (f(0.5 * a) for a in (yaw, pitch) for f in (math.cos, math.sin))
    w, x, y, z = cy * cp, -sy * sp, cy * sp, sy * cp
    cr, sr = math.cos(0.5 * roll), math.sin(0.5 * roll)
    return [w * cr - x * sr, w * sr + x * cr, y * cr + z * sr, z * cr - y * sr]


def told(kind, yaw, pitch, heading, roll=0.0):
    """Return a message of one kind; yaw from the nose and heading from north, clockwise."""
    if kind == 'orientation':
        angles_deg = map(math.degrees, (roll, pitch, yaw))
        return mavlink.MAVLink_mount_orientation_message(0, *angles_deg, 0.0)
    if kind == 'status':
        hundredths = (round(math.degrees(one) * 100) for one in (pitch, roll, yaw))
        return mavlink.MAVLink_mount_status_message(VEHICLE, 1, *hundredths)
    frames = {'nose': VEHICLE_FRAME, 'both': VEHICLE_FRAME | YAW_LOCK, 'free': 0}
    flags = frames.get(kind, {'north': EARTH_FRAME, 'lock': YAW_LOCK}.get(kind, 0))
    from_north = kind in ('north', 'lock')
    q = quaternion(yaw + heading * from_north, pitch, roll)
    return mavlink.MAVLink_gimbal_device_attitude_status_message(
        0, 0, 0, flags | HELD, q, 0.0, 0.0, 0.0, 0
    )


KINDS = ('nose', 'both', 'free', 'north', 'lock', 'orientation', 'status')


class Air:
    """A vehicle whose packets are decoded, with a heading, and its gimbal."""

    def __init__(self, autopilot=12, heading=0.0):
        self.codec, self.now_s = MavlinkCodec(), 0.0
        self.voices = {n: mavlink.MAVLink(None, VEHICLE, n) for n in (AUTOPILOT, DEVICE, 100)}
        for _ in range(2):
            self.now_s += 1.0
            self.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 129, 0, 4, 3))
        self.send(mavlink.MAVLink_attitude_message(1000, 0.0, 0.0, heading, 0.0, 0.0, 0.0))

    def send(self, message, component=AUTOPILOT):
        voice = self.voices[component]
        self.codec.receive(message.pack(voice), self.now_s)
        voice.seq = (voice.seq + 1) % 256

    @property
    def fact(self):
        found = known(Evidence(self.now_s, self.codec.vehicle), LIMITS)
        return next((fact for fact in found if fact.spec is GIMBAL), None)


@given(
    st.sampled_from([3, 12]),
    st.sampled_from(KINDS),
    st.sampled_from([AUTOPILOT, DEVICE]),
    st.lists(st.tuples(angles, st.floats(-1.5, 0.8)), min_size=1, max_size=5),
    angles,
)
def test_in_every_message_and_frame_it_is_the_same_direction(
    autopilot, kind, component, looks, heading
):
    air = Air(autopilot, heading)
    assert air.fact is None
    away = []
    for yaw, pitch in looks:
        air.now_s += 0.5
        air.send(told(kind, yaw, pitch, heading), component)
        away.append(math.acos(math.cos(yaw) * math.cos(pitch)))
    least = min(away[-2:]) if len(away) > 1 else 0.0
    assume(abs(least - MOST_RAD) > 1e-3)
    assert air.fact.is_good is (least < MOST_RAD)
    assert air.fact.is_good or f'{math.degrees(least):.0f} degrees' in air.fact.sentence
    air.now_s += 3.1
    assert not air.fact.is_good
    assert air.fact.reason is Reason.NO_GIMBAL


@given(
    st.sampled_from([3, 12]),
    st.sampled_from(KINDS),
    st.sampled_from([AUTOPILOT, DEVICE]),
    st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), angles, angles),
)
def test_a_picture_that_is_rolled_is_not_flown_by(autopilot, kind, component, looks):
    """A roll motor without power, a gimbal that lost its level: left is up or down in it."""
    yaw, pitch, roll, heading = looks
    away = max(math.acos(math.cos(yaw) * math.cos(pitch)), abs(roll))
    assume(abs(away - MOST_RAD) > 1e-3)
    air = Air(autopilot, heading)
    for _ in range(2):
        air.now_s += 0.5
        air.send(told(kind, yaw, pitch, heading, roll), component)
    assert air.fact.is_good is (away < MOST_RAD)
    assert air.fact.is_good or f'{math.degrees(away):.0f} degrees' in air.fact.sentence


@given(st.lists(st.sampled_from([math.nan, math.inf, -math.inf, 0.0]), min_size=4, max_size=4))
def test_a_direction_that_is_no_number_tells_nothing(odd):
    assume(any(odd[1:3]))
    air = Air()
    air.send(mavlink.MAVLink_mount_orientation_message(0, *odd))
    air.send(
        mavlink.MAVLink_gimbal_device_attitude_status_message(
            0, 0, 0, VEHICLE_FRAME, odd, 0.0, 0.0, 0.0, 0
        ),
        DEVICE,
    )
    assert air.fact is None


def test_of_several_gimbals_the_one_that_looks_away_counts_and_a_camera_is_none():
    air = Air()
    for _ in range(3):
        air.now_s += 0.5
        air.send(told('nose', 0.1, -0.1, 0.0), DEVICE)
        air.send(told('nose', 2.0, 0.0, 0.0), 100)
        assert air.fact.is_good
        air.send(told('nose', 0.0, 0.0, 0.0))
    for _ in range(2):
        air.send(told('nose', 0.9, 0.0, 0.0))
        air.send(told('nose', 0.1, -0.1, 0.0), DEVICE)
    assert air.fact.reason is Reason.GIMBAL_TURNED


@given(
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from([AUTOPILOT, DEVICE]), st.sampled_from([0.0, 1.5]), st.floats(0.1, 4.0)
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_what_one_gimbal_tells_is_not_of_another_that_fell_silent(flies, reports):
    """One that looked ahead last was fresh by another's reports; one that was taken off stayed."""
    air = Air()
    air.send(mavlink.MAVLink_heartbeat_message(2, 12, 129 if flies else 1, 0, 4, 3))
    heard: dict[int, tuple[float, float, float]] = {}  # when, what, and what before
    for component, yaw, passed_s in reports:
        air.now_s += passed_s
        air.send(told('nose', yaw, 0.0, 0.0), component)
        before = heard.get(component, (0.0, 0.0, 0.0))[1]
        heard[component] = air.now_s, yaw, before
        if not flies:
            heard = {one: it for one, it in heard.items() if air.now_s - it[0] <= 5.0}
        is_fresh = all(air.now_s - it[0] <= 3.0 for it in heard.values())
        is_ahead = all(min(it[1:]) < MOST_RAD for it in heard.values())
        assert air.fact.is_good is (is_fresh and is_ahead)
        assert is_fresh or air.fact.reason is Reason.NO_GIMBAL


def fit(now_s, **changes):
    return vehicles.known(now_s, stamp_s=now_s, attitude_stamp_s=now_s, **changes)


@settings(max_examples=30)
@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.floats(0.6, math.pi),
    st.integers(1, 30),
    st.booleans(),
    st.booleans(),
)
def test_a_gimbal_that_looks_away_or_falls_silent_is_not_flown_by(
    profile, away_rad, after, is_silent, is_off
):
    """Engaged on a gimbal that looks ahead, which then turns away or says nothing more."""
    limits = replace(LIMITS, battery_cells=4.0, gimbal_rad=None if is_off else MOST_RAD)
    companion, reasons = Companion(profile, limits), []
    for number in range(1, after + 120):
        now_s, turned = 0.05 * number, number > after + 20
        gimbals = ((DEVICE, 0), away_rad if turned and not is_silent else 0.0, 0.0)
        before = ((DEVICE, 0), gimbals[1], gimbals[1])
        heard_s = 0.05 * (after + 20) if is_silent and turned else now_s
        vehicle = fit(
            now_s,
            mode=profile.follow_mode,
            autopilot=profile.name,
            gimbals=(before,),
            gimbal_received_s=heard_s,
        )
        companion.see(Sighting(now_s - 0.01, 0.0))
        decision = companion.step(now_s, vehicle, Proposal(now_s, (0.0, 0.0, 0.0, 0.0)))
        if companion.stage is Stage.STANDBY:
            companion.engage(True)
        if decision.reset_policy:
            companion.policy_was_reset()
        reasons.append(decision.reason)
    if is_off:
        assert companion.stage is Stage.ENGAGED
        return
    assert companion.stage is Stage.HANDED_BACK
    assert reasons[-1] is (Reason.NO_GIMBAL if is_silent else Reason.GIMBAL_TURNED)
    assert 'gimbal' in companion.obstacles()[0]  # and it is not engaged anew
