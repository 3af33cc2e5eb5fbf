# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Draw the 19 neurons of a policy: their wiring, and what they do in a flight.

pip install 'liquid_drone[cpu,sim,train]'
liquid-drone fly --no-ros
python examples/draw_neurons.py out/episode
"""

import sys
from pathlib import Path

from liquid_drone.evaluate.neuron_dynamics import replay
from liquid_drone.evaluate.plots.neurons import draw_neurons, draw_wiring
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, load_weights_of
from liquid_drone.sim.flight_log import FlightLog


def main(directory: str = 'out/episode', out: Path = Path('out/example')) -> None:
    """Show the frames of an episode to the network again and draw its states over time."""
    out.mkdir(parents=True, exist_ok=True)
    network = load_weights_of(Network(config_of('follow')), 'follow').eval()
    draw_wiring(network.wiring, out / 'wiring.png', network.readout is None)
    activity = replay(network, FlightLog.load(Path(directory)))
    draw_neurons(activity, network.wiring, out / 'neurons.png', network.readout is None)
    print(f'{out / "wiring.png"}, {out / "neurons.png"}')


if __name__ == '__main__':
    main(*sys.argv[1:])
