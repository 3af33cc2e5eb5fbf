# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Many scores as a Markdown table with intervals. Text only: nothing is flown or judged here."""

from collections.abc import Mapping

from ..resources import called
from .scoring import FAILURES, HELD, Rate, Summary


def markdown(summary: Summary, title: str) -> str:
    """Return the table of a summary, in Markdown."""
    rows = {
        'success': summary.success,
        'no collision': summary.no_collision,
        'target in view': summary.in_view,
        'distance kept': summary.distance_kept,
    }
    lines = [f'### {title}', '', '| | flights | share | 95 % interval |', '|---|---|---|---|']
    lines += [f'| {name} | {_cells(rate)} |' for name, rate in rows.items()]
    lines += [
        '',
        f'Mean share of frames with the target in view: {summary.mean_in_view_share:.1%}.',
    ]
    if summary.mean_distance_m is not None:
        lines.append(f'Mean distance to the target: {summary.mean_distance_m:.2f} m.')
    if summary.mean_held_share is not None:
        lines.append(
            f'Within {HELD:.0%} of the distance asked for: {summary.mean_held_share:.1%} of the '
            'settled time.'
        )
    if summary.failures:
        found = (f'{FAILURES[name]} {count}' for name, count in summary.failures.items())
        lines.append(f'Failures (one flight may have several): {", ".join(found)}.')
    return '\n'.join(lines) + '\n'


def overview(cells: Mapping[tuple[str, ...], Summary], title: str) -> str:
    """Return one line for each place (world, season, weather), in Markdown."""
    lines = [
        f'### {title}',
        '',
        '| world | season | weather | success | share | 95 % interval | failures |',
        '|---|---|---|---|---|---|---|',
    ]
    for place, summary in cells.items():
        failures = ', '.join(
            f'{FAILURES[name]} {count}' for name, count in summary.failures.items()
        )
        lines.append(
            f'| {" | ".join(map(called, place))} | {_cells(summary.success)} | {failures} |'
        )
    return '\n'.join(lines) + '\n'


def _cells(rate: Rate) -> str:
    interval = f'{rate.low:.1%} to {rate.high:.1%}'
    return f'{rate.count} of {rate.total} | {rate.share:.1%} | {interval}'
