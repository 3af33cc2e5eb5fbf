# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a liquid network: its wiring, what its neurons do in a flight, how expressive it is.

Each function writes one PNG from numbers that ``liquid.py`` made.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from ...contract import COMMAND_NAMES
from ...errors import OutputError, require
from ...policy.wiring import Wiring
from ..neuron_dynamics import Activity, principal
from .plain import as_text, plain

EXCITES, INHIBITS, INK, FAINT = '#c2482e', '#2f6f9f', '#222222', '#bbbbbb'
LAYER_COLOURS = ('#d9a441', '#4f8a5b', '#8a4f7d')  # inter, command, motor
MOTOR_COLOURS = ('#1f6fb2', '#c8502b', '#2f8a57', '#8a4fa3')  # vx, vy, vz, yaw rate
Spread = Mapping[str, Sequence[tuple[float, float, float]]]  # cell -> low, middle, high per scale


@plain
def draw_wiring(wiring: Wiring, path: Path, is_motor_command: bool) -> None:
    """Draw every synapse: sensory neurons on the left, outputs on the right.

    Args:
        wiring: of the core.
        path: picture to write.
        is_motor_command: motor neurons are the command; else a layer after them makes it.

    Raises:
        OutputError: it cannot be written.

    """
    figure, axes = _figure(8.0, 5.0)
    sensory = np.stack([np.zeros(wiring.sensory), np.linspace(0.0, 1.0, wiring.sensory)], axis=1)
    places = places_of(wiring)
    draw_synapses(axes, sensory, places, wiring.inputs, 0.25, 0.15)
    draw_synapses(axes, places, places, wiring.synapses, 0.9, 0.8)
    axes.scatter(*sensory.T, s=4, color=FAINT)
    ends = np.cumsum((0, *wiring.layers))
    for k, (start, end) in enumerate(pairwise(ends)):
        at, colour = places[start:end], LAYER_COLOURS[k % len(LAYER_COLOURS)]
        axes.scatter(*at.T, s=130, color=colour, edgecolor=INK, linewidth=0.6, zorder=3)
        title = f'{wiring.names[k]} ({end - start})'
        axes.text(float(at[:, 0].mean()), 1.08, title, ha='center', color=INK)
    if is_motor_command:
        for name, (x, y) in zip(COMMAND_NAMES, places[-wiring.outputs :], strict=True):
            axes.text(x + 0.09, y, name, va='center', color=INK)
    axes.text(0.0, 1.08, f'features ({wiring.sensory})', ha='center', color=INK)
    axes.plot([], [], color=EXCITES, label='excites')
    axes.plot([], [], color=INHIBITS, label='inhibits')
    axes.legend(loc='lower right', frameon=False, bbox_to_anchor=(1.0, -0.12), ncol=2)
    axes.axis('off')
    _save(figure, path)


@plain
def draw_neurons(
    activity: Activity, wiring: Wiring | None, path: Path, is_motor_command: bool
) -> None:
    """Draw the state of every neuron over a flight, one line each, by layer.

    Args:
        activity: of the flight.
        wiring: of the core, if it has one.
        path: picture to write.
        is_motor_command: motor neurons are the command, and are named by it.

    """
    count = activity.states.shape[1]
    layers = wiring.layers if wiring is not None else (count,)
    names = wiring.names if wiring is not None else ('state',)
    figure, rows = _figure(8.0, 1.9 * len(layers) + 0.6, len(layers))
    every = np.atleast_1d(rows)
    for k, (start, end) in enumerate(pairwise(np.cumsum((0, *layers)))):
        motor = is_motor_command and end == count
        for neuron in range(start, end):
            shade = 0.35 + 0.65 * (neuron - start) / max(end - start - 1, 1)
            label = COMMAND_NAMES[neuron - start] if motor else None
            line, colour = activity.states[:, neuron], LAYER_COLOURS[k % len(LAYER_COLOURS)]
            if motor:
                colour, shade = MOTOR_COLOURS[neuron - start], 1.0
            every[k].plot(activity.seconds, line, color=colour, alpha=shade, lw=1.0, label=label)
        every[k].set_ylabel(names[k])
        if motor:
            above = {'loc': 'lower right', 'bbox_to_anchor': (1.0, 0.98), 'borderpad': 0.1}
            every[k].legend(ncol=4, frameon=False, fontsize=8, **above)
    every[-1].set_xlabel('seconds of flight')
    _save(figure, path)


