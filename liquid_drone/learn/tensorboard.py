# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Losses and validation as TensorBoard reads them: ``tensorboard --logdir data/<recipe>``.

They are shown to people and nothing is made of them: what fails here never ends a training.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

log = logging.getLogger(__name__)

LOSSES_EVERY = 10  # steps


class TensorBoardLog(Protocol):
    """Takes numbers by name."""

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Write one number."""


class NoTensorBoardLog:
    """Where TensorBoard is not installed: training goes on without it."""

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Do nothing."""


class LastingLog:
    """Writes until it fails once, which is told; from then on it does nothing.

    TensorBoard writes in a thread of its own: a full disk is an error of some later number.
    """

    def __init__(self, root: Path) -> None:
        """Open the log in a work directory."""
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        except Exception as error:  # of many kinds, where TensorFlow or protobuf do not fit
            self._fail(error)
            return
        try:
            self._writer = SummaryWriter(str(root / 'tensorboard'))  # type: ignore[no-untyped-call, unused-ignore]
        except Exception as error:  # as above: it imports the rest of itself here
            self._fail(error)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Write one number."""
        if self._writer is not None:
            try:
                self._writer.add_scalar(tag, value, step)
            except Exception as error:  # whatever its thread met with
                self._fail(error)

    def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            try:
                self._writer.close()
            except Exception as error:  # as above
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._writer = None
        first = str(error).strip().partition('\n')[0]
        log.warning(
            'TensorBoard: %s: %s; the training goes on, and its losses are written no more',
            type(error).__name__, first,
        )  # fmt: skip


@contextmanager
def tensorboard_log(root: Path) -> Iterator[TensorBoardLog]:
    """Open the log of a work directory; it is closed at the end, after an error too."""
    numbers = LastingLog(root)
    try:
        yield numbers
    finally:
        numbers.close()


def add_numbers(log: TensorBoardLog, step: int, group: str, numbers: Mapping[str, float]) -> None:
    """Write several numbers of one step."""
    for name, value in numbers.items():
        log.add_scalar(f'{group}/{name}', value, step)
