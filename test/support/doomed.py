# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Work that kills its own process, for tests of who survives it."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DiesAt:
    """Dies at some items, each so many times; files count, and tell where each was done."""

    folder: Path
    deaths: dict[int, int]
    takes_s: float = 0.0

    def __call__(self, number: int) -> int:
        before = len(list(self.folder.glob(f'{number}-*')))
        (self.folder / f'{number}-{time.monotonic_ns()}').touch()
        if before < self.deaths.get(number, 0):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(self.takes_s)
        return number


def other_everywhere() -> Mapping[str, str]:
    """Facts that no two processes share."""
    return {'pictures': str(os.getpid())}
