# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One run at a time in a folder: the second is refused with the first one's process and start.

The kernel holds the lock for the process, so a crash leaves none behind; the file that stays means
nothing by itself.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError
from .outputs.roots import root_of

LOCK = '.liquid_drone.lock'


def is_held(folder: Path) -> bool:
    """Tell whether a run holds a folder now; it is not changed."""
    try:
        with (folder / LOCK).open('rb') as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a folder for this process.

    Raises:
        OutputError: another process holds it, it is the root of something else, or it cannot be
            written.

    """
    if root := root_of(folder):
        raise OutputError(f'cannot write {folder}: {root}; choose a folder in it')
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open('a+', encoding='utf-8')
    except OSError as error:
        raise OutputError(
            f'cannot write {folder}: {error.strerror}; choose another folder'
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(200).strip() or 'another process'
            raise OutputError(
                f'{folder} is in use by {holder}: wait for it, end it, or choose another folder'
            ) from error
        except OSError:
            pass  # a disk without locks: nothing tells who else works there
        file.truncate(0)
        file.write(f'process {os.getpid()}, started {time.strftime("%Y-%m-%d %H:%M:%S")}\n')
        file.flush()
        yield
