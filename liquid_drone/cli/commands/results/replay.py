# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone replay``: fly finished flights again by their ids and compare trajectories."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .... import resources
from ....errors import ConfigError
from ....files import aside_of, shown_path, write_text
from ....options import option
from ...arguments import Command
from ...places import claim_folder

if TYPE_CHECKING:
    from ....evaluate.replay.finding import FoundFlight
    from ....evaluate.replay.replaying import Replayed

NAME = 'replay'
HELP = 'fly finished flights again by their ids and compare their trajectories'
RESULT = 'result.json'  # of fly
FILES = (RESULT, 'episode', 'trajectory.png', 'flight.mp4')
EPILOG = """examples:
  liquid-drone replay 3f9a1c07be22 --folder out/evaluation
  liquid-drone replay 3f9a 81bb --film         # an episode, a plot and a film of each
  liquid-drone replay --failed --add-to-regressions
  liquid-drone replay out/one      # what liquid-drone fly left, once more
  liquid-drone evaluate --regressions regressions.yaml --bundle data/mine/bundle

Each line of a flights.jsonl begins with its flight's id; a report lists those that failed. Exit
code 1: a trajectory differs.
"""


@dataclass(frozen=True, kw_only=True)
class ReplayArguments:
    """Which flights, and what is left of them."""

    ids: tuple[str, ...] = option(
        (),
        'ids of flights, or their first digits; or directories that fly left',
        positional=True,
        metavar='ID',
    )
    folder: Path = option(Path('out'), 'directory of the results, or one above it')
    failed: bool = option(False, 'every flight that failed, instead of ids')
    bundle: str = option(
        '', 'policy: a name in models/, or a directory', unset='the one that flew'
    )
    film: bool = option(
        False, 'leave an episode, a plot and a film of each in replays/ID beside its flights'
    )
    add_to_regressions: bool = option(False, 'add these flights to the file of regressions')
    regressions: Path = option(
        Path('regressions.yaml'), 'file of regressions', needs=('add_to_regressions',)
    )


def run(args: ReplayArguments) -> int:
    """Fly, compare, and tell a line for each."""
    from ....evaluate.replay.replaying import replay

    bundle = resources.bundle(args.bundle) if args.bundle else None
    done, records = [], [Path(one) for one in args.ids if (Path(one) / RESULT).is_file()]
    if records:
        return _records(args, records, bundle)
    for found in _chosen(args):
        one = replay(found, bundle)
        print(one)
        if args.film:
            print(f'  {leave(one)}')
        done.append((one.found, one.trial, one.is_equal))
    if not done:
        print(f'no flight below {args.folder} failed: nothing is flown again')
        return 0
    equal = sum(is_equal for *_, is_equal in done)
    print(f'{equal} of {len(done)} equal')
    if args.add_to_regressions:
        from ....evaluate.replay.regressions import add_regressions

        new = add_regressions(args.regressions, [(found, trial) for found, trial, _ in done])
        print(f'{args.regressions}: {new} added')
    return int(equal < len(done))


def _records(args: ReplayArguments, folders: list[Path], bundle: Path | None) -> int:
    """Fly what ``fly`` left once more, and compare."""
    from ....evaluate.replay.flown_record import load_record, refly

    if len(folders) < len(args.ids) or args.film or args.add_to_regressions:
        raise ConfigError(
            'a directory that fly left is flown again alone: leave out other ids, --film (its '
            'film is there) and --add-to-regressions (for flights of evaluate)'
        )
    equal = 0
    for record in [load_record(folder) for folder in folders]:
        again = refly(record, bundle)
        equal += again == record.trajectory_hash
        was = record.trajectory_hash
        word = 'equal' if again == was else f'DIFFERS, expected {was}'
        print(f'{record.folder}, seed {record.flight.seed}: {word}, trajectory {again}')
    print(f'{equal} of {len(folders)} equal')
    return int(equal < len(folders))


def _chosen(args: ReplayArguments) -> 'list[FoundFlight]':
    from ....evaluate.replay.finding import find_flights, flights_below

    if args.failed == bool(args.ids):
        raise ConfigError('expected ids of flights, or --failed for all that failed')
    if args.ids:
        return find_flights(args.ids, args.folder)
    found = {one.id: one for one in flights_below(args.folder)}
    if not found:
        raise ConfigError(
            f'no flights below {shown_path(args.folder)}: expected what liquid-drone evaluate '
            'wrote'
        )
    return [one for one in found.values() if not one.flown.score.success]


def leave(one: 'Replayed') -> Path:
    """Write an episode, a plot, a film and the result of a flight; returns their directory."""
    from ....evaluate.plots import flights
    from ....sim.scenario.scenario import scenario_of

    out = one.found.folder / 'replays' / one.found.id
    claim_folder(out, FILES)
    one.log.save(out / 'episode')
    with aside_of(out / 'trajectory.png') as aside:
        flights.plot(one.log, one.task, one.again.score, aside)
    with aside_of(out / 'flight.mp4') as aside:
        flights.film(one.log, scenario_of(one.trial.flight), aside)
    result = {'id': one.found.id, 'is_equal': one.is_equal, **one.found.who, **asdict(one.again)}
    write_text(out / 'result.json', json.dumps(result, indent=1) + '\n')
    return out


COMMAND = Command(NAME, HELP, EPILOG, ReplayArguments, run)
