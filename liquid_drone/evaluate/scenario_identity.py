# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What makes a scenario's flights, with the files that its meshes name: materials and pictures.

The simulator's own hash has the content of each mesh file. Where a mesh names no other file it is
that one.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ..sim.identity import digest, scenario_digest
from ..sim.scenario.scenario import Scenario
from ..sim.world.mesh_files import obj_file
from ..sim.world.mesh_files.beside import Beside
from ..sim.world.mesh_files.limits import HEADER_BYTES, MOST_BYTES, UnusableMeshError

PLY_PICTURE = re.compile(rb'^comment TextureFile (.+?)\r?$', re.MULTILINE)


def scenario_identity(scenario: Scenario) -> str:
    """Return the hash of all that makes a scenario's flights, but for seed and pilot."""
    whole = scenario_digest(scenario)
    named = {str(mesh): found for mesh in set(_meshes(scenario)) if (found := _named(mesh))}
    contents = sorted(tuple(found.items()) for found in named.values())
    return digest([whole, contents]) if contents else whole


def _meshes(scenario: Scenario) -> Iterator[Path]:
    for target in (scenario.target, *(target for _, target in scenario.distractors)):
        yield from (Path(part.file) for part in target.parts if part.file)


def _named(mesh: Path) -> dict[str, str]:
    """Return the hash of each file that a mesh names and that is there."""
    beside, kind = _Hashing(mesh.parent), mesh.suffix.lower()
    try:
        if kind == '.obj' and mesh.stat().st_size <= MOST_BYTES:
            obj_file.prepared(mesh.read_bytes(), beside)
        elif kind == '.ply':
            with mesh.open('rb') as file:
                found = PLY_PICTURE.search(file.read(HEADER_BYTES))
            if found and beside.has(name := found[1].decode('utf-8', 'replace')):
                beside.get(name)
    except (UnusableMeshError, OSError):  # the flight's own reader tells it
        pass
    return dict(sorted(beside.hashes.items()))


class _Hashing(Beside):
    """Finds files as a mesh's reader does, and keeps the hash of each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hashes: dict[str, str] = {}

    def get(self, name: str) -> bytes:
        content = super().get(name)
        self.hashes[name] = hashlib.sha256(content).hexdigest()
        return content
