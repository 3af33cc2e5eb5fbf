# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: delay and flicker of a sequence are counted as a person would count them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventions import invent

from liquid_drone import topics
from liquid_drone.episodes.episode import BAG, save
from liquid_drone.errors import ConfigError
from liquid_drone.infer.frame_answer import FrameAnswer
from liquid_drone.infer.recorded_truth import recorded_truth
from liquid_drone.infer.sequence import score_sequence
from liquid_drone.infer.truth import FrameTruth

NOTHING = np.zeros((0, 0, 3), np.uint8)
FRAME_S = 0.05


def sequence(seen: list[bool]) -> list[FrameAnswer]:
    return [
        FrameAnswer(k, f'{k}', k * FRAME_S, NOTHING, float(is_seen), 0.0, 0.0, None, None)
        for k, is_seen in enumerate(seen)
    ]


def truth(in_view: list[bool]) -> dict[str, FrameTruth]:
    return {f'{k}': FrameTruth(there) for k, there in enumerate(in_view)}


@given(st.integers(0, 20), st.integers(0, 20))
def test_the_delay_is_from_the_true_change_to_the_answer_that_agrees(into, out):
    """25 frames without, 25 with, 25 without the target; the answer comes late by so many."""
    there = [False] * 25 + [True] * 25 + [False] * 25
    seen = [False] * (25 + into) + [True] * (25 + out - into) + [False] * (25 - out)
    found = score_sequence(sequence(seen), seen, truth(there))
    assert (found.came_in_time.count, found.came_in_time.total) == (into <= 6, 1)
    assert (found.went_in_time.count, found.went_in_time.total) == (out <= 6, 1)
    assert found.never_followed == 0
    assert found.worst_delay_s == pytest.approx(FRAME_S * max(into, out))
    assert found.changes == 2
    assert found.length_s == pytest.approx(74 * FRAME_S)


def test_a_change_that_is_never_followed_is_counted():
    there = [False] * 10 + [True] * 10 + [False] * 10
    found = score_sequence(sequence([False] * 30), [False] * 30, truth(there))
    assert (found.came_in_time.count, found.went_in_time.count, found.never_followed) == (0, 1, 1)
    found = score_sequence(sequence([True] * 30), [True] * 30, truth(there))
    assert (found.came_in_time.count, found.went_in_time.count, found.never_followed) == (1, 0, 1)


@given(st.lists(st.booleans(), min_size=1, max_size=120))
def test_flicker_is_the_most_changes_within_a_second(seen):
    found = score_sequence(sequence(seen), seen, {})
    changed = [k for k in range(1, len(seen)) if seen[k] != seen[k - 1]]
    most = max((sum(0 <= other - k < 20 for other in changed) for k in changed), default=0)
    assert (found.changes, found.most_changes_a_second) == (len(changed), most)
    assert found.came_in_time.total + found.went_in_time.total == 0


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=80))
def test_every_true_change_is_in_time_late_or_never(frames):
    seen, there = [a for a, _ in frames], [b for _, b in frames]
    found = score_sequence(sequence(seen), seen, truth(there))
    changes = [b - a for a, b in pairwise([int(one) for one in there])]
    assert found.came_in_time.total == changes.count(1)
    assert found.went_in_time.total == changes.count(-1)
    in_time = found.came_in_time.count + found.went_in_time.count
    assert in_time + found.never_followed <= len(changes) - changes.count(0)


@pytest.mark.parametrize('seed', [1, 2])
def test_a_simulated_flight_is_its_own_truth(tmp_path: Path, seed: int):
    """Of each picture, in the order in which they are shown."""
    recording = invent(seed, frames=6)
    masks = [(0.1 * k, 0.0, 30.0 * (k % 2)) for k in range(6)]
    recording.rows['target_mask'][:] = masks
    save(recording, tmp_path / 'flight')
    expected = {
        f'{k}': FrameTruth(True, pytest.approx(0.1 * k)) if k % 2 else FrameTruth(False)
        for k in range(6)
    }
    assert recorded_truth(tmp_path / 'flight' / BAG) == expected


def test_a_recording_without_truth_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save(invent(1, frames=3), tmp_path / 'flight')
    monkeypatch.setattr(topics, 'TARGET_MASK', 'another/mask')
    with pytest.raises(ConfigError, match='give --truth a CSV'):
        recorded_truth(tmp_path / 'flight' / BAG)
