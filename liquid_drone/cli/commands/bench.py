# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone bench``: how fast the parts are here; one file in ``benchmarks`` each."""

from ..arguments import CommandGroup
from .benchmarks import (
    belief,
    endurance,
    fuzz_mavlink,
    memory,
    policy,
    ros,
    runtime,
    scale,
    sim,
    vision,
)

NAME = 'bench'
HELP = 'measure how fast the parts are on this machine'
EPILOG = """examples:
  liquid-drone bench policy
  liquid-drone bench runtime
  liquid-drone bench vision --json
  liquid-drone bench ros --seconds 60
  liquid-drone bench endurance --minutes 5
  liquid-drone bench fuzz-mavlink
  liquid-drone bench sim
  liquid-drone bench scale
  liquid-drone bench belief --bundle models/mine
  liquid-drone bench memory --seeds 5
"""

COMMAND = CommandGroup(
    NAME,
    HELP,
    EPILOG,
    (
        policy.COMMAND,
        runtime.COMMAND,
        vision.COMMAND,
        ros.COMMAND,
        endurance.COMMAND,
        fuzz_mavlink.COMMAND,
        sim.COMMAND,
        scale.COMMAND,
        belief.COMMAND,
        memory.COMMAND,
    ),
)
