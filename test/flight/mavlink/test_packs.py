# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is broken or flat: of several batteries the second one, a motor, a gyroscope."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.companion import Companion
from liquid_drone.flight.facts import BATTERY, HEARTBEAT, Evidence, known
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.vehicle import VehicleState
from liquid_drone.sim.autopilot import telemetry
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.telemetry import TelemetrySnapshot
from liquid_drone.sim.physics.point_mass import PointMass

LIMITS = Limits(battery_cells=4.0)
PAYLOAD = 4  # MAV_BATTERY_FUNCTION
LOW = {2, 3, 4, 5, 6}  # MAV_BATTERY_CHARGE_STATE: low, critical, emergency, failed, unhealthy
PX4, ARDUPILOT = 12, 3


def pack(number, percent=-1, state=0, function=0, cells=(), more=(0, 0, 0, 0)):
    volts = [*cells, *[65535] * 10][:10]
    return mavlink.MAVLink_battery_status_message(
        number, function, 1, 32767, volts, -1, -1, -1, percent, 0, state, more
    )


def cells_of(millivolts):
    """Return the cells of a pack that is measured as one: as many as the number needs."""
    full, rest = divmod(millivolts, 65534)
    return [*[65534] * full, rest]


class Vehicle:
    """One that is heard, with a good battery by SYS_STATUS."""

    def __init__(self, autopilot=ARDUPILOT):
        self.codec, self.sender, self.now_s = MavlinkCodec(), mavlink.MAVLink(None, 1, 1), 0.0
        for _ in range(2):
            self.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 129, 4, 4, 3))

    def send(self, message):
        self.now_s += 1.0
        packet = message.pack(self.sender)
        self.sender.seq = (self.sender.seq + 1) % 256
        self.codec.receive(packet, self.now_s)
        return packet

    def battery(self, millivolts=16000, percent=90, limits=LIMITS):
        status = [0, 0, 0, 0, millivolts, -1, percent, *[0] * 6]
        self.send(mavlink.MAVLink_sys_status_message(*status))
        facts = known(Evidence(self.now_s, self.codec.vehicle), limits)
        return next(fact for fact in facts if fact.spec is BATTERY)


reports = st.tuples(
    st.integers(0, 3),
    st.integers(-128, 127),
    st.integers(0, 255),
    st.sampled_from([0, 0, 0, 1, 2, 3, PAYLOAD, 200]),
)


