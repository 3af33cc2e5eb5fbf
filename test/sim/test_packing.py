# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a scenery becomes for the graphics card: normals, culling, levels of detail."""

import numpy as np
import pytest
from places import AHEAD, box, small_scenery

from liquid_drone.sim import packing
from liquid_drone.sim.meshes import Mesh, lathe
from liquid_drone.sim.packing import KINDS
from liquid_drone.sim.projection import clip_matrix, view_planes
from liquid_drone.sim.render import Camera
from liquid_drone.sim.scenery import Batch, Material, Model, Piece


def batch(model: Model, position: list[list[float]]) -> Batch:
    count = len(position)
    ones = np.ones((count, 3))
    return Batch(model, np.array(position), np.zeros(count), ones, ones)


def test_a_box_keeps_its_edges_and_a_lathe_is_smooth() -> None:
    flat = packing.corner_normals(box(1.0, 1.0, 1.0))
    assert np.sort(np.abs(flat), axis=1) == pytest.approx(np.tile([0.0, 0.0, 1.0], (36, 1)))
    pipe = lathe([1.0, 1.0], [0.0, 2.0], 24, None)
    normals, corners = packing.corner_normals(pipe), pipe.vertices[pipe.faces].reshape(-1, 3)
    outward = corners * [1.0, 1.0, 0.0]
    assert normals == pytest.approx(outward, abs=0.06)


def test_normals_point_out_whatever_the_order_of_the_vertices() -> None:
    mesh = box(1.0, 2.0, 3.0)
    normals = packing.corner_normals(mesh)
    corners = mesh.vertices[mesh.faces].reshape(-1, 3)
    assert np.all(np.einsum('ij,ij->i', normals, corners) > 0.0)


def test_only_what_is_ahead_is_drawn() -> None:
    model = Model('box', ((Piece(box(1.0, 1.0, 1.0), (1.0, 0.0, 0.0)),),))
    scenery = small_scenery(batch(model, [[10.0, 0.0, 1.0], [-10.0, 0.0, 1.0], [10.0, 30.0, 1.0]]))
    packed = packing.pack(scenery)
    rows, (solid, *_) = packed.visible(AHEAD.position_enu, view_planes(clip_matrix(AHEAD)))
    assert solid['copies'].tolist() == [1]
    assert rows[solid['offset'][0], 3] == pytest.approx(10.0)
    _, (everything, *_) = packed.visible(AHEAD.position_enu, None)
    assert everything['copies'].sum() == 3


def test_what_is_far_is_drawn_coarsely() -> None:
    fine, coarse = (lathe([1.0, 1.0], [0.0, 2.0], sides, None) for sides in (24, 4))
    levels = tuple((Piece(mesh, (1.0, 1.0, 1.0), Material.BARK),) for mesh in (fine, coarse))
    model = Model('trunk', levels, (15.0,))
    packed = packing.pack(small_scenery(batch(model, [[5.0, 0.0, 0.0], [40.0, 0.0, 0.0]])))
    rows, (solid, *_) = packed.visible(np.zeros(3), None)
    drawn = {float(rows[c['offset'], 3]): int(c['count']) // 3 for c in solid}
    assert drawn == {5.0: 48, 40.0: 8}


def test_each_copy_is_turned_scaled_and_moved() -> None:
    model = Model('box', ((Piece(box(1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),),))
    one = Batch(
        model,
        np.array([[1.0, 2.0, 3.0]]),
        np.array([np.pi / 2]),
        np.array([[2.0, 3.0, 4.0]]),
        np.ones((1, 3)),
    )
    matrix = packing.instance_rows(one)[0, :12].reshape(3, 4)
    assert matrix @ [1.0, 0.0, 0.0, 1.0] == pytest.approx([1.0, 4.0, 3.0])
    assert matrix @ [0.0, 1.0, 1.0, 1.0] == pytest.approx([-2.0, 2.0, 7.0])


def test_the_ground_is_cut_into_cells_and_loses_nothing() -> None:
    scenery = small_scenery()
    packed = packing.pack(scenery)
    ground = KINDS.index('ground')
    assert packed.count[..., ground].sum() == scenery.ground.mesh.faces.size
    assert len(packed.model) > 4


def test_the_map_of_the_ground_follows_its_uv() -> None:
    ground = small_scenery().ground
    a, b, c, d = packing.ground_map(ground)
    xy = ground.mesh.vertices[:, :2]
    assert xy * [a, b] + [c, d] == pytest.approx(ground.mesh.uv)


def test_levels_need_their_reach() -> None:
    piece = Piece(Mesh(np.zeros((3, 3)), np.array([[0, 1, 2]]), np.zeros((3, 2))), (1, 1, 1))
    with pytest.raises(ValueError, match='need 1 rising reach_m'):
        Model('x', ((piece,), (piece,)))


def test_a_camera_sees_its_axis_in_the_middle() -> None:
    camera = Camera(np.array([1.0, 2.0, 3.0]), np.eye(3), 256, 144, 80.0)
    x, y, _, w = clip_matrix(camera) @ [11.0, 2.0, 3.0, 1.0]
    assert [x / w, y / w] == pytest.approx([0.0, 0.0])
    edge = 10.0 * np.tan(np.radians(40.0))
    x, y, _, w = clip_matrix(camera) @ [11.0, 2.0 + edge, 3.0, 1.0]
    assert [x / w, y / w] == pytest.approx([-1.0, 0.0])
