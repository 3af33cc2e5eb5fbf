# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a flight on disk is the flight that was flown, and its hash names the motion alone."""

import numpy as np
import pytest

from liquid_drone.errors import EpisodeError, OutputError
from liquid_drone.sim.flight_log import COLUMNS, FlightLog


def make_log(frames: int = 3, **changes) -> FlightLog:
    log = FlightLog({'seed': 15000, 'world': 'forest'}, np.array([[1.0, 2.0, 0.2]]))
    for i in range(frames):
        row = {name: np.full(shape, i, dtype=kind) for name, (shape, kind) in COLUMNS.items()}
        log.append(b'jpeg' * (i + 1), **{**row, **changes})
    return log


@pytest.mark.parametrize('frames', [0, 1, 5])
def test_a_log_comes_back_whole(tmp_path, frames):
    log = make_log(frames)
    log.save(tmp_path / 'deep' / 'flight.npz')
    back = FlightLog.load(tmp_path / 'deep' / 'flight.npz')
    assert back.meta == log.meta
    assert back.jpegs == log.jpegs
    assert len(back) == frames
    np.testing.assert_array_equal(back.obstacles, log.obstacles)
    for name in COLUMNS:
        np.testing.assert_array_equal(back.column(name), log.column(name))
        assert back.column(name).dtype == log.column(name).dtype
    assert back.trajectory_hash() == log.trajectory_hash()


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


def test_what_is_no_flight_log_is_named(tmp_path):
    path = tmp_path / 'flight.npz'
    with pytest.raises(EpisodeError, match=r'flight\.npz is not a flight log'):
        FlightLog.load(path)
    for content in (b'', b'not a zip file', b'PK\x03\x04 cut short'):
        path.write_bytes(content)
        with pytest.raises(EpisodeError, match=r'flight\.npz is not a flight log'):
            FlightLog.load(path)
    np.savez(path, meta=np.array('{}'))
    with pytest.raises(EpisodeError, match=r'flight\.npz is not a flight log'):
        FlightLog.load(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='choose another --out'):
        make_log().save(tmp_path / 'file' / 'flight.npz')
