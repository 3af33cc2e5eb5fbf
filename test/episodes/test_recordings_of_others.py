# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: recordings as recorders write them, and lying ones, cost little and lose nothing."""

import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.writer import CompressionType, Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as BagWriter

from liquid_drone.episodes import bag_source, unpacking
from liquid_drone.episodes.bag_source import open_bag, topics_of
from liquid_drone.episodes.rosbag import typestore
from liquid_drone.errors import EpisodeError

backports = pytest.importorskip('backports.zstd')
SECOND = 1_000_000_000
KIND = 'std_msgs/msg/Float64'
STORE = typestore()
Row = tuple[int, float]


def number(value: float) -> bytes:
    return bytes(STORE.serialize_cdr(STORE.types[KIND](value), KIND))


def rows_of(bag: Path, topic: str = '/wanted') -> list[Row]:
    """Return what the reader finds."""
    left_out: list[str] = []
    with open_bag(bag) as sources:
        found = [
            (at_ns, message.data)
            for source in sources
            if source.topic == topic
            for at_ns, message in source.decoded(lambda at_ns, why: left_out.append(why))
        ]
    assert left_out == []
    return found


def mcap_of(path: Path, rows: list[Row], **options: Any) -> Path:
    """Write a file as the library of the format does, with topics that are nobody's."""
    with path.open('wb') as file:
        writer = Writer(file, **options)
        writer.start('ros2')
        schema = writer.register_schema(KIND, 'ros2msg', b'float64 data')
        other = writer.register_schema('their.Thing', 'protobuf', b'\x00\x01')
        wanted = writer.register_channel('/wanted', 'cdr', schema)
        theirs = writer.register_channel('/theirs', 'protobuf', other)
        bare = writer.register_channel('/bare', 'json', 0)
        writer.add_attachment(1, 1, 'notes', 'text/plain', b'hello')
        writer.add_metadata('notes', {'a': 'b'})
        for at_ns, value in rows:
            writer.add_message(wanted, at_ns, number(value), at_ns)
            writer.add_message(theirs, at_ns, b'\xff', at_ns)
            writer.add_message(bare, at_ns, b'{}', at_ns)
        writer.finish()
    return path


ROWS = st.lists(st.floats(-10, 10), min_size=1, max_size=30).map(
    lambda values: [(SECOND + k, value) for k, value in enumerate(values)]
)


