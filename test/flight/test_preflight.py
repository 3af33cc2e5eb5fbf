# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The list before a flight: what is unknown is not green, what is not green can be mended."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bringup.doctor.running_graph import NOBODY, preflight
from liquid_drone.flight.failsafes import FAILSAFES
from liquid_drone.flight.mavlink.diagnosis import LinkFinding
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.flight.preflight.checklist import (
    FRESH_S,
    PARAMETER,
    PartReport,
    checklist,
    failsafe_rows,
)
from liquid_drone.flight.preflight.computer import clock_symptom, disk_symptom
from liquid_drone.flight.preflight.failsafe_reader import FailsafeReader
from liquid_drone.flight.preflight.link_report import link_values
from liquid_drone.operator.flight_view import FIRST_S, FlightView
from liquid_drone.sim.autopilot.failsafe_sets import SETS
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

SUBJECTS = ['camera', 'rate', 'delays', 'link', 'streams', 'facts', 'failsafes', 'bundle']
COMPUTER = (disk_symptom(50 * 2**30), clock_symptom('yes'))
GOOD_FAILSAFES = {
    'GUID_TIMEOUT': 0.5, 'GUID_OPTIONS': 0, 'FLTMODE_CH': 5, 'RC_OPTIONS': 32,
    'FS_THR_ENABLE': 1, 'FS_OPTIONS': 16, 'BATT_FS_LOW_ACT': 1,
    'FS_EKF_ACTION': 1, 'FS_EKF_THRESH': 0.8,
    'BATT_LOW_VOLT': 14.0, 'FENCE_TYPE': 7,
    'FENCE_ENABLE': 1, 'FENCE_ACTION': 1, 'FENCE_RADIUS': 40.0, 'FENCE_ALT_MAX': 15.0,
    'WPNAV_SPEED': 200.0,
}  # fmt: skip
POLICY = {
    'commands_per_second': '20.0', 'bundle': 'a' * 64, 'provider': 'cpu',
    'capture_to_command_ms_p95': '30.5',
}  # fmt: skip
MAVLINK = {
    'stage': 'standing by', 'link': LinkFinding.GOOD.value, 'link_advice': '', 'obstacles': '',
    'rate_ATTITUDE': '20.0 Hz, needs 10', 'streams_short': '', 'autopilot': 'ardupilot',
    'command_age_limit_ms': '250', 'capture_to_guard_ms_p95': '41.0',
    **{PARAMETER + name: str(value) for name, value in GOOD_FAILSAFES.items()},
}  # fmt: skip


def graph(**parts: PartReport) -> dict[str, PartReport]:
    good = {
        'camera': PartReport('OK', '20 Hz', {}),
        'policy': PartReport('OK', 'following', POLICY),
        'mavlink': PartReport('OK', 'standing by', MAVLINK),
        'recorder': PartReport('OK', 'recording', {}),
    }
    return {**good, **parts}


def policy(level: str = 'OK', **values: str) -> dict[str, PartReport]:
    return graph(policy=PartReport(level, 'no usable image for 3 s', {**POLICY, **values}))


def mavlink(level: str = 'OK', **values: str) -> dict[str, PartReport]:
    return graph(mavlink=PartReport(level, 'no vehicle', {**MAVLINK, **values}))


def levels(parts: dict[str, PartReport]) -> dict[str, str]:
    return {one.subject: one.level for one in checklist(parts, COMPUTER) if one.level != 'ok'}


def test_a_graph_that_is_ready_is_green_all_over() -> None:
    found = checklist(graph(), COMPUTER)
    assert [one.subject for one in found] == [*SUBJECTS, 'recorder', 'disk', 'clock']
    assert levels(graph()) == {}


FAULTS = {
    'a camera that stops': (
        graph(camera=PartReport('ERROR', 'no picture in the last second', {})),
        {'camera': 'error'},
    ),
    'a camera node that died': (
        graph(camera=PartReport('OK', '20 Hz', {}, FRESH_S + 1.0)),
        {'camera': 'error'},
    ),
    'pictures that are refused': (policy('WARN'), {'camera': 'warning'}),
    'a lens that nobody calibrated': (
        graph(policy=PartReport('OK', 'following', {**POLICY, 'camera_fov_deg': 'unknown'})),
        {'camera': 'warning'},
    ),
    'a slow policy': (policy(commands_per_second='9'), {'rate': 'warning'}),
    'hardly any command': (policy(commands_per_second='2'), {'rate': 'error'}),
    'old pictures': (mavlink(capture_to_guard_ms_p95='200'), {'delays': 'warning'}),
    'too old pictures': (mavlink(capture_to_guard_ms_p95='300'), {'delays': 'error'}),
    'noise': (mavlink(link=LinkFinding.NOISE.value), {'link': 'error'}),
    'slow streams': (
        mavlink(link=LinkFinding.SLOW_STREAMS.value, streams_short='ATTITUDE 2.0 Hz (needs 10)'),
        {'streams': 'error'},
    ),
    'a low battery': (mavlink(obstacles='battery: 12 % of its charge'), {'facts': 'error'}),
    'a failsafe': (mavlink(parameter_FENCE_ENABLE='0.0'), {'failsafes': 'warning'}),
    'no number': (mavlink(parameter_FENCE_ENABLE='nan'), {'failsafes': 'warning'}),
    'no bundle': (policy(bundle=''), {'bundle': 'error'}),
    'lost events': (graph(recorder=PartReport('ERROR', 'lost', {})), {'recorder': 'error'}),
}


@pytest.mark.parametrize('name', FAULTS)
def test_each_fault_is_in_its_own_row(name: str) -> None:
    parts, expected = FAULTS[name]
    assert levels(parts) == expected


