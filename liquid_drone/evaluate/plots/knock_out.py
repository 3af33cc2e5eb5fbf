# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What flights lose without each neuron, as bars."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import require
from ..knock_out.effects import Effect
from .plain import as_text, plain
from .rates import save


@plain
def draw_effects(effects: Sequence[Effect], title: str, path: Path) -> None:
    """Draw a bar for each neuron: the mean of the seeds, and the worst as a dot.

    Raises:
        OutputError: it cannot be written.

    """
    count = len(effects)
    figure = require('matplotlib.figure', 'sim').Figure(
        figsize=(8, 1.4 + 0.25 * count), layout='constrained'
    )
    axes = figure.subplots()
    rows = range(count)
    axes.barh(rows, [100 * one.lost for one in effects], color='tab:blue', alpha=0.7)
    axes.plot([100 * one.worst for one in effects], rows, 'o', color='0.2', ms=4)
    axes.axvline(0.0, color='0.5', lw=0.8)
    words = [f'{one.name}: {one.successes} of {one.flights}' for one in effects]
    axes.set_yticks(rows, words, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel('target in view, points lost without it (dot: the worst seed)')
    axes.set_title(f'{as_text(title)}\nflights that succeed without each neuron', fontsize=9)
    save(figure, path)
