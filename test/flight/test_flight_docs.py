# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What docs/FLIGHT.md says of guard, stages and profiles is what the code does."""

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest

from liquid_drone.flight.engagement import SPOKEN, TRANSITIONS, WISHES, Stage, diagram
from liquid_drone.flight.guard.limits import Limits, Reason
from liquid_drone.flight.mavlink.encoder import VELOCITY_AND_YAW_RATE
from liquid_drone.flight.mavlink.profiles import ARDUPILOT, PX4

ROOT = Path(__file__).resolve().parents[2]
FLIGHT = (ROOT / 'docs/FLIGHT.md').read_text(encoding='utf-8')


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so."""
    lines = FLIGHT.splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith(head))
    found = []
    for line in lines[first + 2 :]:
        if not line.startswith('|'):
            return found
        found.append([cell.strip() for cell in line.strip('|').split('|')])
    return found


GUARD = rows('| check |')


def test_the_drawing_is_the_tables():
    drawn = re.search(r'```mermaid\n(.*?)\n```', FLIGHT, re.DOTALL)
    assert drawn is not None
    assert drawn[1] == diagram(), (
        'put the output of flight.engagement.diagram() into docs/FLIGHT.md'
    )


def test_every_stage_can_be_reached_and_left_and_only_a_human_leads_to_ready():
    lines = (*WISHES, *TRANSITIONS)
    targets = {line.target for line in lines}
    sources = {source for line in lines for source in line.sources}
    assert targets == sources == set(Stage)
    assert all(line.target is not Stage.READY for line in TRANSITIONS)
    leaving = [line.target for line in TRANSITIONS if Stage.HANDED_BACK in line.sources]
    assert leaving == []  # by a wish only
    assert Stage.HANDED_BACK not in SPOKEN


def test_every_limit_is_in_the_table_with_its_default():
    told: dict[str, float | None] = {}
    for _, parameters, *_ in GUARD:
        for name, value in re.findall(r'`(\w+)` ([\d.]+|off)', parameters):
            told[name] = None if value == 'off' else float(value)
    expected = {field.name: getattr(Limits(), field.name) for field in fields(Limits)}
    assert set(told) == set(expected)
    for name, value in expected.items():
        assert told[name] == (None if value is None else pytest.approx(value, abs=1e-3)), name


def test_every_reason_is_in_the_table_once():
    codes = [row[3].strip('`') for row in GUARD if row[3]]
    assert sorted(codes) == sorted(
        [*(reason.code for reason in Reason), Reason.AT_FENCE.code]  # two kinds of fence
    )


@pytest.mark.parametrize('row', GUARD, ids=lambda row: row[0])
def test_the_test_that_is_named_is_there(row):
    name = row[4].strip('`')
    files = Path(__file__).parent.rglob('test_*.py')
    assert any(f'def {name}(' in path.read_text(encoding='utf-8') for path in files)


def test_the_profiles_are_told_as_they_are():
    told = {row[0]: row[1:] for row in rows('| | PX4')}
    for column, profile in enumerate((PX4, ARDUPILOT)):
        mode = profile.mode_name(profile.follow_mode)
        assert told['mode that is followed'][column] == f'{mode} ({profile.follow_mode})'
        rate = f'{profile.least_rate_hz:g} Hz'
        assert told['least rate of setpoints'][column] == rate
        silence = told['silence until it acts'][column]
        assert silence.startswith(f'{profile.setpoint_loss_s:g} s')
    assert told['then'][0] == PX4.loss.replace('COM_OBL_RC_ACT', '`COM_OBL_RC_ACT`')
    assert f'0x{VELOCITY_AND_YAW_RATE:04X}' in FLIGHT


def test_full_speed_is_gone_in_the_stated_time():
    words = re.search(r'zero velocity in ([\d.]+) s from full speed', FLIGHT)
    limits = Limits()
    pace = limits.stop_pace
    ramp_s = limits.speed_m_s / pace.acceleration + pace.acceleration / pace.jerk
    assert math.isclose(float(words[1]), ramp_s, abs_tol=0.01)
