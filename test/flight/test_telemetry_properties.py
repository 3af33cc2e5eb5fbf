# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Any subset of the telemetry is taken away, frozen, delayed, doubled or altered at any time.

Never engaged on a fact that is not known, never a faster setpoint afterwards, always a reason that
names the fact. 200 cases, or 10,000 with ``pytest --hypothesis-profile=thorough``.
"""

import math
import random
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.companion import Companion
from liquid_drone.flight.engagement import ENGAGED_STAGES, Cause, Stage
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.flight.mavlink.telemetry.home import HomeFinder
from liquid_drone.flight.reason import Reason
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.vehicle import VehicleState

DT_S = 0.1
SECONDS = 8.0  # of a flight without faults
ESTIMATOR = {'px4': 'ESTIMATOR_STATUS', 'ardupilot': 'EKF_STATUS_REPORT'}
CODES = {  # stream: what its loss is called, and the largest age
    'HEARTBEAT': (Reason.NO_HEARTBEAT, 2.5),
    'TIMESYNC': (Reason.NO_ANSWER, 1.5),
    'LOCAL_POSITION_NED': (Reason.NO_POSITION, 1.0),
    'ATTITUDE': (Reason.NO_ATTITUDE, 1.0),
    'ESTIMATOR': (Reason.NO_ESTIMATOR, 5.0),
    'HOME_POSITION': (Reason.NO_HOME, 10.0),
    'GLOBAL_POSITION_INT': (Reason.NO_HOME, 10.0),
    'EXTENDED_SYS_STATE': (Reason.NO_LANDED_STATE, 3.0),
    'SYS_STATUS': (Reason.NO_BATTERY, 5.0),
}
PERIODS_S = {'HEARTBEAT': 1.0, 'ESTIMATOR': 1.0, 'HOME_POSITION': 2.0, 'SYS_STATUS': 1.0}
STAMPED = ('LOCAL_POSITION_NED', 'ATTITUDE')
ODD = (math.nan, math.inf, -math.inf, 0.0, -1.0, 12.0, -12.0, 3.0, 1e9, 255.0, 65535.0)


@dataclass(frozen=True)
class Fault:
    kind: str  # gone, frozen, delayed, doubled, altered
    begin_s: float
    delay_s: float
    seed: int


faults = st.builds(
    Fault,
    st.sampled_from(['gone', 'frozen', 'delayed', 'doubled', 'altered']),
    st.floats(0.0, 4.0),
    st.floats(0.0, 4.0),
    st.integers(0, 2**16),
)
stories = st.dictionaries(st.sampled_from(sorted(CODES)), faults, max_size=len(CODES))
many = settings(
    max_examples=10_000 if settings.default.max_examples >= 10_000 else 200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class World:
    """A vehicle that flies what it is told, its faulty telemetry, and a companion."""

    def __init__(self, profile, story):
        self.profile, self.story = profile, story
        self.limits = replace(Limits(), stuck_after_s=None, battery_cells=4.0)
        self.companion, self.home = (
            Companion(profile, self.limits),
            HomeFinder(profile.tells_local_home),
        )
        self.now, self.place, self.velocity = 0.0, [0.0, 0.0, 4.0], [0.0, 0.0, 0.0]
        self.sent_s, self.frozen, self.late = {}, {}, []
        self.random = {name: random.Random(fault.seed) for name, fault in story.items()}
        self.vehicle = VehicleState(
            1, profile.hold_mode, '', True, 0.0, autopilot=profile.name, position_valid=False
        )
        self.ours = False

    def messages(self):
        """Return what the vehicle would send now, by stream."""
        x, y, z = self.place
        u, v, w = self.velocity
        ms = round(self.now * 1000) + 1000
        mode = self.profile.follow_mode if self.ours else self.profile.hold_mode
        lat, lon = round((47.0 + y / 111_319.5) * 1e7), 0
        lon = round((8.0 + x / 111_319.5 / math.cos(math.radians(47.0))) * 1e7)
        is_px4 = self.profile is PX4
        return {
            'HEARTBEAT': mavlink.MAVLink_heartbeat_message(
                2, self.profile.autopilot, 129, mode, 4, 3
            ),
            'TIMESYNC': mavlink.MAVLink_timesync_message(ms * 1_000_000, 1),
            'LOCAL_POSITION_NED': mavlink.MAVLink_local_position_ned_message(
                ms, y, x, -z, v, u, -w
            ),
            'ATTITUDE': mavlink.MAVLink_attitude_message(ms, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0),
            'ESTIMATOR': mavlink.MAVLink_estimator_status_message(0, 0x33F, *[0.0] * 8)
            if is_px4
            else mavlink.MAVLink_ekf_status_report_message(0x33F, *[0.0] * 5),
            'HOME_POSITION': mavlink.MAVLink_home_position_message(
                470000000, 80000000, 500000, 0, 0, 0, [1, 0, 0, 0], 0, 0, 0
            ),
            'GLOBAL_POSITION_INT': mavlink.MAVLink_global_position_int_message(
                ms, lat, lon, round((500 + z) * 1000), round(z * 1000), 0, 0, 0, 0
            ),
            'EXTENDED_SYS_STATE': mavlink.MAVLink_extended_sys_state_message(0, 2),
            'SYS_STATUS': mavlink.MAVLink_sys_status_message(
                0, 0, 0, 0, 16000, -1, 80, 0, 0, 0, 0, 0, 0
            ),
        }

    def receive(self):
        for name, message in self.messages().items():
            if self.now - self.sent_s.get(name, -9.0) < PERIODS_S.get(name, 0.2) - 1e-6:
                continue
            self.sent_s[name] = self.now
            self.carry(name, message)
        due = [item for item in self.late if item[0] <= self.now]
        self.late = [item for item in self.late if item[0] > self.now]
        for _, name, message in due:
            self.take(name, message)

    def carry(self, name, message):
        fault = self.story.get(name)
        if fault is None or self.now < fault.begin_s:
            self.frozen[name] = message
            self.take(name, message)
        elif fault.kind == 'frozen' and name in self.frozen:
            self.take(name, self.frozen[name])
        elif fault.kind == 'delayed':
            self.late.append((self.now + fault.delay_s, name, message))
        elif fault.kind == 'doubled':
            self.take(name, message)
            self.take(name, message)
        elif fault.kind == 'altered':
            self.alter(message, self.random[name])
            self.take(name, message)

    def alter(self, message, rng):
        name = rng.choice(message.fieldnames)
        before = getattr(message, name)
        if isinstance(before, list):
            return
        odd = rng.choice(ODD)
        if not isinstance(before, float):
            odd = int(odd) % 65536 if math.isfinite(odd) else 0
        setattr(message, name, odd)

    def take(self, name, message):
        if name == 'TIMESYNC':
            if not self.story.get(name) or message.tc1 > 1_000_000:
                offset_s = self.now - message.tc1 / 1e9
                steady = self.vehicle.clock_offset_s
                is_steady = steady is None or abs(offset_s - steady) < 0.3
                offset_s = offset_s if steady is None and is_steady else steady
                self.vehicle = replace(self.vehicle, answered_s=self.now, clock_offset_s=offset_s)
            return
        decoded = HANDLERS[message.get_type()](self.vehicle, message, self.now)
        self.vehicle = self.home.take(decoded, message, self.now)

    def step(self):
        self.now += DT_S
        self.receive()
        companion = self.companion
        decision = companion.step(self.now, self.vehicle, Proposal(self.now, (0.8, 0.2, 0.0, 0.0)))
        companion.see(Sighting(self.now, 0.1))
        if decision.reset_policy:
            companion.policy_was_reset()
        if companion.stage in (Stage.STANDBY, Stage.HANDED_BACK):
            self.ours = False
            companion.engage(True)
        elif companion.stage is Stage.READY:
            self.ours = True
        self.fly(decision.setpoint or Setpoint())
        return decision

    def fly(self, setpoint):
        yaw = math.pi / 2 - 0.5
        v = complex(setpoint.vx_m_s, setpoint.vy_m_s) * complex(math.cos(yaw), math.sin(yaw))
        for axis, wanted in enumerate((v.real, v.imag, setpoint.vz_m_s)):
            before = self.velocity[axis]
            self.velocity[axis] += (wanted - before) * DT_S / 0.4
            self.place[axis] += 0.5 * (before + self.velocity[axis]) * DT_S


def is_lost(world, name, fault, now):
    """Tell whether the fault must have made its fact unknown by now, whatever comes later."""
    age_s = CODES[name][1] + 2 * DT_S + 1e-6
    if fault.kind == 'gone' or (fault.kind == 'frozen' and name in STAMPED):
        return now - fault.begin_s > age_s
    lasting = name in STAMPED and 'TIMESYNC' not in world.story
    is_waiting = fault.begin_s + age_s < now < fault.begin_s + fault.delay_s
    return fault.kind == 'delayed' and (
        is_waiting or (lasting and fault.delay_s > age_s and now > fault.begin_s + age_s)
    )


def horizontal_and_up(setpoint):
    return math.hypot(setpoint.vx_m_s, setpoint.vy_m_s), abs(setpoint.vz_m_s)


@many
@given(st.sampled_from([PX4, ARDUPILOT]), stories)
def test_never_engaged_on_a_fact_that_is_not_known_and_always_named(profile, story):
    world = World(profile, story)
    stopping, before = None, (0.0, 0.0)
    codes = {CODES[name][0] for name in story}
    seconds = max([3.0, *(fault.begin_s + CODES[name][1] + 1.5 for name, fault in story.items())])
    for _ in range(round(seconds / DT_S)):
        decision = world.step()
        engaged = decision.stage in ENGAGED_STAGES
        lost = {
            CODES[name][0]
            for name, fault in story.items()
            if is_lost(world, name, fault, world.now)
        }
        speeds = horizontal_and_up(decision.setpoint or Setpoint())
        assert all(map(math.isfinite, speeds))
        if lost:  # it is stopped, and that is over before anybody can engage anew
            assert not engaged or decision.reason.is_stop
            assert engaged or decision.stage in (
                Stage.HANDED_BACK,
                Stage.STANDBY,
                Stage.DISCONNECTED,
                Stage.ENGAGING,
                Stage.READY,
            )
            assert decision.obstacle or decision.stage not in (Stage.STANDBY, Stage.HANDED_BACK)
        if engaged and decision.reason.is_stop:
            if stopping is not None:
                assert speeds[0] <= before[0] + 1e-9
                assert speeds[1] <= before[1] + 1e-9
            stopping = decision.reason
        elif not engaged:
            if stopping is not None and decision.cause is Cause.GUARD_STOPPED:
                assert decision.reason is stopping
            stopping = None
        else:
            assert stopping is None or stopping.is_passing
            stopping = None
        if stopping is not None and all(f.kind != 'altered' for f in story.values()):
            assert stopping in codes
        if decision.cause is Cause.GUARD_STOPPED:  # any other cause names it itself
            assert decision.reason.is_stop
        before = speeds


def test_without_faults_it_is_engaged_all_the_time():
    for profile in (PX4, ARDUPILOT):
        world = World(profile, {})
        stages = [world.step().stage for _ in range(round(SECONDS / DT_S))]
        assert stages.count(Stage.ENGAGED) > len(stages) - 40
        assert Stage.HANDED_BACK not in stages