@given(st.sampled_from([PX4, ARDUPILOT]), st.lists(reports, max_size=12))
def test_a_battery_that_two_reports_find_low_is_low_whichever_it_is(autopilot, told):
    vehicle, kept = Vehicle(autopilot), dict[int, list[tuple[int, int]]]()
    for number, percent, state, function in told:
        vehicle.send(pack(number, percent, state, function))
        if function != PAYLOAD:
            kept[number] = [*kept.get(number, []), (percent, state)][-2:]
    shares = [[p for p, _ in two if 0 <= p <= 100] for two in kept.values()]
    is_empty = any(len(two) == 2 and max(two) < 25 for two in shares)
    is_low = any(len(two) == 2 and {s for _, s in two} <= LOW for two in kept.values())
    fact = vehicle.battery()
    assert fact.is_good is not (is_empty or is_low)
    if not fact.is_good:
        assert fact.reason.code == 'low_battery'
        assert 'of several (BATTERY_STATUS ' in fact.sentence


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.booleans(),
    st.integers(0, 40),
    st.tuples(st.integers(0, 24) | st.just(80), st.sampled_from([0, 2, 6])),
)
def test_a_battery_that_was_taken_off_on_the_ground_is_forgotten_and_one_in_flight_is_not(
    autopilot, is_armed, silent_s, told
):
    """Nothing says that it is gone but its silence, while another one goes on."""
    vehicle = Vehicle(autopilot)
    vehicle.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 1 + 128 * is_armed, 4, 4, 3))
    for _ in range(2):
        vehicle.send(pack(1, *told))
    is_low = told[0] < 25 or told[1] in LOW
    assert vehicle.battery().is_good is not is_low
    for _ in range(silent_s // 2):
        vehicle.send(pack(0, 80))
        fact = vehicle.battery()
    is_gone = not is_armed and silent_s // 2 * 2 + 1 > 10
    if silent_s > 1:
        assert fact.is_good is (is_gone or not is_low)
        vehicle.send(pack(1, *told))  # it is there again, by one report
        vehicle.send(pack(1, *told))
        assert vehicle.battery().is_good is not is_low


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.lists(st.tuples(st.floats(0.05, 1.5), st.booleans()), min_size=1, max_size=40),
    st.sampled_from([(13000, 90), (16000, 20), (13000, 10)]),
)
def test_a_battery_that_sags_is_low_after_a_second_by_two_reports_at_least(autopilot, told, low):
    """Of the voltage, of the charge, which a PX4 takes from the voltage, or of both."""
    vehicle, heard = Vehicle(autopilot), []
    for pause_s, is_low in told:
        vehicle.now_s += pause_s - 1.0
        fact = vehicle.battery(*(low if is_low else (16000, 90)))
        heard.append((vehicle.now_s, is_low))
        lately = [bad for then_s, bad in heard if vehicle.now_s - then_s < 1.0]
        counted = lately + [bad for _, bad in heard[-2:]]
        was_told_once = len(heard) == 1
        assert fact.is_good is not (all(counted) and (was_told_once or len(counted) > 1))


@given(st.sampled_from([PX4, ARDUPILOT]), st.integers(0, 20))
def test_a_silent_battery_s_voltage_is_not_that_of_another_one(autopilot, silent_s):
    """A pack above 60 V is told by its own report alone, and that is as old as it is."""
    vehicle, limits = Vehicle(autopilot), Limits(battery_cells=18.0)
    vehicle.send(pack(0, 80, cells=cells_of(66600), more=[0] * 4))
    assert vehicle.battery(65535, -1, limits).is_good
    for _ in range(silent_s):
        vehicle.send(pack(1, 90))  # another one, which measures a charge alone
        vehicle.battery(65535, -1, limits)
    fact = vehicle.battery(65535, -1, limits)
    assert fact.is_good is (2 * silent_s + 2 <= 5)


@given(st.sampled_from([PX4, ARDUPILOT]), st.integers(0, 100), st.booleans())
def test_a_charge_that_batteries_alone_tell_counts_where_no_voltage_is_asked_for(
    autopilot, percent, is_asked
):
    """SYS_STATUS empty, and BATTERY_STATUS without a voltage (MAVSDK-Swift 189)."""
    vehicle = Vehicle(autopilot)
    limits = Limits(battery_cells=4.0) if is_asked else Limits(min_cell_v=None)
    for _ in range(2):
        vehicle.send(pack(0, percent))
        fact = vehicle.battery(65535, -1, limits)
    assert fact.is_good is (percent >= 25 and not is_asked)
    if percent >= 25:
        assert fact.is_good or 'measures no voltage' in fact.sentence


