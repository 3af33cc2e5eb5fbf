# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import logging
import os
import pty
import socket
import time
from types import SimpleNamespace

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import ConfigError, LinkError
from liquid_drone.flight.mavlink.answered_path import SILENT_S
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass


class Recorder:
    """A link in memory to a simulated autopilot that notes what the companion says."""

    def __init__(self, kind='px4', shadow=False, **options):
        self.autopilot = SimulatedAutopilot(PointMass(), kind, **options)
        self.said = []
        transport = MemoryTransport(self.autopilot.transmit, self._deliver)
        self.link = MavlinkLink(transport, shadow=shadow)
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
    said = [message for message in recorder.said if message.get_type() == 'COMMAND_LONG']
    asked = [m for m in said if (m.command, m.param1) == (mavlink.MAV_CMD_REQUEST_MESSAGE, 0.0)]
    assert len(asked) == 50
    before = recorder.link.vehicle.mode_name
    recorder.autopilot.pilot_mode('POSCTL')
    recorder.run(0.3)
    assert (before, recorder.link.vehicle.mode_name) == ('AUTO.LOITER', 'POSCTL')


def test_ardupilot_is_asked_once_for_the_streams_it_does_not_send_by_itself():
    recorder = Recorder('ardupilot').run(10.0)
    said = [m for m in recorder.said if m.get_type() == 'COMMAND_LONG']
    intervals = [m.param1 for m in said if m.command == mavlink.MAV_CMD_SET_MESSAGE_INTERVAL]
    wanted = set(intervals)
    assert len(intervals) == len(wanted)
    assert wanted == {need.message_id for need in recorder.link.profile.streams}
    vehicle = recorder.link.vehicle
    assert vehicle.estimate_age_s(recorder.autopilot.now_ns / 1e9) < 0.1
    assert vehicle.position_valid


def test_it_asks_again_when_the_streams_stop():
    recorder = Recorder('ardupilot').run(3.0)
    recorder.autopilot._links.clear()  # the autopilot restarted
    recorder.run(5.0)
    assert recorder.count('COMMAND_LONG') > len(recorder.link.profile.streams)
    assert recorder.link.vehicle.estimate_age_s(recorder.autopilot.now_ns / 1e9) < 0.1


def test_a_heartbeat_that_was_lost_is_asked_for():
    def asked(recorder):
        said = [m for m in recorder.said if m.get_type() == 'COMMAND_LONG']
        return sum(m.command == mavlink.MAV_CMD_REQUEST_MESSAGE for m in said)

    recorder = Recorder('ardupilot').run(3.0)
    before = asked(recorder)  # for its second heartbeat, which makes it known
    recorder.run(2.0)
    assert asked(recorder) == before <= 10
    deliver, recorder.link.transport._fetch = recorder.link.transport._fetch, list
    recorder.run(1.6)
    assert (
        1 <= asked(recorder) - before <= 16
    )  # ten times a second: a lost heartbeat ends a flight
    recorder.link.transport._fetch = deliver
    recorder.run(0.2)
    now_s = recorder.autopilot.now_ns / 1e9
    assert recorder.link.vehicle.heartbeat_age_s(now_s) < 0.3


def test_it_never_says_anything_that_moves_arms_or_switches():
    for kind in ('px4', 'ardupilot'):
        recorder = Recorder(kind).run(20.0)
        kinds = {message.get_type() for message in recorder.said}
        assert kinds == {'HEARTBEAT', 'COMMAND_LONG', 'TIMESYNC'}
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
        for time_s in (1.0, 1.0 + SILENT_S):
            autopilot = SimulatedAutopilot(PointMass())
            with UdpEndpoint(autopilot, target) as endpoint:
                endpoint.flush()
                link.poll(time_s)
                link.send_setpoint(Setpoint(), 0)
                assert endpoint.wait_for(lambda a=autopilot: a.setpoint is not None, 5.0)
            link.poll(time_s)  # the last of this path


def test_the_heartbeat_says_whether_setpoints_are_sent():
    recorder = Recorder().run(2.0)
    recorder.link.send_setpoint(Setpoint(), 0)
    recorder.run(2.0)
    states = [m.system_status for m in recorder.said if m.get_type() == 'HEARTBEAT']
    standby, active = mavlink.MAV_STATE_STANDBY, mavlink.MAV_STATE_ACTIVE
    assert states == [standby, standby, active, standby]


