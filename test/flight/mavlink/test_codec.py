# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.errors import LinkError
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4, detect, named
from liquid_drone.flight.mavlink.roster import GENERIC_MULTIROTOR, MULTIROTORS
from liquid_drone.flight.mavlink.telemetry.decode import HANDLERS
from liquid_drone.flight.setpoint import Setpoint

QUADROTOR = mavlink.MAV_TYPE_QUADROTOR


def packet(message, system=1, component=1, number=0):
    sender = mavlink.MAVLink(None, system, component)
    sender.seq = number % 256
    return message.pack(sender)


def heartbeat(autopilot=12, mode=393216, armed=True, kind=QUADROTOR):
    base_mode = 1 | (128 if armed else 0)
    return mavlink.MAVLink_heartbeat_message(kind, autopilot, base_mode, mode, 4, 3)


def met(profile=PX4, system=1):
    codec = MavlinkCodec()
    for now_s in (4.0, 5.0):
        beat = packet(heartbeat(profile.autopilot, profile.follow_mode), system)
        codec.receive(beat, now_s)
    return codec


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_a_setpoint_is_byte_for_byte_what_both_autopilots_take(profile):
    got = met(profile).encoder.setpoint(Setpoint(1.0, 0.5, -0.25, 0.125), time_boot_ms=1050)
    # length 53, sequence 0, system 1, component 191, message 84; time 1050 ms; zeros for what is
    # ignored; forward 1, right -0.5, down 0.25 m/s; clockwise -0.125 rad/s; mask 0x05C7; to system
    # 1, component 1; frame 8
    body = '1a040000' + '00' * 12 + '0000803f' + '000000bf' + '0000803e' + '00' * 16
    body += '000000be' + 'c705' + '01' + '01' + '08'
    assert got[:10].hex() == 'fd' + '35' + '0000' + '00' + '01' + 'bf' + '540000'
    assert got[10:-2].hex() == body
    assert len(got) == 10 + 53 + 2


def test_the_setpoint_reads_back_in_mavlinks_frames():
    data = met(system=7).encoder.setpoint(Setpoint(1.0, 0.5, -0.25, 0.125), time_boot_ms=1050)
    message = mavlink.MAVLink(None).parse_buffer(data)[0]
    assert (message.vx, message.vy, message.vz, message.yaw_rate) == (1.0, -0.5, 0.25, -0.125)
    assert (message.coordinate_frame, message.type_mask) == (8, 1479)
    assert (message.target_system, message.target_component) == (7, 1)
    assert (message.get_srcSystem(), message.get_srcComponent()) == (7, 191)


def test_stopping_sends_plain_zeros_without_signs():
    data = met().encoder.setpoint(Setpoint(), time_boot_ms=0)
    assert data[10:-2].rstrip(b'\0').hex() == '00' * 48 + 'c705010108'


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_a_setpoint_that_is_not_finite_is_never_encoded(value):
    with pytest.raises(ValueError, match='finite'):
        met().encoder.setpoint(Setpoint(vy_m_s=value), 0)


@given(
    st.floats() | st.sampled_from([1e39, -1e300, 3.4028235e38, 3.4028236e38]),
    st.integers(0, 2**40),
)
def test_any_number_and_any_time_can_be_shown(value, time_ms):
    (told,) = mavlink.MAVLink(None).parse_buffer(
        met().encoder.named_value('tgt_prob', value, time_ms)
    )
    assert told.time_boot_ms == time_ms % 2**32
    if math.isnan(value):
        assert math.isnan(told.value)
    elif abs(value) < 3.4e38:
        assert told.value == pytest.approx(value, rel=1e-6, abs=1e-37)
    else:
        assert told.value in (value, math.copysign(math.inf, value)) or abs(told.value) > 3.4e38


def test_nothing_is_addressed_to_a_vehicle_that_was_never_heard():
    with pytest.raises(LinkError, match='no heartbeat'):
        MavlinkCodec().encoder.setpoint(Setpoint(), 0)


def test_telemetry_arrives_in_ros_frames_with_both_clocks():
    codec = met()
    position = mavlink.MAVLink_local_position_ned_message(2500, 1, 2, -3, 0.1, 0.2, -0.3)
    attitude = mavlink.MAVLink_attitude_message(2500, 0.1, 0.2, 0.0, 0, 0, 0)
    status = mavlink.MAVLink_sys_status_message(0, 0, 0, 0, 15000, -1, 42, 0, 0, 0, 0, 0, 0)
    codec.receive(packet(position) + packet(attitude) + packet(status), 6.0)
    vehicle = codec.vehicle
    assert vehicle.position_enu == (2.0, 1.0, 3.0)
    assert vehicle.velocity_enu == pytest.approx((0.2, 0.1, 0.3))
    assert (vehicle.roll, vehicle.pitch) == pytest.approx((0.1, -0.2))
    assert vehicle.yaw == pytest.approx(math.pi / 2)  # heading north
    assert (vehicle.stamp_s, vehicle.received_s, vehicle.heartbeat_received_s) == (2.5, 6.0, 5.0)
    assert vehicle.battery_remaining == 0.42
    assert (vehicle.mode_name, vehicle.armed) == ('OFFBOARD', True)


