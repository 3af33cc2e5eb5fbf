# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``flock`` as NFS does it: locks of byte ranges that belong to an open file.

A shared lock needs a file that is open to be read, an exclusive one a file that is open to be
written; the kernel's own locks of that kind say the same on a local disk.
"""

import fcntl
import struct
from typing import Any

KINDS = {fcntl.LOCK_SH: fcntl.F_RDLCK, fcntl.LOCK_EX: fcntl.F_WRLCK, fcntl.LOCK_UN: fcntl.F_UNLCK}
WHOLE_FILE = 'hhqqi4x'  # struct flock of 64 bits: kind, whence, start, length, process


def flock(file: Any, how: int) -> None:
    """Lock a file.

    Raises:
        BlockingIOError: another holds it.
        OSError: it is not open for that.

    """
    kind = KINDS[how & ~fcntl.LOCK_NB]
    order = fcntl.F_OFD_SETLK if how & fcntl.LOCK_NB else fcntl.F_OFD_SETLKW
    fcntl.fcntl(file, order, struct.pack(WHOLE_FILE, kind, 0, 0, 0, 0))
