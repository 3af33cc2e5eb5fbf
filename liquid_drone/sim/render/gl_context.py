# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""OpenGL without a window: one context a process, its shaders, noise and framebuffers.

It runs on a graphics card, or on Mesa's llvmpipe where there is none. It knows no scenery.
"""

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, Image
from ...errors import SimulationError, require
from ..world.textures import value_noise
from . import egl, llvm
from .readback import Readback
from .shaders import objects as things
from .shaders import surroundings as around
from .shaders.programs import source
from .shaders.view import VIEW_DTYPE

NOISE_PIXELS = 256
NOISE_SEED = 20  # a texture that every place shares
LIT_NAMES = ('lit_colour', 'lit_snow', 'lit_look')  # what the lighter makes of a vertex
SAMPLERS = ('noise', 'picture', 'shadow', 'moving', 'sky', 'poses', 'grain')  # by texture unit
SKY_PIXELS = 512
SHADING = ('solid', 'facade', 'glass', 'leaves')  # kinds that throw shadows
STILL = {
    'solid': (things.STILL_VERTEX, things.SOLID),
    'facade': (things.FACADE_VERTEX, things.FACADE),
    'glass': (things.FACADE_VERTEX, things.FACADE),
    'leaves': (things.STILL_VERTEX, things.LEAVES),
    'ground': (around.GROUND_VERTEX, around.GROUND),
}
MOVED = {
    **{kind: shaders for kind, shaders in STILL.items() if kind != 'ground'},
    'solid': (things.MOVED_VERTEX, things.SOLID),
    'leaves': (things.MOVED_VERTEX, things.LEAVES),
}
DEFINES = {'leaves': ('LEAVED',), 'glass': ('PANES',)}

_here = threading.local()


class GlContext:
    """Holds the OpenGL context of this process."""

    _shared: 'GlContext | None' = None

    def __init__(self) -> None:
        """Open a context.

        Raises:
            SimulationError: no EGL, or OpenGL older than 4.3.

        """
        moderngl = require('moderngl', 'sim')
        self.context = _open(moderngl)
        self.moderngl = moderngl
        self.device = str(self.context.info['GL_RENDERER'])
        self.is_software = 'llvmpipe' in self.device or 'softpipe' in self.device
        llvm.keep_apart(self.device)
        self._compile()
        self.noise = self._make_noise()
        self._grain = self.context.sampler(
            filter=(self.moderngl.NEAREST_MIPMAP_NEAREST, self.moderngl.NEAREST),
            texture=self.noise,
        )  # the noise again, one texel a read: a quarter of the time where triangles are small
        self._grain.use(SAMPLERS.index('grain'))
        self._frames: dict[tuple[int, int], list[Any]] = {}
        self._readbacks: dict[tuple[int, int, int], list[Readback]] = {}

    @classmethod
    def shared(cls) -> 'GlContext':
        """Return this process's context; the first call opens it.

        Raises:
            SimulationError: it cannot be opened, another thread opened it, or this process was
                forked from one that had: Mesa's threads are gone then, and drawing would wait for
                ever.

        """
        if cls._shared is not None and cls._shared.process != os.getpid():
            raise SimulationError(
                'this process was forked from one that had drawn already, and OpenGL does not '
                'survive a fork: start it by spawn (gymnasium.make_vec(..., '
                "vector_kwargs={'context': 'spawn'}), SubprocVecEnv(..., start_method='spawn')), "
                'or draw nothing before'
            )
        if cls._shared is None:
            cls._shared = cls()
            cls._shared.process = os.getpid()
            _here.has_opened = True
        if not cls.is_here():
            raise SimulationError(
                'another thread of this process draws already, and OpenGL draws in one thread '
                'alone: make, step and close every environment and simulator of a process in one '
                'thread, or give each a process (gymnasium.make_vec(..., '
                "vectorization_mode='async'), SubprocVecEnv)"
            )
        return cls._shared

    @classmethod
    def is_open(cls) -> bool:
        """Tell whether there is a context, in whichever thread or process it draws."""
        return cls._shared is not None

    @staticmethod
    def is_here() -> bool:
        """Tell whether this is the thread that draws; numbers of threads come again."""
        return getattr(_here, 'has_opened', False)

    process = 0

    def _compile(self) -> None:
        self.shadow_programs = {
            kind: self._program(things.SHADOW_VERTEX, things.SHADOW, *DEFINES.get(kind, ()))
            for kind in SHADING
        }
        self.lighter = self._program(things.LIGHTER, varyings=LIT_NAMES)
        self.actor_shadow = self._program(around.MOVING_VERTEX, around.MOVING, 'MOVES')
        self.painter = self._program(around.PAINTED_VERTEX, around.PAINTED)
        self._sky_painter = self._program(around.SKY_VERTEX, around.SKY_PAINTED)
        self.sky = self._program(around.SKY_VERTEX, around.SKY)
        self.sky_vertices = self.context.vertex_array(self.sky, [])
        self._sky_paint = self.context.vertex_array(self._sky_painter, [])
        self.view = self.context.buffer(reserve=VIEW_DTYPE.itemsize, dynamic=True)
        self.view.bind_to_uniform_block(0)
        self._still: dict[bool, dict[str, Any]] = {}

    def still_programs(self, snowy: bool) -> dict[str, Any]:
        """Return the program of each kind; the one without snow is the faster."""
        if snowy not in self._still:
            self._still[snowy] = self._programs(STILL, *(('SNOWY',) if snowy else ()))
        return self._still[snowy]

    @cached_property
    def moved_programs(self) -> dict[str, Any]:
        """Return the program of each kind of what moves."""
        return self._programs(MOVED, 'MOVES')

    def _programs(self, kinds: dict[str, tuple[str, str]], *defines: str) -> dict[str, Any]:
        return {
            kind: self._program(vertex, fragment, *DEFINES.get(kind, ()), *defines)
            for kind, (vertex, fragment) in kinds.items()
        }

    def _program(
        self, vertex: str, fragment: str = '', *defines: str, varyings: Sequence[str] = ()
    ) -> Any:
        program = self.context.program(
            vertex_shader=source(vertex, *defines),
            fragment_shader=source(fragment, *defines) if fragment else None,
            varyings=varyings,
        )
        for unit, name in enumerate(SAMPLERS):
            if name in program:
                program[name].value = unit
        return program

    def _make_noise(self) -> Any:
        """Make four channels of tileable noise, each spread evenly over 0..1."""
        rng = np.random.default_rng(NOISE_SEED)
        channels = [value_noise(rng, NOISE_PIXELS, cells, 3) for cells in (8, 16, 48, 32)]
        data = np.stack(
            [_evened(_tiled(channel.astype(np.float64))) for channel in channels], axis=-1
        )
        texture = self.context.texture((NOISE_PIXELS, NOISE_PIXELS), 4, _bytes(data).tobytes())
        texture.build_mipmaps()
        texture.filter = (self.moderngl.LINEAR_MIPMAP_NEAREST, self.moderngl.LINEAR)
        return texture

    def depth_map(self, pixels: int) -> tuple[Any, Any]:
        """Return a depth texture that compares, and its framebuffer."""
        texture = self.context.depth_texture((pixels, pixels))
        texture.compare_func = '<='
        texture.filter = (self.moderngl.NEAREST, self.moderngl.NEAREST)
        texture.repeat_x = texture.repeat_y = False
        return texture, self.context.framebuffer(depth_attachment=texture)

    def mask_map(self, pixels: int) -> tuple[Any, Any]:
        """Return a texture of two channels, smoothed, and its framebuffer."""
        texture = self.context.texture((pixels, pixels), 2)
        texture.filter = (self.moderngl.LINEAR, self.moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        frame = self.context.framebuffer([texture])
        frame.clear()
        return texture, frame

    def pose_map(self, parts: int) -> Any:
        """Return a texture that holds the rows (3, 4) of the poses of some parts."""
        texture = self.context.texture((3, max(parts, 1)), 4, dtype='f4')
        texture.filter = (self.moderngl.NEAREST, self.moderngl.NEAREST)
        return texture

    def paint_sky(self) -> Any:
        """Return the sky of the view that was written as a texture."""
        texture = self.context.texture((SKY_PIXELS, SKY_PIXELS), 4)
        frame = self.context.framebuffer([texture])
        frame.use()
        self.context.enable_only(self.context.NOTHING)
        self.noise.use(0)
        self._sky_paint.render(self.moderngl.TRIANGLES, vertices=3)
        frame.release()
        texture.filter = (self.moderngl.LINEAR, self.moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture

    def frames(self, count: int, width: int, height: int) -> list[Any]:
        """Return some framebuffers of a size, always the same ones."""
        frames, size = self._frames.setdefault((width, height), []), (width, height)
        while len(frames) < count:
            colour = self.context.renderbuffer(size, 4)
            frames.append(
                self.context.framebuffer([colour], self.context.depth_renderbuffer(size))
            )
        return frames[:count]

    def readback(self, count: int, width: int, height: int) -> Readback:
        """Return one that nobody uses; give it to :meth:`keep` when it has ended."""
        if free := self._readbacks.get((count, width, height)):
            return free.pop()
        return Readback(self.context, count, width, height, waits=self.is_software)

    def keep(self, readback: Readback) -> None:
        """Keep one for the next pictures."""
        self._readbacks.setdefault(readback.size, []).append(readback)

    def ground_texture(self, picture: Image) -> Any:
        """Return a picture (H, W, 3) as a texture whose row 0 is v = 1."""
        height, width = picture.shape[:2]
        data = np.ascontiguousarray(picture[::-1])
        return self.mipmapped(
            self.context.texture((width, height), 3, data.tobytes(), alignment=1)
        )

    def mipmapped(self, texture: Any) -> Any:
        """Smooth a texture that does not repeat, and return it."""
        texture.build_mipmaps()
        texture.filter = (self.moderngl.LINEAR_MIPMAP_NEAREST, self.moderngl.LINEAR)
        texture.repeat_x = texture.repeat_y = False
        return texture


def _open(moderngl: Any) -> Any:
    """Return a context on the best device that gives one.

    Raises:
        SimulationError: none does.

    """
    errors = []
    for number in egl.device_order():
        try:
            return moderngl.create_context(
                standalone=True, backend='egl', require=430, device_index=number
            )
        except Exception as error:  # glcontext raises bare Exception
            errors.append(f'device {number}: {error}')
    raise SimulationError(f'no OpenGL 4.3 through EGL: {"; ".join(errors)}')


def _tiled(noise: FloatArray) -> FloatArray:
    """Blend noise with itself, half a period on, so that it repeats without a seam."""
    size = len(noise)
    ramp = np.abs(np.linspace(-1.0, 1.0, size, endpoint=False))
    weight = np.minimum.outer(1.0 - ramp, 1.0 - ramp) * 2.0
    weight = np.clip(weight, 0.0, 1.0)
    tiled: FloatArray = noise * weight + np.roll(noise, size // 2, (0, 1)) * (1.0 - weight)
    return tiled


def _evened(noise: FloatArray) -> FloatArray:
    """Replace each value by its rank, 0..1, so that a threshold is a share of the area."""
    rank = np.empty(noise.size)
    rank[np.argsort(noise, axis=None, kind='stable')] = np.linspace(0.0, 1.0, noise.size)
    return rank.reshape(noise.shape)


def _bytes(values: FloatArray) -> npt.NDArray[np.uint8]:
    return np.round(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
