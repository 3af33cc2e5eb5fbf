# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Files in and out: sizes are asked before anything is read, and what is written appears whole.

A reader raises one error of ours, whatever is wrong with the file. Nothing here knows what a file
means; directories that replace each other stand in ``results.py``.
"""

import codecs
import fnmatch
import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ConfigError, LiquidDroneError, OutputError, shown
from .outputs.durability import put_in_place
from .outputs.leftovers import made_aside

NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')
LONGEST_NAME = 128  # a file name has 255 bytes, and endings are added
MOST_JSON_BYTES = 16_000_000
CHUNK = 1 << 20
MARKS = {  # first bytes of a text, as editors and spreadsheets of Windows write them
    codecs.BOM_UTF8: 'utf-8-sig',
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
}
POINTER = b'version https://git-lfs.github.com/'
IS_POINTER = 'is a pointer of Git LFS and not the file: git lfs pull fetches that'
ARCHIVE = 'is an archive: unpack it, and name the folder or the file that was in it'
NO_PICTURES = 'has no pictures: record the topics of a flight (ros2 bag record, record.launch.py)'
OTHERS = {  # first bytes -> what to do with the file of another program
    POINTER: IS_POINTER,
    b'PK\x03\x04': ARCHIVE,
    b'PK\x05\x06': ARCHIVE,
    b'\x1f\x8b': ARCHIVE,
    b'BZh': ARCHIVE,
    b'\xfd7zXZ\0': ARCHIVE,
    b'7z\xbc\xaf\x27\x1c': ARCHIVE,
    b'Rar!\x1a\x07': ARCHIVE,
    b'ULog\x01\x12\x35': f'is a flight log of PX4 (ULog) and {NO_PICTURES}',
    b'\xa3\x95': f'is a flight log of ArduPilot (DataFlash) and {NO_PICTURES}',
    b'PAR1': 'is a table (Parquet): liquid-drone convert takes the folder of a LeRobot dataset',
    b'\x89HDF\r\n': 'is an HDF5 file: liquid-drone import takes the weights of a network in one',
}
TAR_AT, TAR = 257, b'ustar'
TELEMETRY = f'is a telemetry log (tlog) and {NO_PICTURES}'
TLOG_US = range(10**15, 3 * 10**15)  # its first time: from 2001 to 2065
Failure = type[LiquidDroneError]


def what_else(path: Path) -> str:
    """Say what the file of another program is, and what to do; empty: nothing is known of it.

    Raises:
        OSError: it cannot be opened.

    """
    with path.open('rb') as file:
        head = file.read(TAR_AT + len(TAR))
    if not head:
        return 'is empty: it was not copied or saved whole'
    if head.startswith((b'\xfd', b'\xfe'), 8) and int.from_bytes(head[:8], 'big') in TLOG_US:
        return TELEMETRY  # before each message of MAVLink the time in us
    if head[TAR_AT:] == TAR:
        return ARCHIVE
    return next((words for start, words in OTHERS.items() if head.startswith(start)), '')


def check_name(what: str, name: str) -> None:
    """Refuse a name that could not be a file's name everywhere, or that leads elsewhere.

    Raises:
        ValueError: with what is expected.

    """
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise ValueError(
            f'{what} must be at most {LONGEST_NAME} letters, digits, dots, dashes and underscores '
            f'that begin with a letter or digit; got {shown(name)}'
        )


def as_name(text: str) -> str:
    """Return a text with everything that may not be in a name replaced by underscores."""
    name = re.sub(r'[^A-Za-z0-9._-]', '_', text)
    return (name if NAME.match(name) else f'x{name}')[:LONGEST_NAME]


def visible(paths: Iterable[Path]) -> list[Path]:
    """Return what was found in a folder, by name, but for hidden names.

    A Mac leaves ``._NAME`` beside each file that it writes to a disk of another system, with the
    ending of the file.
    """
    return sorted(path for path in paths if not path.name.startswith('.'))


def named_below(root: Path, pattern: str) -> list[Path]:
    """Return the files of a name in a folder and in those below it, linked ones too, each once.

    Hidden files are none of them, see :func:`visible`.

    Args:
        root: the folder.
        pattern: of the file's name, as ``fnmatch`` reads it.

    Raises:
        OSError: one of the folders cannot be looked into: what is in it would be left out.

    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(root, onerror=refuse, followlinks=True):
        here = Path(place)
        status = here.stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders.sort(key=lambda name: ((here / name).is_symlink(), name))
        shown = [name for name in names if not name.startswith('.')]
        found += [here / name for name in fnmatch.filter(shown, pattern)]
    return sorted(found)


def size_of(path: Path, most: int, error: Failure = ConfigError) -> int:
    """Return the size of a regular file in bytes.

    Raises:
        error: there is no such file, it is something else (a directory, a pipe), or larger.

    """
    try:
        found = path.stat()
    except (OSError, ValueError) as reason:
        raise error(f'cannot read {shown_path(path)}: {_why(reason)}') from reason
    if not stat.S_ISREG(found.st_mode):
        found_there = 'a folder' if stat.S_ISDIR(found.st_mode) else 'something else'
        raise error(f'cannot read {shown_path(path)}: expected a file, found {found_there}')
    if found.st_size > most:
        raise error(
            f'{shown_path(path)} has {found.st_size} bytes, expected at most {most}: this is not '
            'the file that was meant'
        )
    return found.st_size


