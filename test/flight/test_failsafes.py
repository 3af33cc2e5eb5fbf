# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's failsafes: the table of the documents, every value judged, read over a link."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.doctor import board
from liquid_drone.bringup.doctor.machine import Machine
from liquid_drone.flight.failsafes import FAILSAFES, Failsafe, complaints
from liquid_drone.flight.failsafes import names as all_names
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.preflight.failsafe_reader import FailsafeReader
from liquid_drone.flight.preflight.symptom import Symptom
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.physics.point_mass import PointMass

SAFETY = Path(__file__).parents[2] / 'docs' / 'SAFETY.md'
GOOD = {
    'px4': {
        'COM_OBL_RC_ACT': 5, 'COM_OBL_ACT': 1, 'COM_OF_LOSS_T': 1.0, 'COM_RC_OVERRIDE': 3,
        'COM_RCL_EXCEPT': 3, 'COM_RC_IN_MODE': 0, 'RC_MAP_FLTMODE': 5,
        'NAV_RCL_ACT': 2, 'COM_LOW_BAT_ACT': 2, 'GF_ACTION': 2, 'GF_MAX_HOR_DIST': 40.0,
        'GF_MAX_VER_DIST': 15.0,
    },
    'ardupilot': {
        'GUID_TIMEOUT': 0.5, 'GUID_OPTIONS': 1, 'FLTMODE_CH': 5, 'RC_OPTIONS': 32,
        'FS_THR_ENABLE': 1, 'FS_OPTIONS': 16, 'BATT_FS_LOW_ACT': 1,
        'FS_EKF_ACTION': 1, 'FS_EKF_THRESH': 0.8, 'BATT_LOW_VOLT': 14.0, 'FENCE_ENABLE': 1,
        'FENCE_TYPE': 7, 'FENCE_ACTION': 1,
        'FENCE_RADIUS': 40.0, 'FENCE_ALT_MAX': 15.0, 'WPNAV_SPEED': 200.0,
    },
}  # fmt: skip
BAD = {
    'px4': {
        'COM_OBL_RC_ACT': 0, 'COM_OBL_ACT': -1, 'COM_OF_LOSS_T': 5.0, 'COM_RC_OVERRIDE': 1,
        'COM_RCL_EXCEPT': 4, 'COM_RC_IN_MODE': 4, 'RC_MAP_FLTMODE': 0,
        'NAV_RCL_ACT': 0, 'COM_LOW_BAT_ACT': 0, 'GF_ACTION': 0, 'GF_MAX_HOR_DIST': 0.0,
        'GF_MAX_VER_DIST': 0.0,
    },
    'ardupilot': {
        'GUID_TIMEOUT': 3.0, 'GUID_OPTIONS': 33, 'FLTMODE_CH': 0, 'RC_OPTIONS': 33,
        'FS_THR_ENABLE': 0, 'FS_OPTIONS': 4, 'BATT_FS_LOW_ACT': 5,
        'FS_EKF_ACTION': 0, 'FS_EKF_THRESH': 0.0, 'BATT_LOW_VOLT': 0.0, 'FENCE_ENABLE': 0,
        'FENCE_TYPE': 5, 'FENCE_ACTION': 0,
        'FENCE_RADIUS': 0.0, 'FENCE_ALT_MAX': 0.0, 'WPNAV_SPEED': 1000.0,
    },
}  # fmt: skip
KINDS = sorted(GOOD)


@pytest.mark.parametrize('kind', KINDS)
def test_the_table_is_that_of_the_documents(kind: str) -> None:
    title = {'px4': 'PX4', 'ardupilot': 'ArduPilot'}[kind]
    _, _, rest = SAFETY.read_text(encoding='utf-8').partition(f'| {title} | value | why |')
    rows = rest.partition('\n\n')[0]
    named = re.findall(
        r'`([A-Z0-9_]+)`', ''.join(row.split('|')[1] for row in rows.split('\n')[2:])
    )
    wiring = {name for name in named if name.startswith(('MAV_1', 'SER_', 'SERIAL'))}
    assert set(named) - wiring == set(all_names(kind))


@pytest.mark.parametrize('kind', KINDS)
def test_good_values_are_good_and_each_bad_one_is_named(kind: str) -> None:
    assert set(complaints(kind, GOOD[kind]).values()) == {''}
    for name, value in BAD[kind].items():
        found = {
            key: words
            for key, words in complaints(kind, {**GOOD[kind], name: value}).items()
            if words
        }
        assert list(found) == [name]
        assert f'{name} is {value:g}, should be ' in found[name]


@given(st.sampled_from(KINDS), st.data())
def test_any_number_is_judged_and_what_is_no_number_is_never_good(
    kind: str, data: st.DataObject
) -> None:
    values = data.draw(st.dictionaries(st.sampled_from(all_names(kind)), st.floats()))
    found = complaints(kind, values)
    assert len(found) == len(FAILSAFES[kind])
    for one, (name, words) in zip(FAILSAFES[kind], found.items(), strict=True):
        assert name in one.names
        serves = any(other.is_good(values.get(other.name, math.nan)) for other in one.or_else)
        if serves or (one.is_former and math.isnan(values.get(name, math.nan))):
            assert not words
        elif not set(one.names) & set(values):
            assert 'not answered' in words
        elif not math.isfinite(values[name]):
            assert words


