# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by OpenGL: a scene holds one place on the card, and many views are taken at once.

Each view is drawn into a framebuffer of its own, so that a picture has the same bytes beside
others as alone; all are read back at once. Nothing here knows PyBullet: a scenery comes in, poses
come in, pictures go out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, Image
from ...errors import SimulationError
from ..world.scenery import Actor, Scenery
from . import vertex_buffers
from .draw_list import DrawList
from .dynamic_batch import DynamicBatch
from .gl_context import SHADING, GlContext
from .picture import Camera, RenderedFrame
from .projection import sun_matrix
from .readback import Readback
from .renderer import View
from .shaders.view import VIEW_DTYPE
from .static_batch import StaticBatch
from .vertex_buffers import KINDS, Copies

SHADOW_PIXELS, MOVING_PIXELS = 2048, 256
MOVING_M = 16.0  # side of the square around the target that moving things shade
NEAR_CELL_M = 0.25  # within which the ground's height below the target is taken as one
SHADOW_M = 4.0  # what stands so far beside the square may shade it
DETAIL_PIXELS = 250.0  # focal length at which levels of detail have the reach that models name
DENSE = 0.85  # crowns of at least that much foliage show only their outside
TO_TEXTURE = np.array([[0.5, 0, 0, 0.5], [0, 0.5, 0, 0.5], [0, 0, 0.5, 0.5], [0, 0, 0, 1.0]])


def render(views: Sequence[View]) -> list[RenderedFrame]:
    """Take several pictures of one size, each of its own place."""
    return begin(views).wait()


def begin(views: Sequence[View]) -> 'PendingPictures':
    """Let several pictures of one size be drawn, each of its own place, and do not wait."""
    gl, camera = GlContext.shared(), views[0].camera
    frames = gl.frames(len(views), camera.width, camera.height)
    apart = len({id(view.scene) for view in views}) == len(views)
    if apart:  # first all shadows, then all pictures: rasterising empties the caches
        for view in views:
            view.scene.shade_actors(view)
    chosen = [view.scene.visible(view) for view in views]  # in one go, likewise
    for view, visible, frame in zip(views, chosen, frames, strict=True):
        if not apart:
            view.scene.shade_actors(view)
        frame.use()
        frame.clear(depth=1.0)
        view.scene.draw(view, visible)
    readback = gl.readback(len(views), camera.width, camera.height)
    readback.begin(frames)
    return PendingPictures(gl, readback)


@dataclass(frozen=True)
class PendingPictures:
    """Pictures that are being drawn."""

    gl: GlContext
    readback: Readback

    def wait(self) -> list[RenderedFrame]:
        """Return them; ask once."""
        pictures = self.readback.end()
        self.gl.keep(self.readback)
        return pictures