def test_unmeasured_battery_is_unknown():
    codec = met()
    status = mavlink.MAVLink_sys_status_message(0, 0, 0, 0, 15000, -1, -1, 0, 0, 0, 0, 0, 0)
    codec.receive(packet(status), 6.0)
    assert codec.vehicle.battery_remaining is None


@pytest.mark.parametrize(('system', 'component'), [(2, 1), (1, 191), (255, 190), (1, 100)])
def test_other_vehicles_and_other_components_are_not_listened_to(system, component):
    codec = met()
    before = codec.vehicle
    stranger = packet(heartbeat(mode=50593792, armed=False), system, component)
    assert not codec.receive(stranger, 6.0)
    assert codec.vehicle == before


def test_only_the_wanted_system_is_met():
    codec = MavlinkCodec(system_id=3)
    codec.receive(packet(heartbeat(), system=2), 1.0)
    assert codec.vehicle is None
    codec.receive(packet(heartbeat(), system=3), 1.0)
    assert codec.vehicle.system_id == 3


@pytest.mark.parametrize('kind', [mavlink.MAV_TYPE_GCS, mavlink.MAV_TYPE_ONBOARD_CONTROLLER])
def test_ground_stations_and_companions_are_not_taken_for_a_vehicle(kind):
    codec = MavlinkCodec()
    codec.receive(packet(heartbeat(kind=kind)), 1.0)
    assert codec.vehicle is None


@pytest.mark.parametrize('kind', [1, 10, 19, 22])  # aeroplane, rover, VTOLs
def test_only_a_multirotor_is_taken_for_other_modes_have_the_same_numbers(kind, caplog):
    codec = MavlinkCodec()
    codec.receive(packet(heartbeat(autopilot=3, mode=4, kind=kind)), 1.0)
    assert codec.vehicle is None
    assert f'no multirotor (MAV_TYPE {kind})' in caplog.text


def test_a_gimbal_under_the_autopilots_own_address_changes_no_mode():
    codec = met()
    before = codec.vehicle
    assert not codec.receive(packet(heartbeat(8, 0, False, mavlink.MAV_TYPE_GIMBAL)), 6.0)
    assert codec.vehicle == before


def test_an_unknown_autopilot_is_named_and_not_used(caplog):
    codec = MavlinkCodec()
    for _ in range(3):
        codec.receive(packet(heartbeat(autopilot=4)), 1.0)
    assert codec.vehicle is None
    assert caplog.text.count('unknown autopilot (4)') == 1


def test_the_wrong_kind_of_autopilot_is_refused_and_the_setting_is_named(caplog):
    codec = MavlinkCodec(PX4)
    codec.receive(packet(heartbeat(autopilot=3)), 1.0)
    assert codec.vehicle is None
    assert 'set autopilot to auto or ardupilot' in caplog.text
    codec.receive(packet(heartbeat(autopilot=12), system=2), 1.0)  # a stranger ends nothing
    assert codec.vehicle.system_id == 2


def test_the_profile_comes_from_the_heartbeat():
    assert met(PX4).profile is PX4
    assert met(ARDUPILOT).profile is ARDUPILOT
    assert detect(8) is None
    assert named('auto') is None
    assert named('px4') is PX4


ODD_BEATS = st.tuples(
    st.sampled_from([0, 3, 4, 8, 12, 20]),  # MAV_AUTOPILOT
    st.sampled_from([0, 1, 2, 6, 10, 13, 18, 26]),  # MAV_TYPE
    st.sampled_from([1, 2, 255]),  # system
    st.sampled_from([1, 100, 190, 191]),  # component
)


@given(st.sampled_from([PX4, ARDUPILOT]), st.lists(ODD_BEATS, max_size=6), st.data())
def test_one_odd_heartbeat_at_any_time_decides_neither_kind_nor_vehicle(profile, odd, data):
    """Before, between and after the true ones; each odd one comes once, some of them doubled."""
    codec, now_s = MavlinkCodec(), 0.0
    count = itertools.count()  # of packets, as senders number them: the same again is a copy
    true = heartbeat(profile.autopilot, profile.follow_mode)
    odd = [one for i, one in enumerate(odd) if one not in odd[:i]]
    story = data.draw(st.permutations([True] * 3 + odd))
    for one in [*story, True, True]:
        now_s += 1.0
        if one is True:
            codec.receive(packet(true, number=next(count)), now_s)
        else:
            autopilot, kind, system, component = one
            odd_one = heartbeat(autopilot, 4, kind=kind)
            beat = packet(odd_one, system, component, next(count))
            for _ in range(data.draw(st.integers(1, 2))):
                codec.receive(beat, now_s)
    vehicle = codec.vehicle
    assert (vehicle.system_id, vehicle.autopilot, codec.profile) == (1, profile.name, profile)
    assert (vehicle.mode, vehicle.mode_name) == (
        profile.follow_mode,
        profile.mode_name(profile.follow_mode),
    )
    assert vehicle.heartbeat_received_s == now_s


