# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What tests of training share: a watcher that remembers, and a task that is soon over."""

from pathlib import Path

import yaml

from liquid_drone.resources import find


def short_task(folder: Path) -> str:
    """Write the task of a recipe as it ships, of two seconds; return its file.

    A validation flight is as long as its task: with an untrained policy, whole flights of it
    would show no more.
    """
    task = yaml.safe_load(find('config/tasks/follow.yaml').read_text(encoding='utf-8'))
    path = folder / 'short.yaml'
    text = yaml.safe_dump({**task, 'name': 'short', 'duration_s': 2.0, 'settle_s': 0.5})
    path.write_text(text, encoding='utf-8')
    return str(path)


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
