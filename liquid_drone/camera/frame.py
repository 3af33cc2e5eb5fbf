# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A picture with the time at which it was taken, and what every source of them does."""

from dataclasses import dataclass
from typing import Protocol

from ..arrays import Image


@dataclass(frozen=True)
class CameraFrame:
    """One picture."""

    image: Image  # (H, W, 3) uint8 RGB
    stamp_ns: int  # system clock (since 1970) at which it was taken


class Source(Protocol):
    """An open source."""

    def read(self) -> CameraFrame | None:
        """Wait for the next picture; None: the file is over.

        Raises:
            CameraError: a live source gives no more pictures.

        """

    def close(self) -> None:
        """Let go of it."""
