# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone draw``: pictures of a policy's network."""

import math
from dataclasses import dataclass
from pathlib import Path

from ...options import option
from ..arguments import Command
from ..places import claim_folder

NAME = 'draw'
HELP = "draw a policy's wiring, what its neurons do in a flight, and how expressive cells are"
EPILOG = """examples:
  liquid-drone draw
  liquid-drone fly --no-ros --out out/one && liquid-drone draw --flight out/one/episode
  liquid-drone draw --expressivity --out out/pictures

The wiring of any bundle that has weights.npz; with the episode of a flight, its frames are
shown to the network again: neurons, phases, time constants, the role of each neuron (what can
be read from it, and how the command changes where it is silent), and their activity on the wiring.
"""
CELLS = ('ltc', 'wired_cfc', 'cfc', 'ct_rnn', 'gru_ode', 'lstm', 'gru')
FILES = (
    *('wiring.png', 'neurons.png', 'phases.png', 'memory.png', 'roles.png', 'activity.png'),
    'expressivity.png',
)
SCALES = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, kw_only=True)
class DrawArguments:
    """Which network is drawn, in which pictures."""

    bundle: str = option('follow', 'a name in models/, or a directory')
    flight: Path | None = option(None, 'episode that liquid-drone fly wrote')
    expressivity: bool = option(False, 'compare cells, a minute')
    neurons: int = option(32, 'of those cells', low=5, high=1_024, needs=('expressivity',))
    draws: int = option(5, 'random cells of each', low=1, high=1_000, needs=('expressivity',))
    out: Path = option(Path('out/network'), 'directory of the pictures')


def run(args: DrawArguments) -> int:
    """Draw what was asked for; prints the files."""
    from ...evaluate.plots import neurons as pictures
    from ...policy.network import Network
    from ...policy.weights import config_of, load_weights_of

    claim_folder(args.out, FILES)
    network = load_weights_of(Network(config_of(args.bundle)), args.bundle).eval()
    drawn = []
    if network.wiring is not None:
        pictures.draw_wiring(network.wiring, args.out / 'wiring.png', network.readout is None)
        drawn.append('wiring.png')
    if args.flight is not None:
        from ...evaluate.neuron_dynamics import replay
        from ...evaluate.neuron_roles import roles_of
        from ...evaluate.plots.activity import draw_activity
        from ...evaluate.plots.roles import draw_roles
        from ...sim.flight_log import FlightLog

        log = FlightLog.load(args.flight)
        activity = replay(network, log)
        out = args.out / 'neurons.png'
        pictures.draw_neurons(activity, network.wiring, out, network.readout is None)
        pictures.draw_phases(activity, args.out / 'phases.png')
        pictures.draw_memory(activity, network.time.nominal_s, args.out / 'memory.png')
        roles = roles_of(network, log)
        draw_roles(roles, network.wiring, args.out / 'roles.png')
        words = ', '.join(
            f'{name} ' + (f'{share:.2f}' if math.isfinite(share) else 'never varies')
            for name, share in roles.read.items()
        )
        print(f'share of the variance read from all neurons: {words}')
        drawn += ['neurons.png', 'phases.png', 'memory.png', 'roles.png']
        if network.wiring is not None:
            draw_activity(activity, network.wiring, args.out / 'activity.png')
            drawn.append('activity.png')
    if args.expressivity:
        _expressivity(args)
        drawn.append('expressivity.png')
    print(f'{args.out}: {", ".join(drawn) or "nothing to draw: this cell has no wiring"}')
    return 0


def _expressivity(args: DrawArguments) -> None:
    import numpy as np

    from ...evaluate.neuron_dynamics import expressivity
    from ...evaluate.plots.neurons import draw_expressivity
    from ..progress import TerminalWatcher

    watcher = TerminalWatcher()
    watcher.begin('random cells', len(CELLS) * len(SCALES) * args.draws, 'cells')
    lengths: dict[str, list[tuple[float, float, float]]] = {}
    for name in CELLS:
        lengths[name] = []
        for scale in SCALES:
            drawn = []
            for seed in range(args.draws):
                drawn.append(expressivity(name, args.neurons, scale, seed))
                watcher.advance()
            low, middle, high = np.percentile(drawn, (25, 50, 75))
            lengths[name].append((float(low), float(middle), float(high)))
    watcher.end()
    draw_expressivity(np.array(SCALES), lengths, args.out / 'expressivity.png')


COMMAND = Command(NAME, HELP, EPILOG, DrawArguments, run)
