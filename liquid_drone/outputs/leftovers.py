# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Files and directories that are made beside their place; what a killed process left is removed.

The kernel holds a lock on each for the process that makes it, so that one without a lock was left
behind, whatever number its name has: process numbers come again, in containers each time.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def made_aside(path: Path, is_folder: bool) -> Iterator[Path]:
    """Give a new directory or empty file beside a place; what is left of it at the end goes.

    Raises:
        OSError: it cannot be made.

    """
    remove_left(path)
    aside = name_aside(path, 'partial')
    number = _make(aside, is_folder)
    try:
        yield aside
    finally:
        _let_go(number)
        _remove(aside)


def name_aside(path: Path, what: str) -> Path:
    """Return a name beside a place that this process alone uses, with the ending of the place."""
    return path.with_name(f'.{path.name}.{what}-{os.getpid()}{path.suffix}')


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a directory that is there, so that no other process takes it for left behind."""
    number = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # a disk without locks: then nothing is removed either
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        _let_go(number)


def remove_left(path: Path) -> None:
    """Remove what killed processes left beside a place.

    A result that was moved out of the way for a new one goes back if the new one never came.
    """
    pattern = re.compile(rf'\.{re.escape(path.name)}\.(partial|outdated)-\d+(\.\w+)?')
    try:
        left = [entry.name for entry in os.scandir(path.parent) if pattern.fullmatch(entry.name)]
    except OSError:
        return  # there is no such folder yet
    for name in sorted(left):
        _remove_unless_held(path.with_name(name), path if '.outdated-' in name else None)


def _remove_unless_held(left: Path, place: Path | None) -> None:
    """Remove what nobody holds, or move it back to its place if nothing is there."""
    try:
        number = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return  # somebody else's, or gone
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if place is not None and not os.path.lexists(place):
            left.rename(place)
        else:
            _remove(left)
    except OSError:
        return  # held
    finally:
        _let_go(number)


def _make(aside: Path, is_folder: bool) -> int:
    """Make and hold; return the number of the open file."""
    aside.parent.mkdir(parents=True, exist_ok=True)
    while True:
        aside.mkdir() if is_folder else aside.touch(exist_ok=False)
        number = os.open(aside, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_EX)
        if os.path.lexists(aside):
            return number
        os.close(number)  # another process took it for left behind before it was held


def _let_go(number: int) -> None:
    with suppress(OSError):
        fcntl.flock(number, fcntl.LOCK_UN)  # of processes that were forked meanwhile, too
    os.close(number)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
