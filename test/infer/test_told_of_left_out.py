# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: all that ``infer`` leaves out is counted on the screen, with each of its reasons."""

import re

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.commands.infer import _told_of_left_out


@given(
    st.dictionaries(
        st.text('abc_.', min_size=1, max_size=9),
        st.sampled_from(['it is no picture', '{} has 1x1 pixels', 'a/{} cannot be read', 'a(b']),
        max_size=40,
    )
)
def test_each_reason_to_leave_something_out_is_told_with_how_many(reasons):
    left_out = {name: reason.format(name) for name, reason in reasons.items()}
    lines = _told_of_left_out(left_out)
    assert bool(lines) == bool(left_out)
    assert len(lines) == (1 + len(set(reasons.values())) if left_out else 0)
    counted = 0
    for line in lines[1:]:
        names = line.strip().split(': ')[0]
        more = re.search(r' and (\d+) more$', names)
        counted += len(names.split(', ')) + (int(more[1]) if more else 0)
    assert counted == len(left_out)
