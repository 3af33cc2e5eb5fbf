# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Progress on the terminal: a bar with rate and time left; plain lines without a terminal."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

LINE_EVERY_S = 20.0
_shown: set[Progress] = set()  # the bars on the terminal


class TerminalWatcher:
    """Shows the stages of a long run."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._bar: Progress | None = None

    def begin(self, title: str, total: int, unit: str) -> None:
        """Start a stage of ``total`` steps; 0: nobody knows of how many."""
        self._title, self._total, self._unit = title, total, unit
        self._steps, self._found, self._units, self._facts = 0, 0, 0, ''
        self._began = self._spoken = time.monotonic()
        if self.console.is_terminal:
            self._bar = Progress(
                TextColumn('{task.description}'),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn('{task.fields[facts]}'),
                console=self.console,
            )
            self._bar.start()
            _shown.add(self._bar)
            self._task = self._bar.add_task(title, total=total or None, facts='')
        else:
            self._say(f'{title} ...')

    def find(self, steps: int = 1, **facts: float | str) -> None:
        """Count steps that an earlier run has finished: they took no time of this one."""
        self._found += steps
        self.advance(steps, 0, **facts)

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        """Count finished steps and show the facts."""
        self._steps += steps
        self._units += units
        now = time.monotonic()
        rate = self._units / max(now - self._began, 1e-6)
        shown = [f'{rate:.0f} {self._unit}/s'] if self._units else []
        self._facts = ' '.join(shown + [f'{name} {_short(v)}' for name, v in facts.items()])
        if self._bar is not None:
            self._bar.update(self._task, completed=self._steps, facts=self._facts)
        elif now - self._spoken > LINE_EVERY_S:
            self._spoken = now
            each_s = (now - self._began) / max(self._steps - self._found, 1)
            left_s = each_s * (self._total - self._steps)
            of = f'/{self._total}' if self._total else f' {self._unit}'
            left = f', {left_s:.0f} s left' if self._total else ''
            self._say(f'{self._title}: {self._steps}{of} {self._facts}{left}')

    def end(self, summary: str = '') -> None:
        """Finish the stage with one line."""
        if self._bar is not None:
            self._bar.stop()
            _shown.discard(self._bar)
            self._bar = None
        took_s = time.monotonic() - self._began
        self._say(f'{self._title}: {summary or self._facts or "done"} ({took_s:.0f} s)')

    def note(self, text: str) -> None:
        """Say something about what goes on beside the stage."""
        self._say(text)

    def _say(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)  # a log file has no width


def stop_bars() -> None:
    """Stop the bars of stages that end early: a bar that goes on hides the cursor."""
    while _shown:
        _shown.pop().stop()


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f'{value:.4g}'
