# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The card of a bundle: its contract in words, for the person who decides whether to fly it."""

import dataclasses
from pathlib import Path
from typing import Any

from ..contract import (
    CARD_FILE,
    COMMAND_NAMES,
    COMMAND_UNITS,
    Contract,
    TimeSpec,
    load_contract,
    save_contract,
    with_evaluation,
)
from ..files import write_text
from ..request import WORDS

UNITS = ('m', 'm', 'm/s')  # of a request
SIMULATED = (
    'All training data is simulated. '
    'The policy was evaluated in simulation, and has not been flown on hardware.'
)
IMPORTED = 'Its weights were trained elsewhere: test it in simulation first.'


def add_results(bundle: Path, name: str, table: dict[str, Any]) -> None:
    """Write a table of results into a bundle's contract and card; graphs and hash stay.

    Args:
        bundle: its directory.
        name: of the table; cells that it has already are replaced.
        table: by cell a rate (``count``, ``total``, ``low``, ``high``) or a sentence.

    Raises:
        BundleError: not an intact bundle.

    """
    _save(with_evaluation(load_contract(bundle), name, table), bundle)


def add_flights(bundle: Path, split: str, seeds: range, what: str, table: dict[str, Any]) -> None:
    """Write the results of a split's seeds; those of fewer of the same seeds make way.

    Args:
        bundle: its directory.
        split: of the seeds.
        seeds: which were flown.
        what: task and target.
        table: by place a rate, as for :func:`add_results`.

    Raises:
        BundleError: not an intact bundle.

    """
    contract, begin, kept = load_contract(bundle), f'{split} seeds {seeds[0]} to ', {}
    for name, cells in contract.evaluation.items():
        last, _, about = name.removeprefix(begin).partition(', ')
        same = name.startswith(begin) and about == what and last.isdigit()
        fewer = same and int(last) < seeds[-1]
        left = {cell: found for cell, found in cells.items() if not (fewer and cell in table)}
        if left:
            kept[name] = left
    contract = dataclasses.replace(contract, evaluation=kept)
    _save(with_evaluation(contract, f'{begin}{seeds[-1]}, {what}', table), bundle)


def _save(contract: Contract, bundle: Path) -> None:
    save_contract(contract, bundle)
    write_text(bundle / CARD_FILE, card_text(contract))


def card_text(contract: Contract) -> str:
    """Return ``card.md``."""
    camera, training = contract.camera, contract.training
    limits = ', '.join(
        f'{name} {limit:g} {unit}'
        for name, limit, unit in zip(
            COMMAND_NAMES, contract.command.limits, COMMAND_UNITS, strict=True
        )
    )
    rows = {
        'input': f'{camera.width}x{camera.height} {camera.colour_order} uint8, horizontal field '
        f'of view {camera.horizontal_fov_deg:g}°, tilted {camera.tilt_down_deg:g}° down',
        'time step': _time_step(contract.time),
        'output': f'body FLU, heading-aligned; at most {limits}',
        'target': training.target,
        'trained in': f'{", ".join(training.worlds)}; {", ".join(training.seasons)}; '
        f'{training.frames} frames',
        'made by': f'`{training.command}` at commit {training.commit or "unknown"}',
    }
    if contract.request is not None:
        rows['request'] = '; '.join(
            f'{word} {one.low:g}..{one.high:g} {unit}, by default {one.default:g}'
            for word, one, unit in zip(WORDS, contract.request.ranges, UNITS, strict=True)
        )
    if contract.belief:
        rows['belief'] = 'position of the target, seen or not: bearing, distance, probability'
    if contract.precision != 'fp32':
        rows['precision'] = f'{contract.precision.upper()} encoder, for processors; core FP32'
    if not training.worlds:
        rows['trained in'] = 'unknown places: the weights were imported'
    table = '\n'.join(f'| {name} | {text} |' for name, text in rows.items())
    return f"""# {contract.name}

{_core(contract)}

| | |
|---|---|
{table}

{_results(contract)}
{SIMULATED if training.worlds else IMPORTED}
{_limits(contract)}
"""


def _time_step(time: TimeSpec) -> str:
    if time.min_s == time.max_s:
        return f'constant, {time.nominal_s:g} s, independent of the time between two frames'
    return f'measured, {time.min_s:g}..{time.max_s:g} s, nominal {time.nominal_s:g} s'


def _results(contract: Contract) -> str:
    """Tell every table of results under ``evaluation``; success has its 95 % Wilson interval."""
    rows = []
    for name, table in contract.evaluation.items():
        for cell, value in table.items():
            if _is_rate(value):
                share = f'{value["count"]} of {value["total"]}'
                rows.append(
                    f'| {name}, {cell} | {share} | {value["low"]:.0%} to {value["high"]:.0%} |'
                )
            elif isinstance(value, str):
                rows.append(f'| {name}, {cell} | {value} | |')
    if not rows:
        return 'It has not been evaluated yet.\n'
    return '\n'.join(['| flown | good | 95 % interval |', '|---|---|---|', *rows]) + '\n'


def _is_rate(value: Any) -> bool:
    keys = ('count', 'total', 'low', 'high')
    return isinstance(value, dict) and all(isinstance(value.get(k), int | float) for k in keys)


def _limits(contract: Contract) -> str:
    training = contract.training
    return (
        f'It was trained only for {training.target or "no target"}, at the speeds and distances '
        f'of its task, in {", ".join(training.worlds) or "no world"}; all else is untested.'
    )


def _core(contract: Contract) -> str:
    """Say what the core is."""
    cell, wiring = contract.network.get('cell', 'unknown'), contract.network.get('wiring')
    if not isinstance(wiring, dict) or not isinstance(wiring.get('synapses'), list):
        return f'A small CNN and a core of {contract.network.get("neurons")} neurons: {cell}.'
    synapses = ' + '.join(str(count) for count in wiring['synapses'])
    sizes = [f'{wiring[name]} {name}' for name in ('inter', 'command', 'motor') if name in wiring]
    layers = f': {", ".join(sizes)}' if sizes else ''
    neurons = contract.network.get('neurons')
    return (
        f'A small CNN and a liquid core of {neurons} neurons ({cell}){layers};\n'
        f'{synapses} synapses between the layers, wiring seed {wiring.get("seed")}.'
    )
