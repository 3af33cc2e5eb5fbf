# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by OpenGL: what is where, light and shadow, masks, many views at once, no leak."""

from collections.abc import Iterator

import numpy as np
import pytest
from places import AHEAD, box, small_scenery

from liquid_drone.errors import SimulationError
from liquid_drone.sim.render.gl_context import GlContext
from liquid_drone.sim.render.opengl import GlRenderer, begin, render
from liquid_drone.sim.world.scenery import Actor, Material, Model, ModelBatch, Piece

RED = (0.9, 0.1, 0.1)
TARGET = Actor('box', ((Piece(box(0.5, 0.5, 1.0), RED),),), is_target=True)
OTHER = Actor('other', ((Piece(box(0.5, 0.5, 1.0), RED),),))


def at(*places: tuple[float, float, float]) -> np.ndarray:
    poses = np.tile(np.eye(4), (len(places), 1, 1))
    poses[:, :3, 3] = places
    return poses


def wall(colour: tuple[float, float, float], x: float, material: Material) -> ModelBatch:
    model = Model('wall', ((Piece(box(0.2, 60.0, 8.0), colour, material),),))
    one = np.ones((1, 3))
    return ModelBatch(model, np.array([[x, 0.0, 4.0]]), np.zeros(1), one, one)


@pytest.fixture
def renderer() -> Iterator[GlRenderer]:
    made = GlRenderer(small_scenery(), [TARGET, OTHER])
    yield made
    made.close()


def test_the_mask_is_the_target_and_not_what_looks_like_it(renderer: GlRenderer) -> None:
    renderer.move(at((5.0, 1.0, 1.5), (5.0, -1.0, 1.5)))
    picture = renderer.render(AHEAD)
    rows, columns = np.nonzero(picture.target)
    bearing = (columns.mean() + 0.5) / 128.0 - 1.0
    assert bearing == pytest.approx(-0.2 / np.tan(np.radians(40.0)), abs=0.02)  # to the left
    assert rows.mean() + 0.5 == pytest.approx(72.0, abs=1.5)
    red = picture.image[..., 0].astype(int) - picture.image[..., 1]
    assert (red > 40).sum() > 1.8 * picture.target.sum()  # both are seen


def test_what_stands_in_front_hides_the_target() -> None:
    hidden = GlRenderer(small_scenery(wall((0.5, 0.5, 0.5), 3.0, Material.CONCRETE)), [TARGET])
    hidden.move(at((5.0, 0.0, 1.5)))
    assert not hidden.render(AHEAD).target.any()
    hidden.close()


def test_sky_above_ground_below(renderer: GlRenderer) -> None:
    renderer.move(at((5.0, 0.0, 500.0), (5.0, 0.0, 500.0)))
    image = renderer.render(AHEAD).image.astype(float)
    assert image[:30, :, 2].mean() > image[:30, :, 0].mean() + 5.0
    assert image[:30].mean() > image[110:].mean() + 30.0


def test_the_target_throws_a_shadow(renderer: GlRenderer) -> None:
    renderer.move(at((5.0, 0.0, 0.5), (5.0, 0.0, 500.0)))
    with_it = renderer.render(AHEAD)
    renderer.move(at((5.0, 0.0, 500.0), (5.0, 0.0, 500.0)))
    without = renderer.render(AHEAD)
    darker = without.image.astype(int).sum(-1) - with_it.image.astype(int).sum(-1) > 60
    rows, columns = np.nonzero(darker & ~with_it.target)
    assert len(rows) > 20
    assert columns.mean() > 128.0  # the sun stands to the left: +y


def test_a_wall_throws_a_shadow_for_ever() -> None:
    bright, dark = (
        GlRenderer(small_scenery(*walls), [])
        for walls in ((), (wall((0.5, 0.5, 0.5), -1.0, Material.PLAIN),))
    )
    down = [renderer.render(AHEAD).image[100:].mean() for renderer in (bright, dark)]
    for renderer in (bright, dark):
        renderer.close()
    assert down[0] == pytest.approx(down[1], abs=3.0)  # it stands behind, along the sun
    assert down[0] > 60.0


@pytest.mark.parametrize('material', list(Material)[2:])
def test_every_material_can_be_drawn(material: Material) -> None:
    made = GlRenderer(small_scenery(wall((0.3, 0.5, 0.2), 6.0, material)), [])
    image = made.render(AHEAD).image
    made.close()
    empty = GlRenderer(small_scenery(), [])
    difference = np.abs(image[:72].astype(int) - empty.render(AHEAD).image[:72]).mean()
    empty.close()
    assert difference > 5.0


def test_snow_whitens_and_thin_foliage_lets_light_through() -> None:
    leaves = wall((0.2, 0.5, 0.1), 6.0, Material.LEAVES)

    def green(**air: float) -> np.ndarray:
        made = GlRenderer(small_scenery(leaves, **air), [])
        image = made.render(AHEAD).image.astype(int)
        made.close()
        return image

    full, bare, white = green(), green(foliage=0.0), green(snow=0.9)
    is_leaf = [(im[40:70, ..., 1] > im[40:70, ..., 2] + 15).mean() for im in (full, bare)]
    assert is_leaf[0] > 0.7
    assert is_leaf[1] < 0.5 * is_leaf[0]
    assert white[110:].mean() > full[110:].mean() + 40.0


def test_the_same_place_gives_the_same_bytes() -> None:
    pictures = []
    for _ in range(2):
        made = GlRenderer(small_scenery(wall(RED, 8.0, Material.BRICK)), [TARGET])
        made.move(at((5.0, 0.3, 1.0)))
        pictures.append(made.render(AHEAD).image)
        made.close()
    assert np.array_equal(*pictures)


def test_the_wrong_number_of_poses_is_refused(renderer: GlRenderer) -> None:
    renderer.move(at((5.0, 0.0, 1.0)))
    with pytest.raises(SimulationError, match='expected poses of 2 parts, got 1'):
        renderer.render(AHEAD)


@pytest.mark.parametrize('is_software', [True, False])
def test_pictures_that_are_awaited_late_are_those_of_their_moment(
    renderer: GlRenderer, is_software: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = []
    for y in (1.0, 0.0, -1.0):
        renderer.move(at((5.0, y, 0.5), (7.0, 0.0, 0.5)))
        views.append(renderer.view(AHEAD))
    alone = [render([view])[0].image for view in views]
    gl = GlContext.shared()
    monkeypatch.setattr(gl, '_readbacks', {})
    monkeypatch.setattr(gl, 'is_software', is_software)  # False: as on a graphics card
    pending = [begin([view]) for view in views]  # all in flight at once
    for one, same in zip(alone, pending, strict=True):
        np.testing.assert_array_equal(one, same.wait()[0].image)
