# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The card of a bundle: its contract in words, for the person who decides whether to fly it."""

from ..contract import COMMAND_NAMES, COMMAND_UNITS, Contract


def card_text(contract: Contract) -> str:
    """Return ``card.md``."""
    camera, training, wiring = contract.camera, contract.training, contract.network['wiring']
    limits = ', '.join(
        f'{name} {limit:g} {unit}'
        for name, limit, unit in zip(
            COMMAND_NAMES, contract.command.limits, COMMAND_UNITS, strict=True
        )
    )
    synapses = ' + '.join(str(count) for count in wiring['synapses'])
    rows = {
        'takes': f'{camera.width}x{camera.height} {camera.colour_order} uint8, horizontal field '
        f'of view {camera.horizontal_fov_deg:g}°, tilted {camera.tilt_down_deg:g}° down',
        'time step': f'measured, {contract.time.min_s:g}..{contract.time.max_s:g} s, '
        f'nominal {contract.time.nominal_s:g} s',
        'gives': f'body FLU, heading-aligned; at most {limits}',
        'follows': training.target,
        'learned in': f'{", ".join(training.worlds)}; {", ".join(training.seasons)}; '
        f'{training.frames} frames',
        'made by': f'`{training.command}` at commit {training.commit or "unknown"}',
    }
    table = '\n'.join(f'| {name} | {text} |' for name, text in rows.items())
    return f"""# {contract.name}

A small CNN and a liquid core of {contract.state_size} closed-form continuous-time neurons:
{wiring['inter']} inter, {wiring['command']} command, {wiring['motor']} motor; {synapses} synapses
between the layers, wiring seed {wiring['seed']}.

| | |
|---|---|
{table}

Everything it saw was simulated. It was judged in simulation and flown on hardware by nobody yet.
The results of its evaluation, when there are any, are in `contract.json` under `evaluation`.
"""