def test_a_full_disk_and_a_clock_that_nobody_sets_are_yellow() -> None:
    assert disk_symptom(2**30).level == 'warning'
    assert [clock_symptom(told).level for told in ('yes', 'no', '', 'Failed')] == [
        'ok', 'warning', 'warning', 'warning',
    ]  # fmt: skip


KEYS = sorted({*POLICY, *MAVLINK})
REPORTS = st.builds(
    PartReport,
    st.sampled_from(['OK', 'WARN', 'ERROR', 'STALE', '']),
    st.text(max_size=10),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from([*POLICY.values(), *MAVLINK.values()])),
    st.sampled_from([0.0, 1.0, FRESH_S + 0.1, float('inf'), float('nan')]),
)


@given(st.dictionaries(st.sampled_from(['camera', 'policy', 'mavlink', 'recorder', 'x']), REPORTS))
def test_whatever_a_graph_publishes_each_subject_is_there_and_what_is_unknown_is_not_green(
    parts: dict[str, PartReport],
) -> None:
    found = checklist(parts)
    named = list(dict.fromkeys(one.subject for one in found))
    assert named == [*SUBJECTS, *(['recorder'] if 'recorder' in parts else [])]
    assert all(one.mend for one in found if one.level != 'ok')
    green = {one.subject for one in found if one.level == 'ok'}
    for name, subjects in (
        ('mavlink', {'link', 'streams', 'facts', 'failsafes'}),
        ('policy', {'camera', 'rate', 'bundle'}),
    ):
        if name not in parts or not parts[name].is_fresh:
            assert not green & subjects


def test_the_doctor_goes_through_the_same_list_and_says_where_nobody_publishes() -> None:
    found = preflight('', lambda namespace: graph())
    assert [one.subject for one in found][:-2] == [*SUBJECTS, 'recorder']
    assert preflight('', lambda namespace: {})[0] == NOBODY


@pytest.mark.parametrize('kind', sorted(FAILSAFES))
def test_failsafes_are_read_over_a_link_that_loses_a_third_and_none_is_written(kind: str) -> None:
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), kind)
    lost = random.Random(3)
    sent: list[bytes] = []

    def send(data: bytes) -> None:
        sent.append(data)
        if lost.random() < 0.7:
            autopilot.receive(data)

    link = MavlinkLink(MemoryTransport(autopilot.transmit, send))
    reader, before = FailsafeReader(link), dict(autopilot.parameters)
    for _ in range(700):
        autopilot.advance(12)
        now_s = autopilot.now_ns / 1e9
        link.poll(now_s)
        reader.step(now_s)
    known = set(before) & {one.name for one in FAILSAFES[kind]}
    assert known
    assert known <= set(link.parameters)
    assert autopilot.parameters == before
    asked = [data for data in sent if data[7:10] == bytes([20, 0, 0])]  # PARAM_REQUEST_READ
    assert len(asked) < 150
    assert not [data for data in sent if data[7:10] == bytes([23, 0, 0])]  # PARAM_SET


YELLOW = {  # of a firmware as it comes
    'px4': {
        *('COM_RC_OVERRIDE', 'RC_MAP_FLTMODE'),
        *('COM_LOW_BAT_ACT', 'GF_MAX_HOR_DIST', 'GF_MAX_VER_DIST'),
    },
    'ardupilot': {'GUID_TIMEOUT', 'BATT_FS_LOW_ACT', 'FENCE_ENABLE', 'WPNAV_SPEED'},
}


@pytest.mark.parametrize('kind', sorted(FAILSAFES))
@pytest.mark.parametrize('name', sorted(SETS))
def test_the_list_of_a_simulated_autopilot_is_yellow_as_it_comes_and_green_as_advised(
    name: str, kind: str
) -> None:
    autopilot = SimulatedAutopilot(PointMass(position_enu=np.zeros(3)), kind)
    autopilot.set_failsafes(name)
    link = MavlinkLink(MemoryTransport(autopilot.transmit, autopilot.receive))
    reader = FailsafeReader(link)
    assert {row.level for row in failsafe_rows(PartReport('OK', '', {}))} == {'error'}
    for _ in range(120):
        autopilot.advance(12)
        now_s = autopilot.now_ns / 1e9
        link.poll(now_s)
        reader.step(now_s)
    values = {key: str(value) for key, value in link_values(link).items()}
    found = list(failsafe_rows(PartReport('OK', '', values)))
    yellow = {one.state.split()[0] for one in found if one.level == 'warning'}
    own = set(autopilot.kind.parameters)
    all_names = {one.name for one in FAILSAFES[kind] if not one.is_former}
    expected = {'advised': set(), 'factory': YELLOW[kind], 'silent': all_names - own}[name]
    assert yellow == expected | (YELLOW[kind] & own if name == 'silent' else set())
    assert all(one.mend for one in found if one.level != 'ok')
    assert ('ok' in {one.level for one in found}) == (bool(all_names - yellow))


def test_a_page_that_opens_before_anything_is_there_shows_the_list_in_red() -> None:
    now = [0.0]
    view = FlightView(lambda: now[0])
    now[0] = FIRST_S
    found = json.loads(json.dumps(view.document(), allow_nan=False))['checks']
    assert [row[0] for row in found] == SUBJECTS
    assert {row[1] for row in found if row[0] != 'delays'} == {'ERROR'}
    view.hear_node('policy', 'OK', 'following', POLICY)
    view.hear_node('camera', 'ERROR', 'no picture in the last second', {})
    rows = {row[0]: row[1:] for row in view.document()['checks']}  # type: ignore[attr-defined]
    assert rows['camera'][:2] == ['ERROR', 'no picture in the last second']
    assert rows['rate'][0] == 'OK'
