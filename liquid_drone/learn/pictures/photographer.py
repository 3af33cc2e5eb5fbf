# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Takes training pictures with their labels: in a world of the simulator, or cut out.

A cut-out stands before a photograph or before noise; its mask is rendered, so the label is exact.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...arrays import BoolArray, FloatArray, Image
from ...contract import MIN_TARGET_PIXELS, CameraSpec
from ...sim.render.opengl import GlScene, render
from ...sim.render.picture import Camera, RenderedFrame
from ...sim.render.renderer import View
from ...sim.world import terrain
from ...sim.world.layout import Layout
from ...sim.world.scenery import Air, Ground, Scenery
from .backgrounds import noise_background, photo_background
from .composition import Composition, Spots
from .troupe import USUAL, Figure, Troupe

FINER = 2  # cut-outs are rendered so much larger, for edges that blend
FAR_BELOW_M = -400.0  # the ground of the scene for cut-outs
STRAY_M = 2.0  # from the route, where one stands in a world
ROOM_M = 0.45
USUAL_SHARE = 0.6  # pictures in a world with the usual target taken besides
SLOPE_M = 0.4  # standard deviation of the heights of cut-outs and their camera


@dataclass(frozen=True)
class LabelledPicture:
    """One training picture."""

    image: Image  # (H, W, 3)
    usual: Image | None  # the same view of the usual target, alone; None: not rendered
    target: tuple[float, float, float]  # in view 0 or 1 (nan: unknown), bearing, elevation
    log_range: float  # of 4 m; nan: no target in view


class WorldPictures:
    """Takes pictures in one world of the simulator; close it."""

    def __init__(
        self, layout: Layout, troupe: Troupe, spec: CameraSpec, rng: np.random.Generator
    ) -> None:
        self._layout, self._troupe, self._spec, self._rng = layout, troupe, spec, rng
        scenery = dataclasses.replace(layout.scenery, air=varied_air(layout.scenery.air, rng))
        self._scene = GlScene(scenery, troupe.actors())

    def close(self) -> None:
        """Give everything on the card back."""
        self._scene.release()

    def spots(self) -> Spots:
        """Return where one may stand in the world."""
        layout, line = self._layout, self._layout.route.position

        def draw(rng: np.random.Generator) -> FloatArray:
            spot: FloatArray = line[int(rng.integers(len(line)))] + rng.normal(0.0, STRAY_M, 2)
            return spot

        def is_free(point: FloatArray) -> bool:
            return bool(layout.obstacles.gap(point[None])[0] > ROOM_M)

        return Spots(draw, is_free, lambda p: layout.terrain.height_at(float(p[0]), float(p[1])))

    def shown(self, camera: Camera, standing: Sequence[Figure]) -> Image:
        """Take a picture of whoever stands there, without a label."""
        asked = Composition(camera, tuple(standing), None, math.nan)
        return _taken(self._scene, self._troupe, asked, standing).image

    def take(self, asked: Composition) -> LabelledPicture:
        """Take a picture, and now and then the same view of the usual target alone."""
        shown = _taken(self._scene, self._troupe, asked, asked.standing)
        usual = None
        if not asked.standing:
            usual = shown.image
        elif self._rng.random() < USUAL_SHARE:
            alone = () if asked.target is None else (_usual(asked.target),)
            usual = _taken(self._scene, self._troupe, asked, alone).image
        return _labelled(asked, self._spec, shown.image, usual, shown.target)


