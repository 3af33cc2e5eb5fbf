# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A sensor that freezes at any time, under clocks that go wrong at any time."""

import contextlib

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from liquid_drone.camera.frozen import LIVES_S
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
    st.lists(st.tuples(st.booleans(), st.integers(1, 15)), min_size=1, max_size=8),
)
@example([(0.0, 1)], 10, 0, 8, [0] * 8 + [6] + [0] * (FRAMES - 9), [(True, 3)])  # one comes late
def test_what_is_frozen_is_not_acted_on_whatever_the_clocks_do(
    clock, frozen_at, seed, buffers, again, hidden
):
    """It sends one buffer or its last ones in turn; old ones come again; some are not seen."""
    offsets = [off for off, frames in clock for _ in range(frames)]
    offsets += [0.0] * FRAMES
    unseen = [hides for hides, frames in hidden for _ in range(frames)] + [False] * FRAMES
    gate, rng = PictureGate(0.25, FROZEN_S), np.random.default_rng(seed)
    kept, sent, known, new_ns = [], [], set(), 0
    for frame in range(FRAMES):
        if frame <= frozen_at:
            kept.append(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        last = kept[-buffers:]
        image = last[-1] if frame <= frozen_at else last[frame % len(last)]
        now_ns = EPOCH_NS + frame * FRAME_NS
        sent.append((image, now_ns + round(offsets[frame] * 1e9)))
        if unseen[frame]:  # not even decoded
            continue
        repeats = 0 < again[frame] < len(sent)
        shown = [sent[-1 - again[frame]], sent[-1]] if repeats else [sent[-1]]
        for pixels, stamp_ns in shown:
            if pixels.tobytes() not in known:
                known.add(pixels.tobytes())
                new_ns = now_ns
            acted = False
            with contextlib.suppress(ImageError):
                gate.watch(pixels, stamp_ns, now_ns)
                acted = not gate.admit(stamp_ns, now_ns).is_repeated
            assert not (acted and now_ns - new_ns >= FROZEN_S * 1e9)


class Shown:
    """Pictures of 20 Hz; one is acted on or not."""

    def __init__(self, seed):
        self.gate, self.rng = PictureGate(0.25, FROZEN_S), np.random.default_rng(seed)
        self.frame, self.image = 0, self.new()

    def new(self):
        return self.rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)

    def acts(self, image):
        self.frame += 1
        now_ns = EPOCH_NS + self.frame * FRAME_NS
        self.gate.watch(image, now_ns, now_ns)
        with contextlib.suppress(ImageError):
            return not self.gate.admit(now_ns, now_ns).is_repeated
        return False


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_a_sensor_that_lives_again_is_acted_on_soon(seed, frozen_frames):
    shown = Shown(seed)
    for _ in range(frozen_frames):
        shown.acts(shown.image)
    acted = [shown.acts(shown.new()) for _ in range(20)]
    late = acted.index(True)
    assert late * FRAME_NS <= (LIVES_S + 0.1) * 1e9
    assert frozen_frames > FROZEN_S * 20 or late == 0
    assert all(acted[late:])


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.7, 3.0),
    st.integers(0, 40),
    st.integers(1, 3),
)
def test_a_clock_that_goes_on_in_a_frozen_picture_is_no_sensor(seed, tick_s, before, digits):
    """Half of all pictures were acted on, behind each second that a camera writes."""
    shown = Shown(seed)
    assert all(shown.acts(shown.new()) for _ in range(before))
    shown.acts(shown.image)
    acted, image = [], shown.image.copy()
    for number in range(200):
        if int(number / 20 / tick_s) != int((number - 1) / 20 / tick_s):
            image[0, :digits] = shown.new()[0, :digits]
        acted.append(shown.acts(image))
    assert sum(acted) <= 20 * FROZEN_S
