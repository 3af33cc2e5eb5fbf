# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The seam behind which renderers are exchanged: a camera goes in, a picture comes out.

A renderer never steps the physics.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from ...arrays import FloatArray
from .draw_list import DrawList
from .picture import Camera, RenderedFrame
from .projection import clip_matrix, view_planes


class ViewedScene(Protocol):
    """A place that a renderer holds, as views of several places need it."""

    def shade_actors(self, view: 'View') -> None:
        """Put what moves where it is, and draw its shadow, for one picture."""

    def visible(self, view: 'View') -> DrawList:
        """Return what a view shows."""

    def draw(self, view: 'View', visible: DrawList) -> None:
        """Draw one view into the framebuffer that is in use."""


@dataclass(frozen=True)
class View:
    """One picture to take: which place, from where, and where its moving parts are."""

    scene: ViewedScene
    camera: Camera
    poses: FloatArray  # (P, 4, 4) of the actors' parts, in their order

    @cached_property
    def clip(self) -> FloatArray:
        """Matrix (4, 4) from the world to clip space."""
        return clip_matrix(self.camera)

    @cached_property
    def planes(self) -> FloatArray:
        """Inward planes (5, 4) of what is seen."""
        return view_planes(self.clip)


class Renderer(Protocol):
    """Takes pictures of one place."""

    name: str

    def move(self, poses: FloatArray) -> None:
        """Say where the actors' parts (P, 4, 4), in their order, are from now on."""

    def render(self, camera: Camera) -> RenderedFrame:
        """Take a picture of the world as it stands."""

    def view(self, camera: Camera) -> View:
        """Return what a shared picture of many places needs of this one.

        Raises:
            SimulationError: the renderer takes one picture at a time.

        """

    def close(self) -> None:
        """Give back what is held."""
