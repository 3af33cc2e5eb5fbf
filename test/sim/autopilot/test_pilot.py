# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from liquid_drone.flight.companion import Companion
from liquid_drone.flight.engagement import Stage as CompanionStage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.profiles import PROFILES
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.pilot import PilotStage, SimulatedPilot
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass


class Flight:
    """Companion, link, autopilot and pilot in one process, frame by frame."""

    def __init__(self, kind, height_m=0.0, **pilot):
        plant = PointMass(position_enu=np.array([0.0, 0.0, height_m]))
        self.autopilot = SimulatedAutopilot(plant, kind, airborne=height_m > 0.0)
        self.pilot = SimulatedPilot(self.autopilot, **pilot)
        transport = MemoryTransport(self.autopilot.transmit, self.autopilot.receive)
        self.link = MavlinkLink(transport)
        self.companion = Companion(PROFILES[kind], SIMULATION_LIMITS)
        self.stages = []

    @property
    def now(self):
        return self.autopilot.now_ns / 1e9

    def frame(self, companion_lives=True, command=(1.0, 0.0, 0.0, 0.1)):
        if companion_lives:
            self._companion(command)
        self.stages.append(self.pilot.step())
        self.autopilot.advance()

    def _companion(self, command):
        vehicle = self.link.poll(self.now)
        proposal = None if command is None else Proposal(self.now, command)
        decision = self.companion.step(self.now, vehicle, proposal)
        self.companion.see(Sighting(self.now, 0.0))
        if decision.stage is CompanionStage.STANDBY:
            self.companion.engage(True)
        if decision.reset_policy:
            self.companion.policy_was_reset()
        if decision.setpoint is not None:
            self.link.send_setpoint(decision.setpoint, self.autopilot.now_ns // 1_000_000)

    def until_engaged(self):
        for _ in range(400):
            self.frame()
            if self.companion.stage is CompanionStage.ENGAGED:
                return self
        raise AssertionError('never engaged')


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_a_whole_flight_from_the_ground_to_the_ground(kind):
    flight = Flight(kind, altitude_m=2.0, duration_s=10.0)
    while not flight.pilot.done and flight.now < 100.0:
        flight.frame()
    order = list(dict.fromkeys(flight.stages))
    assert order == [
        PilotStage.CLIMB,
        PilotStage.WAIT,
        PilotStage.FOLLOW,
        PilotStage.LAND,
        PilotStage.DONE,
    ]
    assert flight.companion.stage is CompanionStage.HANDED_BACK
    assert flight.autopilot.plant.position_enu[2] == 0.0
    assert abs(flight.autopilot.plant.position_enu[0]) > 3.0


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_the_same_flight_twice_is_the_same_to_the_last_bit(kind):
    ends = []
    for _ in range(2):
        flight = Flight(kind, duration_s=5.0).until_engaged()
        for _ in range(50):
            flight.frame()
        ends.append(flight.autopilot.plant.position_enu.tobytes())
    assert ends[0] == ends[1]


def test_when_the_companion_dies_the_autopilot_hovers_and_lands():
    flight = Flight('px4', duration_s=None).until_engaged()
    for _ in range(40):
        flight.frame()
    for _ in range(30):
        flight.frame(companion_lives=False)
    assert flight.autopilot.mode is Mode.HOLD
    while not flight.pilot.done and flight.now < 100.0:
        flight.frame(companion_lives=False)
    assert flight.autopilot.landed
    assert not flight.autopilot.armed


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_when_the_policy_dies_the_setpoint_is_zero_within_half_a_second(kind):
    flight = Flight(kind, duration_s=None).until_engaged()
    for _ in range(160):
        flight.frame()
    over_ground_m_s = np.linalg.norm(flight.autopilot.plant.velocity_enu[:2])
    assert over_ground_m_s == pytest.approx(1.0, abs=0.01)  # PX4's creep taken away
    if kind == 'ardupilot':
        assert flight.autopilot.setpoint.velocity[0] == pytest.approx(1.0)
    for _ in range(11):
        flight.frame(command=None)
    assert flight.autopilot.setpoint.velocity[:2] == pytest.approx((0.0, 0.0), abs=1e-6)


def test_px4_coming_out_of_a_failsafe_is_not_followed_up_without_a_human():
    flight = Flight('px4', duration_s=None).until_engaged()
    for _ in range(30):
        flight.frame(companion_lives=False)
    for _ in range(40):
        flight.frame()  # alive again after a pause of 1.5 s: must stay silent
    assert flight.companion.stage is CompanionStage.HANDED_BACK
    assert flight.autopilot.mode is Mode.HOLD


def test_without_a_companion_the_pilot_waits_with_patience_and_lands():
    flight = Flight('px4', patience_s=5.0)
    while not flight.pilot.done and flight.now < 100.0:
        flight.frame(companion_lives=False)
    assert PilotStage.FOLLOW not in flight.stages
    assert not flight.autopilot.armed


def test_a_wish_to_land_ends_the_flight():
    flight = Flight('px4', duration_s=None).until_engaged()
    flight.pilot.request_land()
    while not flight.pilot.done and flight.now < 100.0:
        flight.frame()
    assert not flight.autopilot.armed


def test_from_a_hover_it_only_hands_over_and_need_not_land():
    flight = Flight('px4', height_m=3.0, duration_s=2.0, lands=False)
    while not flight.pilot.done and flight.now < 100.0:
        flight.frame()
    assert list(dict.fromkeys(flight.stages)) == [
        PilotStage.WAIT,
        PilotStage.FOLLOW,
        PilotStage.DONE,
    ]
    assert flight.autopilot.mode is Mode.FOLLOW
    assert flight.now - flight.pilot.engaged_ns / 1e9 == pytest.approx(2.0, abs=0.06)
