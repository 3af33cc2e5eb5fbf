# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by PyBullet's TinyRenderer, where there is no OpenGL: slower, without shadows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, Image
from ...errors import SimulationError
from ..scenario.season import Season
from ..world.layout import Layout
from .picture import FAR_M, NEAR_M, Camera, RenderedFrame


@dataclass(frozen=True)
class ShownBodies:
    """What PyBullet itself can draw."""

    pybullet: Any
    client: int
    target: Sequence[int]  # numbers of the bodies that count as the target


class TinyRenderer:
    """PyBullet's software rasteriser, with sky, fog and exposure added from the season."""

    name = 'tiny'

    def __init__(self, shown: ShownBodies, season: Season, layout: Layout) -> None:
        self._p, self._client, self._target = shown.pybullet, shown.client, list(shown.target)
        self._season, self._layout = season, layout
        self._zenith = np.array(season.sky_zenith, dtype=np.float32) * 255.0
        self._horizon = np.array(season.sky_horizon, dtype=np.float32) * 255.0

    def move(self, poses: FloatArray) -> None:
        """Do nothing: PyBullet's bodies are where the simulator put them."""

    def view(self, camera: Camera) -> NoReturn:
        """Refuse: it takes one picture at a time."""
        raise SimulationError(
            f'pictures of several places at once need OpenGL, got {self.name}: take them one by '
            'one, or install what the notice at the start names'
        )

    def close(self) -> None:
        """Do nothing: the physics client owns everything."""

    def render(self, camera: Camera) -> RenderedFrame:
        """Take a picture of the world as it stands."""
        p, sun = self._p, self._layout.sun_direction
        _, _, rgba, depth, bodies = p.getCameraImage(
            camera.width,
            camera.height,
            viewMatrix=self._view_matrix(camera),
            projectionMatrix=p.computeProjectionMatrixFOV(
                camera.vertical_fov_deg, camera.width / camera.height, NEAR_M, FAR_M
            ),
            lightDirection=list(sun),
            lightColor=list(self._season.sun_colour),
            lightAmbientCoeff=0.55,
            lightDiffuseCoeff=0.5,
            lightSpecularCoeff=0.0,
            shadow=0,
            renderer=p.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        shape = (camera.height, camera.width)
        colour = np.asarray(rgba, dtype=np.uint8).reshape(*shape, 4)[:, :, :3]
        number = np.asarray(bodies, dtype=np.int32).reshape(shape)
        distance = _metric_depth(np.asarray(depth, dtype=np.float32).reshape(shape))
        image = self._add_air(colour, number, distance, camera)
        return RenderedFrame(image, np.isin(number, self._target))

    def _view_matrix(self, camera: Camera) -> Any:
        position, forward, up = camera.position_enu, camera.rotation[:, 0], camera.rotation[:, 2]
        return self._p.computeViewMatrix(list(position), list(position + forward), list(up))

    def _add_air(
        self,
        colour: Image,
        number: npt.NDArray[np.int32],
        distance: npt.NDArray[np.float32],
        camera: Camera,
    ) -> Image:
        """Fade what is far into the horizon's colour, and put the sky where nothing was hit."""
        clear = np.exp(-np.float32(self._season.fog_density_per_m) * distance)[..., None]
        image = colour * clear + self._horizon * (1.0 - clear)
        sky = number < 0
        image[sky] = self._sky(camera)[sky]
        image *= np.float32(self._layout.exposure)
        lit: Image = np.clip(image, 0.0, 255.0).astype(np.uint8)
        return lit

    def _sky(self, camera: Camera) -> npt.NDArray[np.float32]:
        """Return the sky's colour per pixel (H, W, 3): by the elevation of its ray."""
        half = math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
        left = -np.linspace(-half, half, camera.width, dtype=np.float32)[None, :]
        up = -np.linspace(-half, half, camera.height, dtype=np.float32)[:, None]
        up = up * (camera.height / camera.width)
        row = camera.rotation[2].astype(np.float32)  # world z of the camera's axes
        sine = (row[0] + row[1] * left + row[2] * up) / np.sqrt(1.0 + left**2 + up**2)
        t = np.clip(sine * 2.0, 0.0, 1.0)[..., None]
        sky: npt.NDArray[np.float32] = self._horizon * (1.0 - t) + self._zenith * t
        return sky


def _metric_depth(buffer: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Turn an OpenGL depth buffer (0..1) into metres along the camera's axis."""
    return np.float32(FAR_M * NEAR_M) / (FAR_M - np.float32(FAR_M - NEAR_M) * buffer)
