# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One line of a check: what was looked at, how it stands, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

SymptomLevel = Literal['ok', 'warning', 'error']  # green, yellow, red
MARKS = {'ok': 'ok     ', 'warning': 'warning', 'error': 'ERROR  '}


@dataclass(frozen=True)
class Symptom:
    """One line of the report."""

    subject: str
    level: SymptomLevel
    state: str  # what is there
    mend: str = ''  # a command or setting; empty where nothing is to be done

    def __str__(self) -> str:
        mend = f'\n        → {self.mend}' if self.mend else ''
        return f'{MARKS[self.level]} {self.subject}: {self.state}{mend}'
