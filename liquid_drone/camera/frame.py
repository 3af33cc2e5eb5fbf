# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A picture with the time at which it was taken, what is opened, and what every source does."""

from dataclasses import dataclass
from typing import Protocol

from ..arrays import Image


@dataclass(frozen=True)
class CameraFrame:
    """One picture."""

    image: Image  # (H, W, 3) uint8 RGB
    stamp_ns: int  # system clock (since 1970) at which it was taken


@dataclass(frozen=True)
class SourceConfig:
    """What to open; zero means: as the source has it."""

    kind: str = 'device'
    address: str = '/dev/video0'  # device, pipeline, URL or path
    width: int = 0  # asked of a device
    height: int = 0
    rate_hz: float = 0.0  # asked of a device; of files: the pace
    loop: bool = False  # files begin again
    pixel_format: str = ''  # asked of a device


class Source(Protocol):
    """An open source."""

    def read(self) -> CameraFrame | None:
        """Wait for the next picture; None: the file is over.

        Raises:
            CameraError: a live source gives no more pictures.

        """

    def close(self) -> None:
        """Let go of it."""
