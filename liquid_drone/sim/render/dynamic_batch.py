# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What moves, on the card: turned, moved and lit by its vertex shaders.

The vertices stay where they are, in the frames of their parts; a picture costs the poses, and new
faces only when other parts come into view.
"""

from itertools import accumulate
from typing import Any

import numpy as np

from ...arrays import BoolArray, FloatArray
from .gl_context import SAMPLERS, GlContext
from .normals import VERTEX
from .static_batch import VERTEX_FORMAT, VERTEX_NAMES
from .vertex_buffers import KINDS, PackedActors

POSES_UNIT = SAMPLERS.index('poses')


class DynamicBatch:
    """Holds buffers and vertex arrays; release it."""

    def __init__(self, gl: GlContext, actors: PackedActors) -> None:
        self._gl, self._actors, context = gl, actors, gl.context
        self._vertices = context.buffer(actors.vertices.tobytes() or bytes(VERTEX.itemsize))
        self._part = context.buffer(actors.part.tobytes() or bytes(4))
        most = sum(len(indices) for of_part in actors.indices for indices in of_part)
        self._indices = context.buffer(reserve=2 * 4 * max(most, 3), dynamic=True)
        self.poses = gl.pose_map(len(actors.radius))
        self._lit = {kind: self._array(p) for kind, p in gl.moved_programs.items()}
        self._shadow = self._array(gl.actor_shadow)
        self._chosen = b''
        self._ranges = dict.fromkeys(KINDS, (0, 0))
        self._shading = (0, 0)

    def _array(self, program: Any) -> Any:
        """Bind the buffers to a program; attributes that its compiler dropped are skipped."""
        content = [
            (self._vertices, VERTEX_FORMAT, *VERTEX_NAMES),
            (self._part, '1u', 'part'),
        ]
        return self._gl.context.vertex_array(
            program, content, index_buffer=self._indices, skip_errors=True
        )

    def place(self, poses: FloatArray, seen: BoolArray, shading: BoolArray) -> None:
        """Put the parts where they are: poses (P, 4, 4), which are seen, which throw shadows."""
        self.poses.write(poses[:, :3].astype(np.float32))
        chosen = seen.tobytes() + shading.tobytes()
        if chosen == self._chosen:
            return
        self._chosen = chosen
        indices = [*self._actors.chosen(seen), *self._actors.chosen(shading)]
        ends = list(accumulate(len(some) for some in indices))
        starts = [0, *ends]
        self._ranges = dict(zip(KINDS, zip(starts, ends, strict=False), strict=False))
        self._shading = starts[len(KINDS)], ends[-1]
        if ends[-1]:
            self._indices.write(np.concatenate(indices))

    def draw(self, kind: str) -> None:
        """Draw the faces of one kind in their light; ``poses`` is in use."""
        if kind in self._lit:
            self._render(self._lit[kind], *self._ranges[kind])

    def draw_shadow(self) -> None:
        """Draw where on the ground all this hides the sun, and where the sky."""
        context = self._gl.context
        context.enable_only(context.BLEND)
        context.blend_equation = self._gl.moderngl.MAX
        self.poses.use(POSES_UNIT)
        self._render(self._shadow, *self._shading, copies=2)

    def _render(self, array: Any, start: int, end: int, copies: int = 1) -> None:
        if end > start:
            count = end - start
            array.render(self._gl.moderngl.TRIANGLES, count, first=start, instances=copies)

    def release(self) -> None:
        """Give everything on the card back."""
        arrays = (*self._lit.values(), self._shadow)
        for resource in (*arrays, self._vertices, self._part, self._indices, self.poses):
            resource.release()