@given(st.sampled_from([PX4, ARDUPILOT]), st.integers(15, 30), st.integers(3000, 4200), st.data())
def test_a_pack_that_sixteen_bits_do_not_hold_is_told_by_its_own_report(
    autopilot, cells, cell_mv, data
):
    """SYS_STATUS has what is left above 65.5 V, or nothing (MAVProxy 1111, mavros 1704)."""
    total_mv, vehicle = cells * cell_mv, Vehicle(autopilot)
    measured, none = [cell_mv] * cells, data.draw(st.sampled_from([0, 65535]))
    by_cells = data.draw(st.booleans()) and cells <= 14
    limits, number = Limits(battery_cells=float(cells)), data.draw(st.integers(0, 3))
    for _ in range(3):
        sag_mv = data.draw(st.integers(0, 1500)) - 750  # between the two reports
        own = (
            pack(number, 80, cells=measured[:10], more=[*measured[10:], *[none] * 4][:4])
            if by_cells
            else pack(number, 80, cells=cells_of(total_mv), more=[none] * 4)
        )
        vehicle.send(own)
        told = data.draw(st.sampled_from([(total_mv + sag_mv) % 65536, 65535, 65534]))
        if total_mv + sag_mv < 65500:
            told = total_mv + sag_mv
        fact = vehicle.battery(told, 80, limits)
    seen = vehicle.codec.vehicle.battery.voltage_v
    assert abs(seen - total_mv / 1000.0) <= 0.75
    if abs(cell_mv - 3400) > 60:
        assert fact.is_good is (cell_mv > 3400)


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.integers(3, 10),
    st.integers(3000, 4200),
    st.sampled_from([0, 65535]),
    st.booleans(),
)
def test_cells_that_a_pack_has_not_have_no_voltage(autopilot, cells, cell_mv, none, is_known):
    """PX4 1.13 and 1.14 say 65535 of the eleventh to the fourteenth (MAVSDK 2123, 2114)."""
    vehicle = Vehicle(autopilot)
    limits = Limits(battery_cells=float(cells) if is_known else None)
    for _ in range(3):
        vehicle.send(pack(0, 80, cells=[cell_mv] * cells, more=[none] * 4))
        fact = vehicle.battery(cells * cell_mv, 80, limits)
    assert vehicle.codec.vehicle.battery.voltage_v == pytest.approx(cells * cell_mv / 1000.0)
    if is_known and abs(cell_mv - 3400) > 1:
        assert fact.is_good is (cell_mv > 3400)


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 100), st.integers(13000, 16800))),
    st.integers(0, 9),
)
def test_where_the_first_battery_is_none_the_emptiest_of_the_others_counts(
    autopilot, told, passed_s
):
    vehicle, kept = Vehicle(autopilot), dict[int, tuple[int, float]]()
    for number, percent, millivolts in told:
        vehicle.send(pack(number, percent, cells=[millivolts]))
        kept[number] = percent, vehicle.now_s
    vehicle.now_s += passed_s
    fact = vehicle.battery(65535, -1)
    is_known = bool(told) and passed_s + 1.0 <= 5.0
    battery = vehicle.codec.vehicle.battery
    assert (battery.voltage_v is not None) is is_known
    if not is_known:
        assert (fact.is_good, fact.reason.code) == (False, 'no_battery')
        return
    fresh = [percent for percent, sent_s in kept.values() if vehicle.now_s - sent_s <= 5.0]
    if -1 not in fresh:
        assert battery.share == min(fresh) / 100


@given(st.integers(0, 255), st.integers(1, 8))
def test_one_report_again_and_again_is_one(number, times):
    vehicle = Vehicle()
    packet = vehicle.send(pack(number, 3, 3))
    for _ in range(times):
        vehicle.codec.receive(packet, vehicle.now_s)
    assert vehicle.battery().is_good


@given(st.integers(0, 100))
def test_without_the_check_of_the_charge_the_autopilots_judgement_is_left(percent):
    limits = Limits(battery_cells=4.0, min_battery=None)
    vehicle = Vehicle()
    for state, is_good in ((1, True), (1, True), (4, True), (4, False)):
        vehicle.send(pack(1, percent, state))
        vehicle.battery()
        fact = next(
            fact
            for fact in known(Evidence(vehicle.now_s, vehicle.codec.vehicle), limits)
            if fact.spec is BATTERY
        )
        assert fact.is_good is is_good


