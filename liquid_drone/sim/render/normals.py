# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Normals: soft where a surface is round, sharp at its edges. numpy only, many meshes at once."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from ..world.scenery import Piece

VERTEX = np.dtype([('position', '<f4', 3), ('normal', '<f4', 3), ('colour', 'u1', 4)])
CREASE_COS = math.cos(math.radians(50.0))  # sharper edges between two faces stay sharp
SAME_M = 1e-4  # nearer than that is the same place
MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5],
               dtype=np.uint64)  # fmt: skip  # odd numbers that spread integers over 64 bits


def shade(
    pieces: Sequence[Piece],
) -> list[tuple[npt.NDArray[np.void], npt.NDArray[np.uint32]]]:
    """Return vertices (V,) VERTEX and faces (F, 3) of each piece; soft edges share vertices."""
    if not pieces:
        return []
    sizes = np.array([len(piece.mesh.faces) for piece in pieces])
    corners = np.concatenate([p.mesh.vertices[p.mesh.faces].reshape(-1, 3) for p in pieces])
    owner = np.repeat(np.arange(len(pieces)), 3 * sizes)
    normals = corner_normals(corners, owner)
    key = _keys(np.column_stack([_cells(corners), owner])) ^ _keys(
        np.column_stack([np.round(normals * 1e3).astype(np.int64), owner])
    ) * np.uint64(3)
    painted = _corner_colours(pieces, owner)
    if painted is not None:  # faces of two colours share no vertex
        key ^= _keys(np.column_stack([painted, owner])) * np.uint64(5)
    _, first, index = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(owner[first], kind='stable')  # vertices of one piece behind each other
    place = np.empty(len(first), np.int64)
    place[order] = np.arange(len(first))
    first, index = first[order], place[index]
    vertices = np.zeros(len(first), VERTEX)
    vertices['position'], vertices['normal'] = corners[first], normals[first]
    colours = np.array([[*np.round(np.array(p.colour) * 255), int(p.material)] for p in pieces])
    vertices['colour'] = np.clip(colours, 0, 255)[owner[first]]
    if painted is not None:
        vertices['colour'][:, :3] = painted[first]
    starts = np.searchsorted(owner[first], np.arange(len(pieces) + 1))
    ends = np.concatenate([[0], np.cumsum(3 * sizes)])
    return [
        (
            vertices[starts[i] : starts[i + 1]],
            (index[ends[i] : ends[i + 1]] - starts[i]).reshape(-1, 3).astype(np.uint32),
        )
        for i in range(len(pieces))
    ]


def _corner_colours(
    pieces: Sequence[Piece], owner: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64] | None:
    """Return the colour (3 F, 3), 0..255, of each corner; None: no piece has colours of faces."""
    if all(piece.face_colours is None for piece in pieces):
        return None
    colours = np.array([piece.colour for piece in pieces])[owner]
    for number, piece in enumerate(pieces):
        if piece.face_colours is not None:
            colours[owner == number] = np.repeat(piece.face_colours, 3, axis=0)
    return np.clip(np.round(colours * 255), 0, 255).astype(np.int64)


def corner_normals(corners: FloatArray, owner: npt.NDArray[np.int64]) -> FloatArray:
    """Return a unit normal for each corner, smooth but for creases.

    Args:
        corners: (3 F, 3) places, three for each face, counter-clockwise from outside.
        owner: (3 F,) only corners of the same owner share their normals.

    """
    a, b, c = (corners[k::3] for k in range(3))
    normal = np.cross(b - a, c - a)  # (F, 3), as long as twice the face's area
    unit = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    key = _keys(np.column_stack([_cells(corners), owner]))
    _, spot, size = np.unique(key, return_inverse=True, return_counts=True)
    order = np.argsort(spot, kind='stable')  # corners at one spot behind each other
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    many = size[spot[order]]  # (C,) neighbours of each corner, itself included
    mine = np.repeat(order, many) // 3  # (pairs,) faces
    step = np.arange(len(mine)) - np.repeat(np.cumsum(many) - many, many)
    other = order[np.repeat(begin[spot[order]], many) + step] // 3
    near = np.einsum('pi,pi->p', unit[mine], unit[other]) > CREASE_COS
    summed = np.add.reduceat(normal[other] * near[:, None], np.cumsum(many) - many, axis=0)
    result = np.empty_like(corners)
    result[order] = summed
    length = np.linalg.norm(result, axis=1, keepdims=True)
    return np.where(length > 1e-12, result / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])


def _cells(places: FloatArray) -> npt.NDArray[np.int64]:
    return np.round(places / SAME_M).astype(np.int64)


def _keys(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Return one number for each row of four: equal rows, equal numbers."""
    mixed = rows.astype(np.uint64) * MIX
    mixed ^= mixed >> np.uint64(29)
    keys: npt.NDArray[np.uint64] = (mixed * MIX[::-1]).sum(axis=1)
    return keys
