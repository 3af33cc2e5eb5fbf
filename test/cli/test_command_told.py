# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a command that is told can be typed, whatever places and names are called."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.next_step import as_typed


@given(st.lists(st.text()))
def test_a_shell_splits_the_line_into_its_words_again(words: list[str]) -> None:
    assert shlex.split(as_typed(*words)) == ['liquid-drone', *words]
