# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""When recorded messages were measured, where their stamps can be times."""

from collections.abc import Callable, Iterator
from typing import Any

from ..arrays import Image

SECOND_NS = 1_000_000_000
Stamped = tuple[int, Image]  # ns, (H, W, 3)


def stamp_ns_of(message: Any, bag_ns: int) -> int:
    """Return the header's stamp; when it was recorded, where there is none, or none after 1970."""
    header = getattr(message, 'header', None)
    if header is None:
        return bag_ns
    stamp_ns = int(header.stamp.sec) * SECOND_NS + int(header.stamp.nanosec)
    return stamp_ns if stamp_ns > 0 else bag_ns


def without_strays(
    pictures: Iterator[Stamped], gap_ns: float, leave_out: Callable[[int], None]
) -> Iterator[Stamped]:
    """Yield pictures but those stamped far ahead, where the next one comes before them again.

    One such stamp would make all that follow come late.

    Args:
        pictures: (stamp in ns, picture), as recorded.
        gap_ns: what is further ahead of the one before, is far.
        leave_out: gets the stamp of each that is left out.

    """
    last_ns: int | None = None
    held = next(pictures, None)
    while held is not None:
        following = next(pictures, None)
        stamp_ns = held[0]
        before_ns = stamp_ns if last_ns is None else last_ns
        is_far = stamp_ns - before_ns > gap_ns
        if is_far and following is not None and before_ns < following[0] < stamp_ns:
            leave_out(stamp_ns)
        else:
            yield held
            last_ns = stamp_ns
        held = following
