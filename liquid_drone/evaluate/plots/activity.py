# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The activity of a wired network over a flight, as a strip of its graph at several moments."""

from pathlib import Path

import numpy as np

from ...errors import require
from ...policy.wiring import Wiring
from ..neuron_dynamics import Activity
from .neurons import draw_synapses, places_of
from .plain import plain
from .rates import save

MOMENTS, COLUMNS = 8, 4
MOST = 'RdBu_r'


@plain
def draw_activity(activity: Activity, wiring: Wiring, path: Path) -> None:
    """Draw every neuron in the colour of its state, at moments spread over the flight.

    Raises:
        OutputError: it cannot be written.

    """
    figure = require('matplotlib.figure', 'sim').Figure(figsize=(11, 5.6), layout='constrained')
    every = np.array(figure.subplots(MOMENTS // COLUMNS, COLUMNS)).ravel()
    places, largest = places_of(wiring), max(float(np.abs(activity.states).max()), 1e-9)
    ticks = np.linspace(0, len(activity.seconds) - 1, MOMENTS).round().astype(int)
    for axes, tick in zip(every, ticks, strict=True):
        draw_synapses(axes, places, places, wiring.synapses, 0.4, 0.25)
        dots = axes.scatter(
            *places.T, s=90, c=activity.states[tick], cmap=MOST, vmin=-largest, vmax=largest,
            edgecolor='0.2', linewidth=0.5, zorder=3,
        )  # fmt: skip
        bearing, turn = activity.bearing[tick], activity.commands[tick, 3]
        where = 'not in view' if np.isnan(bearing) else f'bearing {bearing:+.2f}'
        moment = f'{activity.seconds[tick]:.1f} s, {where}, turn {turn:+.2f} rad/s'
        axes.set_title(moment, fontsize=8)
        axes.axis('off')
    figure.colorbar(dots, ax=every.tolist(), label='state', shrink=0.7)
    save(figure, path)
