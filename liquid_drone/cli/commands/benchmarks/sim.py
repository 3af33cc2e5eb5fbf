# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench sim``: pictures, physics, environment steps, memory, leaks."""

import dataclasses
import importlib.util
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .... import resources
from ....errors import ConfigError
from ....options import option
from ...arguments import Command

if TYPE_CHECKING:
    from ....bench.sim_resets import Held

NAME = 'sim'
HELP = 'time the simulator: pictures, physics, resets, environment steps, memory'
EPILOG = """examples:
  liquid-drone bench sim
  liquid-drone bench sim --peer-python peer/bin/python    # beside gym-pybullet-drones
  liquid-drone bench sim --resets 1000                         # do resets leak?
  liquid-drone bench sim --parts 24                            # where does a step's time go?
  liquid-drone bench sim --flights 4       # whole flights with rendering and policy, as evaluate

Cases run in processes of their own, on one core or two, and take turns. gym-pybullet-drones is
measured in the same run where it is installed, here or with the Python of --peer-python.
"""


@dataclass(frozen=True, kw_only=True)
class BenchSimArguments:
    """What is timed, how often."""

    rounds: int = option(4, 'turns of each case', low=1, high=1_000)
    envs: int = option(16, 'in a vector', low=1, high=1_024)
    seeds: int = option(3, 'places of each kind', low=1, high=1_000)
    seconds: float = option(0.8, 'of one turn', low=0.01, high=3600.0, unit='s')
    worlds: tuple[str, ...] = option((), 'names or .yaml files', unset='forest urban')
    peer_python: str = option('', 'Python that has gym-pybullet-drones')
    resets: int = option(
        0, 'look for leaks over so many resets', low=0, high=10_000_000, unset='off'
    )
    parts: int = option(
        0, 'divide the time of so many steps among its parts', low=0, high=10_000, unset='off'
    )
    flights: int = option(
        0, 'time so many whole flights in each place', low=0, high=1_000, unset='off'
    )
    flight_s: float = option(20.0, 'of each flight', low=1.0, high=3600.0, unit='s')
    json: bool = option(False, 'print figures for machines')


def run(args: BenchSimArguments) -> int:
    """Measure and print a table."""
    for world in args.worlds or ():
        resources.named_file('sim/worlds', world)  # an unknown one is said at once
    if args.flights:
        return _flights(args)
    if args.parts:
        return _parts(args)
    return _leaks(args) if args.resets else _speeds(args)


def _flights(args: BenchSimArguments) -> int:
    from ....bench.scale.flight_speed import measure_flights
    from ....bench.timing import table

    found = measure_flights(args.worlds or ('forest', 'urban'), args.flights, args.flight_s)
    if args.json:
        print(json.dumps([dataclasses.asdict(one) for one in found]))
        return 0
    rows = [
        [f'{one.world}, {one.season}, {one.flights} flights of {args.flight_s:.0f} s',
         f'{one.simulated_s / one.wall_s:.1f} ({one.simulated_s / one.cpu_s:.1f})']
        for one in found
    ]  # fmt: skip
    head = ['simulated flight-seconds a second, one process (a second of processor time)', '']
    print(table(head, rows))
    return 0


def _parts(args: BenchSimArguments) -> int:
    from ....bench.sim import measure_parts
    from ....bench.timing import table

    found = measure_parts(args.worlds or ('forest', 'urban'), args.envs, args.parts)
    if args.json:
        print(json.dumps(found))
        return 0
    for world, parts in found.items():
        whole = sum(parts.values())
        rows = [[name, f'{ms:.2f}', f'{100 * ms / whole:.0f} %'] for name, ms in parts.items()]
        words = f'{world}: processor ms of a step, {args.envs} environments, one process'
        print(table([words, '', ''], [*rows, ['all', f'{whole:.2f}', '']]))
    return 0


def _speeds(args: BenchSimArguments) -> int:
    from ....bench.sim import SimBench, measure

    python = args.peer_python
    if not python and importlib.util.find_spec('gym_pybullet_drones') is not None:
        python = sys.executable
    try:
        bench = SimBench(args.rounds, args.envs, args.seeds, args.seconds, python)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if args.worlds:
        bench = dataclasses.replace(bench, worlds=tuple(args.worlds))
    found = measure(bench, lambda words: print(f'... {words}', file=sys.stderr, flush=True))
    print(json.dumps(found) if args.json else _table(found))
    return 0


def _table(found: dict[str, Any]) -> str:
    from ....bench.timing import table

    rows = []
    for world, seasons in found['pictures_per_s'].items():
        for season, rate in seasons.items():
            of_cpu = found['pictures_per_cpu_s'][world][season]
            words = 'pictures with masks a second, one core (by processor time)'
            rows.append([f'{world}, {season}: {words}', f'{rate:.0f} ({of_cpu:.0f})'])
    for key, words, digits in (
        ('physics_ms', 'processor ms of a camera frame of physics', 2),
        ('resets_per_s', 'resets a second', 1),
        ('memory_mb', 'memory of a process with one place, MB', 0),
    ):
        rows += [[f'{world}: {words}', f'{v:.{digits}f}'] for world, v in found[key].items()]
    for world, cases in found['env_steps_per_s'].items():
        ratios, cpu_ms = found.get('ratios', {}).get(world, {}), found['cpu_ms_per_step'][world]
        for name, rate in cases.items():
            times = f' ({ratios[name]:.1f} times)' if name in ratios else ''
            rows.append([f'{world}: environment steps a second, {name}', f'{rate:.0f}{times}'])
        rows += [[f'{world}: processor ms of a step, {name}', f'{ms:.1f}']
                 for name, ms in cpu_ms.items()]  # fmt: skip
    head = [f'256x144 RGB, sun and shadows, {found["device"]}, {found["cpu_cores"]} cores', '']
    return table(head, rows)


def _leaks(args: BenchSimArguments) -> int:
    from ....bench.sim_resets import repeat
    from ....sim.scenario.scenario import load_scenario
    from ....sim.simulator import Simulator
    from ...progress import TerminalWatcher

    world = (args.worlds or ['forest'])[0]
    simulator = Simulator(load_scenario(world))
    watcher = None if args.json else TerminalWatcher()
    if watcher:
        watcher.begin(f'resets: {world}', args.resets, 'resets')
    try:
        leak = repeat(simulator, args.resets, lambda: watcher.advance() if watcher else None)
    except ValueError as error:
        raise ConfigError(f'--resets: {error}') from error
    finally:
        simulator.close()
    if args.json:
        print(json.dumps(dataclasses.asdict(leak)))
        return 0
    assert watcher is not None
    watcher.end(
        f'{leak.before.memory_mb:.0f} MB, then {leak.after.memory_mb:.0f} MB: '
        f'{leak.kb_per_reset:+.2f} kB a reset; files {leak.before.files} and {leak.after.files}; '
        f'OpenGL objects {_count(leak.before)} and {_count(leak.after)}'
    )
    return 0


def _count(held: 'Held') -> int:
    return sum(held.gl_objects.values())


COMMAND = Command(NAME, HELP, EPILOG, BenchSimArguments, run)
