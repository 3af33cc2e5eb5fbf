# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The truth of a scan: what the picture shows, and nothing of what lies below it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.contract import CameraSpec
from liquid_drone.learn.auxiliary_labels import nearness
from liquid_drone.learn.scan.truth import Upright, nearness_seen
from liquid_drone.sim.world.placement import obstacles_of
from liquid_drone.sim.world.scenery import Solid

SPEC = CameraSpec()
TILT = math.radians(SPEC.tilt_down_deg)


def solids(seed: int, count: int, high_m: float) -> tuple[Solid, ...]:
    rng, found = np.random.default_rng(seed), list[Solid]()
    for _ in range(count):
        x, y = rng.uniform(-9.0, 9.0, 2).tolist()
        if rng.random() < 0.5:
            found.append(Solid('cylinder', (0.3, high_m), (x, y, high_m / 2.0)))
        else:
            size = (float(rng.uniform(0.5, 3.0)), 0.8, high_m)
            found.append(Solid('box', size, (x, y, high_m / 2.0), yaw=float(rng.uniform(-3, 3))))
    return tuple(found)


@given(st.integers(0, 2**16), st.integers(0, 8))
def test_of_what_is_higher_than_the_camera_nothing_is_left_out(seed: int, count: int) -> None:
    stands = solids(seed, count, 6.0)
    standing, yaw = Upright.of(stands), float(np.random.default_rng(seed).uniform(-3.0, 3.0))
    circles = obstacles_of(stands).as_circles()
    assert sorted(map(tuple, standing.circles)) == sorted(map(tuple, circles))
    where = np.array([0.0, 0.0, 2.0])
    fov = math.radians(SPEC.horizontal_fov_deg)
    wanted = nearness(where, yaw, circles, fov)
    np.testing.assert_array_equal(nearness_seen(standing, where, yaw, TILT, SPEC), wanted)


@given(st.floats(1.05, 1.9), st.floats(2.0, 5.0), st.floats(-0.3, 0.3))
def test_what_lies_below_the_picture_is_unknown_and_further_away_it_is_told(
    high_m: float, camera_m: float, bearing: float
) -> None:
    """A car below a drone is in no picture of it; from far enough away its roof is."""
    half = math.atan(math.tan(math.radians(40.0)) * SPEC.height / SPEC.width)
    begins_m = (camera_m - high_m) / math.tan(TILT + half)  # from where on its roof is seen
    for away_m, is_seen in ((0.7 * begins_m, False), (1.3 * begins_m, True)):
        at = (away_m + 0.5) * np.array([math.cos(bearing), math.sin(bearing)])
        solid = Solid('cylinder', (0.5, high_m), (float(at[0]), float(at[1]), high_m / 2.0))
        camera = np.array([0.0, 0.0, camera_m])
        near = nearness_seen(Upright.of((solid,)), camera, 0.0, TILT, SPEC)
        told = near[~np.isnan(near)]
        assert bool(np.isnan(near).any()) is not is_seen
        if is_seen and away_m < 9.0:
            assert told.max() == pytest.approx(1.0 - away_m / 10.0, abs=0.01)
        elif not is_seen:
            assert told.max(initial=0.0) == 0.0


def test_a_low_thing_before_a_wall_hides_no_wall() -> None:
    """Where something that is seen is as near, what is not seen changes nothing."""
    low = Solid('cylinder', (0.4, 1.1), (3.0, 0.0, 0.55))
    wall = Solid('box', (0.4, 4.0, 6.0), (1.2, 0.0, 3.0))
    camera = np.array([0.0, 0.0, 4.0])
    both = nearness_seen(Upright.of((low, wall)), camera, 0.0, TILT, SPEC)
    alone = nearness_seen(Upright.of((wall,)), camera, 0.0, TILT, SPEC)
    np.testing.assert_array_equal(both, alone)
    assert not np.isnan(both).any()
