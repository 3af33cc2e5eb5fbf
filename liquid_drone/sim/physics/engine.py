# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Import PyBullet, quietly: its wheel prints a build line that nobody asked for."""

import ctypes
import os
import sys
from types import ModuleType

from ...errors import require


def load_pybullet() -> ModuleType:
    """Return the ``pybullet`` module.

    Raises:
        MissingDependencyError: PyBullet is not installed.
    """
    if 'pybullet' in sys.modules:
        return sys.modules['pybullet']
    sys.stdout.flush()
    sys.stderr.flush()
    saved, silent = {1: os.dup(1), 2: os.dup(2)}, os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in saved:
            os.dup2(silent, stream)
        return require('pybullet', 'sim')
    finally:
        ctypes.CDLL(None).fflush(None)  # into the void too: C keeps the line until then
        for stream, copy in saved.items():
            os.dup2(copy, stream)
            os.close(copy)
        os.close(silent)