@settings(max_examples=60, deadline=None)
@given(
    rows=ROWS,
    compression=st.sampled_from(CompressionType),
    chunk=st.sampled_from([1, 100, 100_000]),
    chunked=st.booleans(),
    repeats=st.booleans(),
    statistics=st.booleans(),
    indexed=st.booleans(),
)
def test_mcap_as_anybody_writes_it_gives_its_messages(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[Row],
    compression: CompressionType,
    chunk: int,
    chunked: bool,
    repeats: bool,
    statistics: bool,
    indexed: bool,
) -> None:
    options: dict[str, Any] = {
        'compression': compression,
        'chunk_size': chunk,
        'use_chunking': chunked,
        'repeat_channels': repeats,
        'repeat_schemas': repeats,
        'use_statistics': statistics,
        'use_summary_offsets': indexed,
    }
    path = mcap_of(tmp_path_factory.mktemp('bag') / 'it.mcap', rows, **options)
    assert rows_of(path) == rows
    with open_bag(path) as sources:
        assert {source.topic for source in sources} == {'/wanted', '/theirs', '/bare'}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_altered_mcap_file_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Numbers of eight and four bytes anywhere: sizes, offsets and counts that lie."""
    folder = tmp_path_factory.mktemp('bag')
    good = mcap_of(folder / 'it.mcap', [(SECOND + k, 0.5) for k in range(20)]).read_bytes()
    lie = data.draw(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1]))
    form = data.draw(st.sampled_from(['<Q', '<I'])) if lie < 2**32 else '<Q'
    at = data.draw(st.integers(0, len(good) - 8))
    (folder / 'it.mcap').write_bytes(
        good[:at] + struct.pack(form, lie) + good[at + struct.calcsize(form) :]
    )
    try:
        with open_bag(folder / 'it.mcap') as sources:
            count = sum(len(list(source.messages())) for source in sources)
    except EpisodeError:
        return
    assert count <= 60


def bag_of(path: Path, plugin: StoragePlugin, mode: CompressionMode, rows: list[Row]) -> Path:
    writer = BagWriter(path, version=9, storage_plugin=plugin)
    if mode != CompressionMode.NONE:
        writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        links = [writer.add_connection(name, KIND, typestore=STORE) for name in ('/wanted', '/b')]
        for at_ns, value in rows:
            for link in links:
                writer.write(link, at_ns, number(value))
    return path


@pytest.mark.parametrize('mode', [m for m in CompressionMode if m != CompressionMode.STORAGE])
@pytest.mark.parametrize('plugin', StoragePlugin)
def test_a_compressed_recording_gives_its_messages(
    plugin: StoragePlugin, mode: CompressionMode, tmp_path: Path
) -> None:
    rows = [(SECOND + k, 0.1 * k) for k in range(50)]
    assert rows_of(bag_of(tmp_path / 'bag', plugin, mode, rows)) == rows


def split_bag(place: Path, plugin: StoragePlugin, parts: int) -> tuple[Path, list[Row]]:
    """Write a recording of several files, as ``ros2 bag record --max-bag-duration`` writes it."""
    bag, ending = place / 'bag', '.mcap' if plugin == StoragePlugin.MCAP else '.db3'
    rows = [(SECOND + k, float(k)) for k in range(3 * parts)]
    names = [f'bag_{k}{ending}' for k in range(parts)]
    for k, name in enumerate(names):
        one = bag_of(place / f'{k}', plugin, CompressionMode.NONE, rows[3 * k : 3 * k + 3])
        bag.mkdir(exist_ok=True)
        shutil.move(next(one.glob(f'*{ending}')), bag / name)
    metadata = (place / '0' / 'metadata.yaml').read_text().replace(f'0{ending}', 'LIST')
    listed = '\n  - '.join(names)
    (bag / 'metadata.yaml').write_text(metadata.replace('- LIST', f'- {listed}', 1))
    return bag, rows


@pytest.fixture(scope='module', params=StoragePlugin)
def eleven(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Row]]:
    return split_bag(tmp_path_factory.mktemp('split'), request.param, 11)


@pytest.mark.parametrize('told', ['by its description', 'too long', 'torn'])
def test_a_recording_of_several_files_is_read_whole_and_in_order(
    eleven: tuple[Path, list[Row]], told: str, tmp_path: Path
) -> None:
    """Eleven files: bag_10 comes behind bag_9, whether or not the description can be read."""
    bag, rows = Path(shutil.copytree(eleven[0], tmp_path / 'bag')), eleven[1]
    if told != 'by its description':
        more = '\n#' + 'x' * bag_source.MOST_METADATA_BYTES if told == 'too long' else '\n{'
        with (bag / 'metadata.yaml').open('a') as file:
            file.write(more)
    assert rows_of(bag) == rows


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    bag, _ = split_bag(tmp_path, StoragePlugin.MCAP, 3)
    (bag / 'bag_1.mcap').unlink()
    with pytest.raises(EpisodeError, match=r"the file 'bag_1\.mcap' in it, found none"):
        rows_of(bag)


def chunk_of(compression: bytes, packed: bytes, size: int) -> bytes:
    body = struct.pack('<QQQI', 1, 2, size, 0) + struct.pack('<I', len(compression)) + compression
    body += struct.pack('<Q', len(packed)) + packed
    return struct.pack('<BQ', 6, len(body)) + body


def bomb_of(path: Path, chunk: bytes, times: int = 1) -> Path:
    """Put chunks into an MCAP file without a summary."""
    head = b'\x89MCAP0\r\n' + struct.pack('<BQ', 1, 12) + struct.pack('<I', 4) + b'ros2'
    head += struct.pack('<I', 0)
    foot = struct.pack('<BQ', 2, 20) + bytes(20) + b'\x89MCAP0\r\n'
    path.write_bytes(head + chunk * times + foot)
    return path


ZEROS = bytes(20_000_000)
PACK: dict[bytes, Callable[[bytes], bytes]] = {
    b'zstd': backports.compress,
    b'lz4': lz4.frame.compress,
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the limits small, so that the bombs are."""
    monkeypatch.setattr(unpacking, 'MOST_BYTES', 10_000_000)
    monkeypatch.setattr(unpacking, 'FREE_BYTES', 30_000_000)


@pytest.mark.usefixtures('small')
@pytest.mark.parametrize('stated', [0, 100, len(ZEROS), 2**40, 2**64 - 1])
@pytest.mark.parametrize('how', PACK)
def test_a_chunk_that_lies_about_its_size_is_refused(
    how: bytes, stated: int, tmp_path: Path
) -> None:
    bag = bomb_of(tmp_path / 'it.mcap', chunk_of(how, PACK[how](ZEROS), stated))
    with pytest.raises(EpisodeError, match=r'a part of it (states|has other)'):
        rows_of(bag)


@pytest.mark.usefixtures('small')
@pytest.mark.parametrize('how', PACK)
def test_many_small_chunks_do_not_unpack_to_anything(how: bytes, tmp_path: Path) -> None:
    body = struct.pack('<BQ', 0x42, 5_000_000) + bytes(5_000_000)
    chunk = chunk_of(how, PACK[how](body), len(body))
    bag = bomb_of(tmp_path / 'it.mcap', chunk, 100)
    if how == b'zstd':  # 200 times the size of lz4's is more than this
        with pytest.raises(EpisodeError, match='unpacks to more than 200 times its size'):
            rows_of(bag)


