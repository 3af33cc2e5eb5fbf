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
HELP = 'fly the same seeds without each neuron in turn, and tell which one is missed'
FILES = ('knock-out.md', 'knock-out.json', 'knock-out.png')
EPILOG = """examples:
  liquid-drone knock-out --season winter --flights 4 --out out/knock-out

The state of a silent neuron is zero after every tick; of a motor neuron the command is zero, too.
A run that was stopped goes on where it was.
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
    from ....evaluate.knock_out.effects import effect, neuron_names, silences, table
    from ....evaluate.plots.knock_out import draw_effects
    from ....evaluate.protocol import Trial, evaluate
    from ....policy.network import Network
    from ....policy.weights import config_of, load_weights_of
    from ...progress import TerminalWatcher

    claim_folder(args.out, FILES)
    network = load_weights_of(Network(config_of(args.bundle)), args.bundle)
    count, is_motor = network.cell.state_size, network.readout is None
    names = neuron_names(network.wiring, count, is_motor)
    seeds = split_seeds('validation', args.flights, args.offset)
    trial = Trial(args.flight, resources.bundle(args.bundle))
    executor, watcher = executor_of(args.where, args.flight.renderer), TerminalWatcher()
    watcher.begin('flights', args.flights * (count + 1), 'flights')

    def fly(one: Trial, folder: str) -> 'list[Flown]':
        return evaluate(one, seeds, args.out / folder, executor, lambda *_: watcher.advance())

    whole = fly(trial, 'whole')
    effects = []
    for silence, name in zip(silences(count, is_motor), names, strict=True):
        without = fly(replace(trial, silence=silence), f'neuron-{silence.neuron:02d}')
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