@plain
def draw_phases(activity: Activity, path: Path) -> None:
    """Draw the path of the state, and the command to turn against where the target is seen."""
    figure, (left, right) = _figure(8.0, 3.6, columns=2)
    points = principal(activity.states)
    left.plot(*points.T, color=FAINT, lw=0.6)
    dots = left.scatter(*points.T, c=activity.seconds, s=5, cmap='viridis')
    left.set_xlabel('first principal component')
    left.set_ylabel('second')
    left.set_title('the state through the flight', fontsize=10)
    figure.colorbar(dots, ax=left, label='seconds')
    right.axhline(0.0, color=FAINT, lw=0.6)
    right.axvline(0.0, color=FAINT, lw=0.6)
    right.scatter(activity.bearing, activity.commands[:, 3], c=activity.seconds, s=5)
    right.set_xlabel('target in the image (-1 left, 1 right)')
    right.set_ylabel('yaw rate, rad/s')
    right.set_title('the turn, where the target is in view', fontsize=10)
    _save(figure, path)


@plain
def draw_memory(activity: Activity, nominal_s: float, path: Path) -> None:
    """Draw how long the modes of the state last: median and 10 to 90 % over the flight."""
    figure, axes = _figure(8.0, 3.2)
    finite = np.where(np.isfinite(activity.memory_s), activity.memory_s, np.nan)
    low, middle, high = np.nanpercentile(finite, (10, 50, 90), axis=0)
    at = np.arange(len(middle)) + 1
    axes.set_xticks(at)
    axes.bar(at, high - low, bottom=low, color='#cfd8dc', width=0.7)
    axes.plot(at, middle, 'o', color=INK, ms=4)
    axes.axhline(nominal_s, color=EXCITES, lw=0.8, ls='--', label='one frame')
    axes.set_yscale('log')
    axes.set_ylim(bottom=nominal_s / 20)
    axes.set_xlabel('mode of the state, slowest first')
    axes.set_ylabel('time constant, s')
    axes.legend(frameon=False, loc='upper right')
    _save(figure, path)


@plain
def draw_expressivity(scales: FloatArray, lengths: Spread, path: Path) -> None:
    """Draw how much longer a circle becomes in the state of each cell, by the weights' scale."""
    figure, axes = _figure(8.0, 4.0)
    for name, rows in lengths.items():
        low, middle, high = np.array(rows).T
        (line,) = axes.plot(scales, middle, 'o-', ms=3, lw=1.2, label=as_text(name))
        axes.fill_between(scales, low, high, color=line.get_color(), alpha=0.12)
    axes.axhline(1.0, color=FAINT, lw=0.8)
    axes.set_xscale('log', base=2)
    axes.set_yscale('log')
    axes.set_xlabel('scale of the random weights')
    axes.set_ylabel("length of the path, of the circle's")
    axes.legend(frameon=False, ncol=2, loc='upper left')
    _save(figure, path)


def places_of(wiring: Wiring) -> FloatArray:
    """Return where each neuron is drawn: layers in columns, a single layer on a circle."""
    if len(wiring.layers) == 1:
        angle = np.linspace(0.0, 2.0 * np.pi, wiring.neurons, endpoint=False)
        return np.stack([2.0 + np.cos(angle), 0.5 + 0.5 * np.sin(angle)], axis=1)
    found = []
    for k, size in enumerate(wiring.layers):
        rows = (np.arange(size) + 0.5) / size
        found.append(np.stack([np.full(size, k + 1.0), rows], axis=1))
    return np.concatenate(found)


def draw_synapses(
    axes: Any, before: FloatArray, after: FloatArray, signs: npt.NDArray[np.int8], wide: float,
    alpha: float,
) -> None:  # fmt: skip
    """Draw the synapses between neurons at these places."""
    for source, target in zip(*np.nonzero(signs), strict=True):
        colour = EXCITES if signs[source, target] > 0 else INHIBITS
        path = _bow(before[source], after[target])
        axes.plot(*path, color=colour, lw=wide, alpha=alpha)


def _bow(start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the line of a synapse (2, 24): straight, bent within a layer, a loop onto itself."""
    way = np.linspace(0.0, 1.0, 24)
    line = start[:, None] + (end - start)[:, None] * way
    if start[0] == end[0]:
        line[0] += 0.25 * np.sin(np.pi * way)
    if (start == end).all():
        line[1] += 0.03 * np.sin(2.0 * np.pi * way)
    return line


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    figure = require('matplotlib.figure', 'sim').Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, sharex=columns == 1)


def _fewer_colours(path: Path) -> None:
    """Keep 64 colours: a third of the bytes, and nothing to be seen of it in a drawing."""
    image = require('PIL.Image', 'sim')
    with image.open(path) as whole:
        kept = whole.convert('RGB').quantize(64, image.Quantize.MAXCOVERAGE)  # rare colours, too
        kept.save(path, optimize=True)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110, pil_kwargs={'optimize': True})
        _fewer_colours(path)
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error}; choose another --out') from error
