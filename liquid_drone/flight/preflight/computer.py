# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The computer's part: room for recordings, a clock that is set, a processor at its speed."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from .processor import processor_symptoms
from .symptom import Symptom

LEAST_FREE = 5 * 2**30  # bytes; a recorded flight takes about 100 MB a minute
CLOCK_COMMAND = ('timedatectl', 'show', '--property', 'NTPSynchronized', '--value')
LIMIT_S, EVERY_S = 5.0, 30.0


def text(path: str) -> str:
    """Return a file's text; empty where it cannot be read."""
    try:
        return Path(path).read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''


def matching(pattern: str) -> list[str]:
    """Return the paths below / that match a pattern such as ``dev/video*``."""
    return sorted(str(path) for path in Path('/').glob(pattern))


def disk_symptom(free: int, where: str = 'here') -> Symptom:
    """Judge the space for recordings, in bytes."""
    state = f'{free / 2**30:.0f} GB free {where}'
    if free < LEAST_FREE:
        return Symptom('disk', 'warning', state, 'make space: a minute of flight takes 100 MB')
    return Symptom('disk', 'ok', state)


def clock_symptom(told: str) -> Symptom:
    """Judge the clock by the answer to :data:`CLOCK_COMMAND`: stamps and signatures rest on it."""
    if told == 'yes':
        return Symptom('clock', 'ok', 'synchronised')
    mend = 'sudo timedatectl set-ntp true, or set it by GPS; a jump in flight ends it'
    state = 'not synchronised' if told == 'no' else 'not known whether it is synchronised'
    return Symptom('clock', 'warning', state, mend)


def computer_symptoms(folder: Path) -> list[Symptom]:
    """Look at this computer; it may take some seconds."""
    try:
        done = subprocess.run(CLOCK_COMMAND, capture_output=True, timeout=LIMIT_S, check=True)
        told = done.stdout.decode(errors='replace').strip()
    except (OSError, subprocess.SubprocessError):
        told = ''
    found = [disk_symptom(shutil.disk_usage(folder).free), clock_symptom(told)]
    return [*found, *processor_symptoms(text, matching)]


class ComputerWatch:
    """Looks every half minute in a thread of its own, so that a hung command holds up nobody."""

    def __init__(self, tell: Callable[[list[Symptom]], None], folder: Path) -> None:
        """Begin to look.

        Args:
            tell: gets what was found; called by the thread.
            folder: on the disk that is looked at.

        """
        self._tell, self._folder, self._end = tell, folder, threading.Event()
        threading.Thread(target=self._watch, name='computer', daemon=True).start()

    def _watch(self) -> None:
        while not self._end.is_set():
            self._tell(computer_symptoms(self._folder))
            self._end.wait(EVERY_S)

    def stop(self) -> None:
        """End the thread; what it is waiting for is not waited for."""
        self._end.set()
