# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a page shows before the first word of a node: not known, and never green or engaged."""

from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.flight.preflight.checklist import SOURCES
from liquid_drone.operator.flight_view import FIRST_S, FlightView

PARTS = st.sets(st.sampled_from(('policy', 'mavlink', 'camera', 'recorder')))


def levels(view: FlightView) -> dict[str, str]:
    checks = view.document()['checks']
    assert isinstance(checks, list)
    return {subject: level for subject, level, _, _ in checks}


@given(PARTS, st.floats(0.0, 3.0 * FIRST_S))
def test_what_was_not_heard_is_grey_at_first_and_red_later_and_what_was_heard_is_told(
    heard: set[str], now_s: float
) -> None:
    now = [0.0]
    view = FlightView(lambda: now[0])
    now[0] = now_s
    for name in heard:
        view.hear_node(name, 'ERROR', 'does not work')
    shown = levels(view)
    assert set(SOURCES) <= set(shown)
    for subject, sources in SOURCES.items():
        is_heard = heard >= set(sources)
        assert shown[subject] != 'OK'
        assert (shown[subject] == 'UNKNOWN') == (not is_heard and now_s < FIRST_S)


def test_a_belief_is_shown_where_there_is_one() -> None:
    view = FlightView()
    assert view.document()['belief'] is None
    view.hear_decision({'belief': '0.5 4.2'}, 'OK', 'engaged')
    assert view.document()['belief'] == {'bearing_rad': 0.5, 'distance_m': 4.2}
    for odd in ('nan 4', '1', 'a b', '1 2 3'):
        view.hear_decision({'belief': odd}, 'OK', 'engaged')
        assert view.document()['belief'] is None
