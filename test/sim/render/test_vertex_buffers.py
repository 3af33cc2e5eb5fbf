# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a scenery becomes for the graphics card: normals, culling, levels of detail."""

import numpy as np
import pytest
from places import AHEAD, box, small_scenery

from liquid_drone.sim.render import normals, vertex_buffers
from liquid_drone.sim.render.draw_list import COMMAND, DrawList, listed
from liquid_drone.sim.render.picture import Camera
from liquid_drone.sim.render.projection import clip_matrix, view_planes
from liquid_drone.sim.world.meshes import Mesh, lathe
from liquid_drone.sim.world.scenery import Actor, Material, Model, ModelBatch, Piece


def batch(model: Model, position: list[list[float]]) -> ModelBatch:
    count = len(position)
    ones = np.ones((count, 3))
    return ModelBatch(model, np.array(position), np.zeros(count), ones, ones)


def normals_of(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners (3 F, 3) of a mesh and their normals."""
    corners = mesh.vertices[mesh.faces].reshape(-1, 3)
    return corners, normals.corner_normals(corners, np.zeros(len(corners), np.int64))


def drawn(packed: vertex_buffers.Packed, indices: np.ndarray) -> list[float]:
    """Return the x of each drawn vertex."""
    return packed.vertices['position'][indices, 0].tolist()


def indices_of(packed: vertex_buffers.Packed, chosen: DrawList, kind: str) -> np.ndarray:
    """Return the indices that the commands of a kind name."""
    k = vertex_buffers.KINDS.index(kind)
    commands = chosen.commands[[0, *chosen.ends][k] : chosen.ends[k]]
    runs = [packed.faces.ravel()[c['first'] : c['first'] + c['count']] for c in commands]
    return np.concatenate([np.zeros(0, np.uint32), *runs])


def solids(
    packed: vertex_buffers.Packed, eye: np.ndarray, planes: np.ndarray | None
) -> np.ndarray:
    """Return the visible indices of what is solid."""
    return indices_of(packed, packed.copies.visible(eye, planes), 'solid')


def parts(*poses_at: tuple[float, float, float]) -> np.ndarray:
    poses = np.tile(np.eye(4), (len(poses_at), 1, 1))
    poses[:, :3, 3] = poses_at
    return poses


def test_what_moves_is_put_in_place_only_in_view_or_beside_the_target() -> None:
    pieces = ((Piece(box(1.0, 1.0, 1.0), (1.0, 0.0, 0.0)),),)
    packed = vertex_buffers.pack_actors([Actor('a', pieces, is_target=True), Actor('b', pieces)])
    planes = view_planes(clip_matrix(AHEAD))
    for place, seen in (
        ((9.0, 0.0, 1.0), True),
        ((-9.0, 0.0, 1.0), False),
        ((-2.0, 0.0, 1.0), True),
    ):
        poses = parts((5.0, 0.0, 1.0), place)
        kept = packed.visible(poses, planes) | packed.beside(poses, 8.0)
        assert kept.tolist() == [True, seen]
        solid = packed.chosen(kept)[vertex_buffers.KINDS.index('solid')]
        assert len(solid) == 36 * (1 + seen)
        assert np.unique(packed.part[solid]).tolist() == [0, 1][: 1 + seen]


def test_a_box_keeps_its_edges_and_a_lathe_is_smooth() -> None:
    _, flat = normals_of(box(1.0, 1.0, 1.0))
    assert np.sort(np.abs(flat), axis=1) == pytest.approx(np.tile([0.0, 0.0, 1.0], (36, 1)))
    corners, normals = normals_of(lathe([1.0, 1.0], [0.0, 2.0], 24, None))
    assert normals == pytest.approx(corners * [1.0, 1.0, 0.0], abs=0.06)


def test_normals_point_out() -> None:
    corners, normals = normals_of(box(1.0, 2.0, 3.0))
    assert np.all(np.einsum('ij,ij->i', normals, corners) > 0.0)


def test_vertices_and_faces_of_each_piece_give_its_triangles_back() -> None:
    meshes = [box(1.0, 2.0, 3.0), lathe([1.0, 0.5], [0.0, 2.0], 9, None)]
    shaded = normals.shade([Piece(mesh, (0.5, 0.5, 0.5)) for mesh in meshes])
    for mesh, (vertices, faces) in zip(meshes, shaded, strict=True):
        wanted = mesh.vertices[mesh.faces]
        assert vertices['position'][faces] == pytest.approx(wanted, abs=1e-4)
    assert len(shaded[0][0]) == 24  # three faces meet at each of eight corners


def test_only_what_is_ahead_is_drawn() -> None:
    model = Model('box', ((Piece(box(1.0, 1.0, 1.0), (1.0, 0.0, 0.0)),),))
    scenery = small_scenery(batch(model, [[10.0, 0.0, 1.0], [-10.0, 0.0, 1.0], [10.0, 30.0, 1.0]]))
    packed = vertex_buffers.pack(scenery)
    solid = solids(packed, AHEAD.position_enu, view_planes(clip_matrix(AHEAD)))
    assert len(solid) == 36
    assert set(drawn(packed, solid)) == {9.5, 10.5}
    everything = solids(packed, AHEAD.position_enu, None)
    assert len(everything) == 3 * 36
    assert drawn(packed, everything)[-1] in (9.5, 10.5)  # the farthest comes last


def test_what_is_far_is_drawn_coarsely() -> None:
    fine, coarse = (lathe([1.0, 1.0], [0.0, 2.0], sides, None) for sides in (24, 4))
    levels = tuple((Piece(mesh, (1.0, 1.0, 1.0), Material.BARK),) for mesh in (fine, coarse))
    model = Model('trunk', levels, (15.0,))
    packed = vertex_buffers.pack(small_scenery(batch(model, [[5.0, 0.0, 0.0], [40.0, 0.0, 0.0]])))
    solid = solids(packed, np.zeros(3), None)
    x = np.array(drawn(packed, solid))
    assert [int((x < 20.0).sum()) // 3, int((x > 20.0).sum()) // 3] == [48, 8]


def test_each_copy_is_scaled_turned_moved_and_tinted() -> None:
    model = Model('box', ((Piece(box(1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),),))
    one = ModelBatch(
        model,
        np.array([[1.0, 2.0, 3.0]]),
        np.array([np.pi / 2]),
        np.array([[2.0, 4.0, 6.0]]),
        np.array([[1.0, 0.5, 0.0]]),
    )
    packed = vertex_buffers.pack(small_scenery(one))
    solid = solids(packed, np.zeros(3), None)
    vertices = packed.vertices[solid]
    assert vertices['position'].min(axis=0) == pytest.approx([-1.0, 1.0, 0.0])
    assert vertices['position'].max(axis=0) == pytest.approx([3.0, 3.0, 6.0])
    assert vertices['colour'][0].tolist() == [255, 128, 0, int(Material.PLAIN)]
    away = vertices['position'] - [1.0, 2.0, 3.0]
    assert np.all(np.einsum('ij,ij->i', vertices['normal'], away) > 0.0)


def test_commands_stand_kind_by_kind_and_nearest_first_without_the_empty_ones() -> None:
    commands = np.zeros((2, 3), COMMAND)  # (N, K)
    commands['count'] = [[3, 0, 6], [9, 0, 0]]
    chosen = listed(commands)
    assert chosen.commands['count'].tolist() == [3, 9, 6]
    assert chosen.ends == [2, 2, 3]


def test_the_ground_is_cut_into_cells_and_loses_nothing() -> None:
    scenery = small_scenery()
    packed = vertex_buffers.pack(scenery)
    ground = indices_of(packed, packed.copies.finest(), 'ground')
    assert len(ground) == scenery.ground.mesh.faces.size
    assert len(packed.copies.radius) > 4


def test_the_map_of_the_ground_follows_its_uv() -> None:
    ground = small_scenery().ground
    a, b, c, d = vertex_buffers.ground_map(ground)
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
