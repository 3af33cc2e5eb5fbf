# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A result never replaces what is not a result: the one place that decides, for every command.

A directory is replaced only if it is empty, or if this program made it and nothing else lies in
it. A file is replaced only if :data:`MARKER` beside it names it. What replaces is written aside,
then renamed. Links, and files where a directory is expected, are errors.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LiquidDroneError, OutputError
from .files import load_json, shown_path, write_text
from .outputs.durability import put_in_place, settle
from .outputs.leftovers import held, made_aside, name_aside, remove_left
from .outputs.roots import fixed_root_of

MARKER = '.liquid_drone.json'  # in a folder of results: the files that this program wrote there


@dataclass(frozen=True)
class ResultKind:
    """A kind of directory that this program writes as a whole."""

    name: str  # as an error calls it
    proof: str  # JSON file with a format_version: this program made the directory
    files: tuple[str, ...]  # what may be in it

    def holds(self, path: Path) -> bool:
        """Tell whether a directory is one of this kind, with nothing else in it."""
        try:
            document = load_json(path / self.proof)
        except LiquidDroneError:
            return False
        made = isinstance(document, dict) and 'format_version' in document
        return made and not foreign(path, (self.proof, *self.files))


BUNDLE = ResultKind(
    'policy bundle',
    'contract.json',
    ('vision.onnx', 'core.onnx', 'card.md', 'wiring.json', 'weights.npz', MARKER),
)
EPISODE = ResultKind('episode', 'episode.json', ('bag', MARKER))


def foreign(path: Path, known: Collection[str]) -> list[str]:
    """Return the names in a directory that are not among the known ones."""
    return sorted(item.name for item in path.iterdir() if item.name not in known)


def check_replaceable(path: Path, kind: ResultKind) -> None:
    """Refuse a place whose content is no result of this kind; ask before a long run.

    Raises:
        OutputError: a link or a file is there, or a directory that this program did not make, or
            the place cannot be made.

    """
    _check_folder(path)
    if root := fixed_root_of(_absolute(path)):
        raise OutputError(
            f'{shown_path(path)} is not replaced: {root}; choose a folder in it as --out'
        )
    if not path.exists() or kind.holds(path) or not any(path.iterdir()):
        return
    found = foreign(path, (kind.proof, *kind.files)) or foreign(path, ())
    more = f' and {len(found) - 5} more' if len(found) > 5 else ''
    raise OutputError(
        f'{shown_path(path)} holds {", ".join(found[:5])}{more}, which is no {kind.name} of this '
        'program, and is not replaced: move it, or choose another --out'
    )


@contextmanager
def replacing(path: Path, kind: ResultKind) -> Iterator[Path]:
    """Give a new directory beside a place; it takes the place when all went well.

    Raises:
        OutputError: as :func:`check_replaceable`, or it cannot be written.

    """
    path = _absolute(path)
    check_replaceable(path, kind)
    try:
        with made_aside(path, is_folder=True) as aside:
            yield aside
            put(aside, path, kind)
    except OSError as error:
        raise OutputError(
            f'cannot write {shown_path(path)}: {error.strerror or error}; choose another --out'
        ) from error


def put(made: Path, path: Path, kind: ResultKind) -> None:
    """Move a directory that is whole into its place; a result of its kind there is replaced.

    Raises:
        OutputError: as :func:`check_replaceable`, or it cannot be moved.

    """
    path = _absolute(path)
    check_replaceable(path, kind)
    try:
        _exchange(made, path)
    except OSError as error:
        raise OutputError(
            f'cannot write {shown_path(path)}: {error.strerror or error}; choose another --out'
        ) from error


def _exchange(made: Path, path: Path) -> None:
    remove_left(path)
    if not path.exists():
        put_in_place(made, path)
        return
    outdated = name_aside(path, 'outdated')
    settle(made)  # before the place is empty
    with held(path):
        try:
            path.rename(outdated)
            put_in_place(made, path)
        finally:
            if outdated.exists() and not path.exists():
                outdated.rename(path)
            shutil.rmtree(outdated, ignore_errors=True)


def claim(folder: Path, names: Collection[str]) -> None:
    """Make a folder for results of these names and note them; what lies beside them stays.

    Raises:
        OutputError: a link or a file is in the way, one of the names is there and this program did
            not write it, or it cannot be written.

    """
    _check_folder(folder)
    ours = written_in(folder)
    for name in names:
        place = folder / name
        if place.is_symlink():
            raise OutputError(
                f'{shown_path(place)} is a link, and a link is not replaced: move it, or choose '
                'another --out'
            )
        if os.path.lexists(place) and name not in ours:
            raise OutputError(
                f'{shown_path(place)} is there, this program did not write it (see {MARKER} '
                'beside it), and it is not replaced: move it, or choose another --out'
            )
    document = {'made_by': 'liquid_drone', 'format_version': 1, 'files': sorted({*ours, *names})}
    write_text(folder / MARKER, json.dumps(document) + '\n')


def written_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder that this program wrote."""
    if not os.path.lexists(folder / MARKER):
        return set()
    try:
        document = load_json(folder / MARKER)
    except LiquidDroneError:
        return set()  # torn, or somebody else's: then nothing is ours
    files = document.get('files') if isinstance(document, dict) else None
    return {name for name in files if isinstance(name, str)} if isinstance(files, list) else set()


def _absolute(path: Path) -> Path:
    """Return a path with a name ('.' has none), its links as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _check_folder(path: Path) -> None:
    """Refuse a link, a file, and a place below a file or where nothing may be written."""
    try:
        wrong = _whats_wrong(_absolute(path))
    except (OSError, ValueError) as error:  # such as a name that is too long
        wrong = getattr(error, 'strerror', None) or str(error)
    if wrong:
        raise OutputError(f'cannot write {shown_path(path)}: {wrong}; choose another --out')


def _whats_wrong(path: Path) -> str:
    if path.is_symlink():
        return 'it is a link, and a link is not replaced'
    there = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not there.is_dir():
        return f'{shown_path(there)} is a file, expected a directory'
    if not os.access(there, os.W_OK | os.X_OK):
        return f'nothing may be written in {shown_path(there)}'
    return ''
