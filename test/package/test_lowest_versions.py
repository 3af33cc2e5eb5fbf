# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The package uses no name that the lowest versions in setup.py do not have yet.

``python -m pip install pymavlink==2.4.49`` is what Debian packages. Its names were compared with
those of the locked version; the file beside lists those that came since.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOWEST, LOCKED = '2.4.49', '2.4.50'
SINCE = (ROOT / f'test/package/pymavlink_names_since_{LOWEST}.txt').read_text('utf-8').split()


def test_the_list_is_between_the_lowest_and_the_locked_version() -> None:
    """With another one of them, compare ``dir(ardupilotmega)`` of both anew."""
    assert f"'pymavlink>={LOWEST}'" in (ROOT / 'setup.py').read_text('utf-8')
    lock = (ROOT / 'requirements/lock.txt').read_text('utf-8')
    assert re.findall(r'^pymavlink==(\S+)', lock, re.MULTILINE) == [LOCKED]


def test_mavlink_needs_no_name_that_the_lowest_pymavlink_lacks() -> None:
    """One such name and nothing of the drone's part could be imported."""
    found = set()
    for path in (ROOT / 'liquid_drone').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            if isinstance(node, ast.Attribute) and node.attr in SINCE:
                found.add(f'{path.name}: {node.attr}')
    assert found == set()
