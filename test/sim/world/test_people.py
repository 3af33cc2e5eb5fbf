# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""People and things drawn anew: within the ranges of their YAML, and never the same twice."""

import colorsys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.geometry import quaternion_from_euler, rotation_from_quaternion
from liquid_drone.schema import build
from liquid_drone.sim.scenario.scenario import load_target
from liquid_drone.sim.scenario.target import Counterexample, Part, Target
from liquid_drone.sim.scenario.variety import Person, Shades
from liquid_drone.sim.world.actors import primitive
from liquid_drone.sim.world.meshes import rounded
from liquid_drone.sim.world.people import (
    colour_of,
    person_parts,
    varied_counterexample,
    varied_target,
)

seeds = st.integers(0, 2**31 - 1)
PURE_GREEN = (Shades((118.0, 122.0), (0.9, 1.0), (0.9, 1.0)),)
GREY = (Shades((0.0, 360.0), (0.0, 0.0), (0.2, 0.8)),)


@given(seeds, st.floats(-60.0, 360.0), st.floats(0.0, 60.0))
def test_a_colour_is_within_its_range_across_red_too(seed: int, low: float, wide: float) -> None:
    high = min(low + wide, 360.0)
    shades = Shades((low, high), (0.5, 0.9), (0.3, 0.8))
    hue, saturation, value = colorsys.rgb_to_hsv(*colour_of([shades], np.random.default_rng(seed)))
    inside = (hue * 360.0 - low) % 360.0
    assert inside <= high - low + 1e-6 or inside > 360.0 - 1e-6
    assert 0.5 - 1e-9 <= saturation <= 0.9 + 1e-9
    assert 0.3 - 1e-9 <= value <= 0.8 + 1e-9


def _heights(part: Part) -> tuple[float, float]:
    """Return the lowest and highest of the box around a part, turned with it."""
    half = replace(part, rpy_deg=(0.0, 0.0, 0.0)).half_m
    turn = rotation_from_quaternion(quaternion_from_euler(*np.radians(part.rpy_deg)))
    reach = float(np.abs(turn[2]) @ half)
    return part.position_m[2] - reach, part.position_m[2] + reach


@settings(max_examples=60)
@given(seeds)
@example(824)  # a hat with a wide brim, tilted
def test_a_person_stands_on_the_ground_and_is_as_tall_as_asked(seed: int) -> None:
    parts, telling = person_parts(Person(height_m=(1.6, 1.6)), np.random.default_rng(seed))
    assert telling == len(parts)
    low, high = zip(*(_heights(part) for part in parts), strict=True)
    assert 1.25 < max(high) - max(min(low), 0.0) < 1.8  # bent or with a hat
    assert min(part.position_m[2] for part in parts) > 0.0


@settings(max_examples=60)
@given(seeds)
def test_a_pack_has_the_pack_s_colour_and_is_behind(seed: int) -> None:
    rng = np.random.default_rng(seed)
    with_pack = Person(pack=PURE_GREEN, straps=GREY, top=GREY, trousers=GREY)
    parts, telling = person_parts(with_pack, rng)
    foremost = max(part.position_m[0] for part in parts)
    hsv = [colorsys.rgb_to_hsv(*part.colours[0]) for part in parts]
    packs = [
        part
        for part, (hue, saturation, _) in zip(parts, hsv, strict=True)
        if saturation > 0.85 and 110.0 < 360.0 * hue < 130.0 and part.size_m[2] > 0.3
    ]
    assert packs
    assert all(part.position_m[0] < foremost - 0.1 for part in packs)
    assert set(packs) <= set(parts[-telling:])  # what tells the target comes last
    assert 1 <= telling <= 3


def test_the_target_varies_and_the_same_seed_gives_the_same() -> None:
    target = load_target('red_backpack')
    made = [varied_target(target, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
    assert made[0][0].parts != target.parts


def test_every_counterexample_of_the_target_can_be_drawn() -> None:
    target = load_target('red_backpack')
    names = {one.name for one in target.counterexamples}
    assert {'red_top', 'other_pack_red_straps', 'red_trousers', 'sign', 'tent', 'barn'} <= names
    for one in target.counterexamples:
        drawn = varied_counterexample(one, np.random.default_rng(5))
        assert drawn.name == one.name
        assert all(len(part.colours) == 1 for part in drawn.parts)


@given(seeds)
def test_a_thing_grows_as_one(seed: int) -> None:
    grey = ((0.5, 0.5, 0.5),)
    parts = (
        Part('box', (0.4, 0.2, 0.6), (0.0, 0.0, 1.0), grey),
        Part('sphere', (0.1,), (0.2, 0.0, 0.5), grey),
    )
    varied, telling = varied_target(Target('t', 't', 0.3, 1.0, parts), np.random.default_rng(seed))
    assert telling == 2
    box, ball = varied.parts
    scale = box.size_m[0] / 0.4
    assert 0.8 < scale < 1.3
    assert ball.position_m == pytest.approx([0.2 * scale, 0.0, 0.5 * scale])
    assert ball.colours == box.colours  # equal choices stay equal


def test_rounded_shapes_fill_their_box_and_face_outwards() -> None:
    mesh = rounded((0.4, 0.6, 1.0))
    assert mesh.vertices.max(axis=0) == pytest.approx([0.2, 0.3, 0.5])
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    outwards = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1)
    assert (outwards > 0.0).all()
    part = Part('rounded', (0.4, 0.6, 1.0), (0.0, 0.0, 1.0), ((0.5, 0.5, 0.5),))
    assert len(primitive(part).faces) == len(mesh.faces)


@pytest.mark.parametrize(
    ('data', 'words'),
    [
        ({'hue_deg': [10, -10]}, 'hue_deg must be two values in order'),
        ({'saturation': [0.0, 1.2]}, 'saturation'),
        ({'value': [-0.1, 1.0]}, 'value'),
    ],
)
def test_a_wrong_range_is_named(data: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        build(Shades, data, 'here')


def test_a_counterexample_is_a_person_or_a_thing() -> None:
    with pytest.raises(ValueError, match='either'):
        Counterexample('nobody')
    with pytest.raises(ValueError, match='height_m'):
        Person(height_m=(2.0, 1.5))
