# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where commands write, looked at before they begin: nothing that is not theirs is replaced."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from ..errors import ConfigError, OutputError
from ..files import check_name, shown_path
from ..outputs.roots import root_of
from ..results import BUNDLE, check_replaceable, claim


def check_bundle_place(out: Path) -> None:
    """Refuse a place for a bundle that holds something else, or whose name is none.

    Raises:
        OutputError: says what is there.

    """
    check_replaceable(out, BUNDLE)
    try:
        check_name('the name of a bundle', out.resolve().name)
    except ValueError as error:
        raise OutputError(f'{error}; choose another --out') from error


def claim_folder(folder: Path, names: Collection[str]) -> None:
    """Make a folder for files of these names, and refuse one whose files are somebody else's.

    Raises:
        OutputError: as :func:`~liquid_drone.results.claim`, or it is the root of something else.

    """
    if root := root_of(folder):
        raise OutputError(f'cannot write {shown_path(folder)}: {root}; choose a folder in it')
    claim(folder, names)


def cell_folders(out: Path, cells: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Path]:
    """Return the directory of each world, season and weather.

    Raises:
        ConfigError: two would have the same.

    """
    folders: dict[tuple[str, ...], Path] = {}
    for cell in cells:
        folder = out / cell_name(cell)
        if folder in folders.values():
            raise ConfigError(
                f'two of the places would be called {folder.name}: rename one of the files'
            )
        folders[cell] = folder
    return folders


def cell_name(cell: Sequence[str]) -> str:
    """Return the name of a world, season and weather, as of a directory."""
    world, season, weather = cell
    place = f'{Path(world).stem}-{Path(season).stem}'
    return place if weather == 'clear' else f'{place}-{weather.replace(":", "").replace(",", "-")}'
