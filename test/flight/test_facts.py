# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The table of facts: as docs/SAFETY.md tells it, and each of its sentences."""

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
import vehicles
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v20.common import enums

from liquid_drone.flight.facts import (
    FACTS,
    GIMBAL,
    PICTURE,
    RANGE,
    Evidence,
    RangeReading,
    first_wrong,
    known,
)
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4
from liquid_drone.flight.reason import Reason
from liquid_drone.flight.vehicle import BatterySample, SystemStatus

SAFETY = (Path(__file__).resolve().parents[2] / 'docs/SAFETY.md').read_text(encoding='utf-8')
LIMITS = Limits()


def told():
    """Return the rows of the table in the docs, by fact."""
    head, *lines = SAFETY[SAFETY.index('| fact | PX4') :].splitlines()
    columns = len(head.split('|'))
    rows = {}
    for line in lines[1:]:
        if not line.startswith('|'):
            return rows
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        assert len(cells) == columns - 2
        rows[cells[0]] = cells[1:]
    return rows


def test_the_docs_tell_every_fact_and_no_other():
    assert list(told()) == [spec.name for spec in FACTS]


@pytest.mark.parametrize('spec', FACTS, ids=lambda spec: spec.name)
def test_the_docs_tell_messages_rate_age_and_codes_as_they_are(spec):
    px4, ardupilot, rate, age, before, unknown, bad, sentence = told()[spec.name]
    for cell, messages in ((px4, spec.px4), (ardupilot, spec.ardupilot)):
        if spec not in (GIMBAL, RANGE, PICTURE):  # not asked for, or no message
            assert tuple(re.findall(r'`(\w+)`', cell)) == messages
    assert rate == f'{spec.needed_rate_hz:g}'
    assert age == f'`{spec.age_limit}` {getattr(LIMITS, spec.age_limit):g}'
    assert before == 'refused'
    flight = 'follows again while it holds' if spec.unknown.is_passing else 'hands back'
    assert unknown == f'stops, {flight}: `{spec.unknown.code}`'
    assert bad == ('-' if spec.bad is spec.unknown else f'`{spec.bad.code}`')
    assert sentence.strip('"').startswith(f'{spec.name}: ')


@pytest.mark.parametrize('profile', [PX4, ARDUPILOT])
def test_the_streams_that_are_requested_are_those_of_the_table(profile):
    requested = {need.name: need.need_hz for need in profile.streams if not need.is_extra}
    needed = {
        message: spec.needed_rate_hz
        for spec in FACTS
        for message in spec.messages(profile.name)
        if message not in ('HEARTBEAT', 'TIMESYNC')
    }
    assert requested == needed


@pytest.mark.parametrize('spec', FACTS, ids=lambda spec: spec.name)
def test_at_the_least_rate_no_fact_is_ever_too_old(spec):
    most_s = getattr(LIMITS, spec.age_limit)
    assert 1.0 / spec.needed_rate_hz <= most_s


def test_a_vehicle_of_which_all_is_known_is_fit():
    evidence = Evidence(9.0, vehicles.known(9.0), RangeReading(9.0, 3.0), 9.0)
    assert first_wrong(evidence, LIMITS) is None
    assert [fact.spec for fact in known(evidence, LIMITS)] == list(FACTS)


def test_of_no_vehicle_nothing_is_known():
    facts = list(known(Evidence(9.0, None, None, -math.inf), LIMITS))
    assert not any(fact.is_good for fact in facts)
    assert 'never received' in facts[0].sentence


@given(st.floats(-2e6, 2e6))
def test_what_arrived_before_or_after_its_time_is_not_known(shift_s):
    """Clocks are set back and forth; no age is cut off at zero."""
    vehicle = vehicles.known(1000.0)
    facts = list(known(Evidence(1000.0 + shift_s, vehicle), LIMITS))
    if shift_s < -0.5:
        assert not any(fact.is_good for fact in facts)
    for fact in facts:
        if shift_s > getattr(LIMITS, fact.spec.age_limit) + 1e-6:
            assert not fact.is_good
            assert fact.reason is fact.spec.unknown


