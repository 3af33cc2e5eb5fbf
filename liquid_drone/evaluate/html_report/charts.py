# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG and HTML text: no script, colours from the page's style, any width.

Numbers in, text out; nothing here knows of flights.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ...arrays import FloatArray
from ..scoring import Rate

WIDTH, HEIGHT = 560.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 30.0, 18.0, 54.0
SCALE_M = 5.0  # of the bar beside a path
COLOURS = 8  # of series in the style, then they repeat
BESIDE = 7.0  # between the intervals of two series, and
ABREAST = 28.0  # between those of the first and the last, at most
Points = Sequence[tuple[float, float]]
Spans = Mapping[str, Sequence[tuple[float, float, float]]]


@dataclass(frozen=True)
class Axis:
    """One axis of a chart."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    is_share: bool = False

    def text(self, value: float) -> str:
        """Return a tick's text."""
        return f'{value:.0%}' if self.is_share else f'{value:g}'

    def part(self, value: float) -> float:
        """Return where a value is, 0..1."""
        wide = (self.high - self.low) or 1.0
        return min(1.0, max(0.0, (value - self.low) / wide))


def round_ticks(high: float) -> tuple[float, ...]:
    """Return three to six round numbers from zero to at most ``high``."""
    rough = high / 5.0
    scale = 10.0 ** math.floor(math.log10(rough)) if rough > 0.0 else 1.0
    step = next((scale * part for part in (1.0, 2.0, 5.0) if scale * part >= rough), 10.0 * scale)
    return tuple(round(step * n, 6) for n in range(math.floor(high / step + 1e-9) + 1))


def lines(
    series: Mapping[str, Points], x: Axis, y: Axis, title: str, spans: Spans | None = None
) -> str:
    """Return a chart of lines, with a legend where there are several; y is told in the title.

    Spans are intervals of a series, (x, low, high): its points are dots in them, those of several
    series side by side.
    """
    body = [_grid(x, y)]
    step = min(BESIDE, ABREAST / max(1, len(series) - 1))
    for number, (name, points) in enumerate(series.items()):
        colour, beside = f'c{number % COLOURS}', 0.0
        if spans is not None:
            beside = step * (number - (len(series) - 1) / 2)
            body += [
                _span(_x(x, a) + beside, _y(y, b), _y(y, c), colour) for a, b, c in spans[name]
            ]
            body += [_dot(_x(x, a) + beside, _y(y, b), colour) for a, b in points]
        at = ' '.join(f'{_x(x, a) + beside:.1f},{_y(y, b):.1f}' for a, b in points)
        body.append(f'<polyline class="line {colour}" points="{at}"/>')
    names = ''.join(
        f'<li><span class="key c{number % COLOURS}"></span>{escape(name)}</li>'
        for number, name in enumerate(series)
    )
    box = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img"'
    svg = f'<svg class="chart" {box} aria-label="{escape(title)}">{"".join(body)}</svg>'
    legend = f'<ul class="legend">{names}</ul>' if len(series) > 1 else ''
    words = f'{escape(title)}, <span class="soft">{escape(y.label)}</span>'
    return f'<figure><figcaption>{words}</figcaption>{svg}{legend}</figure>'


def interval_bar(rate: Rate) -> str:
    """Return a rate as a dot in its interval on a bar from 0 to 100 %."""
    low, wide = 100.0 * rate.low, 100.0 * (rate.high - rate.low)
    return (
        f'<div class="bar" aria-hidden="true"><span class="interval" style="left:{low:.1f}%;'
        f'width:{wide:.1f}%"></span><span class="dot" style="left:{100.0 * rate.share:.1f}%">'
        '</span></div>'
    )


def from_above(drone: FloatArray, target: FloatArray, trunks: FloatArray, title: str) -> str:
    """Return paths (T, 2) of drone and target among trunks (K, 3), north up, with a bar of 5 m."""
    low_x, low_y = (
        min(drone[:, 0].min(), target[:, 0].min()),
        min(drone[:, 1].min(), target[:, 1].min()),
    )
    high_x, high_y = (
        max(drone[:, 0].max(), target[:, 0].max()),
        max(drone[:, 1].max(), target[:, 1].max()),
    )
    margin = 3.0
    box = (low_x - margin, -high_y - margin, high_x - low_x + 2 * margin, high_y - low_y + 6.0)
    near = trunks[
        (trunks[:, 0] > low_x - margin)
        & (trunks[:, 0] < high_x + margin)
        & (trunks[:, 1] > low_y - margin)
        & (trunks[:, 1] < high_y + margin)
    ]
    circles = ''.join(
        f'<circle class="trunk" cx="{x:.2f}" cy="{-y:.2f}" r="{max(radius, 0.15):.2f}"/>'
        for x, y, radius in near
    )
    end = drone[-1]
    return (
        f'<svg class="above" viewBox="{" ".join(f"{value:.2f}" for value in box)}" role="img" '
        f'aria-label="{escape(title)}">{circles}{_path(target, "target")}{_path(drone, "drone")}'
        f'<circle class="end" cx="{end[0]:.2f}" cy="{-end[1]:.2f}" r="0.5"/>'
        f'<line class="scale" x1="{box[0] + 1:.2f}" x2="{box[0] + 1 + SCALE_M:.2f}" '
        f'y1="{box[1] + box[3] - 1:.2f}" y2="{box[1] + box[3] - 1:.2f}"/></svg>'
    )


def _path(points: FloatArray, name: str) -> str:
    at = ' '.join(f'{x:.2f},{-y:.2f}' for x, y in points[:: max(1, len(points) // 300)])
    return f'<polyline class="{name}" points="{at}"/>'


def _span(x: float, low: float, high: float, colour: str) -> str:
    return (
        f'<line class="span {colour}" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
    )


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle class="point {colour}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _grid(x: Axis, y: Axis) -> str:
    found = []
    for tick in x.ticks:
        at = _x(x, tick)
        found.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" '
                     f'y2="{HEIGHT - BOTTOM}"/>')  # fmt: skip
        found.append(_text(at, HEIGHT - BOTTOM + 20, x.text(tick), 'middle'))
    for tick in y.ticks:
        at = _y(y, tick)
        found.append(f'<line class="grid" y1="{at:.1f}" y2="{at:.1f}" x1="{LEFT}" '
                     f'x2="{WIDTH - RIGHT}"/>')  # fmt: skip
        found.append(_text(LEFT - 6, at + 4, y.text(tick), 'end'))
    found.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x.label, 'middle'))
    return ''.join(found)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.part(value)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.part(value)
