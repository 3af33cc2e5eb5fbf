# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The materials and pictures that lie beside a mesh, and those that it names and are not there."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from .limits import MOST_BYTES, UnusableMeshError


class Beside:
    """Finds what a mesh names: in its own folder alone, bounded; remembers what is not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, bytes] = {}
        self.lost: list[str] = []

    def __getitem__(self, name: str) -> bytes:
        """Return what :meth:`get` does: trimesh uses both."""
        return self.get(name)

    def get(self, name: str) -> bytes:
        """Return the content of a file, whatever folder its name begins with.

        Raises:
            KeyError: there is none, as trimesh expects.

        """
        if name in self._made:
            return self._made[name]
        bare = Path(name.replace('\\', '/').strip().strip('"')).name
        file = next((one for one in self._candidates(bare) if one.is_file()), None)
        if file is None:
            self.lost.append(bare)
            raise KeyError(name)
        if file.stat().st_size > MOST_BYTES:
            raise UnusableMeshError(f'expected at most {MOST_BYTES} bytes in {file.name}')
        return file.read_bytes()

    def has(self, name: str) -> bool:
        """Tell whether a file of this name is there."""
        return any(one.is_file() for one in self._candidates(Path(name.replace('\\', '/')).name))

    def add(self, name: str, content: bytes) -> None:
        """Answer a name with this content from now on."""
        self._made[name] = content

    def _candidates(self, bare: str) -> Iterator[Path]:
        """Yield the file of a name, then those told apart by capitals or stored accents alone."""
        yield self._folder / bare
        folded = _folded(bare)
        yield from sorted(one for one in self._folder.iterdir() if _folded(one.name) == folded)


def _folded(name: str) -> str:
    """Return a name without capitals; a Mac stores letter and accent apart."""
    return unicodedata.normalize('NFC', name).casefold()
