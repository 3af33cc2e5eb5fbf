# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone inspect``: contact sheets of worlds, seasons and targets; a window to fly in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ... import resources
from ...files import written
from ...options import REQUIRED, option
from ...results import claim
from ...sim.flight_spec import FlightSpec
from ..arguments import Command, part

if TYPE_CHECKING:
    from ...arrays import Image
    from ...sim.preview.contact_sheet import SheetCell, SheetPlace, SheetRow

NAME = 'inspect'
HELP = 'look at worlds, seasons and targets: a contact sheet, or a window'
KindChoice = Literal['world', 'season', 'target']
KINDS = get_args(KindChoice)
SEED, SEEDS = 9_011, 4  # of the training split; so many for a season
YEAR = ('spring', 'summer', 'autumn', 'winter')
EPILOG = """examples:
  liquid-drone inspect world                     # every world in every season
  liquid-drone inspect world my/park.yaml --seed 9003
  liquid-drone inspect season winter             # one season in every world, several seeds
  liquid-drone inspect target                    # every target, in summer
  liquid-drone inspect target dog                # one target from all sides, everywhere
  liquid-drone inspect world urban --live        # a window; needs a display

The sheet is a PNG: out/inspect-world.png and so on, or --out.
"""


@dataclass(frozen=True, kw_only=True)
class InspectArguments:
    """What is looked at and where the picture goes."""

    kind: KindChoice = option(REQUIRED, 'what to look at', positional=True)
    names: tuple[str, ...] = option(
        (), 'names or .yaml files', unset='all that ship', positional=True
    )
    flight: FlightSpec = part(
        FlightSpec, only=('seed', 'weather', 'vehicle', 'renderer'), seed=SEED
    )
    width: int = option(480, 'of a picture', low=64, high=4_096, unit='pixels')
    out: Path | None = option(None, 'PNG file', unset='out/inspect-KIND.png')
    live: bool = option(False, 'a window instead (needs a display)')


def run(args: InspectArguments) -> int:
    """Draw the sheet, or open the window."""
    chosen = _chosen(args)
    out = args.out or Path('out') / f'inspect-{args.kind}.png'
    if args.live:
        from ...sim.preview import viewer

        viewer.watch(viewer.Choices(**chosen), args.flight)
        return 0
    claim(out.parent, (out.name,))
    _save(out, SHEETS[args.kind](args, **chosen))
    print(out)
    return 0


def _chosen(args: InspectArguments) -> dict[str, tuple[str, ...]]:
    """Return what is shown of each kind, the names that were given checked."""
    known = {f'{kind}s': tuple(resources.names(f'sim/{kind}s')) for kind in KINDS}
    known['seasons'] = tuple(sorted(known['seasons'], key=_by_year))
    known['targets'] = (FlightSpec.target,)
    for name in args.names:
        resources.named_file(f'sim/{args.kind}s', name)
    if args.names or args.kind == 'target':
        known[f'{args.kind}s'] = tuple(args.names) or tuple(resources.names('sim/targets'))
    return known


def _by_year(season: str) -> tuple[int, str]:
    return (YEAR.index(season) if season in YEAR else len(YEAR)), season


def _world_sheet(
    args: InspectArguments,
    worlds: tuple[str, ...],
    seasons: tuple[str, ...],
    targets: tuple[str, ...],
) -> 'Image':
    """Worlds below each other, seasons beside each other."""
    from ...sim.preview import contact_sheet

    shown = _shown(args)
    places = [[shown.load(world, season, *targets) for season in seasons] for world in worlds]
    rows = []
    with Drawing(args.kind, len(worlds) * len(seasons)) as drawing:
        for world, row in zip(worlds, places, strict=True):
            views = [drawing.done(contact_sheet.place_views(place, shown)) for place in row]
            rows += _turned(Path(world).stem, seasons, views)
    return contact_sheet.sheet(f'seed {args.flight.seed}, {args.flight.weather}', rows)


def _season_sheet(
    args: InspectArguments,
    worlds: tuple[str, ...],
    seasons: tuple[str, ...],
    targets: tuple[str, ...],
) -> 'Image':
    """Seasons and worlds below each other, seeds beside each other."""
    from ...sim.preview import contact_sheet

    seeds = range(args.flight.seed, args.flight.seed + SEEDS)
    places = [(world, season, _shown(args).load(world, season, *targets))
              for season in seasons for world in worlds]  # fmt: skip
    rows = []
    with Drawing(args.kind, len(places) * SEEDS) as drawing:
        for world, season, place in places:
            views = [drawing.done(contact_sheet.place_views(place, _shown(args, seed)))
                     for seed in seeds]  # fmt: skip
            rows += _turned(Path(season).stem, [f'seed {seed}' for seed in seeds], views, world)
    return contact_sheet.sheet(args.flight.weather, rows)


def _target_sheet(
    args: InspectArguments,
    worlds: tuple[str, ...],
    seasons: tuple[str, ...],
    targets: tuple[str, ...],
) -> 'Image':
    """One target in all places below each other, or all targets in summer; views beside."""
    from ...sim.preview import contact_sheet

    shown = _shown(args)
    seasons = seasons if args.names else ('summer',)
    places = [((target, world, season), shown.load(world, season, target))
              for target in targets for world in worlds for season in seasons]  # fmt: skip
    rows = []
    with Drawing(args.kind, len(places)) as drawing:
        for words, place in places:
            views = drawing.done(contact_sheet.target_views(place, shown))
            rows.append(contact_sheet.SheetRow(tuple(Path(word).stem for word in words), views))
    return contact_sheet.sheet(f'seed {args.flight.seed}, {args.flight.weather}', rows)


SHEETS = {'world': _world_sheet, 'season': _season_sheet, 'target': _target_sheet}


def _turned(
    name: str, columns: Sequence[str], views: 'Sequence[tuple[SheetCell, ...]]', *more: str
) -> 'list[SheetRow]':
    """Make a row of each view, from the views of each column."""
    from ...sim.preview.contact_sheet import SheetCell, SheetRow

    rows = []
    for same in zip(*views, strict=True):
        cells = tuple(
            SheetCell(f'{column}: {cell.words}', cell.image)
            for column, cell in zip(columns, same, strict=True)
        )
        rows.append(SheetRow((name, *(Path(word).stem for word in more)), cells))
    return rows


def _shown(args: InspectArguments, seed: int | None = None) -> 'SheetPlace':
    from ...sim.preview.contact_sheet import SheetPlace

    flight = args.flight if seed is None else replace(args.flight, seed=seed)
    return SheetPlace(flight, args.width)


class Drawing:
    """A progress bar over places."""

    def __init__(self, kind: str, total: int) -> None:
        from rich.console import Console

        from ..progress import TerminalWatcher

        self._watcher = TerminalWatcher(Console(stderr=True, highlight=False))
        self._kind, self._total = kind, total

    def __enter__(self) -> 'Drawing':
        """Begin."""
        self._watcher.begin(f'drawing: {self._kind}', self._total, 'places')
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._watcher.end()

    def done(self, views: 'tuple[SheetCell, ...]') -> 'tuple[SheetCell, ...]':
        """Count one place and return its views."""
        self._watcher.advance()
        return views


def _save(path: Path, page: 'Image') -> None:
    import cv2

    data = cv2.imencode('.png', page[:, :, ::-1])[1].tobytes()
    written(path, lambda aside: aside.write_bytes(data))


COMMAND = Command(NAME, HELP, EPILOG, InspectArguments, run)
