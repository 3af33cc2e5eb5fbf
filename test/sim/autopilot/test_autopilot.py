# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import ConfigError
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

VELOCITY = 0x05C7
ACCEPTED, DENIED, UNSUPPORTED, FAILED = 0, 2, 3, 4


class Bench:
    """A simulated autopilot on a point mass, and somebody who talks to it."""

    def __init__(self, kind='px4', height_m=None):
        airborne = height_m is not None
        self.plant = PointMass(position_enu=np.array([0.0, 0.0, height_m or 0.0]))
        self.autopilot = SimulatedAutopilot(self.plant, kind, airborne=airborne)
        self.encoder = mavlink.MAVLink(None, 255, 190)
        self.decoder = mavlink.MAVLink(None)
        self.heard = []

    def send(self, message, link=0):
        self.autopilot.receive(message.pack(self.encoder), link)
        return self.listen(link)

    def listen(self, link=0):
        messages = [m for p in self.autopilot.transmit(link) for m in self.decoder.parse_buffer(p)]
        self.heard += messages
        return messages

    def command(self, command, *parameters):
        parameters = [*parameters, *[0.0] * (7 - len(parameters))]
        answers = self.send(mavlink.MAVLink_command_long_message(1, 1, command, 0, *parameters))
        acks = [m for m in answers if m.get_type() == 'COMMAND_ACK']
        assert [a.command for a in acks] == [command]
        assert (acks[0].target_system, acks[0].target_component) == (255, 190)
        return acks[0].result

    def setpoint(self, vx=0.0, vy=0.0, vz=0.0, rate=0.0, frame=8, mask=VELOCITY, **place):
        values = [place.get(name, 0.0) for name in ('x', 'y', 'z')]
        self.send(
            mavlink.MAVLink_set_position_target_local_ned_message(
                0, 1, 1, frame, mask, *values, vx, vy, vz, 0, 0, 0, place.get('yaw', 0.0), rate
            )
        )

    def run(self, seconds, stream=None):
        for _ in range(round(seconds * 20)):
            if stream is not None:
                self.setpoint(**stream)
            self.listen()
            self.autopilot.advance()

    def following(self, **stream):
        self.run(0.6, stream)
        assert self.autopilot.pilot_mode(Mode.FOLLOW)
        return self

    def names(self):
        return {message.get_type() for message in self.heard}

    def texts(self):
        return [m.text for m in self.heard if m.get_type() == 'STATUSTEXT']


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_the_one_form_that_both_take_flies_in_the_body_frame(kind):
    bench = Bench(kind, height_m=5.0)
    bench.plant.yaw_rad = math.pi / 2  # nose north
    bench.following(vx=1.0)
    bench.run(3.0, {'vx': 1.0, 'vy': 0.5})
    east, north, _ = bench.plant.velocity_enu
    assert north == pytest.approx(1.0, abs=0.06)
    assert east == pytest.approx(0.5 + bench.autopilot.kind.drift_enu_m_s[0], abs=0.06)
    bench.run(1.0, {'rate': 0.5})
    assert bench.plant.yaw_rad == pytest.approx(math.pi / 2 - 0.5, abs=0.03)  # clockwise


def test_px4_does_not_take_offboard_in_the_air_without_a_stream():
    bench = Bench(height_m=5.0)
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == DENIED
    bench.run(0.3, {})
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == DENIED
    bench.run(0.3, {})
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == ACCEPTED
    assert bench.autopilot.mode_name == 'OFFBOARD'


def test_px4_on_the_ground_takes_offboard_but_does_not_arm_in_it_without_a_stream():
    bench = Bench()
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 6) == ACCEPTED
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == DENIED
    bench.run(0.6, {})
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == ACCEPTED


def test_px4_without_setpoints_hovers_after_one_second_and_lands_later():
    bench = Bench(height_m=5.0).following(vx=1.0)
    bench.run(2.0, {'vx': 1.0})
    bench.run(0.9)
    assert bench.autopilot.mode is Mode.FOLLOW
    bench.run(0.25)
    assert bench.autopilot.mode is Mode.HOLD
    bench.run(3.0)
    assert np.linalg.norm(bench.plant.velocity_enu) < 0.05
    bench.run(20.0)
    assert not bench.autopilot.armed
    assert bench.autopilot.landed


def test_px4_returns_to_offboard_by_itself_when_the_stream_does():
    bench = Bench(height_m=5.0).following(vx=1.0)
    bench.run(2.0)
    assert bench.autopilot.mode is Mode.HOLD
    bench.run(0.5, {'vx': 1.0})
    assert bench.autopilot.mode is Mode.FOLLOW


