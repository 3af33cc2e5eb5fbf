# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What must be the same on two machines for a flight to be the same: the package, the pictures."""

import hashlib
from functools import lru_cache
from pathlib import Path

from .. import __version__
from .flight_spec import FlightSpec, RendererChoice
from .render.selection import choose
from .scenario.scenario import scenario_of
from .simulator import Simulator


@lru_cache
def machine_facts(renderer: RendererChoice = 'auto') -> dict[str, str]:
    """Return what must be the same, by name; the last is the hash of a picture drawn here."""
    simulator = Simulator(scenario_of(FlightSpec(renderer=renderer)))
    try:
        simulator.reset(FlightSpec.seed)
        picture = simulator.capture().image
    finally:
        simulator.close()
    return {
        'liquid_drone': f'{__version__} ({package_digest()})',
        'renderer': choose(renderer).name,
        'pictures': hashlib.sha256(picture.tobytes()).hexdigest()[:12],
    }


@lru_cache
def package_digest() -> str:
    """Return the hash of the package's Python files."""
    root, whole = Path(__file__).parents[1], hashlib.sha256()
    for file in sorted(root.rglob('*.py')):
        whole.update(f'{file.relative_to(root).as_posix()}\0'.encode() + file.read_bytes())
    return whole.hexdigest()[:12]
