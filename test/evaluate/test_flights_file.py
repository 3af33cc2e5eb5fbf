# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a run that is killed while it writes loses the torn flight alone, and says so."""

import json
import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import (
    FLIGHTS,
    Flown,
    all_flights,
    read_flights,
    to_line,
    warn_of_other_code,
)
from liquid_drone.evaluate.scoring import FlightScore

WHO = {'bundle_hash': 'abc', 'weather': 'clear'}
SCORE = FlightScore(0, True, (), 30.0, 0.9, 0.4, None, 1.0, 2.0, 3.0, 0.5, 1.2)
FLOWN = [Flown(replace(SCORE, seed=seed), f'hash-{seed}') for seed in range(3)]
LINES = [to_line(flown, WHO).encode() for flown in FLOWN]
WHOLE = b''.join(LINES)


@given(at=st.integers(0, len(WHOLE)))
def test_a_file_cut_at_any_byte_keeps_its_whole_lines(at: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        (out / FLIGHTS).write_bytes(WHOLE[:at])
        found = read_flights(out, WHO)
        complete = WHOLE[:at].count(b'\n')
        assert found[:complete] == FLOWN[:complete]
        if len(found) > complete:  # cut between the last brace and the end of the line
            assert found == FLOWN[: complete + 1]
        with (out / FLIGHTS).open('a') as file:  # what is flown now stands in a line of its own
            file.write(to_line(FLOWN[2], WHO))
        assert read_flights(out, WHO) == [*found, FLOWN[2]]
        kept = out / f'.{FLIGHTS}.torn'
        is_torn = len(b''.join(LINES[: len(found)])) < at
        assert kept.exists() == is_torn
        assert not is_torn or kept.read_bytes() == WHOLE[:at]  # nothing is lost


@pytest.mark.parametrize(
    'torn', [bytes(100), b'\xff\xfe', b'{"bundle_hash": "abc"}', b'[1]', b'"text"', b'']
)
def test_a_torn_line_in_the_middle_is_named_and_costs_one_flight(
    torn: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FLIGHTS).write_bytes(LINES[0] + torn + b'\n' + LINES[2])
    with caplog.at_level(logging.WARNING):
        assert read_flights(tmp_path, WHO) == [FLOWN[0], FLOWN[2]]
    assert 'line 2' in caplog.text
    assert f'.{FLIGHTS}.torn' in caplog.text
    assert read_flights(tmp_path, WHO) == [FLOWN[0], FLOWN[2]]


def test_a_score_of_another_type_is_no_flight(tmp_path: Path) -> None:
    row = json.loads(LINES[0])
    row['score']['success'] = 'yes'
    (tmp_path / FLIGHTS).write_text(json.dumps(row) + '\n')
    assert read_flights(tmp_path, WHO) == []


def test_flights_of_something_else_are_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / FLIGHTS).write_bytes(WHOLE)
    with pytest.raises(ConfigError, match=r"'bundle_hash': 'abc'.*choose another --out"):
        read_flights(tmp_path, {**WHO, 'bundle_hash': 'other'})
    assert (tmp_path / FLIGHTS).read_bytes() == WHOLE


@given(st.lists(st.sampled_from(['', 'then', 'now']), min_size=1, max_size=8))
def test_flights_of_another_version_are_told_and_kept(codes: list[str]) -> None:
    """Lines of older releases have no hash: nothing is told of them."""
    flights = [Flown(replace(SCORE, seed=k), f'h{k}', code) for k, code in enumerate(codes)]
    lines = [json.loads(to_line(flown, WHO)) for flown in flights]
    for line in lines:
        if not line['code']:
            del line['code']
    told: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.addFilter(lambda record: bool(told.append(record)))
    logger = logging.getLogger('liquid_drone.evaluate.flights_file')
    logger.addHandler(handler)
    try:
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / FLIGHTS).write_text(''.join(json.dumps(line) + '\n' for line in lines))
            found = read_flights(Path(place), WHO)
            assert [one.code for one in found] == codes
            who, again = all_flights([Path(place)])
            assert (who['bundle_hash'], again) == (WHO['bundle_hash'], found)
            assert 'code' not in who
            warn_of_other_code(Path(place), found, 'now')
    finally:
        logger.removeHandler(handler)
    others = codes.count('then')
    assert [str(others) in one.getMessage() for one in told] == [True] * (others > 0)
