# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Paint on the ground is mixed as its formula says, to the bit, however it is laid in memory."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.sim.world.textures import GroundPainter, for_each_colour


@settings(max_examples=40, deadline=None)
@given(side=st.integers(1, 40), seed=st.integers(0, 999), is_picture=st.booleans())
def test_a_colour_and_a_picture_are_mixed_by_the_mask(
    side: int, seed: int, is_picture: bool
) -> None:
    rng = np.random.default_rng(seed)
    painter = GroundPainter(np.zeros(2), np.full(2, 9.0), side)
    before = rng.random((side, side, 3), dtype=np.float32)
    painter.picture = before.copy()
    paint = rng.random((side, side, 3) if is_picture else 3, dtype=np.float32)
    mask = rng.random((side, side), dtype=np.float32) * np.float32(1.3) - np.float32(0.1)
    painter.mix(paint, mask)
    expected = before + (paint - before) * mask[..., None]
    assert np.array_equal(painter.picture, expected)
    assert np.array_equal(for_each_colour(mask), np.repeat(mask[..., None], 3, axis=2))
    shown = (np.clip(expected, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    assert np.array_equal(painter.done(), shown)