def test_in_shadow_mode_no_setpoint_leaves_whoever_asks_for_it():
    recorder = Recorder(shadow=True).run(2.0)
    assert recorder.link.send_setpoint(Setpoint(vx_m_s=1.0), 0) is False
    recorder.run(2.0)
    assert recorder.count('SET_POSITION_TARGET_LOCAL_NED') == 0
    assert recorder.autopilot.setpoint is None
    states = {m.system_status for m in recorder.said if m.get_type() == 'HEARTBEAT'}
    assert states == {mavlink.MAV_STATE_STANDBY}


def test_telemetry_that_waited_on_the_way_is_not_fresh():
    recorder = Recorder().run(5.0)
    now_s = recorder.autopilot.now_ns / 1e9
    vehicle = recorder.link.vehicle
    assert vehicle.clock_offset_s == pytest.approx(0.0, abs=0.06)
    assert vehicle.estimate_age_s(now_s) < 0.15
    # From here on everything that comes is two seconds old, though it comes at full rate.
    late = []
    fetch = recorder.link.transport._fetch
    recorder.link.transport._fetch = lambda: (
        late.append(list(fetch())) or (late[-41] if len(late) > 40 else [])
    )
    recorder.run(2.5)
    vehicle, now_s = recorder.link.vehicle, recorder.autopilot.now_ns / 1e9
    assert now_s - vehicle.received_s < 0.11
    assert vehicle.estimate_age_s(now_s) == pytest.approx(2.0, abs=0.2)


def test_a_vehicle_behind_tcp_that_restarts_is_found_again(caplog):
    caplog.set_level(logging.INFO)
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
        with MavlinkLink.open(f'tcp:127.0.0.1:{port}') as link:
            clock = SimpleNamespace(s=1.0)
            link.transport._clock = lambda: clock.s  # retries follow the test's own time
            for _ in range(2):
                autopilot = SimulatedAutopilot(PointMass())
                other, _ = server.accept()
                other.sendall(twice(autopilot))
                assert until(lambda: link.poll(clock.s).heartbeat_received_s == clock.s)
                link.send_setpoint(Setpoint(), 0)
                assert until(lambda o=other, a=autopilot: a.receive(o.recv(4096)) or a.setpoint)
                other.close()
                clock.s += 1.0
                assert until(lambda: link.poll(clock.s) and link.transport.inner is None)
                assert link.send_setpoint(Setpoint(), 0)  # lost, as on a pulled cable
                clock.s += 1.1
                link.poll(clock.s)
    assert caplog.text.count('closed by the other side; trying again') == 2
    assert caplog.text.count('is open again') == 1


def test_a_serial_device_that_goes_and_comes_back_is_opened_again(tmp_path):
    device = tmp_path / 'ttyUSB0'

    def plug_in():
        master, slave = pty.openpty()
        device.unlink(missing_ok=True)
        device.symlink_to(os.ttyname(slave))
        return master, slave

    master, slave = plug_in()
    with MavlinkLink.open(f'{device}:57600') as link:
        clock = SimpleNamespace(s=0.0)
        link.transport._clock = lambda: clock.s
        for round_number in range(3):
            autopilot = SimulatedAutopilot(PointMass())
            os.write(master, twice(autopilot))
            assert until(lambda: link.poll(clock.s).heartbeat_received_s == clock.s)
            os.close(slave)
            os.close(master)
            clock.s += 10.0
            assert until(lambda: link.poll(clock.s) and link.transport.inner is None)
            assert link.transport.breaks == round_number + 1
            device.unlink()
            clock.s += 10.0
            link.poll(clock.s)  # nothing there yet
            assert link.transport.inner is None
            master, slave = plug_in()
            clock.s += 10.0
            link.poll(clock.s)
            assert link.transport.inner is not None
    os.close(slave)
    os.close(master)


def twice(autopilot):
    """Return what an autopilot sends within a second: two heartbeats."""
    packets = list(autopilot.transmit())
    for _ in range(25):
        autopilot.advance()
        packets += autopilot.transmit()
    return b''.join(packets)


def until(is_true, limit_s=60.0):
    """Try until something holds: bytes need a moment, even on one machine."""
    deadline = time.monotonic() + limit_s
    while not (answer := is_true()) and time.monotonic() < deadline:
        time.sleep(0.002)
    return answer
