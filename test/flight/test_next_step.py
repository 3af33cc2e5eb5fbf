# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: every tool tells the pilot the same next step, and none tells to engage too early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.engagement import Stage, stage_of
from liquid_drone.flight.facts import FACTS
from liquid_drone.flight.next_step import HELPS, OTHERWISE, help_for, next_step

OBSTACLES = st.lists(
    st.sampled_from([f'{name}: some words' for name in HELPS]) | st.text(min_size=1), max_size=4
)


def test_every_fact_and_both_fences_have_a_help() -> None:
    assert {spec.name for spec in FACTS} <= set(HELPS)
    assert all(help_for(f'{spec.name}: x') != OTHERWISE for spec in FACTS)
    assert help_for('outside the fence') != help_for('outside the altitude band: 12.0 m') != ''


@given(
    st.sampled_from(list(Stage)),
    OBSTACLES,
    st.sampled_from(['', 'OFFBOARD', 'GUIDED']),
    st.sampled_from(['', 'it is in GUIDED: arm it and take off']),
)
def test_it_is_a_sentence_and_asks_to_engage_only_where_nothing_keeps_from_it(
    stage: Stage, obstacles: list[str], mode: str, waits_for: str
) -> None:
    words = next_step(stage, obstacles, mode, 'press it', waits_for)
    assert words.endswith('.')
    assert words[0].isupper()
    may = stage in (Stage.STANDBY, Stage.HANDED_BACK) and not obstacles
    assert ('press it' in words.lower()) == may
    assert ('switch to' in words) == (stage is Stage.READY and not waits_for)
    assert (waits_for in words) == (stage is Stage.READY or not waits_for)


@pytest.mark.parametrize('stage', list(Stage))
def test_a_stage_is_read_from_both_of_its_names(stage: Stage) -> None:
    assert stage_of(stage.name.lower()) is stage_of(stage.value) is stage
    assert stage_of('something else') is Stage.DISCONNECTED
