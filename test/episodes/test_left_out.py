# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what an import leaves out is counted and said; one bad picture costs one picture."""

import io
import math
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from liquid_drone.episodes.episode import load
from liquid_drone.episodes.ros_pictures import picture_of
from liquid_drone.episodes.rosbag_import import ImportConfig, import_bag
from liquid_drone.errors import EpisodeError, ImageError

SECOND, COUNT = 1_000_000_000, 60
STORE = get_typestore(Stores.ROS2_HUMBLE)
CONFIG = ImportConfig('dog')
Change = Callable[[int, str, bytes], bytes]


def made(name: str, *values: Any) -> Any:
    return next(kind for key, kind in STORE.types.items() if key.endswith(f'/{name}'))(*values)


def header(stamp_ns: int, frame: str = 'camera') -> Any:
    return made('Header', made('Time', *divmod(stamp_ns, SECOND)), frame)


def compressed(stamp_ns: int, data: bytes) -> Any:
    return made('CompressedImage', header(stamp_ns), 'png', np.frombuffer(data, np.uint8))


def twist(stamp_ns: int, vx: float) -> Any:
    linear, turn = made('Vector3', vx, 0.0, 0.0), made('Vector3', 0.0, 0.0, 0.0)
    return made('TwistStamped', header(stamp_ns, 'base_link'), made('Twist', linear, turn))


