# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights that failed, as the lines of a file: each try with its cause.

They are tried again by the next run; a seed that has a result since is no failure any more.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from ..errors import LiquidDroneError
from ..files import parse_json, read_bytes, shown_path

log = logging.getLogger(__name__)

FAILED = 'failed.jsonl'
MOST_BYTES = 100_000_000
MOST_CAUSE = 300  # characters


def note_failure(out: Path, seed: int, cause: str) -> None:
    """Add a try that failed."""
    line = json.dumps({'seed': seed, 'cause': cause[:MOST_CAUSE]}) + '\n'
    with (out / FAILED).open('a', encoding='utf-8') as file:
        file.write(line)


def read_failures(out: Path) -> Mapping[int, str]:
    """Return the last cause of each seed that failed; lines that cannot be read are left out."""
    path, causes = out / FAILED, dict[int, str]()
    if not path.is_file():
        return causes
    for number, line in enumerate(read_bytes(path, MOST_BYTES).splitlines(), 1):
        where = f'{shown_path(path)}, line {number}'
        try:
            row = parse_json(line.decode('utf-8', 'replace'), where)
            causes[int(row['seed'])] = str(row['cause'])[:MOST_CAUSE]
        except (LiquidDroneError, TypeError, KeyError, ValueError):
            log.warning('left out: %s is no failure', where)
    return causes
