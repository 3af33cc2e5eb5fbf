# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Losses and validation as TensorBoard reads them: ``tensorboard --logdir data/<recipe>``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

LOSSES_EVERY = 10  # steps


class TensorBoardLog(Protocol):
    """Takes numbers by name."""

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Write one number."""


class NoTensorBoardLog:
    """Where TensorBoard is not installed: training goes on without it."""

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Do nothing."""


@contextmanager
def tensorboard_log(root: Path) -> Iterator[TensorBoardLog]:
    """Open the log of a work directory; it is closed at the end, after an error too."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        yield NoTensorBoardLog()
        return
    writer = SummaryWriter(str(root / 'tensorboard'))  # type: ignore[no-untyped-call, unused-ignore]
    try:
        yield writer
    finally:
        writer.close()  # type: ignore[no-untyped-call, unused-ignore]


def add_numbers(log: TensorBoardLog, step: int, group: str, numbers: Mapping[str, float]) -> None:
    """Write several numbers of one step."""
    for name, value in numbers.items():
        log.add_scalar(f'{group}/{name}', value, step)