def test_px4_does_not_return_once_a_human_chose_a_mode():
    bench = Bench(height_m=5.0).following(vx=1.0)
    bench.run(2.0)
    bench.autopilot.pilot_mode('POSCTL')
    bench.run(2.0, {'vx': 1.0})
    assert bench.autopilot.mode is Mode.POSITION


def test_ardupilot_flies_on_for_three_seconds_then_stops_in_guided():
    bench = Bench('ardupilot', height_m=5.0).following(vx=1.0)
    bench.run(2.0, {'vx': 1.0})
    bench.run(2.8)
    assert bench.plant.velocity_enu[0] == pytest.approx(1.0, abs=0.01)
    bench.run(2.0)
    assert np.linalg.norm(bench.plant.velocity_enu) < 0.05
    assert bench.autopilot.mode_name == 'GUIDED'
    bench.run(1.0, {'vx': 1.0})
    assert bench.plant.velocity_enu[0] > 0.9


@pytest.mark.parametrize(
    'refused',
    [
        {'frame': 7},
        {'frame': 9},
        {'frame': 12},
        {'mask': 3559},
        {'mask': 1535},
        {'vx': math.nan, 'vy': math.nan, 'vz': math.nan},
    ],
)
def test_px4_does_not_count_a_refused_setpoint_as_a_stream(refused):
    bench = Bench(height_m=5.0)
    bench.run(1.0, refused)
    assert not bench.autopilot.has_stream


@pytest.mark.parametrize('ignored', [{'frame': 12}, {'mask': 3559}, {'mask': 1535}])
def test_ardupilot_stops_at_a_setpoint_it_does_not_understand(ignored):
    bench = Bench('ardupilot', height_m=5.0).following(vx=1.0)
    bench.run(3.0, {'vx': 1.0, **ignored})
    assert np.linalg.norm(bench.plant.velocity_enu) < 0.05


def test_nan_on_one_axis_stops_both():
    for kind in ('px4', 'ardupilot'):
        bench = Bench(kind, height_m=5.0).following(vx=1.0)
        bench.run(3.0, {'vx': 1.0, 'vy': math.nan})
        assert abs(bench.plant.velocity_enu[0]) < 0.3
        assert bench.autopilot.mode is Mode.FOLLOW


def test_a_setpoint_silent_on_yaw_turns_ardupilots_nose_and_not_px4s():
    turned = {}
    for kind in ('px4', 'ardupilot'):
        bench = Bench(kind, height_m=5.0).following()
        bench.run(8.0, {'vy': 1.0, 'mask': 3527})
        turned[kind] = abs(bench.plant.yaw_rad)
    assert turned['px4'] == 0.0
    assert turned['ardupilot'] > 1.0


def test_px4_creeps_at_zero_velocity_as_the_firmware_does():
    bench = Bench(height_m=5.0).following()
    bench.run(60.0, {})
    assert bench.plant.position_enu == pytest.approx([-12.8, 2.1, 12.3], abs=0.5)


def test_position_setpoints_fly_to_a_place():
    bench = Bench(height_m=5.0)
    there = {'mask': 0x0DF8, 'frame': 1, 'x': 2.0, 'y': 1.0, 'z': -4.0}
    bench.following(**there)
    bench.run(12.0, there)
    assert bench.plant.position_enu == pytest.approx([1.0, 2.0, 4.0], abs=0.05)


def test_too_fast_a_setpoint_is_limited():
    bench = Bench(height_m=5.0).following()
    bench.run(4.0, {'vx': 30.0})
    assert np.hypot(*bench.plant.velocity_enu[:2]) == pytest.approx(9.3, abs=0.3)


def test_px4_lands_in_offboard_and_disarms_and_ardupilot_stays_armed():
    armed = {}
    for kind in ('px4', 'ardupilot'):
        bench = Bench(kind, height_m=2.0).following()
        bench.run(12.0, {'vz': 0.5})
        assert bench.autopilot.landed
        armed[kind] = bench.autopilot.armed
    assert armed == {'px4': False, 'ardupilot': True}
    bench.run(3.0, {'vz': -0.5})
    assert bench.autopilot.landed  # ArduPilot does not rise again by velocity


def test_px4_takes_off_by_velocity_alone():
    bench = Bench()
    bench.following()
    bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    bench.run(4.0, {'vz': -0.5})
    assert bench.plant.position_enu[2] > 1.0


