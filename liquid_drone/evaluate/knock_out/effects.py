# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What flights lose without each neuron, seed by seed. Numbers and text; nothing is flown here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...contract import COMMAND_NAMES
from ...policy.wiring import Wiring
from ..flights_file import Flown


@dataclass(frozen=True)
class Effect:
    """Flights without one neuron against the same seeds with all."""

    name: str  # of the neuron
    successes: int
    flights: int
    in_view: float  # mean share of frames with the target in view
    lost: float  # mean of the paired differences: with all neurons less without it
    worst: float  # the largest of them


def neuron_names(wiring: Wiring | None, count: int, is_motor_command: bool) -> list[str]:
    """Return a name for each number of the state."""
    if wiring is None or sum(wiring.layers) != count:
        return [f'state {n}' for n in range(count)]
    names = [
        f'{layer} {n}'
        for layer, size in zip(wiring.names, wiring.layers, strict=True)
        for n in range(size)
    ]
    if is_motor_command:
        for n, command in enumerate(COMMAND_NAMES):
            names[count - len(COMMAND_NAMES) + n] += f' ({command})'
    return names


def effect(name: str, whole: Sequence[Flown], without: Sequence[Flown]) -> Effect:
    """Compare flights of the same seeds.

    Raises:
        ValueError: they are of other seeds.

    """
    before = {one.score.seed: one.score.in_view_share for one in whole}
    after = {one.score.seed: one.score.in_view_share for one in without}
    if before.keys() != after.keys() or not before:
        raise ValueError(f'{name}: expected the same seeds, got {len(before)} and {len(after)}')
    lost = np.array([before[seed] - after[seed] for seed in before])
    return Effect(
        name,
        sum(one.score.success for one in without),
        len(without),
        float(np.mean(list(after.values()))),
        float(lost.mean()),
        float(lost.max()),
    )


def table(whole: Sequence[Flown], effects: Sequence[Effect]) -> str:
    """Return the effects in Markdown, the largest first."""
    shares = [one.score.in_view_share for one in whole]
    good = sum(one.score.success for one in whole)
    lines = [
        '| without | success | target in view | lost, mean of the seeds | lost, worst seed |',
        '|---|---|---|---|---|',
        f'| nothing | {good} of {len(whole)} | {np.mean(shares):.1%} | | |',
    ]
    for one in sorted(effects, key=lambda one: -one.lost):
        lines.append(
            f'| {one.name} | {one.successes} of {one.flights} | {one.in_view:.1%} '
            f'| {100 * one.lost:+.1f} points | {100 * one.worst:+.1f} points |'
        )
    return '\n'.join(lines) + '\n'
