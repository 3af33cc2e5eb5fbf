# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: of a recording whose recorder lost its power all that was written counts, and is told.

Such a recording has no description, and its last file no end (ros2/rosbag2#395, #1619).
"""

import logging
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as BagWriter

from liquid_drone.episodes import bag_source
from liquid_drone.episodes.bag_source import open_bag
from liquid_drone.episodes.rosbag import typestore
from liquid_drone.errors import EpisodeError

KIND = 'std_msgs/msg/Float64'
STORE = typestore()
STORAGES = {'mcap': StoragePlugin.MCAP, 'db3': StoragePlugin.SQLITE3}


def number(value: float) -> bytes:
    return bytes(STORE.serialize_cdr(STORE.types[KIND](value), KIND))


def values_of(bag: Path) -> list[float]:
    with open_bag(bag) as sources:
        return [message.data for one in sources for _, message in one.decoded(pytest.fail)]


def mcap_of(path: Path, count: int, chunk_bytes: int, packing: CompressionType) -> bytes:
    with path.open('wb') as file:
        writer = Writer(file, chunk_size=chunk_bytes, compression=packing)
        writer.start('ros2')
        schema = writer.register_schema(KIND, 'ros2msg', b'float64 data')
        channel = writer.register_channel('/wanted', 'cdr', schema)
        for at in range(count):
            writer.add_message(channel, at + 1, number(at + 0.5), at + 1)
        writer.finish()
    return path.read_bytes()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    count=st.integers(1, 60),
    chunk_bytes=st.sampled_from([1, 200, 1000, 100_000]),
    packing=st.sampled_from([CompressionType.NONE, CompressionType.LZ4, CompressionType.ZSTD]),
    kept=st.floats(0.0, 1.0),
    zeros=st.sampled_from([0, 5, 4096]),
)
def test_an_mcap_file_that_was_cut_anywhere_is_read_up_to_there(
    tmp_path_factory: pytest.TempPathFactory,
    caplog: pytest.LogCaptureFixture,
    count: int,
    chunk_bytes: int,
    packing: CompressionType,
    kept: float,
    zeros: int,
) -> None:
    path = tmp_path_factory.mktemp('cut') / 'a.mcap'
    whole = mcap_of(path, count, chunk_bytes, packing)
    head = whole.index(b'ros2') + 200
    cut = min(head + round(kept * (len(whole) - head)), len(whole) - 1)
    path.write_bytes(whole[:cut] + bytes(zeros))
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        found = values_of(path)
    assert found == [at + 0.5 for at in range(len(found))]
    if chunk_bytes == 1 and packing == CompressionType.NONE:  # each message lies alone
        ends = [whole.index(number(at + 0.5)) + len(number(0.0)) for at in range(count)]
        assert len(found) == sum(end <= cut for end in ends)
    assert 'a.mcap has no end: it was cut off' in caplog.text


@pytest.mark.parametrize('storage', STORAGES)
@given(parts=st.integers(1, 12), has_description=st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_folder_without_a_description_is_the_recording_that_is_in_it(
    tmp_path_factory: pytest.TempPathFactory, storage: str, parts: int, has_description: bool
) -> None:
    folder = tmp_path_factory.mktemp('lost')
    bag = folder / 'flight'
    bag.mkdir()
    for part in range(parts):
        with BagWriter(folder / 'one', version=8, storage_plugin=STORAGES[storage]) as writer:
            channel = writer.add_connection('/wanted', KIND, typestore=STORE)
            writer.write(channel, part + 1, number(float(part)))
        (file,) = (folder / 'one').glob(f'*.{storage}')
        file.rename(bag / f'flight_{part}.{storage}')
        shutil.rmtree(folder / 'one')
    if has_description:
        (bag / 'metadata.yaml').write_text('rosbag2_bagfile_inform')  # it was being written
    (bag / f'flight_{parts - 1}.{storage}.zstd').write_bytes(b'(')  # so was this
    assert values_of(bag) == [float(part) for part in range(parts)]


def test_files_of_several_recordings_are_not_taken_for_one(tmp_path: Path) -> None:
    for name in ('monday_0.mcap', 'friday_0.mcap'):
        mcap_of(tmp_path / name, 1, 1000, CompressionType.NONE)
    with pytest.raises(EpisodeError, match='several recordings: name the file of one'):
        values_of(tmp_path)
    assert values_of(tmp_path / 'monday_0.mcap') == [0.5]


def test_it_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / 'a.mcap'
    path.write_bytes(mcap_of(path, 9, 100, CompressionType.NONE)[:-20])
    bag_source._tell_cut.cache_clear()
    for _ in range(3):
        assert len(values_of(path)) == 9
    assert caplog.text.count('has no end') == 1
