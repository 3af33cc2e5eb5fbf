# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a page may ask for, how long a button is held, and that nothing is carried out late."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.flight.guard.limits import Limits
from liquid_drone.operator.companion_desk import tightened
from liquid_drone.operator.requests import (
    GAP_S,
    HOLD_S,
    LATE_S,
    WAITING,
    HeldButton,
    OperatorRequest,
    OperatorRequestError,
    RequestQueue,
    read_request,
)

FEW = settings(max_examples=50)
KEYS = st.sampled_from(['do', 'on', 'n', 'limit', 'value', 'x'])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ['engage', 'press', 'hold', 'seen', 'shadow', 'tighten', 'record', 'hand_back', 'speed_m_s']
)


@FEW
@given(st.text(max_size=200) | JSON.map(json.dumps))
def test_anything_is_read_as_a_request_or_refused(text: str) -> None:
    try:
        request = read_request(text)
    except OperatorRequestError:
        return
    assert request.do in json.loads(text).values()


@FEW
@given(st.dictionaries(KEYS, WORDS | JSON))
def test_a_page_cannot_engage_with_one_message(found: dict[str, object]) -> None:
    with contextlib.suppress(OperatorRequestError):
        assert read_request(json.dumps(found)).do != 'engage'


@pytest.mark.parametrize('value', ['NaN', 'Infinity', '-Infinity', '1e400', 'true', '"1"', '1e7'])
def test_a_limit_is_a_finite_number(value: str) -> None:
    with pytest.raises(OperatorRequestError):
        read_request(f'{{"do": "tighten", "limit": "speed_m_s", "value": {value}}}')


@FEW
@given(
    st.lists(
        st.tuples(st.sampled_from(['press', 'hold', 'release']), st.floats(0.0, 1.2)), max_size=40
    )
)
def test_engage_needs_a_press_that_was_held_without_a_gap(steps: list[tuple[str, float]]) -> None:
    button, now_s = HeldButton(), 0.0
    pressed_s: float | None = None
    last_s = 0.0
    for do, passed_s in steps:
        now_s += passed_s
        if do == 'press':
            button.press(now_s)
            pressed_s = last_s = now_s
        elif do == 'release':
            button.release()
            pressed_s = None
        else:
            if now_s - last_s > GAP_S:
                pressed_s = None
            engages = button.hold(now_s)
            assert engages is (pressed_s is not None and now_s - pressed_s >= HOLD_S)
            last_s, pressed_s = now_s, None if engages else pressed_s


def test_a_late_request_is_not_carried_out_but_a_hand_back_always() -> None:
    now = [0.0]
    requests = RequestQueue(lambda: now[0])
    late = requests.ask(OperatorRequest('engage'))
    requests.ask(OperatorRequest('hand_back'))
    now[0] = LATE_S + 0.1
    assert [one.request.do for one in requests.take()] == ['hand_back']
    assert not late.result().done


def test_a_request_that_nobody_waits_for_any_more_is_not_carried_out() -> None:
    requests = RequestQueue()
    requests.ask(OperatorRequest('engage')).cancel()
    assert list(requests.take()) == []


def test_the_queue_is_bounded_and_says_so() -> None:
    requests = RequestQueue()
    answers = [requests.ask(OperatorRequest('record')) for _ in range(WAITING + 1)]
    assert not answers[-1].result().done
    assert len(list(requests.take())) == WAITING


@FEW
@given(
    st.sampled_from(['speed_m_s', 'ceiling_m', 'floor_m', 'min_distance_m']),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6),
)
def test_limits_are_only_ever_tightened(name: str, value: float) -> None:
    before = Limits()
    done, words, after = tightened(before, name, value)
    assert words
    assert done is (after != before) or value == getattr(before, name)
    old, new = getattr(before, name), getattr(after, name)
    assert new <= old if name in ('speed_m_s', 'ceiling_m') else new >= old


def test_a_request_for_a_distance_is_read_strictly() -> None:
    asked = read_request('{"do": "request", "name": "distance_m", "value": 4}')
    assert (asked.do, asked.name, asked.value) == ('request', 'distance_m', 4.0)
    for wrong in (
        '"name": "limits", "value": 4',
        '"name": "speed_m_s", "value": "4"',
        '"value": 4',
    ):
        with pytest.raises(OperatorRequestError):
            read_request(f'{{"do": "request", {wrong}}}')