@given(st.integers(-1, 9))
def test_a_px4_that_ignores_its_radio_is_named(mode: int) -> None:
    """1: joystick alone, 4: none; then the radio's switches count no more than its sticks."""
    words = complaints('px4', {**GOOD['px4'], 'COM_RC_IN_MODE': mode})['COM_RC_IN_MODE']
    assert ('takes over nothing' in words) is (mode in (-1, 1, 4, 6, 8))


@given(st.sampled_from([None, 0, 1, math.nan]), st.sampled_from([None, *range(5), math.nan]))
def test_a_fence_that_switches_itself_on_is_a_fence(
    now: float | None, later: float | None
) -> None:
    """From 4.6 on it is off on the ground, where the list is read (ArduPilot 25698)."""
    told = {'FENCE_ENABLE': now, 'FENCE_AUTOENABLE': later}
    answers = {name: value for name, value in told.items() if value is not None}
    values = {**GOOD['ardupilot'], **answers}
    if now is None:
        del values['FENCE_ENABLE']
    words = complaints('ardupilot', values)['FENCE_ENABLE']
    assert (words == '') is (now == 1 or later in (1, 2, 3))


ANSWERS = st.sampled_from(['value', 'none', 'another fault', 'silence'])


@pytest.mark.skipif(345 not in mavlink.mavlink_map, reason='from pymavlink 2.4.50 on')
@given(st.sampled_from(KINDS), st.data())
def test_what_the_firmware_says_it_has_not_is_told_as_that(kind: str, data: st.DataObject) -> None:
    """PARAM_ERROR (mavlink 2344, 337): an answer, where a timeout was all that told it before."""
    sender, packets = mavlink.MAVLink(None, 1, 1), list[bytes]()
    link = MavlinkLink(MemoryTransport(lambda: packets, lambda _: None))
    number = {'px4': 12, 'ardupilot': 3}[kind]
    for now_s in (0.0, 1.0):
        packets[:] = [mavlink.MAVLink_heartbeat_message(2, number, 129, 4, 4, 3).pack(sender)]
        link.poll(now_s)
    one = data.draw(st.sampled_from(FAILSAFES[kind]))
    told = {name: data.draw(ANSWERS) for name in one.names}
    for name, how in told.items():
        link.request_parameter(name)
        error = mavlink.MAVLink_param_error_message(191, 1, name.encode(), -1, 1)
        error.error = 1 if how == 'none' else 3
        value = mavlink.MAVLink_param_value_message(name.encode(), 0.0, 9, 900, 1)
        packets[:] = (
            [] if how == 'silence' else [(value if how == 'value' else error).pack(sender)]
        )
        link.poll(2.0)
    words = complaints(kind, link.parameters)
    found = next(words[name] for name in one.names if name in words)
    if 'value' in told.values():
        assert not re.search('has no |not answered', found)
    elif one.is_former:
        assert not found
    elif 'none' in told.values():
        assert found.startswith('this firmware has no ')
    else:
        assert 'was not answered' in found


RENAMED = [(kind, one) for kind in KINDS for one in FAILSAFES[kind] if one.renamed]


@given(st.sampled_from(RENAMED), st.data())
def test_a_renamed_parameter_is_judged_by_the_newest_answer_in_its_own_unit(
    renamed: tuple[str, Failsafe], data: st.DataObject
) -> None:
    kind, one = renamed
    order = data.draw(st.permutations(one.names))[: data.draw(st.integers(1, len(one.names)))]
    values = {name: data.draw(st.floats(0.0, 3000.0)) for name in order}
    told = next(spelling for spelling in one.spellings if spelling.name == order[-1])
    words = complaints(kind, values)[told.name]
    is_good = told.is_good(values[told.name])
    assert words == '' or words.startswith(f'{told.name} is {values[told.name]:g}, should be ')
    assert (words == '') == is_good


@pytest.mark.parametrize(
    ('kind', 'former', 'name', 'bad', 'good', 'wanted'),
    [
        ('ardupilot', 'WPNAV_SPEED', 'WP_SPD', 10.0, 2.0, 'at most 2 m/s'),
        ('px4', 'COM_RC_OVERRIDE', 'COM_RC_OVR_SPEED', 0.0, 1.0, 'such as 1'),  # PX4 27041
    ],
)
def test_what_other_versions_call_it_is_read_over_the_link(
    kind: str, former: str, name: str, bad: float, good: float, wanted: str
) -> None:
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), kind)
    autopilot.set_failsafes('advised')
    del autopilot.parameters[former]
    autopilot.parameters[name] = bad
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive))
    reader = FailsafeReader(link)

    def judged(steps: int) -> dict[str, str]:
        for _ in range(steps):
            autopilot.advance(12)
            now_s = autopilot.now_ns / 1e9
            link.poll(now_s)
            reader.step(now_s)
        return {name: words for name, words in complaints(kind, link.parameters).items()
                if words}  # fmt: skip

    found = judged(150)
    assert list(found) == [name]
    assert f'{name} is {bad:g}, should be {wanted}' in found[name]
    autopilot.parameters[name] = good
    assert not judged(1500)