def test_the_number_of_a_generic_multirotor_is_that_of_the_dialect():
    """pymavlink 2.4.49, which Debian packages, has no name for it."""
    assert getattr(mavlink, 'MAV_TYPE_GENERIC_MULTIROTOR', 43) == GENERIC_MULTIROTOR
    assert GENERIC_MULTIROTOR in MULTIROTORS


def test_until_two_heartbeats_tell_the_same_none_counts_as_received():
    codec = MavlinkCodec()
    codec.receive(packet(heartbeat(ARDUPILOT.autopilot)), 1.0)
    assert not codec.vehicle.is_introduced
    codec.receive(packet(heartbeat(ARDUPILOT.autopilot)), 1.1)  # the same packet, mirrored
    assert not codec.vehicle.is_introduced
    codec.receive(packet(heartbeat(PX4.autopilot)), 2.0)
    assert (codec.vehicle.autopilot, codec.vehicle.is_introduced) == ('ardupilot', False)
    codec.receive(packet(heartbeat(PX4.autopilot)), 3.0)
    assert (codec.vehicle.autopilot, codec.vehicle.is_introduced) == ('px4', True)


@pytest.mark.parametrize(
    ('autopilot', 'kind'), [(3, QUADROTOR), (12, 1), (8, QUADROTOR), (4, QUADROTOR)]
)
def test_a_kind_that_changes_later_keeps_the_heartbeat_no_longer_fresh(autopilot, kind, caplog):
    codec = met(PX4)
    for now_s in (6.0, 7.0, 8.0):
        assert not codec.receive(packet(heartbeat(autopilot, 4, kind=kind)), now_s)
    assert codec.vehicle.heartbeat_received_s == 5.0
    assert codec.profile is PX4
    assert caplog.text.count('of another kind') == (autopilot != 8)


@given(st.binary(max_size=400))
def test_junk_neither_raises_nor_hides_the_next_datagram(junk):
    codec = met()
    codec.receive(junk, 6.0)
    assert codec.receive(packet(heartbeat(mode=50593792)), 7.0)
    assert codec.vehicle.mode_name == 'AUTO.LOITER'


@given(st.data())
def test_damaged_packets_do_not_raise(data):
    codec = met()
    good = packet(mavlink.MAVLink_statustext_message(6, b'all is well'))
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    codec.receive(bytes(damaged), 6.0)


def test_a_byte_stream_may_come_in_pieces():
    codec = MavlinkCodec()
    data = packet(heartbeat()) + packet(heartbeat(mode=50593792))
    for i in range(len(data)):
        codec.receive(data[i : i + 1], 1.0)
    assert codec.vehicle.mode_name == 'AUTO.LOITER'


# Whole messages but for sequence number and checksum: length, flags, system, component, id, body.
# A body ends with its last byte that is not zero, as MAVLink 2 has it.
BYTES = {
    'heartbeat, sending': ('09', '000000', '6f72646c' + '12' + '08' + '00' + '04' + '03'),
    'heartbeat, silent': ('09', '000000', '6f72646c' + '12' + '08' + '00' + '03' + '03'),
    'ask for HEARTBEAT': ('20', '4c0000', '00' * 28 + '0002' + '01' + '01'),
    'ask for ATTITUDE at 20 Hz': (
        '20',
        '4c0000',
        '0000f041' + '00504347' + '00' * 20 + 'ff01' + '01' + '01',
    ),
    'ask for its clock': ('0c', '6f0000', '00' * 8 + '00ca9a3b'),
}


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_everything_that_is_said_is_byte_for_byte_the_same_to_both(profile):
    codec = met(profile)
    said = {
        'heartbeat, sending': codec.encoder.heartbeat(is_active=True),
        'heartbeat, silent': codec.encoder.heartbeat(is_active=False),
        'ask for HEARTBEAT': codec.encoder.request_heartbeat(),
        'ask for ATTITUDE at 20 Hz': codec.encoder.request_stream(30, 20.0),
        'ask for its clock': codec.ask_clock(1.0),
    }
    for sequence, (name, packet) in enumerate(said.items()):
        length, message_id, body = BYTES[name]
        head = 'fd' + length + '0000' + f'{sequence:02x}' + '01' + 'bf' + message_id
        assert packet[:-2].hex() == head + body, name


def test_a_question_for_our_clock_is_answered_to_the_vehicle_alone():
    codec = met()
    question = mavlink.MAVLink_timesync_message(0, 123456789)
    codec.receive(packet(question), 2.5)
    (answer,) = codec.answers()
    # time 2.5 s in ns, then the question's own stamp
    assert answer[10:-2].hex() == '00f9029500000000' + '15cd5b07'
    codec.receive(packet(question, system=2), 2.6)
    codec.receive(packet(question, component=190), 2.7)
    assert codec.answers() == []


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_the_streams_that_are_asked_for_are_the_ones_that_are_read(profile):
    read = {kind.id for kind in mavlink.mavlink_map.values() if kind.msgname in HANDLERS}
    assert {need.message_id for need in profile.streams} <= read
    assert profile.least_rate_hz * profile.setpoint_loss_s >= 1.0
