# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether resets leak: memory, files and OpenGL objects over many of them."""

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..sim.render.gl_context import GlContext
from ..sim.simulator import Simulator

SEED = 9_000  # of the training split
SETTLED = 0.3  # share of the resets after which caches are full and the heap has its size
KINDS = ('VertexArray', 'Framebuffer', 'Renderbuffer', 'Buffer', 'Texture')
PAGE_MB = os.sysconf('SC_PAGE_SIZE') / 2.0**20


@dataclass(frozen=True)
class Held:
    """What a process holds at one moment."""

    memory_mb: float  # resident, without what is free in the allocator
    files: int  # open descriptors
    gl_objects: dict[str, int]  # by kind


@dataclass(frozen=True)
class Leak:
    """What many resets left behind."""

    resets: int
    before: Held  # after SETTLED of them
    after: Held
    kb_per_reset: float  # slope of memory over the resets between


def held() -> Held:
    """Return what this process holds now."""
    return Held(_resident_mb(), len(os.listdir('/proc/self/fd')), gl_objects())  # noqa: PTH208


def _resident_mb() -> float:
    """Return what is resident after the allocator gave back what it kept for later."""
    ctypes.CDLL(None).malloc_trim(0)  # glibc's
    pages = int(Path('/proc/self/statm').read_text(encoding='ascii').split()[1])
    return pages * PAGE_MB


def gl_objects() -> dict[str, int]:
    """Return how many objects of each kind live in this process's OpenGL context.

    Every name that was ever given is asked about: Mesa gives each only once.
    """
    context = GlContext.shared().context
    texture, buffer = context.texture((1, 1), 4), context.buffer(reserve=4)
    render, frame = context.renderbuffer((1, 1)), context.framebuffer([texture])
    array = context.vertex_array(GlContext.shared().sky, [])
    newest = dict(zip(KINDS, (array, frame, render, buffer, texture), strict=True))
    names = {kind: range(1, item.glo) for kind, item in newest.items()}
    for item in newest.values():
        item.release()
    return {kind: sum(map(_asks(kind), numbers)) for kind, numbers in names.items()}


def _asks(kind: str) -> Callable[[int], int]:
    """Return OpenGL's function that tells whether a name is an object of a kind."""
    find = ctypes.CDLL('libEGL.so.1').eglGetProcAddress
    find.restype, find.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    function = ctypes.CFUNCTYPE(ctypes.c_ubyte, ctypes.c_uint)
    return function(find(f'glIs{kind}'.encode()))


def repeat(simulator: Simulator, resets: int, on_reset: Callable[[], None]) -> Leak:
    """Reset to one place after the other, with a picture of each, and say what was left.

    Raises:
        ValueError: fewer than 10 resets, or another renderer than OpenGL.

    """
    if resets < 10 or simulator.renderer_name != 'opengl':
        raise ValueError(
            f'expected 10 resets or more, drawn by OpenGL; got {resets}, {simulator.renderer_name}'
        )
    memory, before = [], None
    for number in range(resets):
        simulator.reset(SEED + number % 100)
        simulator.capture()
        if number >= SETTLED * resets:
            before = before or held()
            memory.append(_resident_mb())
        on_reset()
    assert before is not None  # SETTLED is below one
    slope = float(np.polyfit(np.arange(len(memory)), memory, 1)[0]) * 1024.0
    return Leak(resets, before, held(), slope)
