# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what is set at run time is read by a node's other threads, however they interleave."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rclpy.parameter import Parameter as RosParameter

from liquid_drone.ros.lifecycle import ManagedNode
from liquid_drone.ros.parameters import Parameter


class Limited(ManagedNode):
    """A node whose loop may come between the judgement of a value and its setting."""

    comes_between = False

    def __init__(self) -> None:
        limits = [Parameter(name, 1.0, 'm', in_flight=True) for name in ('speed', 'height')]
        super().__init__('limited', limits)
        self.is_configured, self.taken = True, set[str]()

    def loop(self) -> None:
        self.taken |= self.take_new_values()

    def _judge(self, wanted: list[RosParameter]) -> Any:
        result = super()._judge(wanted)
        if self.comes_between:
            self.loop()
        return result

    def release(self) -> None:
        """Nothing is held."""


@pytest.fixture
def limited(ros: None) -> Iterator[Limited]:
    node = Limited()
    yield node
    node.destroy_node()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(['speed', 'height']), st.floats(0.1, 9.0), st.booleans()),
        min_size=1,
        max_size=6,
    )
)
def test_a_value_that_is_set_is_read_though_the_loop_comes_between(
    limited: Limited, changes: list[tuple[str, float, bool]]
) -> None:
    """The loop took the note of it before the value was there, and kept the one of before."""
    limited.taken = set()
    for name, value, limited.comes_between in changes:
        assert limited.set_parameters([RosParameter(name, value=value)])[0].successful
        limited.loop()
        assert limited.values[name] == value
    assert limited.taken == {name for name, _, _ in changes}
    assert limited.take_new_values() == frozenset()
