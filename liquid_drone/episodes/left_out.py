# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What an import leaves out: counted by cause, with the times, and limited."""

from collections import defaultdict
from pathlib import Path

from ..errors import EpisodeError

SHOWN_TIMES = 3


class LeftOut:
    """Pictures, and messages beside them, that are in none of the episodes."""

    def __init__(self) -> None:
        self.pictures: dict[str, list[int]] = defaultdict(list)  # cause -> stamps in ns
        self.others: dict[str, list[int]] = defaultdict(list)

    def picture(self, stamp_ns: int, cause: str) -> None:
        """Count a picture."""
        self.pictures[cause].append(stamp_ns)

    def other(self, stamp_ns: int, cause: str) -> None:
        """Count a message that is no picture."""
        self.others[cause].append(stamp_ns)

    def lines(self) -> list[str]:
        """Return one line for each cause."""
        return [
            f'left out: {len(stamps)} {cause}, at {_times(stamps)}'
            for causes in (self.pictures, self.others)
            for cause, stamps in causes.items()
        ]

    def check(self, bag: Path, kept: int, most: float) -> None:
        """Refuse an import that leaves out too much.

        Raises:
            EpisodeError: more than a share ``most`` of the pictures is left out.

        """
        lost = sum(len(stamps) for stamps in self.pictures.values())
        share = lost / max(lost + kept, 1)
        if share > most:
            raise EpisodeError(
                f'{bag}: {lost} of {lost + kept} pictures ({share:.0%}) would be left out, '
                f'more than {most:.0%}, and nothing was imported: {"; ".join(self.lines()[:5])}; '
                'mend the recording, or allow it with --most-left-out'
            )


def _times(stamps: list[int]) -> str:
    first = ', '.join(f'{stamp_ns / 1e9:.3f}' for stamp_ns in stamps[:SHOWN_TIMES])
    more = ' ...' if len(stamps) > SHOWN_TIMES else ''
    return f'{first}{more} s'
