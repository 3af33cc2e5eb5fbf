# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What never moves, on the card: vertices, the faces chosen from them, shaders that draw those.

One buffer holds the chosen faces of all kinds behind each other, so that a picture costs one
upload. Nothing here chooses.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import IndexArray
from .gl_context import LIT_NAMES, GlContext
from .normals import VERTEX
from .vertex_buffers import KINDS, NO_INDICES

VERTEX_FORMAT, VERTEX_NAMES = '3f 3f 4f1', ('position', 'normal', 'colour')
LIT_FORMAT, LIT_BYTES = '4f1 4f1 4f1', 12


class StaticBatch:
    """Holds buffers and vertex arrays; release it."""

    def __init__(
        self, gl: GlContext, vertices: npt.NDArray[np.void], most: int, snowy: bool
    ) -> None:
        """Copy the vertices; ``most`` indices are chosen at once."""
        self._gl, context = gl, gl.context
        self._vertices = context.buffer(vertices.tobytes() or bytes(VERTEX.itemsize))
        self._light = context.buffer(reserve=LIT_BYTES * max(len(vertices), 1))
        self._count = len(vertices)
        self._indices = context.buffer(reserve=4 * max(most, 3), dynamic=True)
        self._lit = {kind: self._array(p) for kind, p in gl.still_programs(snowy).items()}
        self._dark = {kind: self._array(p) for kind, p in gl.shadow_programs.items()}
        self._painted = self._array(gl.painter)
        content = [(self._vertices, VERTEX_FORMAT, *VERTEX_NAMES)]
        self._lighter = context.vertex_array(gl.lighter, content)
        self.choose([NO_INDICES] * len(KINDS))

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

    def choose(self, indices: Sequence[IndexArray]) -> None:
        """Choose what is drawn from now on: the indices of each kind, three a face."""
        counts = [len(chosen) for chosen in indices]
        starts = [0, *accumulate(counts)]
        self._ranges = dict(zip(KINDS, zip(starts, counts, strict=False), strict=True))
        self._total = starts[-1]
        if self._total:
            self._indices.write(np.concatenate(indices))

    def draw(self, kind: str) -> None:
        """Draw the faces of one kind in their light."""
        self._render(self._lit[kind], *self._ranges[kind])

    def draw_shadow(self, kind: str) -> None:
        """Draw the faces of one kind into a shadow map."""
        self._render(self._dark[kind], *self._ranges[kind])

    def paint(self) -> None:
        """Draw the ground's faces from above."""
        self._render(self._painted, *self._ranges['ground'])

    def _render(self, array: Any, first: int, count: int) -> None:
        if count:
            array.render(self._gl.moderngl.TRIANGLES, count, first=first)

    def release(self) -> None:
        """Give everything on the card back."""
        arrays = (*self._lit.values(), *self._dark.values())
        others = (self._painted, self._lighter, self._vertices, self._light, self._indices)
        for resource in (*arrays, *others):
            resource.release()
