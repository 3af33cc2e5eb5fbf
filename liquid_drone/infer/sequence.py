# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a method follows a target that walks in and out of view: delay, and flicker.

Counted over a sequence of frames with stamps: after each true change, how long the answer takes to
agree; and how often the answer changes within any second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..evaluate.scoring import Rate, wilson
from .frame_answer import FrameAnswer
from .truth import FrameTruth, truth_of

IN_TIME_S = 0.3
WINDOW_S = 1.0
EARLY_S = 1e-6  # of two stamps that are the same


@dataclass(frozen=True)
class SequenceScore:
    """How the answers "seen" or "not seen" follow the truth in time."""

    came_in_time: Rate  # of the times the target came into view: seen within 0.3 s
    went_in_time: Rate  # of the times it went out of view: no longer seen within 0.3 s
    never_followed: int  # changes that the answer did not follow before the next true change
    worst_delay_s: float | None  # of those that were followed
    changes: int  # of the answer, in the whole sequence
    most_changes_a_second: int  # within any second
    length_s: float


def score_sequence(
    answers: Sequence[FrameAnswer], seen: Sequence[bool], truth: Mapping[str, FrameTruth]
) -> SequenceScore:
    """Compare what counts as seen; frames without truth count for the flicker alone."""
    times = [answer.stamp_s for answer in answers]
    delays = _delays(answers, seen, truth)
    followed = [delay for delay, _ in delays if delay is not None]
    changed = [t for t, a, b in zip(times[1:], seen[:-1], seen[1:], strict=True) if a != b]
    return SequenceScore(
        _in_time([delay for delay, came in delays if came]),
        _in_time([delay for delay, came in delays if not came]),
        len(delays) - len(followed),
        max(followed, default=None),
        len(changed),
        _most_within(changed, WINDOW_S),
        times[-1] - times[0] if times else 0.0,
    )


def _in_time(delays: Sequence[float | None]) -> Rate:
    limit_s = IN_TIME_S + EARLY_S
    return wilson(sum(delay is not None and delay <= limit_s for delay in delays), len(delays))


def _delays(
    answers: Sequence[FrameAnswer], seen: Sequence[bool], truth: Mapping[str, FrameTruth]
) -> list[tuple[float | None, bool]]:
    """Return for each true change how long the answer took to agree, and whether it came.

    None: it never did agree.
    """
    known = [
        (answer.stamp_s, is_seen, told.in_view)
        for answer, is_seen in zip(answers, seen, strict=True)
        if (told := truth_of(answer, truth)) is not None
    ]
    delays: list[tuple[float | None, bool]] = []
    began_s: float | None = None  # of the change that is not followed yet
    for (_, _, before), (stamp_s, is_seen, in_view) in pairwise(known):
        if in_view != before:
            if began_s is not None:
                delays.append((None, before))
            began_s = stamp_s
        if began_s is not None and is_seen == in_view:
            delays.append((stamp_s - began_s, in_view))
            began_s = None
    if began_s is not None:
        delays.append((None, known[-1][2]))
    return delays


def _most_within(times: Sequence[float], window_s: float) -> int:
    """Return the most of some rising times that lie within a window."""
    most, first = 0, 0
    for last, time in enumerate(times):
        while time - times[first] >= window_s - EARLY_S:
            first += 1
        most = max(most, last - first + 1)
    return most