def test_it_does_not_disarm_in_the_air_unless_forced():
    bench = Bench(height_m=5.0)
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 0) == DENIED
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 0, 21196) == ACCEPTED
    bench.run(3.0)
    assert bench.plant.position_enu[2] == 0.0


def test_armed_and_not_flown_it_disarms_by_itself():
    bench = Bench()
    bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    bench.run(9.0)
    assert bench.autopilot.armed
    bench.run(2.0)
    assert not bench.autopilot.armed


def test_ardupilot_takes_off_only_in_guided_and_armed():
    bench = Bench('ardupilot')
    takeoff = (mavlink.MAV_CMD_NAV_TAKEOFF, 0, 0, 0, 0, 0, 0, 3.0)
    assert bench.command(*takeoff) == FAILED
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 4) == ACCEPTED
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == ACCEPTED
    assert bench.command(*takeoff) == ACCEPTED
    bench.run(8.0)
    assert bench.plant.position_enu[2] == pytest.approx(3.0, abs=0.25)
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 17) == ACCEPTED


def test_ardupilot_does_not_arm_in_modes_that_cannot_take_off():
    bench = Bench('ardupilot')
    bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 9)
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == FAILED
    assert 'Arm: LAND mode not armable' in bench.texts()


def test_px4_takeoff_takes_height_above_sea_or_its_own_parameter():
    for parameter, height in ((math.nan, 2.5), (488.0 + 4.0, 4.0)):
        bench = Bench()
        bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
        takeoff = [0, 0, 0, math.nan, math.nan, math.nan, parameter]
        assert bench.command(mavlink.MAV_CMD_NAV_TAKEOFF, *takeoff) == ACCEPTED
        bench.run(10.0)
        assert bench.plant.position_enu[2] == pytest.approx(height, abs=0.25)
        assert bench.autopilot.mode_name == 'AUTO.LOITER'


def test_return_flies_home_and_lands():
    bench = Bench(height_m=3.0).following(vx=2.0)
    bench.run(4.0, {'vx': 2.0})
    assert bench.command(mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH) == ACCEPTED
    bench.run(40.0)
    assert not bench.autopilot.armed
    assert np.hypot(*bench.plant.position_enu[:2]) < 0.5


def test_unknown_commands_and_modes_are_unsupported():
    bench = Bench()
    assert bench.command(mavlink.MAV_CMD_DO_PARACHUTE) == UNSUPPORTED
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, 99) == UNSUPPORTED
    assert bench.command(mavlink.MAV_CMD_DO_SET_MODE, 1, math.nan) == DENIED
    assert bench.command(mavlink.MAV_CMD_REQUEST_MESSAGE, 9999) == UNSUPPORTED


def test_what_a_ground_station_asks_first_is_answered():
    bench = Bench()
    assert bench.command(mavlink.MAV_CMD_REQUEST_MESSAGE, 148) == ACCEPTED
    bench.send(mavlink.MAVLink_param_request_list_message(1, 1))
    bench.send(mavlink.MAVLink_param_request_read_message(1, 1, b'COM_OF_LOSS_T', -1))
    bench.send(mavlink.MAVLink_mission_request_list_message(1, 1))
    bench.send(mavlink.MAVLink_timesync_message(0, 123))
    assert {'AUTOPILOT_VERSION', 'PARAM_VALUE', 'MISSION_COUNT', 'TIMESYNC'} <= bench.names()
    parameters = [m for m in bench.heard if m.get_type() == 'PARAM_VALUE']
    names = list(bench.autopilot.parameters)
    assert {p.param_count for p in parameters} == {len(names)}
    *listed, asked = [p.param_index for p in parameters]
    assert (listed, names[asked]) == (list(range(len(names))), 'COM_OF_LOSS_T')
    assert parameters[-1].param_value == 1.0
    mission = next(m for m in bench.heard if m.get_type() == 'MISSION_COUNT')
    assert (mission.count, mission.target_system) == (0, 255)


def test_a_parameter_that_is_set_counts():
    bench = Bench(height_m=5.0)
    bench.send(mavlink.MAVLink_param_set_message(1, 1, b'COM_OF_LOSS_T', 2.0, 9))
    bench.following(vx=1.0)
    bench.run(1.5)
    assert bench.autopilot.mode is Mode.FOLLOW