UNFIT = [1, 2, 1 << 21, 1 << 30]  # gyroscopes, accelerometers, attitude, propulsion
GEOFENCE = mavlink.MAV_SYS_STATUS_GEOFENCE
bits = st.integers(0, 2**32 - 1) | st.sampled_from([0, 2**32 - 1, *UNFIT, GEOFENCE])


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.lists(st.tuples(bits, bits, bits), min_size=1, max_size=6),
    st.booleans(),
)
def test_what_flies_it_and_is_found_unhealthy_twice_is_let_go_of(autopilot, told, stands):
    """ArduCopter tells of a thrust that is lost by this bit alone (ArduPilot 15546).

    So it does of its own fence, where it only reports, or was brought back to GUIDED (12724).
    """
    vehicle, bad = Vehicle(autopilot), []
    for _ in range(2):
        vehicle.send(mavlink.MAVLink_extended_sys_state_message(0, 1 if stands else 2))
    for present, enabled, health in told:
        status = [present, enabled, health, 0, 16000, -1, 90, *[0] * 6]
        vehicle.send(mavlink.MAVLink_sys_status_message(*status))
        vehicle.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 129, 4, 4, 3))
        unfit = UNFIT if stands else [*UNFIT, GEOFENCE]
        bad.append(any(present & enabled & ~health & bit for bit in unfit))
    facts = known(Evidence(vehicle.now_s, vehicle.codec.vehicle), LIMITS)
    fact = next(fact for fact in facts if fact.spec is HEARTBEAT)
    is_bad = len(bad) > 1 and bad[-1] and bad[-2]
    assert fact.is_good is not is_bad
    if is_bad:
        assert (fact.reason.code, 'SYS_STATUS' in fact.sentence) == ('autopilot_failsafe', True)


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_a_second_battery_that_is_flat_keeps_from_engaging(monkeypatch, kind):
    """Neither firmware has to be set for it: the message is asked for where it does not come."""
    monkeypatch.setattr(TelemetrySnapshot, 'battery_status', lambda self: pack(1, 8))
    monkeypatch.setitem(
        telemetry.MESSAGES, mavlink.MAVLINK_MSG_ID_BATTERY_STATUS, TelemetrySnapshot.battery_status
    )
    autopilot = SimulatedAutopilot(
        PointMass(position_enu=np.array([0.0, 0.0, 2.0])), kind, airborne=True
    )
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive))
    vehicle: VehicleState | None = None
    for _ in range(160):
        autopilot.advance(12)
        now_s = autopilot.now_ns / 1e9
        vehicle = link.poll(now_s)
    assert vehicle is not None
    assert vehicle.battery.share is not None
    assert vehicle.battery.share > 0.9
    assert link.profile is not None
    companion = Companion(link.profile, LIMITS)
    companion.step(now_s, vehicle, None)
    assert any('number 2 of several' in words for words in companion.obstacles())


@given(
    st.sampled_from([PX4, ARDUPILOT]),
    st.integers(2, 12),
    st.integers(2, 12),
    st.sampled_from(['gone', 'gap', 'none']),
    st.booleans(),
)
def test_a_battery_that_is_changed_on_the_ground_has_cells_of_its_own(
    autopilot, before, after, way, armed
):
    """The companion stays on, by USB or a pack of its own (cleanflight 954, iNav 3165)."""
    vehicle, free = Vehicle(autopilot), Limits()
    for _ in range(3):
        vehicle.battery(4200 * before, 95, free)
    flies = 128 if armed else 0
    vehicle.send(mavlink.MAVLink_heartbeat_message(2, autopilot, 1 + flies, 4, 4, 3))
    if way == 'gone':
        for _ in range(2):
            vehicle.battery(65535, -1, free)
    vehicle.now_s += 6.0 if way == 'gap' else 0.0
    for _ in range(3):
        vehicle.battery(4200 * after, 95, free)
    is_new = way != 'none' and not armed
    most_v = 4.2 * (after if is_new else max(before, after))
    assert vehicle.codec.vehicle.battery_most_v == pytest.approx(most_v)
    fact = vehicle.battery(4200 * after, 95, free)
    if is_new and autopilot == PX4:
        assert fact.is_good
