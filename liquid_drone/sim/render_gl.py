# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by OpenGL without a window, on a graphics card or on Mesa's llvmpipe.

One :class:`Studio` a process holds context, shaders and framebuffer; a :class:`Stage` holds what
one place needs on the card. Many views of many stages are drawn into one framebuffer and read
back at once. It knows no PyBullet: a scenery comes in, poses come in, pictures go out.
"""

import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contract import Image
from ..errors import SimulationError, require
from . import packing, shaders
from .packing import KINDS, Packed
from .projection import clip_matrix, sun_matrix, view_planes
from .render import Camera, Picture
from .scenery import Actor, Scenery
from .textures import value_noise

FloatArray = npt.NDArray[np.float64]
NOISE_PIXELS = 256
SHADOW_PIXELS, NEAR_SHADOW_PIXELS = 2048, 256
NEAR_SHADOW_M = 16.0  # side of the square around the camera's subject that moving things shade
SAMPLERS = ('noise', 'picture', 'shadow', 'near_shadow')  # by texture unit
VIEW_FLOATS = 3 * 16 + 9 * 4
INSTANCE_FORMAT, INSTANCE_NAMES = '4f 4f 4f 4f/i', ('row0', 'row1', 'row2', 'tint')
VERTEX_FORMAT, VERTEX_NAMES = '3f 3f 4f1', ('position', 'normal', 'colour')
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """One picture to take: which place, from where, and where its moving parts are."""

    stage: 'Stage'
    camera: Camera
    poses: FloatArray  # (P, 4, 4) of the actors' parts, in their order


class Studio:
    """Holds the OpenGL context of this process."""

    _shared: 'Studio | None' = None

    def __init__(self) -> None:
        """Open a context.

        Raises:
            SimulationError: no EGL, or OpenGL older than 4.3.

        """
        moderngl = require('moderngl', 'sim')
        try:
            self.context = moderngl.create_context(standalone=True, backend='egl', require=430)
        except Exception as error:  # glcontext raises bare Exception
            raise SimulationError(f'no OpenGL 4.3 through EGL: {error}') from error
        self.gl = moderngl
        self.device = str(self.context.info['GL_RENDERER'])
        self._compile()
        self.noise = self._make_noise()
        self._targets: dict[tuple[int, int], Any] = {}

    @classmethod
    def shared(cls) -> 'Studio':
        """Return this process's studio; the first call opens it. A fork gets its own."""
        if cls._shared is None or cls._shared.process != os.getpid():
            cls._shared = cls()
            cls._shared.process = os.getpid()
        return cls._shared

    process = 0

    def _compile(self) -> None:
        fragments = {
            'solid': (shaders.SOLID, ()),
            'facade': (shaders.SOLID, ('FACADE',)),
            'leaves': (shaders.LEAVES, ('LEAVES',)),
            'ground': (shaders.GROUND, ()),
        }
        self.programs = {
            kind: self._program(shaders.VERTEX, fragment, *names)
            for kind, (fragment, names) in fragments.items()
        }
        self.shadow_programs = {
            kind: self._program(shaders.VERTEX, shaders.SHADOW_FRAGMENT, *fragments[kind][1])
            for kind in ('solid', 'facade', 'leaves')
        }
        self.painter = self._program(shaders.PAINTED_VERTEX, shaders.PAINTED)
        self.sky = self._program(shaders.SKY_VERTEX, shaders.SKY_FRAGMENT)
        self.sky_vertices = self.context.vertex_array(self.sky, [])
        self.view = self.context.buffer(reserve=VIEW_FLOATS * 4, dynamic=True)
        self.view.bind_to_uniform_block(0)

    def _program(self, vertex: str, fragment: str, *defines: str) -> Any:
        program = self.context.program(
            vertex_shader=shaders.source(vertex, *defines),
            fragment_shader=shaders.source(fragment, *defines),
        )
        for unit, name in enumerate(SAMPLERS):
            if name in program:
                program[name].value = unit
        return program

    def _make_noise(self) -> Any:
        """Make four channels of tileable noise, each spread evenly over 0..1."""
        rng = np.random.default_rng(20)
        channels = [value_noise(rng, NOISE_PIXELS, cells, 3) for cells in (8, 16, 48, 32)]
        data = np.stack(
            [_evened(_tiled(channel.astype(np.float64))) for channel in channels], axis=-1
        )
        texture = self.context.texture((NOISE_PIXELS, NOISE_PIXELS), 4, _bytes(data).tobytes())
        texture.build_mipmaps()
        texture.filter = (self.gl.LINEAR_MIPMAP_NEAREST, self.gl.LINEAR)
        return texture

    def depth_map(self, pixels: int) -> tuple[Any, Any]:
        """Return a depth texture that compares, and its framebuffer."""
        texture = self.context.depth_texture((pixels, pixels))
        texture.compare_func = '<='
        texture.filter = (self.gl.NEAREST, self.gl.NEAREST)
        texture.repeat_x = texture.repeat_y = False
        return texture, self.context.framebuffer(depth_attachment=texture)

    def target(self, width: int, height: int) -> Any:
        """Return a framebuffer of a size."""
        if (width, height) not in self._targets:
            self._targets[width, height] = self.context.framebuffer(
                [self.context.renderbuffer((width, height), 4)],
                self.context.depth_renderbuffer((width, height)),
            )
        return self._targets[width, height]

    def render(self, views: Sequence[View]) -> list[Picture]:
        """Take several pictures of one size, each of its own place, with one reading back."""
        camera = views[0].camera
        columns = math.ceil(math.sqrt(len(views)))
        rows = math.ceil(len(views) / columns)
        width, height = camera.width, camera.height
        for view in views:
            view.stage.shade_actors(view)
        frame = self.target(columns * width, rows * height)
        frame.use()
        frame.viewport = (0, 0, columns * width, rows * height)
        frame.clear(depth=1.0)
        for i, view in enumerate(views):
            frame.viewport = ((i % columns) * width, (i // columns) * height, width, height)
            view.stage.draw(view)
        frame.viewport = (0, 0, columns * width, rows * height)
        data = np.frombuffer(frame.read(components=4, alignment=1), np.uint8)
        sheet = data.reshape(rows, height, columns, width, 4)[:, ::-1]
        return [_picture(sheet[i // columns, :, i % columns]) for i in range(len(views))]


class Stage:
    """Holds one place on the card; release it."""

    def __init__(self, studio: Studio, scenery: Scenery, actors: Sequence[Actor]) -> None:
        self._studio, self._air = studio, scenery.air
        self._packed, self._actors = packing.pack(scenery), packing.pack_actors(actors)
        self._ground_map = packing.ground_map(scenery.ground)
        self._held: list[Any] = []
        self._things = _Drawn(studio, self._packed, self._held)
        self._movers = _Drawn(studio, self._actors, self._held)
        self._shadow, shadow_frame = map(self._hold, studio.depth_map(SHADOW_PIXELS))
        self._near, self._near_frame = map(self._hold, studio.depth_map(NEAR_SHADOW_PIXELS))
        self._shadow_matrix = sun_matrix(self._air.sun_direction, *_bounds(self._packed))
        self._near_matrix = np.eye(4)
        self._shade_things(shadow_frame)
        self._picture = self._hold(self._paint_ground(scenery.ground.picture))

    def _hold(self, resource: Any) -> Any:
        self._held.append(resource)
        return resource

    def release(self) -> None:
        """Give everything on the card back."""
        for resource in self._held:
            resource.release()
        self._held.clear()

    def _shade_things(self, frame: Any) -> None:
        """Draw the shadow map of what never moves, once."""
        rows, commands = self._packed.visible(np.zeros(3), None)
        self._things.load(rows, commands)
        self._write_view(self._shadow_matrix)
        self._draw_shadows(self._things, frame)

    def _paint_ground(self, picture: Image) -> Any:
        """Light the ground once, from above: what never moves shades it for ever."""
        studio, context = self._studio, self._studio.context
        plain = _ground_texture(studio, picture)
        painted = context.texture(plain.size, 4)
        frame = context.framebuffer([painted])
        number = KINDS.index('ground')
        used = self._packed.count[..., number].ravel() > 0
        first, count = (
            array[..., number].ravel()[used] for array in (self._packed.first, self._packed.count)
        )
        frame.use()
        context.enable_only(context.NOTHING)
        for unit, texture in enumerate((studio.noise, plain, self._shadow)):
            texture.use(unit)
        ground = self._things.painter(studio)
        for begin, size in zip(first.tolist(), count.tolist(), strict=True):
            ground.render(studio.gl.TRIANGLES, vertices=size, first=begin)
        for used_up in (ground, frame, plain):
            used_up.release()
        _mipmapped(studio, painted)
        return painted

    def shade_actors(self, view: View) -> None:
        """Draw the shadow map of what moves, for one picture."""
        self._pose(view.poses)
        middle = view.poses[0, :3, 3] if len(view.poses) else view.camera.position_enu
        radius = NEAR_SHADOW_M / 2.0
        self._near_matrix = sun_matrix(self._air.sun_direction, np.asarray(middle), radius)
        self._write_view(self._near_matrix)
        self._draw_shadows(self._movers, self._near_frame)

    def _draw_shadows(self, drawn: '_Drawn', frame: Any) -> None:
        context = self._studio.context
        frame.use()
        frame.clear(depth=1.0)
        context.enable_only(context.DEPTH_TEST)
        context.polygon_offset = (2.0, 4.0)
        self._studio.noise.use(0)
        drawn.draw_shadow()
        context.polygon_offset = (0.0, 0.0)

    def _pose(self, poses: FloatArray) -> None:
        rows = self._actors.instances
        if len(poses) != len(rows):
            raise SimulationError(f'expected poses of {len(rows)} parts, got {len(poses)}')
        rows[:, :12] = poses[:, :3].reshape(-1, 12)
        self._movers.load(*self._actors.visible(np.zeros(3), None))

    def draw(self, view: View) -> None:
        """Draw one view into the framebuffer that is in use."""
        context, camera = self._studio.context, view.camera
        matrix = clip_matrix(camera)
        self._write_view(matrix, camera)
        self._pose(view.poses)
        self._things.load(*self._packed.visible(camera.position_enu, view_planes(matrix)))
        textures = (self._studio.noise, self._picture, self._shadow, self._near)
        for unit, texture in enumerate(textures):
            texture.use(unit)
        context.enable_only(context.DEPTH_TEST | context.CULL_FACE)
        self._movers.draw('solid')
        for kind in ('solid', 'facade'):
            self._things.draw(kind)
        context.disable(context.CULL_FACE)
        for kind in ('leaves', 'ground'):
            self._things.draw(kind)
        context.depth_func = '<='
        self._studio.sky_vertices.render(self._studio.gl.TRIANGLES, vertices=3)
        context.depth_func = '<'

    def _write_view(self, clip: FloatArray, camera: Camera | None = None) -> None:
        air = self._air
        texture_space = np.diag([0.5, 0.5, 0.5, 1.0])
        texture_space[:3, 3] = 0.5
        data = np.zeros(VIEW_FLOATS, dtype=np.float32)
        matrices = (clip, texture_space @ self._shadow_matrix, texture_space @ self._near_matrix)
        data[:48] = np.concatenate([matrix.T.ravel() for matrix in matrices])
        vectors = data[48:].reshape(9, 4)
        vectors[1] = [*air.sun_direction, air.ambient]
        vectors[2] = [*air.sun_colour, air.snow]
        vectors[3] = [*air.sky_horizon, air.fog_density_per_m]
        vectors[4] = [*air.sky_zenith, air.foliage]
        vectors[5] = self._ground_map
        if camera is not None:
            half = math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
            vectors[0] = [*camera.position_enu, air.exposure]
            vectors[6, :3] = camera.rotation[:, 0]
            vectors[7, :3] = camera.rotation[:, 1] * half
            vectors[8, :3] = camera.rotation[:, 2] * (half * camera.height / camera.width)
        self._studio.view.write(data)


class _Drawn:
    """The buffers of something packed, and how each kind is drawn from them."""

    def __init__(self, studio: Studio, packed: Packed, held: list[Any]) -> None:
        context = studio.context
        size = max(len(packed.instances), 1) * packing.INSTANCE_FLOATS * 4
        vertices = context.buffer(packed.vertices.tobytes() or b'\0' * 28)
        indices = context.buffer(packed.indices.tobytes() or b'\0' * 4)
        self._rows = context.buffer(reserve=size, dynamic=True)
        slots = max(packed.first[..., 0].size, 1)
        self._commands = [context.buffer(reserve=20 * slots, dynamic=True) for _ in KINDS]
        self._counts = [0] * len(KINDS)
        self._geometry, self._faces = vertices, indices
        content = [
            (vertices, VERTEX_FORMAT, *VERTEX_NAMES),
            (self._rows, INSTANCE_FORMAT, *INSTANCE_NAMES),
        ]
        self._lit = {k: _array(context, p, content, indices) for k, p in studio.programs.items()}
        self._dark = {
            k: _array(context, p, content, indices) for k, p in studio.shadow_programs.items()
        }
        held += [*self._lit.values(), *self._dark.values(), *self._commands]
        held += [self._rows, vertices, indices]

    def painter(self, studio: Studio) -> Any:
        """Return the same faces for the ground's painter."""
        content = [(self._geometry, VERTEX_FORMAT, *VERTEX_NAMES)]
        return _array(studio.context, studio.painter, content, self._faces)

    def load(
        self, rows: npt.NDArray[np.float32], commands: Sequence[npt.NDArray[np.void]]
    ) -> None:
        """Say which copies are drawn next."""
        if len(rows):
            self._rows.write(rows)
        for i, listed in enumerate(commands):
            self._counts[i] = len(listed)
            if len(listed):
                self._commands[i].write(listed)

    def draw(self, kind: str) -> None:
        self._render(self._lit[kind], kind)

    def draw_shadow(self) -> None:
        for kind, vertices in self._dark.items():
            self._render(vertices, kind)

    def _render(self, vertices: Any, kind: str) -> None:
        number = KINDS.index(kind)
        if self._counts[number]:
            vertices.render_indirect(self._commands[number], count=self._counts[number])


class GlRenderer:
    """One place, one camera at a time, behind the renderers' common interface."""

    name = 'opengl'

    def __init__(self, scenery: Scenery, actors: Sequence[Actor]) -> None:
        self._studio = Studio.shared()
        self.stage = Stage(self._studio, scenery, actors)
        self._poses = np.zeros((0, 4, 4))

    def move(self, poses: FloatArray) -> None:
        """Say where the actors' parts (P, 4, 4) are from now on."""
        self._poses = poses

    def view(self, camera: Camera) -> View:
        """Return what a shared picture of many places needs of this one."""
        return View(self.stage, camera, self._poses)

    def render(self, camera: Camera) -> Picture:
        """Take a picture of the world as it stands."""
        return self._studio.render([self.view(camera)])[0]

    def close(self) -> None:
        """Give the memory back."""
        self.stage.release()


def _bounds(packed: Packed) -> tuple[FloatArray, float]:
    """Return a sphere around everything."""
    low = (packed.centre - packed.radius[:, None]).min(axis=0)
    high = (packed.centre + packed.radius[:, None]).max(axis=0)
    return (low + high) / 2.0, float(np.linalg.norm(high[:2] - low[:2]) / 2.0)


def _array(context: Any, program: Any, content: list[Any], indices: Any) -> Any:
    """Bind buffers to a program; what the program's compiler dropped is skipped."""
    return context.vertex_array(program, content, index_buffer=indices, skip_errors=True)


def _ground_texture(studio: Studio, picture: Image) -> Any:
    height, width = picture.shape[:2]
    data = np.ascontiguousarray(picture[::-1])  # row 0 is v = 1
    texture = studio.context.texture((width, height), 3, data.tobytes(), alignment=1)
    return _mipmapped(studio, texture)


def _mipmapped(studio: Studio, texture: Any) -> Any:
    texture.build_mipmaps()
    texture.filter = (studio.gl.LINEAR_MIPMAP_NEAREST, studio.gl.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    return texture


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


def _picture(rgba: npt.NDArray[np.uint8]) -> Picture:
    return Picture(np.ascontiguousarray(rgba[..., :3]), rgba[..., 3] > 127)
