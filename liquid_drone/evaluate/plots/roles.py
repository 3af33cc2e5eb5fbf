# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The roles of neurons as a picture: what can be read from each, what is missed without it."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ...arrays import FloatArray
from ...contract import COMMAND_NAMES
from ...errors import require
from ...policy.wiring import Wiring
from ..neuron_roles import NeuronRoles
from .plain import as_text, plain
from .rates import save


@plain
def draw_roles(roles: NeuronRoles, wiring: Wiring | None, path: Path) -> None:
    """Draw one row a neuron: shares read from it alone, and changes of the command without it.

    Raises:
        OutputError: it cannot be written.

    """
    count = len(roles.missed)
    figure = require('matplotlib.figure', 'sim').Figure(
        figsize=(8, 1.8 + 0.24 * count), layout='constrained'
    )
    left, right = figure.subplots(1, 2, sharey=True)
    read = np.column_stack([np.nan_to_num(np.clip(one, 0, 1)) for one in roles.alone.values()])
    names = [f'{name}\nall: {_share(roles.read[name])}' for name in roles.alone]
    _cells(left, 100 * read, names, 'read from it alone, % of the variance')
    _cells(right, 100 * roles.missed, list(COMMAND_NAMES), 'command without it, rms, % of limit')
    left.set_yticks(range(count), _labels(wiring, count), fontsize=7)
    save(figure, path)


def _cells(axes: Any, values: FloatArray, names: list[str], title: str) -> None:
    high = max(float(values.max()), 1e-9)
    axes.imshow(values, aspect='auto', cmap='Blues', vmin=0, vmax=high)
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_title(as_text(title), fontsize=10)
    axes.tick_params(length=0)
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        colour = 'white' if value > 0.6 * high else 'black'
        words = {'ha': 'center', 'va': 'center', 'fontsize': 7, 'color': colour}
        axes.text(column, row, f'{value:.0f}', **words)


def _labels(wiring: Wiring | None, count: int) -> list[str]:
    if wiring is None or sum(wiring.layers) != count:
        return [f'state {n}' for n in range(count)]
    ends = np.cumsum((0, *wiring.layers))
    return [
        f'{wiring.names[k]} {n - start}'
        for k, (start, end) in enumerate(pairwise(ends))
        for n in range(start, end)
    ]


def _share(value: float) -> str:
    return 'never varies' if np.isnan(value) else f'{max(value, 0.0):.0%}'
