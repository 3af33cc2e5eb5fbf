# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What makes a simulated flight, as one hash: the scenario with its meshes, and the code.

Of the code counts what it does: comments, docstrings and layout do not.
"""

import ast
import dataclasses
import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..files import sha256_of
from ..schema import plain
from .scenario.scenario import Scenario
from .scenario.target import Target

APART = ('autopilot', 'firmware', 'gym', 'preview')  # folders that move no simulated body


def digest(value: Any) -> str:
    """Return 32 hex digits over plain data."""
    text = json.dumps(plain(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def scenario_digest(scenario: Scenario) -> str:
    """Return the hash of all that makes a scenario's flights, but for seed and pilot.

    What a target has for training pictures alone makes no flight, and changes no hash.
    """
    beside = tuple((item, _with_content(target)) for item, target in scenario.distractors)
    whole = dataclasses.replace(
        scenario, target=_with_content(scenario.target), distractors=beside
    )
    return digest([plain(whole), simulator_version()])


@lru_cache
def simulator_version() -> str:
    """Return the hash of the simulator's code."""
    here = Path(__file__).parent
    files = (p for p in here.rglob('*.py') if p.relative_to(here).parts[0] not in APART)
    return code_digest(files)


def code_digest(files: Iterable[Path]) -> str:
    """Return the hash of what Python files do."""
    whole = hashlib.sha256()
    for file in sorted(files):
        tree = ast.parse(file.read_text(encoding='utf-8'))
        whole.update(f'{file.name}\0{_without_docstrings(tree)}\0'.encode())
    return whole.hexdigest()[:32]


def _without_docstrings(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            first = body[0].value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                body[0].value = ast.Constant('')
    return ast.unparse(tree)


def _with_content(target: Target) -> Target:
    """Return a target as flights show it, its mesh files named by their content."""
    parts = tuple(
        dataclasses.replace(part, file=sha256_of(Path(part.file))) if part.file else part
        for part in target.parts
    )
    return dataclasses.replace(target, parts=parts, person=None, counterexamples=())
