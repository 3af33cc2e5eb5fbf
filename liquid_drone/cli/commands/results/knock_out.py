# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone knock-out``: fly the same seeds without each neuron in turn."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .... import resources
from ....files import aside_of, write_text
from ....options import option
from ....seeds import split_seeds
from ....sim.flight_spec import FlightSpec
from ...arguments import Command, part
from ...executor_arguments import ExecutorArguments, executor_of
from ...places import claim_folder

if TYPE_CHECKING:
    from ....evaluate.flights_file import Flown

NAME = 'knock-out'
HELP = 'fly the same seeds without each neuron in turn, and compare the flights'
FILES = ('knock-out.md', 'knock-out.json', 'knock-out.png')
EPILOG = """examples:
  liquid-drone knock-out --season winter --flights 4 --out out/knock-out

A neuron that is knocked out is zero at every tick: nothing of it reaches the neurons after it, the
next tick, or, from a motor neuron, the command. Each such policy is a bundle beside its flights.
A stopped run resumes where it was.
"""


@dataclass(frozen=True, kw_only=True)
class KnockOutArguments:
    """Whose neurons, in which flights."""

    flight: FlightSpec = part(
        FlightSpec, without=('seed', 'start', 'duration_s', 'firmware', 'land')
    )
    bundle: str = option('follow', 'policy with weights.npz: a name in models/, or a directory')
    flights: int = option(4, 'validation seeds', low=1, high=500)
    offset: int = option(0, 'seeds to leave out at the start', low=0, high=4_999)
    where: ExecutorArguments = part(ExecutorArguments)
    out: Path = option(Path('out/knock-out'), 'directory of the results')


def run(args: KnockOutArguments) -> int:
    """Fly with all neurons, then without each."""
    from ....evaluate.knock_out.effects import effect, neuron_names, table
    from ....evaluate.knock_out.silenced import load_wired, write_without
    from ....evaluate.plots.knock_out import draw_effects
    from ....evaluate.protocol import Trial, evaluate
    from ...progress import TerminalWatcher

    claim_folder(args.out, FILES)
    network, cell = load_wired(args.bundle)
    names = neuron_names(cell.wiring, cell.state_size, network.readout is None)
    seeds = split_seeds('validation', args.flights, args.offset)
    trial = Trial(args.flight, resources.bundle(args.bundle))
    executor, watcher = executor_of(args.where, args.flight.renderer), TerminalWatcher()
    watcher.begin('flights', args.flights * (len(names) + 1), 'flights')

    def fly(one: Trial, folder: str) -> 'list[Flown]':
        return evaluate(one, seeds, args.out / folder, executor, lambda *_: watcher.advance())

    whole = fly(trial, 'whole')
    effects = []
    for neuron, name in enumerate(names):
        folder = f'neuron-{neuron:02d}'
        bundle = args.out / folder / 'bundle'
        write_without(network, args.bundle, neuron, bundle)
        without = fly(replace(trial, bundle=bundle), folder)
        effects.append(effect(name, whole, without))
    watcher.end()
    where = f'{Path(args.flight.world).stem}, {Path(args.flight.season).stem}'
    title = f'{Path(args.bundle).name}, {where}, validation seeds {seeds[0]} to {seeds[-1]}'
    text = f'### {title}\n\n{table(whole, effects)}'
    write_text(args.out / 'knock-out.md', text)
    document = {'title': title, 'effects': [asdict(one) for one in effects]}
    write_text(args.out / 'knock-out.json', json.dumps(document, indent=1) + '\n')
    with aside_of(args.out / 'knock-out.png') as aside:
        draw_effects(effects, title, aside)
    print(text)
    return 0


COMMAND = Command(NAME, HELP, EPILOG, KnockOutArguments, run, resumes=True)
