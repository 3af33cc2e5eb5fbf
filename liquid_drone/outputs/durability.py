# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What was written is on the disk before its name says that it is whole.

Until then a file system may keep the new name and none of the bytes: the battery of a drone is
pulled seconds after its recorder has told of an episode.
"""

import errno
import os
from pathlib import Path

LOST = (
    errno.EIO,
    errno.ENOSPC,
    errno.EDQUOT,
)  # told when it is written to the disk, and no sooner


def put_in_place(made: Path, place: Path) -> None:
    """Rename a file or directory that is whole; a failure of power leaves the old or the new one.

    Raises:
        OSError: it cannot be renamed, or the disk could not take what is in it.

    """
    settle(made)
    made.replace(place)
    _flush(place.parent)


def settle(made: Path) -> None:
    """Have a file, or a directory with all in it, written to the disk.

    Raises:
        OSError: the disk could not take it.

    """
    for folder, _, names in os.walk(made, topdown=False):
        for name in names:
            _flush(Path(folder, name))
        _flush(folder)
    if not made.is_dir():
        _flush(made)


def reserve(path: Path, size: int) -> None:
    """Make a file of so many bytes, to be written over: a full disk is told before the work.

    Raises:
        OSError: the disk or the quota has no room for it, or the file cannot be made.

    """
    with path.open('wb') as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno in LOST:
                raise


def _flush(path: str | Path) -> None:
    """Have a file's bytes, or a directory's names, written to the disk.

    Raises:
        OSError: the disk is full or broken; not where it has no such order, or has no permission.

    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno in LOST:
            raise
    finally:
        os.close(number)
