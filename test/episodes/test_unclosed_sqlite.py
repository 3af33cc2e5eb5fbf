# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a killed recorder of SQLite wrote is read, or what is missing is named."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.episodes.bag_source import open_bag
from liquid_drone.episodes.rosbag import typestore
from liquid_drone.errors import EpisodeError

KIND = 'std_msgs/msg/Float64'
STORE = typestore()


def killed(folder: Path, values: list[float]) -> Path:
    """Return a recording whose recorder was killed: all of it is in the journal."""
    recorded = folder / 'recorded'
    recorded.mkdir()
    with closing(sqlite3.connect(recorded / 'a.db3', isolation_level=None)) as base:
        base.execute('PRAGMA journal_mode = WAL')
        base.execute('PRAGMA wal_autocheckpoint = 0')
        base.execute('CREATE TABLE topics(id, name, type, serialization_format)')
        base.execute('CREATE TABLE messages(id, topic_id, timestamp, data)')
        base.execute('INSERT INTO topics VALUES (1, "/wanted", ?, "cdr")', (KIND,))
        for at_ns, value in enumerate(values, 1):
            data = bytes(STORE.serialize_cdr(STORE.types[KIND](value), KIND))
            base.execute('INSERT INTO messages VALUES (0, 1, ?, ?)', (at_ns, data))
        shutil.copytree(recorded, folder / 'left')
    return folder / 'left' / 'a.db3'


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_a_journal_beside_it_is_read_and_one_that_was_left_behind_is_named(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = killed(tmp_path_factory.mktemp('killed'), values)
    with open_bag(path) as (source,):
        assert [message.data for _, message in source.decoded(pytest.fail)] == values
    alone = path.with_name('b.db3')  # a copy without its journal, as from a memory card
    shutil.copy(killed(tmp_path_factory.mktemp('killed'), values), alone)
    with pytest.raises(EpisodeError, match='with -wal behind it belongs beside'), open_bag(alone):
        pass
