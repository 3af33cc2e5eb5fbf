# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a flight on disk is the flight that was flown, and its hash names the motion alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventions import save_as_format_1

from liquid_drone.episodes import episode
from liquid_drone.errors import EpisodeError, OutputError
from liquid_drone.sim.flight_log import COLUMNS, UNKNOWN, FlightLog


def make_log(frames: int = 3, **changes) -> FlightLog:
    log = FlightLog({'seed': 15000, 'world': 'forest'}, np.array([[1.0, 2.0, 0.2]]))
    for i in range(frames):
        row = {name: np.full(shape, i, dtype=kind) for name, (shape, kind) in COLUMNS.items()}
        log.append(b'jpeg' * (i + 1), **{**row, **changes})
    return log


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)
MAYBE = st.one_of(st.just(UNKNOWN), st.tuples(*[NUMBERS] * 4))
ROW = st.fixed_dictionaries(
    {
        **{name: st.tuples(*[NUMBERS] * 3) for name in ('position_enu', 'velocity_enu')},
        'quaternion_xyzw': st.tuples(*[NUMBERS] * 4),
        'target_position_enu': st.tuples(*[NUMBERS] * 3),
        **dict.fromkeys(('label', 'command', 'setpoint'), MAYBE),
        **dict.fromkeys(('target_bearing', 'target_elevation'), NUMBERS),
        'target_probability': st.one_of(st.just(np.nan), st.floats(0.0, 1.0)),
        'target_pixels': st.integers(0, 36_864),
        **{name: st.booleans() for name in ('collision', 'following')},
        'age_ns': st.integers(0, 40_000_000),
        'jpeg': st.binary(max_size=20),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=6))
def test_a_log_comes_back_whole_from_its_episode(tmp_path_factory, rows):
    """Every bit of every frame, whatever was unknown, late or missing in it."""
    log = FlightLog({'seed': 15000, 'world': 'forest'}, np.array([[1.0, 2.0, 0.2]]))
    for k, row in enumerate(rows):
        stamp_ns = 1_000_000_000 + 50_000_000 * k
        row = {**row, 'stamp_ns': stamp_ns, 'exposed_ns': stamp_ns - row['age_ns']}
        if not row['jpeg']:
            row['exposed_ns'] = stamp_ns  # the moment of an image that did not come is not kept
        log.append(row.pop('jpeg'), **row)
    directory = tmp_path_factory.mktemp('log') / 'deep' / 'episode'
    info = log.save(directory)
    back = FlightLog.load(directory)
    assert log.meta.items() <= back.meta.items()
    assert back.jpegs == log.jpegs
    assert np.array_equal(back.obstacles, log.obstacles)
    for name in COLUMNS:
        assert back.column(name).tobytes() == log.column(name).tobytes(), name
    assert back.trajectory_hash() == log.trajectory_hash()
    trained = [
        jpeg and not np.isnan([*row['label'], *row['command']]).any()
        for jpeg, row in zip(log.jpegs, rows, strict=True)
    ]
    assert info.frames == len(episode.load(directory).jpegs) == sum(map(bool, trained))


def test_an_episode_of_format_1_is_a_flight_that_its_driver_flew_alone(make_recording, tmp_path):
    save_as_format_1(make_recording(), tmp_path / 'old')
    log = FlightLog.load(tmp_path / 'old')
    assert len(log) == 40
    assert log.column('following').all()
    assert not log.column('collision').any()
    assert np.isnan(log.column('setpoint')).all()
    assert np.array_equal(log.column('label'), make_recording().column('label'))
    assert log.meta['target'] == 'square'


def test_the_hash_sees_a_difference_in_the_last_bit():
    moved = make_log(position_enu=np.full(3, np.nextafter(1.0, 2.0)))
    assert moved.trajectory_hash() != make_log(position_enu=np.ones(3)).trajectory_hash()


def test_the_hash_does_not_depend_on_pictures_or_on_what_the_flight_is_called():
    log, other = make_log(), make_log()
    other.meta['through'] = 'ros'
    other.jpegs[0] = b'another encoder'
    assert other.trajectory_hash() == log.trajectory_hash()


def test_a_row_must_name_every_column():
    log = FlightLog({}, np.zeros((0, 3)))
    with pytest.raises(KeyError):
        log.append(b'', stamp_ns=1)


def test_a_flight_of_an_older_release_is_named(tmp_path):
    with pytest.raises(EpisodeError, match='fly its seed again'):
        FlightLog.load(tmp_path / 'flight.npz')
    with pytest.raises(EpisodeError, match='is not an episode'):
        FlightLog.load(tmp_path)


def test_the_newest_image_stands_where_none_came():
    log = make_log(4)
    log.jpegs[:] = [b'', b'a', b'', b'b']
    assert [log.newest_jpeg(k) for k in range(4)] == [b'', b'a', b'a', b'b']


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='cannot write'):
        make_log().save(tmp_path / 'file' / 'episode')
