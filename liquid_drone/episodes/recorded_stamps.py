# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""When recorded messages were measured, where their stamps can be times."""

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SECOND_NS = 1_000_000_000
MOST_OPEN = 8  # pieces that a picture may go on with: bounds the work


def stamp_ns_of(message: Any, bag_ns: int) -> int:
    """Return the header's stamp; when it was recorded, where there is none, or none after 1970."""
    header = getattr(message, 'header', None)
    if header is None:
        return bag_ns
    stamp_ns = int(header.stamp.sec) * SECOND_NS + int(header.stamp.nanosec)
    return stamp_ns if stamp_ns > 0 else bag_ns


@dataclass(frozen=True)
class RecordedPiece:
    """Pictures whose stamps rise without a gap, by their numbers in the recording."""

    kept: tuple[int, ...]
    late: tuple[int, ...]  # came twice, or after pictures that were taken later
    is_astray: bool  # the clock ran elsewhere before or behind it


def pieces_of(stamps_ns: Sequence[int], gap_ns: float) -> list[RecordedPiece]:
    """Return the pieces of a recording, whatever its clock did.

    A picture belongs to the last piece that it goes on with. So a clock that ran elsewhere for a
    while makes a piece of its own, and what was there before goes on behind it; a clock that was
    set back begins a new piece. Within a piece as many pictures as possible are kept.

    Args:
        stamps_ns: of the pictures, as recorded.
        gap_ns: a picture further ahead or behind does not go on with a piece.

    """
    found: list[list[int]] = []  # the one that was gone on with last stands last
    for number, stamp_ns in enumerate(stamps_ns):
        recent = range(len(found) - 1, max(len(found) - 1 - MOST_OPEN, -1), -1)
        ahead_ns = {k: stamp_ns - stamps_ns[found[k][-1]] for k in recent}
        going_on = next((k for k in recent if -gap_ns < ahead_ns[k] <= gap_ns), None)
        found.append([] if going_on is None else found.pop(going_on))
        found[-1].append(number)
    highest = [-1, *itertools.accumulate(stamps_ns, max)]  # before each
    lowest = [*itertools.accumulate(reversed(stamps_ns), min)][::-1]  # from each on
    pieces = []
    for piece in sorted(found):
        kept = _rising(piece, stamps_ns)
        begin_ns, end_ns = stamps_ns[kept[0]], stamps_ns[kept[-1]]
        behind = piece[-1] + 1
        is_astray = highest[piece[0]] >= begin_ns
        is_astray |= behind < len(stamps_ns) and lowest[behind] <= end_ns
        pieces.append(RecordedPiece(kept, tuple(sorted({*piece} - {*kept})), is_astray))
    return pieces


def is_set_back(stamps_ns: Sequence[int], gap_ns: float) -> bool:
    """Tell whether a clock was set back while it was recorded; one stamp astray is no clock."""
    return bool(_settings(stamps_ns, gap_ns))


def without_settings(stamps_ns: Sequence[int], gap_ns: float) -> list[int]:
    """Return the stamps of a clock as if it had never been set back."""
    set_back_ns = [0] * len(stamps_ns)
    for number in _settings(stamps_ns, gap_ns):
        set_back_ns[number] = stamps_ns[number - 1] - stamps_ns[number]
    lost_ns = itertools.accumulate(set_back_ns)
    return [stamp_ns + so_far_ns for stamp_ns, so_far_ns in zip(stamps_ns, lost_ns, strict=True)]


def _settings(stamps_ns: Sequence[int], gap_ns: float) -> list[int]:
    """Return the numbers of the first stamps behind which a clock was set back."""
    fours = zip(stamps_ns, stamps_ns[1:], stamps_ns[2:], stamps_ns[3:], strict=False)
    return [k + 2 for k, (a, b, c, d) in enumerate(fours) if min(a, b) - max(c, d) >= gap_ns]


def _rising(piece: Sequence[int], stamps_ns: Sequence[int]) -> tuple[int, ...]:
    """Return the longest part of a piece whose stamps rise (Schensted, 1961)."""
    ends: list[int] = []  # by length: the last number of the part that ends lowest
    heights: list[int] = []
    before: dict[int, int | None] = {}
    for number in piece:
        at = bisect.bisect_left(heights, stamps_ns[number])
        before[number] = ends[at - 1] if at else None
        ends[at : at + 1] = [number]
        heights[at : at + 1] = [stamps_ns[number]]
    part, last = [], ends[-1] if ends else None
    while last is not None:
        part.append(last)
        last = before[last]
    return tuple(reversed(part))
