# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""In which frames the target counts as seen: a state, where they follow each other."""

from collections.abc import Iterable

from ..runtime.sight import Sight
from .frame_answer import FrameAnswer


def seen_in(answers: Iterable[FrameAnswer], threshold: float) -> list[bool]:
    """Decide for all answers of one method, in order."""
    sight = Sight(threshold)
    return [look(sight, answer) for answer in answers]


def look(sight: Sight, answer: FrameAnswer) -> bool:
    """Decide for the next answer; a frame that has nothing before it decides alone."""
    if answer.starts_afresh:
        sight.forget()
    return sight.look(answer.probability, answer.stamp_s)
