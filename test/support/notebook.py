# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A watcher of training that remembers what it was told."""


class Notebook:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def begin(self, title: str, total: int, unit: str) -> None:
        self.titles.append(title)

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        pass

    def end(self, summary: str = '') -> None:
        pass

    def note(self, text: str) -> None:
        self.titles.append(text)
