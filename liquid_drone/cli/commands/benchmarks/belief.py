# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench belief``: a policy's belief of a hidden target beside a Kalman filter."""

import json
import sys
from dataclasses import asdict, dataclass

from .... import resources
from ....options import option
from ...arguments import Command

NAME = 'belief'
HELP = "measure how far a policy's belief is from a hidden target, beside a Kalman filter"
EPILOG = """examples:
  liquid-drone bench belief --bundle models/mine
  liquid-drone bench belief --bundle models/mine --task occlusion:4 --flights 20

The expert flies validation seeds, the policy only watches. The filter (constant velocity) is given
the target's true place while it is in the picture and the drone's own motion; the policy has
pictures alone.
"""


@dataclass(frozen=True, kw_only=True)
class BenchBeliefArguments:
    """Who watches what."""

    bundle: str = option('follow', 'policy with a belief: a name in models/, or a directory')
    world: str = option('forest', 'a name in sim/worlds, or a .yaml file')
    season: str = option('summer', 'a name in sim/seasons, or a .yaml file')
    task: str = option('occlusion', 'a name in config/tasks, or a .yaml file')
    flights: int = option(6, 'validation seeds', low=1, high=1_000)
    offset: int = option(0, 'seeds left out', low=0, high=4_000)
    json: bool = option(False, 'print figures for machines')


def run(args: BenchBeliefArguments) -> int:
    """Fly, compare and print a table."""
    from ....evaluate.belief_error import errors_of, table, watch
    from ....runtime.runner import PolicyRunner
    from ....seeds import split_seeds
    from ....sim.scenario.scenario import load_scenario

    runner = PolicyRunner(resources.bundle(args.bundle))
    scenario = load_scenario(args.world, args.season, task=args.task)
    flights = []
    for seed in split_seeds('validation', args.flights, args.offset):
        flights.append(watch(scenario, seed, runner))
        print(f'... seed {seed}', file=sys.stderr, flush=True)
    found = errors_of(flights)
    print(json.dumps([asdict(one) for one in found]) if args.json else table(found))
    return 0


COMMAND = Command(NAME, HELP, EPILOG, BenchBeliefArguments, run)
