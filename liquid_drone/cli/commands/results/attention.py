# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone attention``: attention maps of policies, scored by season against the target."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .... import resources
from ....errors import ConfigError
from ....files import aside_of, write_text
from ....options import option
from ....seeds import split_seeds
from ....sim.flight_spec import FlightSpec
from ...arguments import Command
from ...places import claim_folder

if TYPE_CHECKING:
    from ....evaluate.attention.measuring import Look, MapScore
    from ....evaluate.attention.scenes import Scene

NAME = 'attention'
HELP = 'score where policies attend, by season, against the mask of the target'
FILES = ('attention.csv', 'attention.json', 'attention.md')
FILM_FRAMES = 40
EPILOG = """examples:
  liquid-drone attention --bundles follow follow-summer --out out/attention
  liquid-drone attention --bundles data/mine/bundle --places forest:summer forest:winter --film

Expert poses of validation seeds, photographed in every season; four maps of each frame:
VisualBackProp, Grad-CAM and integrated gradients from weights.npz, occlusion from the graphs.
"""


@dataclass(frozen=True, kw_only=True)
class AttentionArguments:
    """Whose maps, of which pictures."""

    bundles: tuple[str, ...] = option(
        ('follow',), 'names in models/, or directories', metavar='BUNDLE'
    )
    places: tuple[str, ...] = option(
        ('forest:summer', 'forest:autumn', 'forest:winter', 'urban:summer'),
        'worlds and seasons; the first is home, which the monitor takes for usual',
        metavar='WORLD:SEASON',
    )
    target: str = option(FlightSpec.target, 'a name in sim/targets, or a .yaml file')
    flights: int = option(8, 'validation seeds of each place', low=2, high=500)
    pairs: int = option(6, 'pairs of frames of each seed', low=1, high=100)
    occlusion: bool = option(True, 'draw the map of the graphs too, which takes the longest')
    film: bool = option(False, 'a film of each bundle in each place')
    out: Path = option(Path('out/attention'), 'directory of the results')


def run(args: AttentionArguments) -> int:
    """Photograph, look, and write the table."""
    from ....evaluate.attention.measuring import score_scene, summary_of, table
    from ...progress import TerminalWatcher

    worlds, home = _worlds(args.places)
    looks = {name: _looks(name, args.occlusion) for name in args.bundles}
    named = told_apart(args.bundles)
    claim_folder(args.out, FILES)
    watcher = TerminalWatcher()
    watcher.begin('attention', args.flights * len(args.places), 'scenes')
    scores: list[MapScore] = []
    first: list[Scene] = []
    for scene in _scenes(args, worlds):
        first += [scene] if scene.place not in {one.place for one in first} else []
        for bundle, of_bundle in looks.items():
            scores += score_scene(named[bundle], of_bundle, scene)
        watcher.advance()
    watcher.end()
    rows = summary_of(scores, home)
    text = table(rows, home)
    write_text(args.out / 'attention.md', text)
    write_text(args.out / 'attention.json', json.dumps(rows, indent=1) + '\n')
    file = io.StringIO()
    writer = csv.DictWriter(file, list(asdict(scores[0])), lineterminator='\n')
    writer.writeheader()
    writer.writerows(asdict(one) for one in scores)
    write_text(args.out / 'attention.csv', file.getvalue())
    for bundle, of_bundle in looks.items():
        _draw(args, named[bundle], of_bundle, first)
    print(text)
    return 0


def told_apart(bundles: Sequence[str]) -> dict[str, str]:
    """Return a name for each bundle: its last part, with those before it where others share it."""
    paths = {bundle: Path(bundle).absolute().parts for bundle in bundles}
    found = {}
    for bundle, parts in paths.items():
        names = ('-'.join(parts[-count:]) for count in range(1, len(parts)))
        alike = [other for other in paths.values() if other != parts]
        found[bundle] = next(
            (name for name in names if not any(name in _ends(other) for other in alike)),
            parts[-1],
        )
    return found


def _ends(parts: tuple[str, ...]) -> set[str]:
    return {'-'.join(parts[-count:]) for count in range(1, len(parts))}


def _worlds(places: tuple[str, ...]) -> tuple[dict[str, list[str]], str]:
    """Return the seasons of each world, and the name of home."""
    worlds: dict[str, list[str]] = {}
    for place in places:
        world, colon, season = place.partition(':')
        if not (world and colon and season):
            raise ConfigError(
                f"places: expected WORLD:SEASON, such as forest:summer; got '{place}'"
            )
        worlds.setdefault(world, []).append(season)
    first = places[0].split(':')
    return worlds, '-'.join(Path(word).stem for word in first)


def _scenes(args: AttentionArguments, worlds: dict[str, list[str]]) -> 'Iterator[Scene]':
    from ....evaluate.attention.scenes import scenes_of

    seeds = split_seeds('validation', args.flights)
    for world, seasons in worlds.items():
        flight = replace(FlightSpec(), world=world, target=args.target)
        yield from scenes_of(flight, seasons, seeds, args.pairs)


def _looks(bundle: str, occlusion: bool) -> 'dict[str, Look]':
    from ....evaluate.attention.measuring import looks_of
    from ....policy.network import Network
    from ....policy.weights import config_of, load_weights_of
    from ....runtime.selection import open_policy

    network = load_weights_of(Network(config_of(bundle)), bundle).eval()
    return looks_of(network, open_policy(resources.bundle(bundle)) if occlusion else None)


def _draw(
    args: AttentionArguments, name: str, looks: 'dict[str, Look]', scenes: 'list[Scene]'
) -> None:
    from ....evaluate.attention.scenes import stretch
    from ....evaluate.plots.attention import film, strip

    folder = args.out / name
    claim_folder(folder, ('attention.png', 'films'))
    with aside_of(folder / 'attention.png') as aside:
        strip(looks, scenes, name, aside)
    if not args.film:
        return
    (folder / 'films').mkdir(exist_ok=True)
    for place in args.places:
        world, _, season = place.partition(':')
        flight = replace(FlightSpec(), world=world, season=season, target=args.target)
        images = stretch(flight, split_seeds('validation', 1)[0], FILM_FRAMES)
        with aside_of(folder / 'films' / f'{Path(world).stem}-{Path(season).stem}.mp4') as aside:
            film(looks, images, aside)


COMMAND = Command(NAME, HELP, EPILOG, AttentionArguments, run)
