# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The table of many places as a picture: how many flights succeed, with their intervals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import OutputError, require
from ...resources import called
from ..scoring import Summary
from .plain import as_text, plain

ROW_INCHES = 0.26


@plain
def chart(cells: Mapping[tuple[str, ...], Summary], title: str, path: Path) -> None:
    """Draw the success of each place (world, season, weather) as a point in its 95 % interval.

    Raises:
        OutputError: it cannot be written.

    """
    figure_module = require('matplotlib.figure', 'sim')
    rates = [summary.success for summary in cells.values()]
    rows = range(len(rates))
    shares = [100.0 * rate.share for rate in rates]
    below = [share - 100.0 * rate.low for share, rate in zip(shares, rates, strict=True)]
    above = [100.0 * rate.high - share for share, rate in zip(shares, rates, strict=True)]

    figure = figure_module.Figure(figsize=(8, 1.3 + ROW_INCHES * len(rates)), layout='constrained')
    axes = figure.subplots()
    axes.errorbar(shares, rows, xerr=(below, above), fmt='o', color='tab:blue', ms=5, capsize=3)
    axes.set_yticks(rows, [as_text(', '.join(map(called, place))) for place in cells])
    axes.invert_yaxis()
    axes.set(xlim=(-2, 102), xlabel='flights that succeed, % (bars: 95 % intervals of Wilson)')
    axes.grid(axis='x', color='0.9')
    axes.set_title(as_text(title), fontsize=10)
    counts = axes.secondary_yaxis('right')
    counts.set_yticks(rows, [f'{rate.count} of {rate.total}' for rate in rates])
    for side in (axes, counts):
        side.tick_params(length=0)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib as a PNG.

    Raises:
        OutputError: it cannot be written.

    """
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error}; choose another --out') from error
