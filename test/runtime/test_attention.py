# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The attention map points at what the command depends on, and computing it changes nothing."""

from pathlib import Path

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.arrays import Image
from liquid_drone.runtime.attention import occlude, overlay
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.session import Session

ROWS, COLUMNS = 6, 10


@pytest.fixture(scope='module')
def seen() -> tuple[Image, float]:
    """Return a simulated picture with the target in it, and its bearing."""
    session = Session(FlightSpec(seed=9_003, start='hover', duration_s=1.0))
    frame = session.begin()
    session.close()
    assert frame.target_pixels > 50
    return frame.image, frame.target_bearing


def test_the_shipped_policy_looks_at_its_target(seen: tuple[Image, float]) -> None:
    image, bearing = seen
    found = occlude(PolicyRunner(resources.bundle('follow')), image, ROWS, COLUMNS)
    assert found.change.shape == (ROWS, COLUMNS)
    column = int(np.unravel_index(found.target.argmax(), found.target.shape)[1])
    assert abs((column + 0.5) / COLUMNS * 2.0 - 1.0 - bearing) < 2.0 / COLUMNS
    assert found.target.max() > 0.5


def test_looking_leaves_the_state_alone(bundle: Path, seen: tuple[Image, float]) -> None:
    image, _ = seen
    looked, plain = PolicyRunner(bundle), PolicyRunner(bundle)
    for index in range(3):
        found = occlude(looked, image, ROWS, COLUMNS)
        steps = [runner.step(image, 1.0 + index * 0.05).command for runner in (looked, plain)]
        np.testing.assert_array_equal(*steps)
        np.testing.assert_allclose(found.command, steps[0], atol=1e-5)


def test_a_picture_of_one_colour_has_nothing_to_look_at(bundle: Path) -> None:
    image = np.full((144, 256, 3), 120, np.uint8)
    found = occlude(PolicyRunner(bundle), image, ROWS, COLUMNS)
    assert found.change.max() < 1e-5
    shown = overlay(image, np.zeros((ROWS, COLUMNS), np.float32))
    assert shown.shape == (288, 512, 3)
    assert (shown == 120).all()
