# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The card of a bundle: its contract in words, for the person who decides whether to fly it."""

from ..contract import COMMAND_NAMES, COMMAND_UNITS, Contract

SIMULATED = (
    'Everything it saw was simulated. '
    'It was judged in simulation and flown on hardware by nobody yet.'
)
IMPORTED = 'Its weights were trained elsewhere: what it can do has to be seen in simulation first.'


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
    if not training.worlds:
        rows['learned in'] = 'unknown places: the weights were imported'
    table = '\n'.join(f'| {name} | {text} |' for name, text in rows.items())
    return f"""# {contract.name}

{_core(contract)}

| | |
|---|---|
{table}

{SIMULATED if training.worlds else IMPORTED}
The results of its evaluation, when there are any, are in `contract.json` under `evaluation`.
"""


def _core(contract: Contract) -> str:
    """Say what the core is."""
    cell, wiring = contract.network.get('cell', 'unknown'), contract.network.get('wiring')
    if not wiring:
        return f'A small CNN and a core of {contract.network.get("neurons")} neurons: {cell}.'
    synapses = ' + '.join(str(count) for count in wiring['synapses'])
    sizes = [f'{wiring[name]} {name}' for name in ('inter', 'command', 'motor') if name in wiring]
    layers = f': {", ".join(sizes)}' if sizes else ''
    neurons = contract.network.get('neurons')
    return (
        f'A small CNN and a liquid core of {neurons} neurons ({cell}){layers};\n'
        f'{synapses} synapses between the layers, wiring seed {wiring["seed"]}.'
    )