class GlScene:
    """Holds one place on the card; release it."""

    def __init__(self, scenery: Scenery, actors: Sequence[Actor]) -> None:
        self._gl, self._air = GlContext.shared(), scenery.air
        packed, self._actors = vertex_buffers.pack(scenery), vertex_buffers.pack_actors(actors)
        self._copies = packed.copies
        self._static = StaticBatch(self._gl, packed, snowy=self._air.snow > 0.0)
        self._dynamic = DynamicBatch(self._gl, self._actors)
        self._shadow, shadow_frame = self._gl.depth_map(SHADOW_PIXELS)
        self._moving, self._moving_frame = self._gl.mask_map(MOVING_PIXELS)
        self._moving_frame.viewport = (1, 1, MOVING_PIXELS - 2, MOVING_PIXELS - 2)
        self._heights: dict[tuple[int, int], float] = {}  # what _height_near found
        self._ground = np.ascontiguousarray(scenery.ground.mesh.vertices.T, np.float32)  # (3, V)
        self._view = self._still_view(
            vertex_buffers.ground_map(scenery.ground), scenery.ground.takes_snow
        )
        self._shade_things(shadow_frame)
        shadow_frame.release()
        self._picture = self._paint_ground(scenery.ground.picture)
        self._sky = self._gl.paint_sky()

    def release(self) -> None:
        """Give everything on the card back; in another thread it stays until the process ends."""
        if not GlContext.is_here():
            return
        textures = (self._picture, self._sky, self._shadow, self._moving_frame, self._moving)
        for resource in (self._static, self._dynamic, *textures):
            resource.release()

    def _still_view(self, ground_map: tuple[float, ...], takes_snow: bool) -> npt.NDArray[np.void]:
        """Return the uniforms: what never changes in a place is filled in."""
        air, view = self._air, np.zeros((), VIEW_DTYPE)
        self._shadow_matrix = sun_matrix(air.sun_direction, *_bounds(self._copies))
        view['shadow_from_world'] = (TO_TEXTURE @ self._shadow_matrix).T
        view['camera']['exposure'] = air.exposure
        view['sun'] = tuple(air.sun_direction), air.ambient
        view['sun_colour'] = air.sun_colour, air.snow
        view['horizon'] = air.sky_horizon, air.fog_density_per_m
        view['zenith'] = air.sky_zenith, air.foliage
        view['ground_map'] = ground_map
        view['ray_forward']['ground_snow'] = takes_snow
        view['near_shadow']['half_side'] = MOVING_M / 2.0
        return view

    def _shade_things(self, frame: Any) -> None:
        """Draw the shadow map of what never moves, once."""
        context = self._gl.context
        self._write_view(self._shadow_matrix)
        frame.use()
        frame.clear(depth=1.0)
        context.enable_only(context.DEPTH_TEST)
        self._gl.noise.use(0)
        for kind in SHADING:
            self._static.draw_shadow(kind)

    def _paint_ground(self, picture: Image) -> Any:
        """Light the ground once, from above: what never moves shades it for ever."""
        gl, context = self._gl, self._gl.context
        plain = gl.ground_texture(picture)
        painted = context.texture(plain.size, 4)
        frame = context.framebuffer([painted])
        frame.use()
        context.enable_only(context.NOTHING)
        for unit, texture in enumerate((gl.noise, plain, self._shadow)):
            texture.use(unit)
        self._static.light()
        self._static.paint()
        frame.release()
        plain.release()
        return gl.mipmapped(painted)

    def shade_actors(self, view: View) -> None:
        """Put what moves where it is, and draw its shadow on the ground, for one picture."""
        gl, poses, parts = self._gl, view.poses, len(self._actors.radius)
        if len(poses) != parts:
            raise SimulationError(f'expected poses of {parts} parts, got {len(poses)}')
        if not parts:
            return
        seen = self._actors.visible(poses, view.planes)
        near = self._actors.beside(poses, MOVING_M / 2.0 + SHADOW_M)
        self._dynamic.place(poses, seen, near)
        self._view['near_shadow']['middle'] = self._ground_below(poses[0, :2, 3])
        gl.view.write(self._view)
        self._moving_frame.use()
        self._moving_frame.clear()
        self._dynamic.draw_shadow()

    def _ground_below(self, place: FloatArray) -> tuple[float, float, float]:
        """Return the ground's corner next to a place (2,), moved to that place."""
        x, y = place.tolist()
        return x, y, self._height_near(round(x / NEAR_CELL_M), round(y / NEAR_CELL_M))

    def _height_near(self, column: int, row: int) -> float:
        """Return the height of the ground's corner next to the middle of a cell."""
        if (column, row) not in self._heights:
            x, y, z = self._ground
            away = np.hypot(x - column * NEAR_CELL_M, y - row * NEAR_CELL_M)
            self._heights[column, row] = float(z[np.argmin(away)])
        return self._heights[column, row]

    def visible(self, view: View) -> DrawList:
        """Return what a view shows."""
        camera = view.camera
        detail = camera.focal_pixels / DETAIL_PIXELS
        return self._copies.visible(camera.position_enu, view.planes, detail)

    def draw(self, view: View, visible: DrawList) -> None:
        """Draw one view into the framebuffer that is in use."""
        gl, context = self._gl, self._gl.context
        self._write_view(view.clip, view.camera)
        for unit, texture in enumerate(self._textures()):
            texture.use(unit)
        self._static.choose(visible)
        context.enable_only(context.DEPTH_TEST | context.CULL_FACE)
        for kind in KINDS:
            thin = kind == 'leaves' and self._air.foliage < DENSE  # seen from both sides
            if thin:
                context.disable(context.CULL_FACE)
            self._dynamic.draw(kind)
            self._static.draw(kind)
            if thin:
                context.enable(context.CULL_FACE)
        context.depth_func = '<='
        gl.sky_vertices.render(gl.moderngl.TRIANGLES, vertices=3)
        context.depth_func = '<'

    def _textures(self) -> tuple[Any, ...]:
        """Return what each texture unit holds: see ``gl_context.SAMPLERS``."""
        ground = self._picture, self._shadow, self._moving
        return self._gl.noise, *ground, self._sky, self._dynamic.poses

    def _write_view(self, clip: FloatArray, camera: Camera | None = None) -> None:
        view = self._view
        view['clip_from_world'] = clip.T
        if camera is not None:
            half = math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
            view['camera']['position'] = camera.position_enu
            forward, left, up = camera.rotation.T
            view['ray_forward']['direction'] = forward
            view['ray_left']['direction'] = left * half
            view['ray_up']['direction'] = up * (half * camera.height / camera.width)
        self._gl.view.write(view)


class GlRenderer:
    """One place, one camera at a time, behind the renderers' common interface."""

    name = 'opengl'

    def __init__(self, scenery: Scenery, actors: Sequence[Actor]) -> None:
        self.scene = GlScene(scenery, actors)
        self._poses = np.zeros((0, 4, 4))

    def move(self, poses: FloatArray) -> None:
        """Say where the actors' parts (P, 4, 4) are from now on."""
        self._poses = poses

    def view(self, camera: Camera) -> View:
        """Return what a shared picture of many places needs of this one."""
        return View(self.scene, camera, self._poses)

    def render(self, camera: Camera) -> RenderedFrame:
        """Take a picture of the world as it stands."""
        return render([self.view(camera)])[0]

    def close(self) -> None:
        """Give the memory back."""
        self.scene.release()


def _bounds(copies: Copies) -> tuple[FloatArray, float]:
    """Return a sphere around everything."""
    low = (copies.centre - copies.radius[:, None]).min(axis=0)
    high = (copies.centre + copies.radius[:, None]).max(axis=0)
    return (low + high) / 2.0, float(np.linalg.norm(high[:2] - low[:2]) / 2.0)
