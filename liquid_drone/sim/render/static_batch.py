# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What never moves, on the card: vertices, faces, shaders that draw those that are chosen.

A picture costs one upload of some kilobytes: the commands that name the chosen faces. Nothing here
chooses.
"""

import itertools
from typing import Any

from .draw_list import COMMAND, DrawList
from .gl_context import LIT_NAMES, GlContext
from .normals import VERTEX
from .vertex_buffers import KINDS, Packed

VERTEX_FORMAT, VERTEX_NAMES = '3f 3f 4f1', ('position', 'normal', 'colour')
LIT_FORMAT, LIT_BYTES = '4f1 4f1 4f1', 12


class StaticBatch:
    """Holds buffers and vertex arrays; release it."""

    def __init__(self, gl: GlContext, packed: Packed, snowy: bool) -> None:
        """Copy vertices and faces; at first everything is chosen, in its finest level."""
        self._gl, context = gl, gl.context
        self._vertices = context.buffer(packed.vertices.tobytes() or bytes(VERTEX.itemsize))
        self._count = len(packed.vertices)
        self._light = context.buffer(reserve=LIT_BYTES * max(self._count, 1))
        self._indices = context.buffer(packed.faces.tobytes() or bytes(4))
        most = packed.copies.commands[:, 0].size  # each copy is drawn in one level
        self._commands = context.buffer(reserve=COMMAND.itemsize * max(most, 1), dynamic=True)
        self._lit = {kind: self._array(p) for kind, p in gl.still_programs(snowy).items()}
        self._dark = {kind: self._array(p) for kind, p in gl.shadow_programs.items()}
        self._painted = self._array(gl.painter)
        content = [(self._vertices, VERTEX_FORMAT, *VERTEX_NAMES)]
        self._lighter = context.vertex_array(gl.lighter, content)
        self.choose(packed.copies.finest())

    def _array(self, program: Any) -> Any:
        """Bind the buffers to a program; attributes that its compiler dropped are skipped."""
        content = [
            (self._vertices, VERTEX_FORMAT, *VERTEX_NAMES),
            (self._light, LIT_FORMAT, *LIT_NAMES),
        ]
        return self._gl.context.vertex_array(
            program, content, index_buffer=self._indices, skip_errors=True
        )

    def light(self) -> None:
        """Light every vertex by the sun, the sky and the shadow map that is in use."""
        if self._count:
            self._lighter.transform(self._light, self._gl.moderngl.POINTS, self._count)

    def choose(self, chosen: DrawList) -> None:
        """Choose what is drawn from now on."""
        self._ranges = dict(zip(KINDS, itertools.pairwise((0, *chosen.ends)), strict=True))
        if len(chosen.commands):
            self._commands.write(chosen.commands)

    def draw(self, kind: str) -> None:
        """Draw the faces of one kind in their light."""
        self._render(self._lit[kind], *self._ranges[kind])

    def draw_shadow(self, kind: str) -> None:
        """Draw the faces of one kind into a shadow map."""
        self._render(self._dark[kind], *self._ranges[kind])

    def paint(self) -> None:
        """Draw the ground's faces from above."""
        self._render(self._painted, *self._ranges['ground'])

    def _render(self, array: Any, first: int, end: int) -> None:
        if end > first:
            triangles = self._gl.moderngl.TRIANGLES
            array.render_indirect(self._commands, triangles, end - first, first=first)

    def release(self) -> None:
        """Give everything on the card back."""
        arrays = (*self._lit.values(), *self._dark.values())
        buffers = (self._vertices, self._light, self._indices, self._commands)
        for resource in (*arrays, self._painted, self._lighter, *buffers):
            resource.release()
