# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Figures are drawn the same, and are drawn at all, whatever a user's matplotlib is set to."""

import atexit
import functools
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ...errors import require

SHARED_MEMORY = '/dev/shm'  # writable where a container's disk is not
Given = ParamSpec('Given')
Drawn = TypeVar('Drawn')


def plain(draw: Callable[Given, Drawn]) -> Callable[Given, Drawn]:
    """Have a function draw by matplotlib's own settings; those of the process come back.

    A ``matplotlibrc`` of somebody who writes papers asks for LaTeX, which may not be here.
    """

    @functools.wraps(draw)
    def drawn(*args: Given.args, **named: Given.kwargs) -> Drawn:
        _imported()
        with require('matplotlib.style', 'sim').context('default'):
            return draw(*args, **named)

    return drawn


def as_text(name: str) -> str:
    """Return a name, or words with one, for a figure, which shows it as it is.

    Matplotlib takes what is between two dollar signs for a formula, and no bytes that are no text.
    """
    return name.encode('utf-8', 'backslashreplace').decode().replace('$', '\\$')


def _imported() -> None:
    """Import matplotlib, also where ``MPLBACKEND`` names a window system that it cannot load.

    A notebook sets its own for all programs that it starts, whatever Python they run by.
    """
    try:
        importlib.import_module('matplotlib')
    except ImportError:
        pass  # told below
    except ValueError:
        _forget()
        os.environ['MPLBACKEND'] = 'agg'
    except OSError:  # a container whose disk may only be read: matplotlib wants a cache
        _forget()
        os.environ['MPLCONFIGDIR'] = _in_memory()
        importlib.import_module('matplotlib')
    require('matplotlib', 'sim')


def _forget() -> None:
    for name in [name for name in sys.modules if name.startswith('matplotlib')]:
        del sys.modules[name]  # parts of an import that failed


def _in_memory() -> str:
    """Make a folder that lasts as long as this process.

    Raises:
        OSError: not even shared memory may be written.

    """
    place = tempfile.mkdtemp(prefix='liquid_drone_', dir=SHARED_MEMORY)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place
