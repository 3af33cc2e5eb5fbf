# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The take-off place stays where it is, or it is not known: whoever moves the local frame."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.facts import HOME, Evidence, known
from liquid_drone.flight.guard.fence import EDGE_GAIN_PER_S
from liquid_drone.flight.guard.limits import Limits, allowed
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.telemetry.home import METRES_PER_DEGREE
from liquid_drone.flight.reason import Reason

PX4, ARDUPILOT = 12, 3
LATITUDE, LONGITUDE, ALTITUDE_M = 47.0, 8.0, 500.0
ON_GROUND, IN_AIR = 1, 2


class Field:
    """A vehicle at its take-off place, in a local frame that begins somewhere else."""

    def __init__(self, autopilot, origin):
        self.codec, self.now_s, self.sender = MavlinkCodec(), 0.0, mavlink.MAVLink(None, 1, 1)
        self.origin, self.place, self.velocity = list(origin), [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for _ in range(2):
            kind = mavlink.MAV_TYPE_QUADROTOR
            self.send(mavlink.MAVLink_heartbeat_message(kind, autopilot, 129, 4, 4, 3))
        self.fly(2.0, (0.0, 0.0, 0.0), ON_GROUND)

    def send(self, message):
        self.codec.receive(message.pack(self.sender), self.now_s)
        self.sender.seq = (self.sender.seq + 1) % 256

    def step(self, landed):
        """Tell all, north, east and up of the take-off place; the global position lags a step."""
        self.now_s += 0.05
        boot_ms, velocity = round(self.now_s * 1000), self.velocity
        north, east, up = (a + b for a, b in zip(self.place, self.origin, strict=True))
        across = METRES_PER_DEGREE * math.cos(math.radians(LATITUDE))
        at = [LATITUDE + self.place[0] / METRES_PER_DEGREE, LONGITUDE + self.place[1] / across]
        altitude_m, height_m = ALTITUDE_M + self.place[2], self.place[2]
        self.send(
            mavlink.MAVLink_global_position_int_message(
                boot_ms,
                *(round(1e7 * one) for one in at),
                round(1000 * altitude_m),
                round(1000 * height_m),
                *[0] * 4,
            )
        )
        self.send(
            mavlink.MAVLink_local_position_ned_message(
                boot_ms, north, east, -up, velocity[0], velocity[1], -velocity[2]
            )
        )
        if round(self.now_s * 20) % 10 == 0:
            self.send(mavlink.MAVLink_extended_sys_state_message(0, landed))
            home = round(1e7 * LATITUDE), round(1e7 * LONGITUDE), round(1000 * ALTITUDE_M)
            local = self.origin[0], self.origin[1], -self.origin[2]
            self.send(mavlink.MAVLink_home_position_message(*home, *local, [1, 0, 0, 0], 0, 0, 0))

    def fly(self, seconds, velocity, landed=IN_AIR):
        self.velocity = list(velocity)
        for _ in range(round(20 * seconds)):
            self.place = [a + 0.05 * v for a, v in zip(self.place, velocity, strict=True)]
            self.step(landed)

    @property
    def fact(self):
        facts = known(Evidence(self.now_s, self.codec.vehicle), Limits(battery_cells=4.0))
        return next(one for one in facts if one.spec is HOME)


metres = st.floats(-40.0, 40.0)
legs = st.lists(st.tuples(st.floats(0.1, 3.0), metres, metres), max_size=4)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([PX4, ARDUPILOT]), st.tuples(metres, metres, metres), legs, metres, metres)
def test_a_local_frame_that_is_moved_in_flight_leaves_no_fence_around_another_place(
    autopilot, origin, way, north_m, east_m
):
    """Whoever sets the estimator's origin in flight (ArduPilot 25110, PX4 16544, 3295)."""
    field = Field(autopilot, origin)
    field.fly(2.0, (0.0, 0.0, 1.5))
    for seconds, north, east in way:
        field.fly(seconds, (north / 4.0, east / 4.0, 0.0))
        assert field.fact.is_good
    stood = field.codec.vehicle.home_enu
    field.origin[0] += north_m
    field.origin[1] += east_m
    field.fly(1.0, (0.0, 0.0, 0.0))
    moved_m = math.hypot(north_m, east_m)
    if moved_m > 1.6:
        assert not field.fact.is_good
        assert 'take-off place differ' in field.fact.sentence
    elif moved_m < 1.4:
        assert field.fact.is_good
        assert field.codec.vehicle.home_enu == stood
    field.fly(2.0, (0.0, 0.0, -1.5))
    field.fly(2.0, (0.0, 0.0, 0.0), ON_GROUND)  # it lands, and begins there
    assert field.fact.is_good


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.floats(0.0, 2.0),
    st.floats(0.4, 2.5),
    legs,
    st.floats(0.4, 5.0),
    st.integers(1, 60),
)
def test_a_landed_state_that_lags_or_errs_moves_no_take_off_place(
    autopilot, lag_s, climb_m_s, way, speed_m_s, steps
):
    """Reports on the ground while it climbs, and in flight (PX4 6730, ArduPilot 20818)."""
    field = Field(autopilot, (5.0, -5.0, 1.0))
    field.fly(lag_s, (0.0, 0.0, climb_m_s), ON_GROUND)
    field.fly(2.0, (0.0, 0.0, 0.5))
    for seconds, north, east in way:
        field.fly(seconds, (north / 4.0, east / 4.0, 0.0))
    field.fly(0.05 * steps, (speed_m_s, 0.0, 0.0), ON_GROUND)
    field.fly(1.0, (speed_m_s, 0.0, 0.0))
    assert math.dist(field.codec.vehicle.home_enu, (-5.0, 5.0, 1.0)) < 0.1
    assert field.fact.is_good


