# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which renderer draws: OpenGL where it can be had, else PyBullet's TinyRenderer."""

import functools
import logging

from ...errors import LiquidDroneError
from ..scenario.scenario import RendererChoice
from .gl_context import GlContext
from .opengl import GlRenderer
from .tiny import TinyRenderer

log = logging.getLogger(__name__)


@functools.cache
def choose(wanted: RendererChoice) -> str:
    """Return the name of the renderer to use.

    Raises:
        SimulationError: OpenGL was asked for by name and cannot be had.
        MissingDependencyError: likewise, moderngl is not installed.

    """
    if wanted == 'tiny':
        return TinyRenderer.name
    try:
        GlContext.shared()
    except LiquidDroneError as error:
        if wanted == 'opengl':
            raise
        log.warning(
            'no OpenGL, so PyBullet draws: slower, no shadows, other pictures than those that the '
            'shipped policies know (%s). On Debian and Ubuntu: apt-get install libegl1 '
            'libgl1-mesa-dri',
            error,
        )
        return TinyRenderer.name
    return GlRenderer.name
