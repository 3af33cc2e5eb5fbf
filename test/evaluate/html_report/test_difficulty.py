# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Levels of a task become a curve: every flight is counted, at its level and for its pilot."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.evaluate.flights_file import FLIGHTS
from liquid_drone.evaluate.html_report.contents import gather
from liquid_drone.evaluate.html_report.difficulty_section import difficulties, difficulty
from liquid_drone.evaluate.html_report.page import html
from liquid_drone.sim.scenario.task import load_task

PILOTS = ('expert', 'camera-expert')
LEVELS = {
    'occlusion': (1.0, 2.0, 4.0, 8.0), 'brisk': (1.2, 2.5),
    'twins-hidden': (1.0, 2.0), 'mine': (3.0, 4.5),
}  # fmt: skip


def write(folder, flights):
    """Write flights (pilot, base, level, bare, success): a directory for each pilot and task."""
    like = json.loads((folder / 'summer' / FLIGHTS).read_text().splitlines()[0])
    written = folder.parent / f'levels-{len(list(folder.parent.iterdir()))}'
    for seed, (pilot, base, level, is_bare, success) in enumerate(flights):
        task = base if is_bare else f'{base}-{level:g}'
        score = {**like['score'], 'seed': seed, 'success': success}
        row = {**like, 'bundle_hash': pilot, 'task': task, 'id': f'{seed:012x}', 'score': score}
        file = written / pilot / task / FLIGHTS
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open('a') as lines:
            lines.write(json.dumps(row) + '\n')
    return gather(written)


@st.composite
def flights(draw):
    found = []
    for _ in range(draw(st.integers(1, 14))):
        base = draw(st.sampled_from(sorted(LEVELS)))
        level = draw(st.sampled_from(LEVELS[base]))
        is_bare = base != 'mine' and level == load_task(base).level and draw(st.booleans())
        found.append((draw(st.sampled_from(PILOTS)), base, level, is_bare, draw(st.booleans())))
    return found


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(flights())
def test_every_flight_of_a_task_with_several_levels_is_counted_once(results, flown):
    found = difficulties(write(results, flown))
    wanted = Counter((base, pilot, level) for pilot, base, level, _, _ in flown)
    good = Counter((base, pilot, level) for pilot, base, level, _, success in flown if success)
    several = {base for base in LEVELS if len({key[2] for key in wanted if key[0] == base}) > 1}
    counted = {
        (one.task, pilot, level): (rate.total, rate.count)
        for one in found
        for pilot, at in one.rates.items()
        for level, rate in at.items()
    }
    assert counted == {
        key: (total, good[key]) for key, total in wanted.items() if key[0] in several
    }


def test_the_page_has_a_chart_with_intervals_and_a_table_of_the_levels(results):
    flown = [
        (pilot, 'occlusion', level, level == 2.0, pilot == 'expert')
        for pilot in PILOTS
        for level in (1.0, 2.0, 4.0)
    ]
    contents = write(results, flown)
    part = difficulty(contents)
    assert part.count('class="span') == part.count('class="point') == 6
    assert 'hidden 4 s' in part
    assert 'hidden, s<' in part
    assert '1 of 1 <small>21% to 100%</small>' in part
    assert '0 of 1 <small>0% to 79%</small>' in part
    assert part in html(contents)


def test_without_levels_there_is_no_such_section(results):
    assert difficulty(gather(results)) == ''


@pytest.mark.parametrize(
    ('task', 'level'),
    [
        ('occlusion', 2.0),
        ('occlusion:8', 8.0),
        ('long:60', 60.0),
        ('follow', None),
        ('crowd:4', 4.0),
    ],
)
def test_a_task_tells_its_level(task, level):
    assert load_task(task).level == level
