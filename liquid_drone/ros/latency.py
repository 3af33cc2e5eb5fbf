# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Rates and latencies for the diagnostics: counts a second, and percentiles of the newest."""

import math
from collections import deque

KEPT = 600  # samples: half a minute at 20 Hz
SHARES = (50, 95, 99)


class Latency:
    """Percentiles of a delay over its last samples."""

    def __init__(self, name: str, kept: int = KEPT) -> None:
        """Begin with none; ``name`` is what the values are called in the diagnostics."""
        self.name = name
        self._samples_s: deque[float] = deque(maxlen=kept)

    def __len__(self) -> int:
        return len(self._samples_s)

    def add(self, seconds: float) -> None:
        """Note one delay."""
        self._samples_s.append(seconds)

    def clear(self) -> None:
        """Forget all."""
        self._samples_s.clear()

    def percentile_s(self, share: float) -> float:
        """Return the delay that ``share`` percent of the samples do not exceed; nan for none."""
        ordered = sorted(self._samples_s)
        if not ordered:
            return math.nan
        return ordered[max(0, math.ceil(share / 100.0 * len(ordered)) - 1)]

    def values(self) -> dict[str, object]:
        """Return ``<name>_ms_p50`` and so on, in milliseconds; nothing before the first sample."""
        if not self._samples_s:
            return {}
        found = {f'{self.name}_ms_p{share}': self.percentile_s(share) for share in SHARES}
        found[f'{self.name}_ms_max'] = max(self._samples_s)
        return {name: round(seconds * 1000.0, 2) for name, seconds in found.items()}


class Counter:
    """How often something happened since it was last asked."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._count = 0
        self._since_s: float | None = None

    def add(self) -> None:
        """Count one."""
        self._count += 1

    def take(self, now_s: float) -> float:
        """Return the rate in Hz since the last call, and begin anew; 0 at the first call."""
        since_s, count = self._since_s, self._count
        self._since_s, self._count = now_s, 0
        if since_s is None or now_s <= since_s:
            return 0.0
        return round(count / (now_s - since_s), 2)