def test_the_states_of_an_autopilot_are_those_of_mavlink():
    told = {f'MAV_STATE_{one.name}': one.value for one in SystemStatus}
    assert told == {
        entry.name: value
        for value, entry in enums['MAV_STATE'].items()
        if not entry.name.endswith('ENUM_END')
    }


@given(st.integers(0, 10), st.integers(0, 255), st.booleans(), st.booleans())
def test_of_what_the_autopilot_reports_of_itself_one_of_two_must_be_fit_to_fly(
    status, before, armed, ours
):
    vehicle = vehicles.known(
        9.0, status=status, status_before=before, armed=armed, mode_is_ours=ours
    )
    wrong = first_wrong(Evidence(9.0, vehicle), LIMITS)
    fit = {SystemStatus.STANDBY, SystemStatus.ACTIVE}
    if not armed:
        fit |= {SystemStatus.UNINIT, SystemStatus.BOOT, SystemStatus.CALIBRATING}
    if not ours:  # a PX4 whose setpoints were missing; it stands in a mode of its own
        fit |= {SystemStatus.CRITICAL}
    assert (wrong is None) == bool(fit & {status, before})
    if ours and {status, before} == {SystemStatus.CRITICAL}:
        assert wrong.reason is Reason.AUTOPILOT_FAILSAFE
        assert 'MAV_STATE_CRITICAL' in wrong.sentence


@given(
    st.one_of(st.none(), st.floats(0.0, 1.0)),
    st.one_of(st.none(), st.floats(0.1, 60.0)),
    st.one_of(st.none(), st.integers(1, 14).map(float)),
    st.sampled_from(['px4', 'ardupilot']),
)
def test_a_good_battery_has_charge_and_voltage_as_far_as_they_are_measured(
    share, volts, cells, autopilot
):
    """ArduPilot's charge, counted from 100 % at each start, makes no battery good."""
    sample = BatterySample(share, volts)
    vehicle = vehicles.known(
        9.0,
        battery=sample,
        battery_before=sample,
        battery_most_v=0.0,
        autopilot=autopilot,
    )
    limits = replace(LIMITS, battery_cells=cells)
    if first_wrong(Evidence(9.0, vehicle), limits) is None:
        assert share is not None or volts is not None
        assert share is None or share >= LIMITS.min_battery
        if volts is not None and cells is not None:
            assert 3.4 <= volts / cells <= 4.45
        if volts is not None and cells is None:
            assert any(3.4 <= volts / count <= 4.25 for count in range(1, 20))
            fits = [n for n in range(1, 30) if 3.0 <= volts / n <= 4.25]
            assert len(fits) == 1 or (share is not None and autopilot == 'px4')
        assert volts is not None


@pytest.mark.parametrize('volts', [10.2, 11.8, 12.6, 14.8, 16.8, 21.0, 25.2])
def test_whether_a_pack_is_full_or_a_larger_one_flat_is_not_guessed_on_ardupilot(volts):
    sample = BatterySample(1.0, volts)
    vehicle = vehicles.known(
        9.0,
        battery=sample,
        battery_before=sample,
        battery_most_v=volts,
        autopilot='ardupilot',
    )
    wrong = first_wrong(Evidence(9.0, vehicle), LIMITS)
    if volts in (10.2, 11.8, 14.8):
        assert wrong is None  # three cells or four, no other number fits
    else:
        assert wrong.reason.code == 'no_battery'
        assert 'set limits.battery_cells' in wrong.sentence
    full = replace(LIMITS, battery_cells=float(math.ceil(volts / 4.25)))
    assert first_wrong(Evidence(9.0, vehicle), full) is None
    flat = replace(LIMITS, battery_cells=float(math.ceil(volts / 3.3)))
    assert first_wrong(Evidence(9.0, vehicle), flat).reason.code == 'low_battery'
