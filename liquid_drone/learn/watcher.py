# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who follows the progress of collecting and training; nothing in here prints."""

from typing import Protocol


class Watcher(Protocol):
    """Receives the progress of each stage; the command line shows it as progress bars."""

    def begin(self, title: str, total: int, unit: str) -> None:
        """Start a stage of ``total`` steps, each of some number of units."""
        ...

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        """Count finished steps, with facts worth showing."""
        ...

    def end(self, summary: str = '') -> None:
        """Finish the stage."""
        ...

    def note(self, text: str) -> None:
        """Report an event beside the stage."""
        ...


class Silent:
    """A watcher that shows nothing."""

    def begin(self, title: str, total: int, unit: str) -> None:
        """Show nothing."""

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        """Show nothing."""

    def end(self, summary: str = '') -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""
