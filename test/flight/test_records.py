# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fast copy of a record is the one that the standard library makes."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.engagement import EngageState, Situation
from liquid_drone.flight.facts import NO_VEHICLE
from liquid_drone.flight.guard.jumps import JumpState, begin
from liquid_drone.flight.guard.progress import ProgressState
from liquid_drone.flight.guard.state import GuardState, start
from liquid_drone.flight.records import replace
from liquid_drone.flight.vehicle import VehicleState

KINDS = EngageState, GuardState, JumpState, ProgressState, Situation, VehicleState
RECORDS = NO_VEHICLE, start(1.0, 0.5), begin(NO_VEHICLE)


@given(st.data())
def test_it_is_the_copy_of_the_standard_library_and_leaves_the_first_one_alone(data):
    record = data.draw(st.sampled_from(RECORDS))
    names = [field.name for field in dataclasses.fields(record)]
    fields = data.draw(st.dictionaries(st.sampled_from(names), st.integers()))
    before = dict(vars(record))
    found = replace(record, **fields)
    assert found == dataclasses.replace(record, **fields)
    assert type(found) is type(record)
    assert vars(record) == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(found, names[0], 0)


def test_a_field_that_is_not_there_is_refused():
    with pytest.raises(TypeError, match='VehicleState has no field altitude'):
        replace(NO_VEHICLE, altitude=1.0)


@pytest.mark.parametrize('kind', KINDS)
def test_what_it_copies_has_nothing_that_it_would_pass_over(kind):
    cached = [name for name, value in vars(kind).items() if hasattr(value, 'attrname')]
    assert not cached
    assert not hasattr(kind, '__post_init__')
    assert not hasattr(kind, '__slots__')
