# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Figures are drawn the same, and are drawn at all, whatever a user's matplotlib is set to."""

import functools
import importlib
import os
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ...errors import require

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


def _imported() -> None:
    """Import matplotlib, also where ``MPLBACKEND`` names a window system that it cannot load.

    A notebook sets its own for all programs that it starts, whatever Python they run by.
    """
    try:
        importlib.import_module('matplotlib')
    except ImportError:
        pass  # told below
    except ValueError:
        for name in [name for name in sys.modules if name.startswith('matplotlib.')]:
            del sys.modules[name]  # parts of an import that failed
        os.environ['MPLBACKEND'] = 'agg'
    require('matplotlib', 'sim')