def test_streams_come_at_their_rates_and_change_on_request():
    bench = Bench()
    bench.run(10.0)
    count = {n: sum(m.get_type() == n for m in bench.heard) for n in bench.names()}
    assert count['HEARTBEAT'] == 10
    assert count['LOCAL_POSITION_NED'] == count['ATTITUDE'] == 200
    bench.heard.clear()
    assert bench.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, 32, 1e6) == ACCEPTED
    assert bench.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, 30, -1) == ACCEPTED
    assert bench.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, 0, 1e5) == DENIED
    bench.heard.clear()
    bench.run(10.0)
    count = {n: sum(m.get_type() == n for m in bench.heard) for n in bench.names()}
    assert count['LOCAL_POSITION_NED'] == 10
    assert 'ATTITUDE' not in count


def test_ardupilot_is_silent_but_for_its_heartbeat_until_asked():
    bench = Bench('ardupilot')
    bench.run(3.0)
    assert bench.names() == {'HEARTBEAT'}
    bench.send(mavlink.MAVLink_request_data_stream_message(1, 1, 0, 4, 1))
    bench.run(3.0)
    assert 'ATTITUDE' in bench.names()


def test_ardupilot_heartbeats_at_once_on_a_change_and_px4_does_not():
    beats = {}
    for kind in ('px4', 'ardupilot'):
        bench = Bench(kind, height_m=5.0)
        bench.run(1.3)
        bench.autopilot.pilot_mode('LAND')
        beats[kind] = [m.get_type() for m in bench.listen()].count('HEARTBEAT')
    assert beats == {'px4': 0, 'ardupilot': 1}


def test_px4_sends_texts_only_where_a_ground_station_heartbeats():
    bench = Bench()
    bench.listen(link=1)
    station = mavlink.MAVLink_heartbeat_message(mavlink.MAV_TYPE_GCS, 8, 0, 0, 4, 3)
    bench.send(station, link=1)
    bench.autopilot.pilot_arm()
    companion = [m.get_type() for m in bench.listen(link=0)]
    ground = [m.get_type() for m in bench.listen(link=1)]
    assert 'STATUSTEXT' not in companion
    assert 'STATUSTEXT' in ground


def test_messages_for_other_systems_are_not_obeyed():
    bench = Bench()
    arm = mavlink.MAVLink_command_long_message(2, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0)
    bench.send(arm)
    assert not bench.autopilot.armed
    assert 'COMMAND_ACK' not in bench.names()


def test_set_mode_message_and_command_int_work_too():
    bench = Bench(height_m=5.0)
    bench.send(mavlink.MAVLink_set_mode_message(1, 1, 196608))
    assert bench.autopilot.mode_name == 'POSCTL'
    bench.send(mavlink.MAVLink_command_int_message(1, 1, 0, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    assert bench.autopilot.mode is Mode.LAND


def test_the_battery_drains_while_armed_and_is_told():
    bench = Bench(height_m=5.0)
    bench.run(120.0)
    assert bench.autopilot.battery == pytest.approx(0.9, abs=0.001)
    status = [m for m in bench.heard if m.get_type() == 'SYS_STATUS'][-1]
    assert status.battery_remaining == 90


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_junk_is_tolerated(junk):
    bench = Bench()
    for data in junk:
        bench.autopilot.receive(data)
    assert bench.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1) == ACCEPTED


numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(
    st.sampled_from([22, 20, 21, 176, 400, 410, 510, 511, 512, 520, 31000]),
    st.lists(numbers, min_size=7, max_size=7),
    st.sampled_from(['px4', 'ardupilot']),
)
def test_no_parameters_of_a_command_break_it(command, parameters, kind):
    bench = Bench(kind)
    bench.command(command, *parameters)
    bench.run(0.3)
    assert np.isfinite(bench.plant.position_enu).all()


@given(
    st.lists(numbers, min_size=11, max_size=11),
    st.integers(0, 0xFFFF),
    st.integers(0, 20),
    st.sampled_from(['px4', 'ardupilot']),
)
def test_no_setpoint_breaks_it(values, mask, frame, kind):
    bench = Bench(kind, height_m=5.0).following()
    message = mavlink.MAVLink_set_position_target_local_ned_message(0, 1, 1, frame, mask, *values)
    for _ in range(6):
        bench.send(message)
        bench.autopilot.advance()
    assert np.isfinite(bench.plant.position_enu).all()
    assert np.abs(bench.plant.velocity_enu).max() < 12.0


def test_an_unknown_personality_is_refused():
    with pytest.raises(ConfigError, match='expected px4, ardupilot'):
        SimulatedAutopilot(PointMass(), 'betaflight')
