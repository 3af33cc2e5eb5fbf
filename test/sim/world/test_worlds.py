# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Places: every combination is built and drawn, a seed is a place, nothing overlaps."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.errors import SimulationError
from liquid_drone.sim.physics.collision_bodies import CollisionBodiesBuilder, bounds
from liquid_drone.sim.physics.engine import load_pybullet
from liquid_drone.sim.preview.cameras import chase_view
from liquid_drone.sim.scenario.scenario import Scenario, load_scenario, load_target
from liquid_drone.sim.scenario.target import Distractor
from liquid_drone.sim.simulator import Simulator
from liquid_drone.sim.world.layout import Layout, make_layout, routes
from liquid_drone.sim.world.placement import Obstacles, distance

SEED = 9_011  # of the training split
WORLDS, SEASONS, TARGETS = (
    resources.names(f'sim/{kind}') for kind in ('worlds', 'seasons', 'targets')
)
MOTIONS = ('still', 'walk', 'random_walk', 'stop_and_go', 'behind_trees')


def moving(scenario: Scenario, motion: str) -> Scenario:
    target = dataclasses.replace(scenario.target, motion=motion)
    return dataclasses.replace(scenario, target=target)


def bytes_of(layout: Layout) -> list[bytes]:
    arrays = [layout.route.position, layout.start_position, layout.terrain.heights]
    arrays += [layout.wind_enu, layout.sun_direction, layout.obstacles.as_circles()]
    for batch in layout.scenery.batches:
        arrays += [batch.position, batch.yaw, batch.scale, batch.tint]
    for mover in layout.distractors:
        arrays += [mover.route.position, mover.poses(3.0, layout.terrain)]
    return [layout.scenery.ground.picture.tobytes(), *(array.tobytes() for array in arrays)]


def test_what_ships_is_what_the_documentation_names() -> None:
    assert WORLDS == ['forest', 'urban']
    assert SEASONS == ['autumn', 'spring', 'summer', 'winter']
    assert {'red_backpack', 'red_camping_chair', 'plain_person'} <= set(TARGETS)
    assert {'orange_traffic_cone', 'blue_car', 'dog'} <= set(TARGETS)


@pytest.mark.parametrize(('world', 'season'), list(itertools.product(WORLDS, SEASONS)))
def test_every_target_is_seen_in_every_place_and_season(world: str, season: str) -> None:
    for target in TARGETS:
        simulator = Simulator(load_scenario(world, season, target))
        simulator.reset(SEED)
        frame, truth = simulator.capture(), simulator.truth()
        simulator.close()
        assert frame.image.std() > 8.0, target
        assert frame.target_pixels >= 12, target
        assert not truth.collision, target


@pytest.mark.parametrize('world', WORLDS)
@pytest.mark.parametrize('motion', MOTIONS)
def test_the_same_seed_is_the_same_place_and_nothing_stands_in_the_way(
    world: str, motion: str
) -> None:
    scenario = moving(load_scenario(world, 'autumn'), motion)
    layout = make_layout(scenario, SEED)
    assert bytes_of(layout) == bytes_of(make_layout(scenario, SEED))
    assert layout.obstacles.gap(layout.route.position[::4]).min() > scenario.target.radius_m
    start = layout.start_position[None, :2]
    assert layout.obstacles.gap(start)[0] > scenario.vehicle.radius_m
    sight = np.linspace(0.0, 1.0, 20)[:, None] * start
    assert layout.obstacles.gap(sight).min() > 0.3
    for mover in layout.distractors:
        assert distance(mover.route.position, layout.route.position).min() >= 1.0


@pytest.mark.parametrize('world', WORLDS)
def test_a_season_moves_no_trunk_and_another_seed_moves_all(world: str) -> None:
    summer, winter = (make_layout(load_scenario(world, s), SEED) for s in ('summer', 'winter'))
    assert np.array_equal(summer.route.position, winter.route.position)
    other = make_layout(load_scenario(world, 'summer'), SEED + 1)
    assert np.array_equal(summer.obstacles.circles, winter.obstacles.circles)
    assert np.array_equal(summer.obstacles.boxes, winter.obstacles.boxes)
    assert not np.array_equal(summer.route.position, other.route.position)
    assert len(summer.obstacles.circles) > 50


def test_winter_is_bare_and_white_and_autumn_has_orange_leaves() -> None:
    tints = {}
    for season in SEASONS:
        layout = make_layout(load_scenario('forest', season), SEED)
        trees = [b for b in layout.scenery.batches if b.model.name.startswith('broadleaf')]
        count = sum(len(batch.yaw) for batch in trees)
        tints[season] = np.mean([b.tint.mean(axis=0) for b in trees], axis=0) if count else None
        ground = layout.scenery.ground.picture.mean()
        assert (count < 10) == (season == 'winter')
        assert (ground > 170) == (season == 'winter')
    assert tints['autumn'][0] > tints['autumn'][1]  # more red than green
    assert tints['summer'][1] > tints['summer'][0]


def test_a_target_that_stops_and_goes_does_both() -> None:
    layout = make_layout(moving(load_scenario(), 'stop_and_go'), SEED)
    speed = np.linalg.norm(np.diff(layout.route.position, axis=0), axis=1) / routes.STEP_S
    assert np.mean(speed < 0.01) > 0.1
    assert np.mean(speed > 0.4) > 0.3


def test_behind_trees_a_trunk_often_hides_the_target_from_behind() -> None:
    layout = make_layout(moving(load_scenario(), 'behind_trees'), SEED)
    way, hidden = layout.route.position, 0
    lag = 80  # 4 s behind: about where a follower is
    for here, there in zip(way[lag:-1:10], way[: -lag - 1 : 10], strict=True):
        line = here + np.linspace(0.05, 0.95, 40)[:, None] * (there - here)
        hidden += layout.obstacles.gap(line).min() < 0.0
    assert hidden >= 3


