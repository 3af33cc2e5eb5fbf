# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which renderer draws: OpenGL where it can be had, else PyBullet's TinyRenderer."""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import LiquidDroneError
from ..flight_spec import RendererChoice
from ..scenario.season import Season
from ..world.layout import Layout
from .gl_context import GlContext
from .opengl import GlRenderer
from .renderer import Renderer
from .tiny import ShownBodies, TinyRenderer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RendererKind:
    """A renderer that can be had."""

    name: str
    draws_bodies: bool  # of PyBullet: they are built with visual shapes
    make: Callable[[Layout, Season, ShownBodies], Renderer]


OPENGL = RendererKind(
    GlRenderer.name,
    draws_bodies=False,
    make=lambda layout, season, shown: GlRenderer(
        layout.scenery, [moving.actor for moving in layout.actors]
    ),
)
TINY = RendererKind(
    TinyRenderer.name,
    draws_bodies=True,
    make=lambda layout, season, shown: TinyRenderer(shown, season, layout),
)


@functools.cache
def choose(wanted: RendererChoice) -> RendererKind:
    """Return the renderer to use.

    Raises:
        SimulationError: OpenGL was asked for by name and cannot be had, or it draws elsewhere:
            in another thread, or in the process that this one was forked from.
        MissingDependencyError: likewise, moderngl is not installed.

    """
    if wanted == 'tiny':
        return TINY
    try:
        GlContext.shared()
    except LiquidDroneError as error:
        if wanted == 'opengl' or GlContext.is_open():
            raise
        log.warning(
            'no OpenGL, so PyBullet draws: slower, no shadows, other pictures than those that the '
            'shipped policies know (%s). On Debian and Ubuntu: apt-get install libegl1 '
            'libgl1-mesa-dri',
            error,
        )
        return TINY
    return OPENGL
