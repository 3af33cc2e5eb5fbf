# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A sensor that freezes at any time, under clocks that go wrong at any time."""

import contextlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ImageError
from liquid_drone.ros.picture_gate import PictureGate

EPOCH_NS, FRAME_NS = 1_700_000_000_000_000_000, 50_000_000
FROZEN_S = 0.5
FRAMES = 60
off_s = st.sampled_from([0.0, 0.0, -0.05, 0.09, 0.3, -1.0, 5.0, -1e3])
clocks = st.lists(st.tuples(off_s, st.integers(1, 20)), min_size=1, max_size=8)


@given(
    clocks,
    st.integers(0, FRAMES - 1),
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.lists(st.integers(0, 6), min_size=FRAMES, max_size=FRAMES),
)
def test_what_is_frozen_is_not_acted_on_whatever_the_clocks_do(
    clock, frozen_at, seed, buffers, again
):
    """It sends one buffer, or its last ones in turn, and old pictures come again between."""
    offsets = [off for off, frames in clock for _ in range(frames)]
    offsets += [0.0] * FRAMES
    gate, rng = PictureGate(0.25, FROZEN_S), np.random.default_rng(seed)
    frozen_s, kept, sent = 0.0, [], []
    for frame in range(FRAMES):
        if frame <= frozen_at:
            kept.append(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        else:
            frozen_s += FRAME_NS / 1e9
        last = kept[-buffers:]
        image = last[-1] if frame <= frozen_at else last[frame % len(last)]
        now_ns = EPOCH_NS + frame * FRAME_NS
        sent.append((image, now_ns + round(offsets[frame] * 1e9)))
        acted = False
        shown = (
            [sent[-1]] if not 0 < again[frame] < len(sent) else [sent[-1 - again[frame]], sent[-1]]
        )
        for pixels, stamp_ns in shown:
            with contextlib.suppress(ImageError):
                acted |= not gate.admit(pixels, stamp_ns, now_ns).is_repeated
        assert not (acted and frozen_s >= FROZEN_S + 1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_a_sensor_that_lives_again_is_acted_on_at_once(seed, frozen_frames):
    gate, rng = PictureGate(0.25, FROZEN_S), np.random.default_rng(seed)
    image = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    for frame in range(frozen_frames):
        with contextlib.suppress(ImageError):
            gate.admit(image, EPOCH_NS + frame * FRAME_NS, EPOCH_NS + frame * FRAME_NS)
    now_ns = EPOCH_NS + frozen_frames * FRAME_NS
    image = rng.integers(0, 256, image.shape, dtype=np.uint8)
    assert not gate.admit(image, now_ns, now_ns).is_repeated