def encoded(picture: np.ndarray, form: str = 'PNG', **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


GOOD = encoded(np.random.default_rng(0).integers(0, 255, (144, 256, 3), dtype=np.uint8))


def record(
    path: Path,
    plugin: StoragePlugin = StoragePlugin.MCAP,
    picture: Callable[[int], bytes] = lambda k: GOOD,
    command: Callable[[int], float] = lambda k: 0.5,
    raw: Change = lambda k, topic, data: data,
) -> Path:
    """Write a flight of three seconds; ``raw`` changes serialised messages."""
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        topics = {
            '/camera/image_raw/compressed': lambda t, k: compressed(t, picture(k)),
            '/cmd_vel': lambda t, k: twist(t, command(k)),
            '/unneeded': lambda t, k: twist(t, 0.0),
        }
        for topic, make in topics.items():
            kind = make(0, 0).__msgtype__
            link = writer.add_connection(topic, kind, typestore=STORE)
            for k in range(COUNT):
                t = SECOND + k * SECOND // 20
                data = bytes(STORE.serialize_cdr(make(t, k), kind))
                writer.write(link, t, raw(k, topic, data))
    return path


BAD = {
    'not a picture': b'hello',
    'cut': GOOD[: len(GOOD) // 2],
    'empty': b'',
    'too large': encoded(np.zeros((1, 1), bool)).replace(
        b'\x00\x00\x00\x01\x00\x00\x00\x01\x01', b'\x00\x01\x86\xa0\x00\x01\x86\xa0\x01'
    ),
}


@pytest.mark.parametrize('what', BAD)
def test_one_bad_picture_costs_one_picture(what: str, tmp_path: Path) -> None:
    bag = record(tmp_path / 'bag', picture=lambda k: BAD[what] if k == 30 else GOOD)
    found = import_bag(bag, tmp_path / 'out', CONFIG)
    assert found.frames == COUNT - 1
    (line,) = found.left_out.lines()
    assert 'left out: 1 pictures that cannot be read' in line
    assert '2.500' in line  # when


@pytest.mark.parametrize('topic', ['/camera/image_raw/compressed', '/cmd_vel', '/unneeded'])
def test_a_message_that_is_cut_costs_one_message(topic: str, tmp_path: Path) -> None:
    def cut(k: int, name: str, data: bytes) -> bytes:
        return data[:9] if (k, name) == (30, topic) else data

    found = import_bag(record(tmp_path / 'bag', raw=cut), tmp_path / 'out', CONFIG)
    assert found.frames == COUNT - (topic == '/camera/image_raw/compressed')
    assert len(found.left_out.lines()) == (topic != '/unneeded')


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_a_command_that_is_not_finite_is_no_label(bad: float, tmp_path: Path) -> None:
    bag = record(tmp_path / 'bag', command=lambda k: bad if k % 10 == 0 else 0.25)
    found = import_bag(bag, tmp_path / 'out', CONFIG)
    label = load(found.episodes[0]).column('label')[:, 0]
    assert set(label[~np.isnan(label)]) == {0.25}
    assert 'messages of /cmd_vel are not finite' in found.left_out.lines()[0]


def test_too_much_left_out_is_an_error_and_imports_nothing(tmp_path: Path) -> None:
    bag = record(tmp_path / 'bag', picture=lambda k: b'' if k % 6 == 0 else GOOD)
    with pytest.raises(EpisodeError, match=r'10 of 60 pictures \(17%\) would be left out'):
        import_bag(bag, tmp_path / 'out', CONFIG)
    assert list((tmp_path / 'out').iterdir()) == []
    allowed = replace(CONFIG, most_left_out=0.2)
    assert import_bag(bag, tmp_path / 'out', allowed).frames == 50


@pytest.mark.parametrize('how', ['encoding', 'definition', 'serialisation'])
def test_a_topic_that_is_not_needed_stops_no_import_in_sqlite(how: str, tmp_path: Path) -> None:
    bag = record(tmp_path / 'bag', StoragePlugin.SQLITE3)
    change = {
        'encoding': 'UPDATE message_definitions SET encoding = "unknown"',
        'definition': 'UPDATE message_definitions SET encoded_message_definition = "%%"',
        'serialisation': 'UPDATE topics SET serialization_format = "json" WHERE id = 3',
    }[how]
    with sqlite3.connect(next(bag.glob('*.db3'))) as base:
        base.execute(change)
    base.close()
    metadata = (bag / 'metadata.yaml').read_text()
    if how == 'serialisation':
        head, _, tail = metadata.rpartition('serialization_format: cdr')
        (bag / 'metadata.yaml').write_text(f'{head}serialization_format: json{tail}')
    assert import_bag(bag, tmp_path / 'out', CONFIG).frames == COUNT


def test_a_topic_that_is_not_needed_stops_no_import_in_mcap(tmp_path: Path) -> None:
    bag = record(tmp_path / 'bag')
    text = (bag / 'metadata.yaml').read_text()
    head, _, tail = text.rpartition('serialization_format: cdr')
    (bag / 'metadata.yaml').write_text(f'{head}serialization_format: json{tail}')
    assert import_bag(bag, tmp_path / 'out', CONFIG).frames == COUNT


GREY = np.linspace(0, 65535, 12).astype(np.uint16).reshape(3, 4)
RAW = {
    'mono16': (GREY, 1 / 257),
    '16UC1': (GREY, 1 / 257),
    '32FC1': ((GREY / 65535).astype(np.float32), 255.0),
}


@pytest.mark.parametrize('encoding', RAW)
@pytest.mark.parametrize('big', [False, True])
def test_wide_pixels_of_either_byte_order_become_bytes(encoding: str, big: bool) -> None:
    values, scale = RAW[encoding]
    data = values.astype(values.dtype.newbyteorder('>' if big else '<')).view(np.uint8)
    message = made('Image', header(0), 3, 4, encoding, int(big), data.shape[1], data.reshape(-1))
    expected = (values * scale)[..., None]
    assert np.abs(picture_of(message) - expected).max() <= 1.0


def test_an_unknown_encoding_is_named() -> None:
    message = made('Image', header(0), 1, 1, 'smell8', 0, 1, np.zeros(1, np.uint8))
    with pytest.raises(ImageError, match='smell8'):
        picture_of(message)


def test_a_long_description_costs_no_time(tmp_path):
    """rosbags' reader of YAML takes seconds for 100 kB; the files say the same."""
    from inventions import invent

    from liquid_drone.episodes.bag_source import open_bag
    from liquid_drone.episodes.episode import save

    save(invent(1, 10), tmp_path / 'e')
    bag = tmp_path / 'e' / 'bag'
    with open_bag(bag) as sources:
        expected = sorted((s.topic, s.msgtype, list(s.messages())) for s in sources)
    (bag / 'metadata.yaml').write_text('- [[[[\n' * 3_000_000)
    with open_bag(bag) as sources:
        assert sorted((s.topic, s.msgtype, list(s.messages())) for s in sources) == expected
