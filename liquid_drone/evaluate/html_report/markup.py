# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of a page as HTML text: sections, tables that become cards on a telephone, numbers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ..scoring import Rate

LEAST_P = 0.001  # below it a p is told as such


def section(name: str, title: str, *parts: str) -> str:
    """Return a section with its heading."""
    return f'<section id="{name}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def note(words: str) -> str:
    """Return a remark."""
    return f'<p class="soft">{escape(words)}</p>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of HTML cells; the first of each row names it.

    Where the page is narrow each row is a card, and each cell stands behind its column's name.
    """
    head = ''.join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = ''.join(_row(header, row) for row in rows)
    return f'<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _row(header: Sequence[str], row: Sequence[str]) -> str:
    first, *others = row
    cells = ''.join(
        f'<td data-of="{escape(name)}">{cell}</td>'
        for name, cell in zip(header[1:], others, strict=True)
    )
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def folded(title: str, inner: str) -> str:
    """Return what is seen once it is asked for."""
    return f'<details><summary>{escape(title)}</summary>{inner}</details>'


def listed(items: Iterable[str]) -> str:
    """Return HTML lines as a list."""
    return f'<ul>{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def percent(rate: Rate) -> str:
    """Return a rate with its interval in words."""
    return f'{rate.share:.0%} ({rate.low:.0%} to {rate.high:.0%})'


def interval(one: Mapping[str, float], has_sign: bool = False, digits: int | None = None) -> str:
    """Return an estimate with its interval; digits: after the point, None: by the width."""
    if digits is None:
        width = one['high'] - one['low']
        digits = 2 if width <= 0.0 else min(5, max(2, 1 - math.floor(math.log10(width))))
    value, low, high = (_number(one[key], digits, has_sign) for key in ('value', 'low', 'high'))
    return f'{value} ({low} to {high})'


def _number(value: float, digits: int, has_sign: bool) -> str:
    if round(value, digits) == 0.0:
        return f'{0.0:.{digits}f}'
    return f'{value:{"+" if has_sign else ""}.{digits}f}'


def p_value(p: float) -> str:
    """Return a p."""
    return f'below {LEAST_P:g}' if p < LEAST_P else f'{p:.2g}'


def counted(number: int, noun: str) -> str:
    """Return a number of things."""
    return f'{number} {noun}' if number == 1 else f'{number} {noun}s'
