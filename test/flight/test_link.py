# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import ConfigError, LinkError
from liquid_drone.flight.guard import Setpoint
from liquid_drone.flight.link import MavlinkLink
from liquid_drone.flight.transport import MemoryTransport
from liquid_drone.sim.autopilot import SimulatedAutopilot
from liquid_drone.sim.autopilot_udp import UdpEndpoint
from liquid_drone.sim.point_mass import PointMass


class Recorder:
    """A link in memory to a simulated autopilot that notes what the companion says."""

    def __init__(self, kind='px4', **options):
        self.autopilot = SimulatedAutopilot(PointMass(), kind, **options)
        self.said = []
        self.link = MavlinkLink(MemoryTransport(self.autopilot.transmit, self._deliver))
        self._decoder = mavlink.MAVLink(None)

    def _deliver(self, data):
        self.said += self._decoder.parse_buffer(data)
        self.autopilot.receive(data)

    def run(self, seconds):
        for _ in range(round(seconds * 20)):
            self.link.poll(self.autopilot.now_ns / 1e9)
            self.autopilot.advance()
        return self

    def count(self, name):
        return sum(message.get_type() == name for message in self.said)


def test_the_companion_heartbeats_once_a_second_under_the_vehicles_identity():
    recorder = Recorder(system_id=9).run(10.0)
    beats = [message for message in recorder.said if message.get_type() == 'HEARTBEAT']
    assert len(beats) == 10
    assert {(b.get_srcSystem(), b.get_srcComponent()) for b in beats[1:]} == {(9, 191)}
    assert {(b.type, b.autopilot) for b in beats} == {(18, 8)}


def test_px4_is_asked_for_its_heartbeat_five_times_a_second():
    recorder = Recorder().run(10.0)
    assert recorder.count('COMMAND_LONG') == 50
    before = recorder.link.vehicle.mode_name
    recorder.autopilot.pilot_mode('POSCTL')
    recorder.run(0.3)
    assert (before, recorder.link.vehicle.mode_name) == ('AUTO.LOITER', 'POSCTL')


def test_ardupilot_is_asked_once_for_the_streams_it_does_not_send_by_itself():
    recorder = Recorder('ardupilot').run(10.0)
    wanted = {m.param1 for m in recorder.said if m.get_type() == 'COMMAND_LONG'}
    assert recorder.count('COMMAND_LONG') == 5
    assert wanted == {1.0, 30.0, 32.0, 193.0, 245.0}
    vehicle = recorder.link.vehicle
    assert vehicle.estimate_age_s(recorder.autopilot.now_ns / 1e9) < 0.1
    assert vehicle.position_valid


def test_it_asks_again_when_the_streams_stop():
    recorder = Recorder('ardupilot').run(3.0)
    recorder.autopilot._links.clear()  # the autopilot restarted
    recorder.run(5.0)
    assert recorder.count('COMMAND_LONG') > 5
    assert recorder.link.vehicle.estimate_age_s(recorder.autopilot.now_ns / 1e9) < 0.1


def test_it_never_says_anything_that_moves_arms_or_switches():
    for kind in ('px4', 'ardupilot'):
        recorder = Recorder(kind).run(20.0)
        kinds = {message.get_type() for message in recorder.said}
        assert kinds == {'HEARTBEAT', 'COMMAND_LONG'}
        commands = {m.command for m in recorder.said if m.get_type() == 'COMMAND_LONG'}
        assert commands <= {511, 512}  # SET_MESSAGE_INTERVAL, REQUEST_MESSAGE


def test_over_udp_it_finds_the_vehicle_and_the_setpoint_arrives():
    with MavlinkLink.open('udpin:127.0.0.1:0') as link:
        autopilot = SimulatedAutopilot(PointMass())
        with UdpEndpoint(autopilot, [('127.0.0.1', link.transport.port)]) as endpoint:
            endpoint.flush()
            vehicle = link.poll(1.0)
            assert (vehicle.mode_name, link.profile.name) == ('AUTO.LOITER', 'px4')
            link.send_setpoint(Setpoint(1.0, 0.5, 0.25, 0.1), 1000)
            assert endpoint.wait_for(lambda: autopilot.setpoint is not None, timeout_s=5.0)
            assert autopilot.setpoint.velocity == (1.0, 0.5, 0.25)
            assert autopilot.setpoint.yaw_rate_rad_s == pytest.approx(0.1)
            assert autopilot.setpoint.time_boot_ms == 1000


def test_a_setpoint_without_a_vehicle_is_an_error():
    with MavlinkLink.open('udpin:127.0.0.1:0') as link, pytest.raises(LinkError):
        link.send_setpoint(Setpoint(), 0)


def test_an_unknown_kind_of_autopilot_is_refused_before_anything_opens():
    with pytest.raises(ConfigError, match='expected auto, px4, ardupilot'):
        MavlinkLink.open('udpin:127.0.0.1:0', autopilot='betaflight')


def test_two_links_on_one_port_are_one_too_many():
    with MavlinkLink.open('udpin:127.0.0.1:0') as link:
        address = f'udpin:127.0.0.1:{link.transport.port}'
        with pytest.raises(LinkError, match='Address already in use'):
            MavlinkLink.open(address)


def test_a_vehicle_that_comes_back_from_another_address_is_answered_there():
    with MavlinkLink.open('udpin:127.0.0.1:0') as link:
        target = [('127.0.0.1', link.transport.port)]
        for time_s in (1.0, 2.0):
            autopilot = SimulatedAutopilot(PointMass())
            with UdpEndpoint(autopilot, target) as endpoint:
                endpoint.flush()
                link.poll(time_s)
                link.send_setpoint(Setpoint(), 0)
                assert endpoint.wait_for(lambda a=autopilot: a.setpoint is not None, 5.0)
