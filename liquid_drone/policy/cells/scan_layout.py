# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a scan, on whatever device, must know of a wired cell."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ScanLayout:
    """What the scan must know of the cell."""

    layers: tuple[int, ...]
    outputs: int  # the last neurons, O
    head: str
    no_gate: bool

    @property
    def late(self) -> int:
        """Return by how many steps the last layer lags."""
        return len(self.layers) - 1