@given(st.integers(-3, 9))
def test_what_an_older_px4_does_without_a_radio_is_judged_where_it_has_that(action: int) -> None:
    """Until 1.13, where -1 flew on by the last setpoint (PX4 12709); later there is none."""
    values = {**GOOD['px4'], 'COM_OBL_ACT': action}
    assert (complaints('px4', values)['COM_OBL_ACT'] == '') is (action in (0, 1, 2))
    del values['COM_OBL_ACT']
    assert complaints('px4', values)['COM_OBL_ACT'] == ''


def test_what_serves_as_well_is_asked_for_over_the_link() -> None:
    """It was judged where it was known, and asked for by nobody."""
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), 'ardupilot')
    autopilot.set_failsafes('advised')
    autopilot.parameters.update(FENCE_ENABLE=0.0, FENCE_AUTOENABLE=2.0)
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive))
    reader = FailsafeReader(link)
    for _ in range(200):
        autopilot.advance(12)
        link.poll(autopilot.now_ns / 1e9)
        reader.step(autopilot.now_ns / 1e9)
    assert link.parameters['FENCE_AUTOENABLE'] == 2.0
    assert not [words for words in complaints('ardupilot', link.parameters).values() if words]


class StepClock:
    """The doctor's clock: while the doctor sleeps, an autopilot on a UDP port goes on."""

    def __init__(self, autopilot: SimulatedAutopilot, port: int, pause_at: int = -1) -> None:
        """Count sleeps from 0; that of ``pause_at`` lasts 4 s, as if the machine were busy."""
        self._autopilot, self._pause_at, self._sleeps = autopilot, pause_at, 0
        self.endpoint = UdpEndpoint(autopilot, [('127.0.0.1', port)])

    def monotonic(self) -> float:
        return 1000.0 + self._autopilot.now_ns / 1e9

    def sleep(self, seconds: float) -> None:
        for _ in range(200 if self._sleeps == self._pause_at else 1):
            self.endpoint.poll()
            self._autopilot.advance(round(240 * seconds))
            self.endpoint.flush()
        self._sleeps += 1


def asked_by_the_doctor(
    autopilot: SimulatedAutopilot, listen_s: float, pause_at: int = -1
) -> list[Symptom]:
    """Let the doctor listen to an autopilot, by the autopilot's time."""
    port = local_graph.free_udp_port()
    clock = StepClock(autopilot, port, pause_at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board, 'time', clock)
        patch.setattr(board, 'LISTEN_S', listen_s)
        try:
            return list(board.autopilot(Machine(connection=f'udpin:127.0.0.1:{port}')))
        finally:
            clock.endpoint.close()


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('values', [GOOD, BAD], ids=['good', 'bad'])
def test_the_doctor_reads_them_and_writes_none(
    kind: str, values: dict[str, dict[str, float]]
) -> None:
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), kind)
    autopilot.parameters.update(values[kind])
    autopilot.parameters.pop('GF_ACTION', None)  # one that is not answered
    if values is GOOD and kind == 'ardupilot':
        autopilot.parameters.update(FENCE_ENABLE=0.0, FENCE_AUTOENABLE=1.0)  # serves as well
    before = dict(autopilot.parameters)
    found = asked_by_the_doctor(autopilot, board.LISTEN_S)
    assert found[0].level == 'ok'
    rows = [one for one in found if one.subject == 'failsafes']
    yellow = {one.state.split()[0] for one in rows if one.level == 'warning'}
    green = {
        name for one in rows if one.level == 'ok' for name in one.state.split(': ')[1].split(', ')
    }
    unread = {'GF_ACTION'} if kind == 'px4' else set()
    assert yellow == (unread if values is GOOD else set(GOOD[kind]))
    assert green == (set(GOOD[kind]) - unread if values is GOOD else set())
    others = {one.subject: one.level for one in found if one not in rows}
    cells = 'ok' if kind == 'px4' else 'warning'  # 16.8 V: four cells or five
    good = dict.fromkeys(('autopilot', 'link', 'streams'), 'ok')
    assert others == {**good, 'facts': cells}
    assert autopilot.parameters == before


@settings(max_examples=12, deadline=None)
@given(st.floats(0.1, 3.0), st.floats(0.0, 4.0), st.integers(-1, 60))
@example(0.9, 0.1, -1)  # home is told next in 1.9 s
def test_the_doctor_waits_for_what_comes_seldom(
    listen_s: float, since_start_s: float, pause_at: int
) -> None:
    """A PX4 tells every 2 s where home is, and a doctor that was held up hears what waited."""
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), 'px4')
    for _ in range(round(20 * since_start_s)):
        autopilot.advance(12)
        autopilot.transmit(0)
    found = asked_by_the_doctor(autopilot, listen_s, pause_at)
    assert {one.subject: one.level for one in found if one.subject != 'failsafes'} == (
        dict.fromkeys(('autopilot', 'link', 'streams', 'facts'), 'ok')
    )
