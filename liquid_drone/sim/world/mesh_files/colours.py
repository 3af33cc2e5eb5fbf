# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The colour of each face of a mesh that trimesh read, and which faces are there to be seen."""

from typing import Any

import numpy as np

from ....arrays import BoolArray, FloatArray
from .limits import UnusableMeshError

MOST_PIXELS = 4096 * 4096  # of a texture
NO_COLOUR = [102, 102, 102, 255]  # what trimesh gives a material that names none
NO_PICTURE = bytes([100, 100, 100, 255] * 4)  # likewise for a picture that is not there
SAMPLES = np.array(  # barycentric: where a texture is read on each face
    [(1, 1, 1), (4, 1, 1), (1, 4, 1), (1, 1, 4), (4, 4, 1), (4, 1, 4), (1, 4, 4)], np.float64
)
SAMPLES /= SAMPLES.sum(axis=1, keepdims=True)
CUTOFF = 0.5  # alpha from which on a masked surface is there, unless its material says another
BLENDED = 0.05  # likewise of a blended one: what lets nearly all light through is not drawn


def face_colours(one: Any, is_linear: bool) -> tuple[FloatArray | None, BoolArray]:
    """Return the mean colour (F, 3) of each face, sRGB 0..1, and which faces can be seen (F,).

    The colours are None if the mesh has none. What is transparent in a picture has no part in
    the colour; a face is left out where nothing of it is opaque.
    """
    everywhere = np.ones(len(one.faces), dtype=np.bool_)
    material = getattr(one.visual, 'material', None)
    if material is not None:
        found = _material_colours(one, material, is_linear)
        return (None, everywhere) if found is None else found
    if one.visual.kind == 'face':
        colours = np.asarray(one.visual.face_colors, np.float64)[:, :3] / 255.0
    elif one.visual.kind == 'vertex':
        at_vertices = np.asarray(one.visual.vertex_colors, np.float64)[:, :3] / 255.0
        colours = at_vertices[one.faces].mean(axis=1)
    else:
        return None, everywhere
    return (_to_srgb(colours) if is_linear else colours), everywhere


def _material_colours(
    one: Any, material: Any, is_linear: bool
) -> tuple[FloatArray, BoolArray] | None:
    """Return the colours (F, 3) of a material, and which faces can be seen (F,).

    Of a GLB the picture times the factor times the colours of the vertices; of an OBJ the picture
    alone where there is one, as Blender reads it.
    """
    picture = getattr(material, 'baseColorTexture', None) or getattr(material, 'image', None)
    if picture is not None and picture.size == (2, 2) and picture.tobytes() == NO_PICTURE:
        picture = None
    factor, uv = getattr(material, 'baseColorFactor', None), getattr(one.visual, 'uv', None)
    at_vertices = _vertex_colours(one) if is_linear else None
    if factor is None and picture is None and material.main_color.tolist() != NO_COLOUR:
        factor = material.main_color
    if picture is None and factor is None and at_vertices is None:
        return None
    rgba = np.ones((len(one.faces), len(SAMPLES), 4))  # linear
    if factor is not None:
        shade = np.asarray(factor, np.float64) / 255.0
        rgba[..., :3] *= shade[:3] if is_linear else _to_linear(shade[:3])
        rgba[..., 3] *= shade[3] if len(shade) > 3 else 1.0
    if picture is not None and uv is not None:
        sampled = _sampled(picture, np.asarray(uv, np.float64)[one.faces])
        rgba *= np.concatenate([_to_linear(sampled[..., :3]), sampled[..., 3:]], axis=2)
    if at_vertices is not None:
        rgba *= np.einsum('sk,fkc->fsc', SAMPLES, at_vertices[one.faces])
    return _mean(rgba, _cutoff(material) if is_linear else 0.0)


def _cutoff(material: Any) -> float:
    """Return the alpha from which on a GLB's surface is there."""
    mode = str(getattr(material, 'alphaMode', None))
    told = getattr(material, 'alphaCutoff', None)
    return {'MASK': CUTOFF if told is None else float(told), 'BLEND': BLENDED}.get(mode, 0.0)


def _mean(rgba: FloatArray, cutoff: float) -> tuple[FloatArray, BoolArray]:
    """Return the mean of the samples (F, S, 4) of each face that are there, as sRGB."""
    is_there = (rgba[..., 3] >= cutoff)[..., None]
    count = is_there.sum(axis=1)
    mean = np.where(is_there, _to_srgb(rgba[..., :3]), 0.0).sum(axis=1) / np.maximum(count, 1)
    return mean, np.asarray(count[:, 0] > 0, dtype=np.bool_)


def _vertex_colours(one: Any) -> FloatArray | None:
    """Return the colours (V, 4) that a GLB's vertices have beside a material, 0..1."""
    told = getattr(one.visual, 'vertex_attributes', {}).get('color')
    if told is None or len(told) != len(one.vertices):
        return None
    values = np.asarray(told)
    if values.dtype.kind in 'iu':
        values = values / float(np.iinfo(values.dtype).max)
    colours = np.ones((len(values), 4))
    colours[:, : values.shape[1]] = np.clip(np.nan_to_num(values, nan=1.0), 0.0, 1.0)
    return colours


def _sampled(picture: Any, corners: FloatArray) -> FloatArray:
    """Return the samples (F, S, 4) of a picture on faces whose corners (F, 3, 2) lie in it."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise UnusableMeshError(
            f'expected a texture of at most {MOST_PIXELS} pixels, got {width}x{height}'
        )
    pixels = np.asarray(picture.convert('RGBA'))
    at = np.einsum('sk,fkc->fsc', SAMPLES, np.nan_to_num(corners)) % 1.0
    columns = np.minimum((at[..., 0] * width).astype(np.int64), width - 1)
    rows = np.minimum(((1.0 - at[..., 1]) * height).astype(np.int64), height - 1)
    samples: FloatArray = pixels[rows, columns] / 255.0
    return samples


def _to_linear(srgb: FloatArray) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: FloatArray) -> FloatArray:
    rooted = 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, rooted)