DOWN, AHEAD = mavlink.MAV_SENSOR_ROTATION_PITCH_270, mavlink.MAV_SENSOR_ROTATION_NONE
measurements = st.tuples(
    st.sampled_from([DOWN, DOWN, DOWN, AHEAD]),
    st.integers(0, 160) | st.integers(0, 1300),  # cm; the sensor measures from 20 to 1200
    st.sampled_from([0, 0, 0, 90, 90, 1]),  # quality; 1 is none
    st.sampled_from([0, 0, 0, 1]),  # of two sensors in turn (ArduPilot 28837, 5727)
    st.sampled_from([0.1, 0.1, 0.3, 1.2]),  # s until the next message
    st.sampled_from([1200, 1200, 0]),  # cm that it measures at most; 0 is not told
)


@given(st.sampled_from([PX4, ARDUPILOT]), st.lists(measurements, max_size=6), st.floats(1.2, 9.0))
def test_nothing_leads_below_the_floor_above_what_a_sensor_measures(autopilot, told, height_m):
    """Ground that rises, a height that drifted (PX4 24058; ArduPilot 34432)."""
    field, kept = Field(autopilot, (0.0, 0.0, 0.0)), {}
    for orientation, distance_cm, quality, number, passed_s, most_cm in told:
        times = round(field.now_s * 1000), 20, most_cm, distance_cm
        field.send(
            mavlink.MAVLink_distance_sensor_message(
                *times, 0, number, orientation, 0, signal_quality=quality
            )
        )
        if orientation == DOWN:
            is_one = 0 < distance_cm < (most_cm or 65535) and quality != 1
            before_m, came_s = kept.get(number, [(math.inf, -9.0)])[-1]
            before = [(before_m if field.now_s - came_s <= 1.0 else math.inf, came_s)]
            kept[number] = [*before, (distance_cm / 100 if is_one else math.inf, field.now_s)]
        for _ in range(round(passed_s / 0.05)):
            field.step(IN_AIR)
    fresh = [two for two in kept.values() if field.now_s - two[1][1] <= 1.0]
    below_m = min((max(two[0][0], two[1][0]) for two in fresh), default=math.inf)
    vehicle = replace(field.codec.vehicle, position_enu=(0.0, 0.0, height_m), home_enu=(0, 0, 0))
    _nothing_leads_below(vehicle, min(below_m, height_m))


def _nothing_leads_below(vehicle, room_m):
    limits = Limits()
    for climb in (-0.5, -0.1, 0.0, 0.3):
        (_, _, vz, _), reason = allowed((0.0, 0.0, climb, 0.0), vehicle, limits)
        least = min(0.0, -EDGE_GAIN_PER_S * (room_m - limits.floor_m))
        assert vz >= least - 1e-6
        assert vz <= max(0.0, climb)  # nothing is added
        is_bound = climb < least - 1e-6
        assert (reason is Reason.AT_HEIGHT_LIMIT) is is_bound or abs(vz - climb) < 1e-6
