# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a place before its ground is painted, which takes longest."""

from collections.abc import Callable
from dataclasses import dataclass

from ...arrays import FloatArray
from .actors import MovingActor
from .placement import Collection, Obstacles
from .routes import Route
from .scenery import Ground, Solid
from .starts.behind import Start
from .terrain import Terrain
from .tracks import HidingRow


@dataclass(frozen=True)
class Draft:
    """A place where all stands, and whose ground is not painted yet."""

    route: Route  # the target's
    extras: tuple[MovingActor, ...]
    start: Start
    terrain: Terrain
    solids: tuple[Solid, ...]
    obstacles: Obstacles  # those of the solids
    things: Collection
    paint: Callable[[], Ground]


@dataclass(frozen=True)
class Laid:
    """The way of the target, and what belongs to it."""

    route: Route
    planted: FloatArray  # (K, 2) where trunks must stand
    is_track: bool = False
    screens: tuple[HidingRow, ...] = ()
    crossing: tuple[MovingActor, ...] = ()
    relief_m: float | None = None  # instead of the world's
