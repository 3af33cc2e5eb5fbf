# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Import PyBullet, quietly: its wheel prints a build line that would spoil ``--json``."""

import ctypes
import os
import sys
from types import ModuleType

from ..errors import require


def load_pybullet() -> ModuleType:
    """Return the ``pybullet`` module.

    Raises:
        MissingDependencyError: PyBullet is not installed.
    """
    if 'pybullet' in sys.modules:
        return sys.modules['pybullet']
    sys.stdout.flush()
    saved, silent = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silent, 1)
        return require('pybullet', 'sim')
    finally:
        ctypes.CDLL(None).fflush(None)  # into the void too: C keeps the line until then
        os.dup2(saved, 1)
        os.close(saved)
        os.close(silent)
