# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a hard track promises of its place, for seeds and difficulties that are drawn."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.errors import ConfigError, SimulationError
from liquid_drone.sim.scenario.scenario import load_scenario
from liquid_drone.sim.scenario.task import load_task
from liquid_drone.sim.way_round import is_free_line
from liquid_drone.sim.world import crossings, screens, tracks
from liquid_drone.sim.world.layout import make_layout
from liquid_drone.sim.world.placement import Obstacles
from liquid_drone.sim.world.routes import STEP_S

SEEDS = st.integers(0, 2**31 - 1)
HIDING = load_scenario(task='occlusion')
TWINS = load_scenario(task='twins')
CROWD = load_scenario(task='crowd')
ALL = [name for name in resources.names('config/tasks') if load_task(name).track is not None]


def occlusion_of(hidden_s):
    task = HIDING.task.at_level(hidden_s)
    return dataclasses.replace(HIDING, task=task), task.track


def gap_m(way, world):
    """Return the least distance between the middle of the target and what its screens are of."""
    gaps = []
    for screen in way.screens:
        spots = screen.trunks() if world == 'forest' else np.zeros((0, 2))
        circles = np.column_stack([spots, np.full(len(spots), tracks.TRUNK_M)])
        boxes = []
        for near, far in (screen.side(-1.0), screen.side(1.0)):
            x, y = (near + far) / 2.0 - screens.TRAILER_M / 2.0 * screen.ahead
            yaw = math.atan2(screen.along[1], screen.along[0])
            boxes.append([x, y, screen.length_m / 2.0, screens.TRAILER_M / 2.0, yaw])
        none = np.zeros((0, 5))
        row = Obstacles(circles, none if world == 'forest' else np.array(boxes))
        gaps.append(row.gap(way.route.position).min())
    return min(gaps)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, hidden_s=st.floats(1.0, 8.0))
def test_the_target_is_hidden_from_who_keeps_beside_it_for_as_long_as_the_task_says(
    seed, hidden_s
):
    scenario, track = occlusion_of(hidden_s)
    way = tracks.draw_way(scenario, track, seed, 0.12)
    assert len(way.screens) == track.events
    for screen, begin_s in zip(way.screens, way.events_s, strict=True):
        spots = screen.trunks()
        radii = np.full((len(spots), 1), tracks.TRUNK_M)
        trunks = Obstacles(np.column_stack([spots, radii]), np.zeros((0, 5)))
        hidden = 0
        for time_s in np.arange(begin_s, begin_s + hidden_s + 6.0, STEP_S):
            target, _, _ = way.route.at(float(time_s))
            along = float((target - screen.gap) @ screen.along)
            beside = screen.gap + along * screen.along - tracks.BESIDE_M * screen.ahead
            hidden += not is_free_line(target, beside, trunks, 0.0)
        assert hidden * STEP_S == pytest.approx(hidden_s, abs=1.2)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, hidden_s=st.floats(1.0, 8.0))
@example(seed=272935, hidden_s=2.0)  # wound back into its first screen
def test_the_target_walks_through_the_gap_and_a_drone_does_not_fit(seed, hidden_s):
    scenario, track = occlusion_of(hidden_s)
    way = tracks.draw_way(scenario, track, seed, 0.12)
    spots = np.concatenate([screen.trunks() for screen in way.screens])
    gap = np.min(np.linalg.norm(way.route.position[:, None] - spots, axis=2)) - tracks.TRUNK_M
    assert gap > scenario.target.radius_m
    drone_m = scenario.vehicle.radius_m
    assert all(screen.half_gap_m < drone_m + 0.12 for screen in way.screens)


@settings(max_examples=25, deadline=None)
@given(
    seed=SEEDS,
    hidden_s=st.floats(0.5, 3.0),
    curvature_per_m=st.floats(0.1, 0.8),
    world=st.sampled_from(['forest', 'urban']),
)
@example(seed=5178, hidden_s=1.0, curvature_per_m=0.12, world='forest')  # before the event
@example(seed=3, hidden_s=1.0, curvature_per_m=0.5, world='urban')
@example(seed=3267, hidden_s=1.0, curvature_per_m=0.12, world='forest')  # just past a trunk
def test_a_way_that_winds_into_its_own_screen_is_drawn_again_and_no_other(
    seed, hidden_s, curvature_per_m, world
):
    scenario, track = occlusion_of(hidden_s)
    scenario = dataclasses.replace(scenario, world=load_scenario(world).world)
    first = tracks.draw_try(scenario, track, seed, curvature_per_m, 0)
    way = tracks.draw_way(scenario, track, seed, curvature_per_m)
    assert gap_m(way, world) > scenario.target.radius_m
    if gap_m(first, world) > scenario.target.radius_m:
        np.testing.assert_array_equal(way.route.position, first.route.position)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, twins=st.integers(1, 3))