@pytest.mark.usefixtures('small')
@pytest.mark.parametrize('mode', [CompressionMode.MESSAGE, CompressionMode.FILE])
@pytest.mark.parametrize('plugin', StoragePlugin)
def test_a_recording_that_unpacks_to_anything_is_refused(
    plugin: StoragePlugin, mode: CompressionMode, tmp_path: Path
) -> None:
    bag = tmp_path / 'bag'
    writer = BagWriter(bag, version=9, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        link = writer.add_connection('/wanted', KIND, typestore=STORE)
        for k in range(3):
            writer.write(link, SECOND + k, np.frombuffer(ZEROS, np.uint8).tobytes())
    with pytest.raises(EpisodeError, match=r'other than the stated|200 times its size'):
        rows_of(bag)


@pytest.mark.usefixtures('small')
def test_a_message_that_is_too_large_in_sqlite_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bag_source, 'MOST_BYTES', 1_000)
    bag = bag_of(tmp_path / 'bag', StoragePlugin.SQLITE3, CompressionMode.NONE, [(SECOND, 1.0)])
    with closing(sqlite3.connect(next(bag.glob('*.db3')))) as base, base:
        base.execute('UPDATE messages SET data = zeroblob(100000)')
    with pytest.raises(EpisodeError, match='has 100000 bytes, expected at most 1000'):
        rows_of(bag)


def test_tables_that_are_none_are_refused(tmp_path: Path) -> None:
    """A view may count for ever."""
    endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n'
    with closing(sqlite3.connect(tmp_path / 'it.db3')) as base, base:
        base.execute('CREATE TABLE messages (id, topic_id, timestamp, data)')
        base.execute(
            f'CREATE VIEW topics AS SELECT i AS id, i AS name, i AS type FROM ({endless})'
        )
    with pytest.raises(EpisodeError, match='no tables of topics and messages'):
        rows_of(tmp_path / 'it.db3')


def test_a_recording_of_ros_1_is_named(tmp_path: Path) -> None:
    (tmp_path / 'it.bag').write_bytes(b'#ROSBAG V2.0\n' + bytes(100))
    with pytest.raises(EpisodeError, match=r'a recording of ROS 1: rosbags-convert'):
        rows_of(tmp_path / 'it.bag')


@given(st.lists(st.text(max_size=3_000), max_size=200))
def test_topics_are_told_in_short(names: list[str]) -> None:
    sources = [bag_source.TopicSource(name, KIND, lambda: iter(())) for name in names]
    assert len(topics_of(sources)) < 700


PARTS = st.from_regex(r'[a-z][a-z0-9_]{0,12}', fullmatch=True)


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, is_sqlite=st.booleans())
def test_types_are_named_with_msg_or_without(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], is_sqlite: bool
) -> None:
    """``sensor_msgs/Image`` in CDR: Dashing's recorder, klintan/rosbag2.js, libmcap's examples."""
    path = tmp_path_factory.mktemp('bag') / ('a.db3' if is_sqlite else 'a.mcap')
    short = KIND.replace('/msg/', '/')
    if is_sqlite:
        with closing(sqlite3.connect(path)) as base, base:
            base.execute('CREATE TABLE topics(id, name, type, serialization_format)')
            base.execute('CREATE TABLE messages(id, topic_id, timestamp, data)')
            base.execute('INSERT INTO topics VALUES (1, "/wanted", ?, "cdr")', (short,))
            base.executemany(
                'INSERT INTO messages VALUES (0, 1, ?, ?)',
                [(at_ns, number(value)) for at_ns, value in rows],
            )
    else:
        mcap_as(path, short, 'cdr', rows)
    assert rows_of(path) == rows
    with open_bag(path) as sources:
        assert topics_of(sources) == f'/wanted ({KIND})'


def test_messages_of_ros_1_in_mcap_are_told(tmp_path: Path) -> None:
    """``mcap convert demo.bag`` makes such files: their types are named as above."""
    path = mcap_as(tmp_path / 'a.mcap', KIND.replace('/msg/', '/'), 'ros1', [(SECOND, 1.0)])
    with pytest.raises(EpisodeError, match='messages are those of ROS 1: rosbags-convert'):
        rows_of(path)


@given(package=PARTS, kind=PARTS, encoding=st.sampled_from(['json', 'protobuf', 'ros1', '']))
def test_types_of_others_keep_their_names(package: str, kind: str, encoding: str) -> None:
    for name in (f'{package}/{kind}', f'{package}.{kind}', f'{package}/srv/{kind}'):
        assert bag_source._full_name(name, encoding) == name
    assert bag_source._full_name(f'{package}/srv/{kind}', 'cdr') == f'{package}/srv/{kind}'


def mcap_as(path: Path, kind: str, encoding: str, rows: list[Row]) -> Path:
    """Write one topic whose type and encoding are called so."""
    with path.open('wb') as file:
        writer = Writer(file)
        writer.start('')
        schema = writer.register_schema(kind, f'{encoding}msg', b'float64 data')
        channel = writer.register_channel('/wanted', encoding, schema)
        for at_ns, value in rows:
            writer.add_message(channel, at_ns, number(value), at_ns)
        writer.finish()
    return path
