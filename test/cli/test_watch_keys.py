# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of ``watch``: two presses engage, one hands back, anything else does nothing."""

import os
import pty
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.cli.commands.watch import TWICE_S, WatchKeys, screen
from liquid_drone.cli.keyboard import Keyboard
from liquid_drone.errors import ConfigError
from liquid_drone.ros.monitor import GraphSnapshot


class Asked:
    """Notes what was asked for, and refuses to engage."""

    def __init__(self) -> None:
        self.asked: list[bool] = []
        self.now_s, self.typed = 0.0, ''
        self.keys = WatchKeys(self, self.take, lambda: self.now_s)

    def engage(self, on: bool) -> tuple[bool, str]:
        self.asked.append(on)
        return not on, 'cannot engage: battery [12 %]' if on else 'stopping, then silent'

    def take(self) -> str:
        typed, self.typed = self.typed, ''
        return typed

    def press(self, typed: str) -> None:
        self.typed = typed
        self.keys.serve()


def test_two_presses_engage_and_one_hands_back() -> None:
    asked = Asked()
    asked.press('e')
    assert asked.asked == []
    assert 'again' in asked.keys.words
    asked.press('e')
    assert asked.asked == [True]
    assert asked.keys.words == 'engage: cannot engage: battery [12 %] (refused)'
    screen(GraphSnapshot(), asked.keys.words)  # brackets are no markup
    asked.press('h')
    assert asked.asked == [True, False]
    asked.press('q')
    assert asked.keys.is_over


def test_a_press_long_ago_or_another_key_between_begins_anew() -> None:
    asked = Asked()
    asked.press('e')
    asked.now_s = TWICE_S + 0.1
    asked.press('e')
    asked.press('x')
    asked.press('e')
    assert asked.asked == []


@given(st.lists(st.text(max_size=4), max_size=8))
def test_without_two_presses_nothing_engages(typed: list[str]) -> None:
    asked = Asked()
    for words in typed:
        asked.press(words.replace('ee', 'e'))
        asked.press('x')
    assert True not in asked.asked
    assert (False in asked.asked) == any('h' in words for words in typed)


def test_single_keys_come_without_enter_and_the_terminal_is_put_back() -> None:
    outer, inner = pty.openpty()
    try:
        before = subprocess.check_output(['stty', '-a'], stdin=inner)
        with Keyboard(inner) as keyboard:
            assert keyboard.take() == ''
            os.write(outer, b'eh\xff')
            found = ''
            while len(found) < 2:
                found += keyboard.take()
            assert found == 'eh'
        assert subprocess.check_output(['stty', '-a'], stdin=inner) == before
    finally:
        os.close(outer)
        os.close(inner)


def test_what_is_no_terminal_is_refused_with_a_sentence() -> None:
    reader, writer = os.pipe()
    with pytest.raises(ConfigError, match='needs a terminal'):
        Keyboard(reader)
    os.close(reader)
    os.close(writer)