@example(seed=7114426, twins=3)  # the double walked on towards where the target came back
@example(seed=235212638, twins=2)
def test_doubles_come_near_to_the_target_when_it_is_their_time_and_are_elsewhere_else(seed, twins):
    task = TWINS.task.at_level(twins)
    scenario = dataclasses.replace(TWINS, task=task)
    way = tracks.draw_way(scenario, task.track, seed, 0.12)
    people = crossings.who_crosses(scenario, task.track, way, seed)
    assert people
    for person in people:
        assert person.is_alike
        apart = np.linalg.norm(person.route.position - way.route.position, axis=1)
        meets_s = int(np.argmin(apart)) * STEP_S
        assert min(abs(meets_s - event_s) for event_s in way.events_s) < 6.0
        assert crossings.APART_M <= apart.min() < 2.0
        assert apart[-1] > crossings.KEPT_M


@settings(max_examples=3, deadline=None)
@given(seed=SEEDS, task=st.sampled_from(ALL), world=st.sampled_from(['forest', 'urban']))
def test_a_season_moves_nothing_and_nobody_walks_into_an_obstacle(seed, task, world):
    name = task if task != 'long' else 'long:60'
    summer, winter = (
        make_layout(load_scenario(world, season=season, task=name), seed)
        for season in ('summer', 'winter')
    )
    for one, other in zip(summer.actors, winter.actors, strict=True):
        np.testing.assert_array_equal(one.route.position, other.route.position)
        assert one.actor.name == other.actor.name
    np.testing.assert_array_equal(summer.obstacles.circles, winter.obstacles.circles)
    np.testing.assert_array_equal(summer.obstacles.boxes, winter.obstacles.boxes)
    for person in summer.actors:
        gap = summer.obstacles.gap(person.route.position[::5]).min()
        assert gap > person.target.radius_m


def test_the_people_of_a_crowd_are_there_and_some_wear_the_colour_of_the_target():
    layout = make_layout(CROWD, 10_400)
    alike = [person for person in layout.distractors if person.is_alike]
    assert len(layout.distractors) == 8
    assert len(alike) == 3
    red = (0.80, 0.06, 0.07)  # of the backpack
    assert all(
        any(piece.colour == red for part in person.actor.parts for piece in part)
        for person in alike
    )


def test_a_level_after_a_colon_sets_the_difficulty_and_says_so_in_the_name():
    assert load_task('occlusion:4').track.hidden_s == 4.0
    assert load_task('occlusion:4').name == 'occlusion-4'
    assert load_task('long:60').duration_s == 60.0
    assert load_task('crowd:16').track.people == 16


@pytest.mark.parametrize(
    ('name', 'says'),
    [
        ('follow:2', 'no difficulty'),
        ('occlusion:much', 'number after the colon'),
        ('occlusion:nan', 'number after the colon'),
        ('occlusion:99', 'hidden_s must be'),
        ('crowd:2', 'alike must be at most people'),
        ('twins:1.5', 'whole number'),
        ('nothing:2', 'unknown task'),
    ],
)
def test_a_level_that_a_task_cannot_have_is_refused_in_one_sentence(name, says):
    with pytest.raises(ConfigError, match=says):
        load_task(name)


def test_every_level_of_every_track_is_a_task():
    assert ALL
    for name in ALL:
        task = load_task(name)
        assert [task.at_level(level).name for level in task.levels]


def test_where_every_way_winds_into_a_screen_the_error_says_what_to_lower(monkeypatch):
    monkeypatch.setattr(tracks, 'TRIES', 1)
    scenario, track = occlusion_of(2.0)
    with pytest.raises(SimulationError, match='lower events'):
        tracks.draw_way(scenario, track, 272935, 0.12)
