# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import socket

import pytest
from pymavlink import mavutil
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import SimulationError
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass

PX4_MODES = {'takeoff': None, 'hold': (4, 3), 'follow': (6, 0)}


class Script:
    """What anybody would write with pymavlink, while simulated time passes in between."""

    def __init__(self, kind, monkeypatch):
        monkeypatch.setenv('MAVLINK20', '1')
        self.station = mavutil.mavlink_connection(
            'udpin:127.0.0.1:0', source_system=255, source_component=190, dialect='ardupilotmega'
        )
        self.plant = PointMass()
        self.autopilot = SimulatedAutopilot(self.plant, kind)
        self.endpoint = UdpEndpoint(self.autopilot, [self.station.port.getsockname()])

    def close(self):
        self.station.close()
        self.endpoint.close()

    def until(self, is_true, seconds=60.0):
        """Let simulated time pass until the script sees what it waits for."""
        for _ in range(round(seconds * 20)):
            self.endpoint.poll()
            self.endpoint.flush()
            while self.station.recv_match() is not None:
                pass
            if is_true(self.station.messages):
                return
            self.autopilot.advance()
        raise AssertionError(f'not seen: {sorted(self.station.messages)}')

    def command(self, command, *parameters):
        self.station.messages.pop('COMMAND_ACK', None)
        parameters = [*parameters, *[0.0] * (7 - len(parameters))]
        self.station.mav.command_long_send(self.station.target_system, 1, command, 0, *parameters)
        self.until(lambda messages: 'COMMAND_ACK' in messages)
        ack = self.station.messages['COMMAND_ACK']
        assert (ack.command, ack.result) == (command, mavlink.MAV_RESULT_ACCEPTED)

    def custom_mode(self):
        return self.station.messages['HEARTBEAT'].custom_mode


@pytest.fixture(params=['px4', 'ardupilot'])
def script(request, monkeypatch):
    script = Script(request.param, monkeypatch)
    yield script
    script.close()


def test_a_plain_pymavlink_script_flies_it_from_the_ground_to_the_ground(script, capfd):
    station, name = script.station, script.autopilot.kind.name
    script.until(lambda messages: 'HEARTBEAT' in messages)
    assert station.target_system == 1
    assert station.mode_mapping()
    station.mav.heartbeat_send(mavlink.MAV_TYPE_GCS, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 0)
    for message_id in (30, 32, 245):
        script.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, message_id, 50_000)
    if name == 'ardupilot':
        script.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 4)
    script.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    script.until(lambda _: station.motors_armed())
    height = 488.0 + 3.0 if name == 'px4' else 3.0
    script.command(mavlink.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, height)
    script.until(lambda messages: messages['LOCAL_POSITION_NED'].z < -2.8)
    assert messages_state(station) != mavlink.MAV_LANDED_STATE_ON_GROUND
    hold = (1, 4, 3) if name == 'px4' else (1, 17)
    script.command(mavlink.MAV_CMD_DO_SET_MODE, *hold)
    script.until(lambda _: station.flightmode in ('LOITER', 'BRAKE'))
    script.command(mavlink.MAV_CMD_NAV_LAND)
    script.until(lambda _: messages_state(station) == mavlink.MAV_LANDED_STATE_ON_GROUND)
    script.until(lambda _: not station.motors_armed())
    assert script.plant.position_enu[2] == 0.0
    assert 'STATUSTEXT' in station.messages
    assert capfd.readouterr() == ('', '')


def messages_state(station):
    return station.messages['EXTENDED_SYS_STATE'].landed_state


def test_parameters_and_missions_are_read_as_by_a_ground_station(script):
    script.until(lambda messages: 'HEARTBEAT' in messages)
    script.station.param_fetch_all()
    script.station.waypoint_request_list_send()
    script.until(lambda messages: 'MISSION_COUNT' in messages)
    assert script.station.messages['MISSION_COUNT'].count == 0
    expected = set(script.autopilot.parameters)
    assert set(script.station.params) == expected


def test_a_busy_port_is_named(script):
    with pytest.raises(SimulationError, match='choose another port'):
        UdpEndpoint(script.autopilot, bind=script.endpoint.address)


def test_anybody_may_talk_to_its_socket_and_junk_opens_no_link(script):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('127.0.0.1', 0))
        other.setblocking(False)
        other.sendto(b'GET / HTTP/1.1', script.endpoint.address)
        script.endpoint.poll()
        script.endpoint.flush()
        with pytest.raises(BlockingIOError):
            other.recv(1000)
        hello = mavlink.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3)
        other.sendto(hello.pack(mavlink.MAVLink(None, 254, 190)), script.endpoint.address)
        assert script.endpoint.poll() == 1
        script.endpoint.flush()
        assert other.recv(1000)[:1] == b'\xfd'


def test_waiting_for_what_never_comes_ends_by_itself(script):
    assert not script.endpoint.wait_for(lambda: script.autopilot.armed, timeout_s=0.05)