def test_distractors_walk_and_are_known_to_the_expert() -> None:
    spec = Distractor('plain_person', count=3, motion='walk')
    scenario = dataclasses.replace(
        load_scenario(), distractors=((spec, load_target('plain_person')),)
    )
    simulator = Simulator(scenario)
    simulator.reset(SEED)
    before = [poses for actor, poses in simulator.actors() if not actor.is_target]
    simulator.advance([0.0, 0.0, 0.0], 0.0, 240)
    after = [poses for actor, poses in simulator.actors() if not actor.is_target]
    assert len(after) == 3
    assert all(np.abs(a - b).max() > 0.2 for a, b in zip(before, after, strict=True))
    relative, radii = simulator.nearby(np.zeros(2))
    assert np.allclose(radii[-3:], 0.3)
    assert np.allclose(relative[-1], after[-1][:, :2, 3].mean(axis=0), atol=0.3)
    simulator.close()


def test_on_a_slope_the_target_stands_on_the_ground_and_so_does_the_drone() -> None:
    scenario = load_scenario()
    simulator = Simulator(scenario)
    simulator.reset(SEED)
    layout = make_layout(scenario, SEED)
    far = layout.route.position[-1]
    height = simulator.ground_height_m(far)
    assert np.abs(layout.terrain.heights).max() > 0.2
    simulator.show([*far, height + 0.4], [0.0, 0.0, 0.0, 1.0], 1_000_000_000)
    simulator.idle(240)
    truth = simulator.truth()
    simulator.close()
    assert truth.on_ground
    assert truth.position_enu[2] == pytest.approx(height + 0.07, abs=0.08)


@pytest.mark.parametrize('world', WORLDS)
def test_every_solid_is_there_to_bump_into(world: str) -> None:
    scenario = load_scenario(world)
    layout = make_layout(scenario, SEED)
    p = load_pybullet()
    client = p.connect(p.DIRECT)
    scene = CollisionBodiesBuilder(p, client, scenario, layout, visible=False).build()
    centre = np.array([solid.position for solid in layout.scenery.solids])
    low, high = np.array([bounds(solid) for solid in layout.scenery.solids]).swapaxes(0, 1)
    above = np.column_stack([centre[:, :2], high[:, 2] + 0.02])
    hits = [p.rayTest(a.tolist(), b.tolist(), physicsClientId=client)[0]
            for a, b in zip(above, centre, strict=True)]  # fmt: skip
    p.disconnect(client)
    assert {hit[0] for hit in hits} <= set(scene.boxes)
    assert sum(len(boxes) for boxes in scene.boxes.values()) == len(centre)
    assert (high > low).all()


def test_pictures_without_opengl_show_the_target_too() -> None:
    for world, season in zip(WORLDS, ('autumn', 'winter'), strict=True):
        simulator = Simulator(load_scenario(world, season, renderer='tiny'))
        simulator.reset(SEED)
        frame = simulator.capture()
        assert len(chase_view(simulator, 64, 36)) == 36
        simulator.close()
        assert frame.target_pixels >= 12
        assert frame.image.std() > 8.0


def test_a_world_without_a_free_start_says_so() -> None:
    scenario = load_scenario('urban')
    assert scenario.world.urban is not None
    narrow = dataclasses.replace(scenario.world.urban, road_width_m=4.0, pavement_width_m=2.0)
    world = dataclasses.replace(scenario.world, urban=narrow)
    vehicle = dataclasses.replace(scenario.vehicle, radius_m=3.0)  # wider than between the walls
    with pytest.raises(SimulationError, match='no free start'):
        make_layout(dataclasses.replace(scenario, world=world, vehicle=vehicle), SEED)


def test_a_box_is_in_the_way_with_its_nearest_point_and_in_logs_as_circles() -> None:
    wall = Obstacles(np.zeros((0, 3)), np.array([[5.0, 0.0, 2.0, 1.0, 0.0]]))
    relative, radii = wall.nearest(np.array([0.0, 0.5]))
    assert np.allclose(relative, [[3.0, 0.0]])
    assert np.allclose(radii, 0.0)
    assert np.allclose(wall.gap(np.array([[0.0, 0.0], [5.0, 0.0]])), [3.0, -1.0])
    x, y, radius = wall.as_circles().T
    assert (np.abs(x - 5.0) + radius).max() == pytest.approx(2.0)
    assert (np.abs(y) + radius).max() == pytest.approx(1.0)
    turned = Obstacles(wall.circles, np.array([[5.0, 0.0, 2.0, 1.0, np.pi / 2.0]]))
    assert np.allclose(turned.nearest(np.zeros(2))[0], [[4.0, 0.0]])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.integers(0, 9), st.integers(0, 6))
def test_the_gap_to_all_that_stands_is_the_least_of_the_gaps_to_each(
    seed: int, circles: int, boxes: int, points: int
) -> None:
    rng = np.random.default_rng(seed)
    round_ones = rng.uniform([-9, -9, 0.1], [9, 9, 2], (circles, 3))
    square_ones = rng.uniform([-9, -9, 0.1, 0.1, -4], [9, 9, 3, 3, 4], (boxes, 5))
    places, none = rng.uniform(-9.0, 9.0, (points, 2)), (np.zeros((0, 3)), np.zeros((0, 5)))
    each = [Obstacles(row[None], none[1]).gap(places) for row in round_ones]
    each += [Obstacles(none[0], row[None]).gap(places) for row in square_ones]
    least = np.min([np.full(points, np.inf), *each], axis=0)
    assert np.array_equal(Obstacles(round_ones, square_ones).gap(places), least)
