# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the processor's time of an environment step goes: flying, choosing, OpenGL, the rest.

Methods are wrapped by a stopwatch that counts each moment once, for the innermost of them. They
stay wrapped: run it in a process of its own (``sim_case.py``). With ``LP_NUM_THREADS=0`` Mesa
rasterises in the calls that end a picture (``clear`` and ``use`` of the next one, reading back).
"""

import functools
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import moderngl
import numpy as np

from ...sim.built_world import BuiltWorld
from ...sim.gym.env import DroneEnv
from ...sim.gym.vector_env import DroneEnvs
from ...sim.render.opengl import GlScene
from ...sim.render.readback import Readback

REST = 'the rest'
CHOOSING, FLYING, MOVING = 'choosing what is visible', 'flying', 'placing what moves'
RASTERISING, DRAWING = 'OpenGL: rasterising, reading back', 'OpenGL: vertices, triangles'
STATE, ARRAYS = 'uniforms, textures, state', 'pictures to arrays, rewards'
METHODS: tuple[tuple[str, type, tuple[str, ...]], ...] = (
    (FLYING, DroneEnv, ('move',)),
    (MOVING, BuiltWorld, ('move_actors', 'show_actors')),
    (CHOOSING, GlScene, ('visible',)),
    (STATE, GlScene, ('shade_actors', 'draw')),
    (DRAWING, moderngl.VertexArray, ('render', 'render_indirect')),
    (RASTERISING, moderngl.Framebuffer, ('clear', 'use', 'read_into')),
    (RASTERISING, moderngl.Buffer, ('read_into',)),
    (ARRAYS, Readback, ('end',)),
    (ARRAYS, DroneEnv, ('develop', 'judge')),
    (ARRAYS, DroneEnvs, ('_stacked',)),
)


class Stopwatch:
    """Sums the processor's time of this thread by name."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._spent_s: dict[str, float] = defaultdict(float)
        self._clock, self._names, self._since = clock, [REST], clock()

    def wrap(self, owner: type, method: str, name: str) -> None:
        """Count a method's time under a name, but for that of wrapped methods that it calls."""
        inner = getattr(owner, method)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._lap()
            self._names.append(name)
            try:
                return inner(*args, **kwargs)
            finally:
                self._lap()
                self._names.pop()

        setattr(owner, method, timed)

    def take(self) -> dict[str, float]:
        """Return what was spent since this was asked last, in seconds by name."""
        self._lap()
        spent, self._spent_s = dict(self._spent_s), defaultdict(float)
        return spent

    def _lap(self) -> None:
        now = self._clock()
        self._spent_s[self._names[-1]] += now - self._since
        self._since = now


def step_parts(envs: DroneEnvs, steps: int, warm_up: int = 5) -> dict[str, float]:
    """Return milliseconds of one environment's step by part, hovering, the largest first."""
    watch = Stopwatch()
    for name, owner, methods in METHODS:
        for method in methods:
            watch.wrap(owner, method, name)
    still = np.zeros((envs.num_envs, 4), np.float32)
    for count in (warm_up, steps):
        watch.take()
        for _ in range(count):
            envs.step(still)
    each = 1e3 / (steps * envs.num_envs)
    parts = {name: seconds * each for name, seconds in watch.take().items()}
    return dict(sorted(parts.items(), key=lambda part: -part[1]))