def read_bytes(path: Path, most: int, error: Failure = ConfigError) -> bytes:
    """Return the content of a file of a bounded size.

    Raises:
        error: as :func:`size_of`, or it cannot be read.

    """
    size_of(path, most, error)
    try:
        with path.open('rb') as file:
            return file.read(most)
    except OSError as reason:
        raise error(f'cannot read {shown_path(path)}: {_why(reason)}') from reason


def read_text(path: Path, most: int, error: Failure = ConfigError) -> str:
    """Return the text of a file of a bounded size: UTF-8, or UTF-16 that begins with its mark.

    Raises:
        error: as :func:`read_bytes`, or it is not such text.

    """
    data = read_bytes(path, most, error)
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), 'utf-8')
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as reason:
        raise error(
            f'{shown_path(path)} is not UTF-8 text: {reason}; if it is text, save it as UTF-8'
        ) from reason


def load_json(path: Path, most: int = MOST_JSON_BYTES, error: Failure = ConfigError) -> Any:
    """Read a JSON file strictly: finite numbers, each key once, no endless nesting.

    Raises:
        error: as :func:`read_text`, or it is not such JSON.

    """
    return parse_json(read_text(path, most, error), shown_path(path), error)


def parse_json(text: str, where: str, error: Failure = ConfigError) -> Any:
    """Parse JSON as :func:`load_json` does; ``where`` names the place in error messages."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_each_key_once,
            parse_float=_finite,
            parse_int=_whole,
            parse_constant=_refused,
        )
    except RecursionError as reason:
        raise error(f'{where} cannot be read as JSON: it is nested too deeply') from reason
    except ValueError as reason:
        raise error(f'{where} cannot be read as JSON: {reason}') from reason


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file as 64 hex digits, read piece by piece."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; an existing one is replaced.

    Bytes of a file name that are no UTF-8 are written as their numbers, as on the terminal.

    Raises:
        OutputError: it cannot be written, or there is no regular file in its place.

    """
    data = text.encode('utf-8', 'backslashreplace')
    written(path, lambda aside: aside.write_bytes(data))


def written(path: Path, write: Callable[[Path], object]) -> None:
    """Have a file written beside its place and rename it when it is whole.

    Raises:
        OutputError: as :func:`write_text`.

    """
    with aside_of(path) as aside:
        write(aside)


@contextmanager
def aside_of(path: Path) -> Iterator[Path]:
    """Give a path beside a file's place, with its ending; it becomes the file when all went well.

    Raises:
        OutputError: as :func:`write_text`.

    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OutputError(
            f'cannot write {shown_path(path)}: a link or directory is in its place; move it or '
            'choose another --out'
        )
    try:
        with made_aside(path, is_folder=False) as aside:
            yield aside
            put_in_place(aside, path)
    except OSError as reason:
        raise OutputError(
            f'cannot write {shown_path(path)}: {_why(reason)}; choose another --out'
        ) from reason


def set_aside(path: Path) -> Path:
    """Rename what cannot be used, so that it can be made anew and nothing is lost.

    Raises:
        OutputError: it cannot be renamed.

    """
    number, place = 1, path.with_name(f'.{path.name}.torn')
    while place.exists():
        number += 1
        place = path.with_name(f'.{path.name}.torn-{number}')
    try:
        return path.rename(place)
    except OSError as reason:
        raise OutputError(f'cannot rename {shown_path(path)}: {_why(reason)}') from reason


def utf8_path(path: Path, error: Failure = ConfigError) -> str:
    """Return a path for a library that knows UTF-8 alone, whatever encoding Python has for names.

    Raises:
        error: a name in it has other bytes.

    """
    try:
        return os.fsencode(path).decode()
    except UnicodeDecodeError as reason:
        raise error(
            f'{shown_path(path)}: expected names in UTF-8, its reader knows no other; rename it'
        ) from reason


def for_ffmpeg(path: Path) -> str:
    """Return a path that FFmpeg takes for one: ``12:30/a`` is a protocol to it, ``-a`` a flag."""
    return str(path.absolute())


def shown_path(path: Path) -> str:
    """Return a path as error messages show it: its end, where it is very long."""
    text = str(path)
    return text if len(text) <= 200 else f'...{text[-200:]}'


def _why(reason: Exception) -> str:
    return getattr(reason, 'strerror', None) or str(reason)


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f'the key {shown(key)} is given twice')
            seen.add(key)
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f'expected a finite number, got {text[:40]}')
    return value


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f'expected a number that a computer holds, got {len(text)} digits')
    return int(text)


def _refused(text: str) -> float:
    raise ValueError(f'expected a finite number, got {text.lower()}')
