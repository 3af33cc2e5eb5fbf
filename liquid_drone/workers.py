# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Processes that fly and draw side by side: each keeps to its core and ends with its parent."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What a process reads when it begins: one thread draws and counts, and what it draws lies in pages
# of 2 MB (glibc 2.35 and later).
ONE_CORE = {
    'LP_NUM_THREADS': '0',  # Mesa's llvmpipe draws in the thread that asks
    'OPENBLAS_NUM_THREADS': '1',  # numpy's products here are too small to share
    'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1',
}


@contextmanager
def one_core() -> Iterator[None]:
    """Let processes that start in here keep to one core, unless the environment says otherwise."""
    added = [name for name in ONE_CORE if name not in os.environ]
    os.environ.update({name: ONE_CORE[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def begin_worker() -> None:
    """Use one thread, leave Ctrl-C to the parent, and end with the parent, however it ends."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # orphaned: nobody wants its work any more