class CutOuts:
    """Takes pictures of people alone and puts them before photographs or noise; close it."""

    def __init__(
        self,
        air: Air,
        troupe: Troupe,
        spec: CameraSpec,
        photos: Sequence[Image],
        rng: np.random.Generator,
    ) -> None:
        """Build it; without ``photos`` all is before noise."""
        self._troupe, self._spec, self._photos, self._rng = troupe, spec, photos, rng
        bare = Scenery(_far_ground(), (), varied_air(air, rng, True), ())
        self._scene = GlScene(bare, troupe.actors(all_count=True))
        self._telling = GlScene(bare, troupe.actors())

    def close(self) -> None:
        """Give everything on the card back."""
        self._scene.release()
        self._telling.release()

    def spots(self) -> Spots:
        """Return where one may stand: anywhere, higher and lower, as on slopes and stairs."""
        rng = self._rng
        return Spots(
            lambda _: np.zeros(2), lambda _: True, lambda _: float(rng.normal(0.0, SLOPE_M))
        )

    def take(self, asked: Composition) -> LabelledPicture:
        """Take a picture."""
        spec, rng = self._spec, self._rng
        behind = (
            photo_background(self._photos, spec.width, spec.height, rng)
            if self._photos
            else noise_background(spec.width, spec.height, rng)
        )
        camera = dataclasses.replace(
            asked.camera, width=FINER * spec.width, height=FINER * spec.height
        )
        finer = dataclasses.replace(asked, camera=camera)
        everybody = _taken(self._scene, self._troupe, finer, asked.standing)
        mask = np.zeros_like(everybody.target)
        if asked.target is not None:
            mask = _taken(self._telling, self._troupe, finer, asked.standing).target
        return _labelled(asked, spec, _before(everybody, behind, rng), None, mask)


def _taken(
    scene: GlScene, troupe: Troupe, asked: Composition, standing: Sequence[Figure]
) -> RenderedFrame:
    return render([View(scene, asked.camera, troupe.poses(standing, asked.middle))])[0]


def _labelled(
    asked: Composition, spec: CameraSpec, image: Image, usual: Image | None, mask: BoolArray
) -> LabelledPicture:
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    if len(rows) * (spec.width / width) ** 2 < MIN_TARGET_PIXELS:
        # the target may be there and what tells it hidden: that nobody can know
        shown = 0.0 if asked.target is None else math.nan
        return LabelledPicture(image, usual, (shown, 0.0, 0.0), math.nan)
    bearing = float((columns.mean() + 0.5) / width * 2.0 - 1.0)
    elevation = float(1.0 - (rows.mean() + 0.5) / height * 2.0)
    return LabelledPicture(
        image, usual, (1.0, bearing, elevation), math.log(asked.distance_m / 4.0)
    )


def varied_air(air: Air, rng: np.random.Generator, anywhere: bool = False) -> Air:
    """Return another light: the sun elsewhere, warmer or colder, thin or dense air."""
    azimuth, elevation = rng.uniform(-math.pi, math.pi), math.radians(rng.uniform(12.0, 75.0))
    flat = math.cos(elevation)
    sun = np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    warm = rng.uniform(-0.15, 0.15)
    red, green, blue = (
        min(max(channel + shift, 0.0), 1.0)
        for channel, shift in zip(air.sun_colour, (warm, 0.0, -warm), strict=True)
    )
    return dataclasses.replace(
        air,
        sun_direction=sun,
        sun_colour=(red, green, blue),
        ambient=float(rng.uniform(0.35, 0.9)),
        exposure=air.exposure * float(rng.uniform(0.7, 1.35)),
        fog_density_per_m=0.0 if anywhere else air.fog_density_per_m * float(rng.uniform(0, 2.5)),
        snow=0.0 if anywhere else air.snow,
    )


def _usual(target: Figure) -> Figure:
    return dataclasses.replace(target, number=USUAL)


def _before(shown: RenderedFrame, behind: Image, rng: np.random.Generator) -> Image:
    """Blend a cut-out, rendered larger, with what is behind it."""
    height, width = behind.shape[:2]
    solid = shown.target.astype(np.float32)
    share = cv2.resize(solid, (width, height), interpolation=cv2.INTER_AREA)[..., None]
    lit = cv2.resize(shown.image * solid[..., None], (width, height), interpolation=cv2.INTER_AREA)
    gain = rng.uniform(0.6, 1.25) * rng.uniform(0.94, 1.06, size=3)
    blended = np.minimum(lit * gain, 255.0 * share) + behind * (1.0 - share)
    return np.asarray(np.clip(blended, 0.0, 255.0), np.uint8)


def _far_ground() -> Ground:
    low = np.array([-1.0, -1.0])
    level = terrain.mesh(terrain.flat(low, 2.0)).moved([0.0, 0.0, FAR_BELOW_M])
    return Ground(level, np.full((8, 8, 3), 128, np.uint8))
