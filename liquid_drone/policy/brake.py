# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A limit on the speed towards what the surroundings hold, behind the core and inside its graph.

A core may fly at a wall that its scan tells of, where it meets features that are new to it
(docs/memory.md), or beside which it does not see any more. Where a core has no memory, which knows
how the drone moves, the commands that were braked tell it, by the lags of the vehicle behind them.
Nothing of this is learned: towards a thing at a distance d the speed is at most
``RATE_PER_S * (d - KEPT_M)``, and along it any speed is let through. It is the first-order
control barrier function of Ames et al. 2017 ("Control barrier function based quadratic programs
for safety critical systems", IEEE TAC 62(8), 3861-3876), met by projections in place of a
quadratic program. It never makes a command faster.
"""

import torch
from torch import Tensor

from .memory import MOTION
from .surroundings import DIRECTIONS, HELD_M, STATE, TINY, Surroundings

KEPT_M = 0.6  # from the drone's middle to a thing: no speed towards it is left
RATE_PER_S = 1.5  # how fast the rest of a distance may shrink, as a share of it
ALONE_KEPT_M, ALONE_RATE_PER_S = 0.5, 2.5  # the same without a memory (docs/memory.md)
SLACK_M_S = 1e-3  # a speed that is none: along a thing nothing is shortened
LAGS_S = (0.9, 0.9, 0.3)  # of vx, vy and the turn behind their commands (docs/memory.md)
_MOVED = (len(MOTION), len(MOTION))  # of a state without a memory: own motion, what flies
MOVED = sum(_MOVED)
PASSES = 4  # onto the limit that is broken most; then the command is shortened to meet all


def braked(
    command: Tensor, around: Tensor, kept_m: float = KEPT_M, rate_per_s: float = RATE_PER_S
) -> Tensor:
    """Take from commands what leads too fast towards what stands near.

    Args:
        command: (B, 4) body FLU, m/s and rad/s; the climb and the turn stay.
        around: what the surroundings hold (B, 2 * DIRECTIONS), see ``surroundings.py``.
        kept_m: as KEPT_M.
        rate_per_s: as RATE_PER_S.

    """
    held = around.view(-1, DIRECTIONS, 2)
    near = torch.clamp(torch.sqrt((held**2).sum(dim=2)), min=TINY)
    towards = held / near[..., None]  # (B, D, 2); no length where nothing is held
    most = torch.clamp(rate_per_s * (HELD_M * (1.0 - near) - kept_m), min=0.0)
    velocity = command[:, :2]
    for _ in range(PASSES):
        beyond = (towards * velocity[:, None]).sum(dim=2) - most
        worst, which = beyond.max(dim=1, keepdim=True)
        there = torch.gather(towards, 1, which[..., None].expand(-1, -1, 2))[:, 0]
        velocity = velocity - torch.clamp(worst, min=0.0) * there
    speed = torch.clamp((towards * velocity[:, None]).sum(dim=2), min=SLACK_M_S)
    share = torch.clamp((most + SLACK_M_S) / speed, max=1.0).amin(dim=1, keepdim=True)
    return torch.cat([share * velocity, command[:, 2:]], dim=1)


def braked_alone(
    command: Tensor, surroundings: Surroundings, scan: Tensor, dt_s: Tensor, held: Tensor
) -> tuple[Tensor, Tensor]:
    """Brake where no memory knows how the drone moves.

    Args:
        command: (B, 4), as above.
        surroundings: what carries along.
        scan: nearness by column, left to right, (B, C).
        dt_s: seconds since the tick before, (B,).
        held: of the tick before, (B, STATE + MOVED); zeros know of nothing.

    Returns:
        The command that flies, and what is held now.

    """
    around, own, flown = held.split([STATE, *_MOVED], dim=1)  # type: ignore[no-untyped-call]
    own = flown + (own - flown) * torch.exp(-dt_s[:, None] / own.new_tensor(LAGS_S))
    _, around = surroundings.sequence(scan[:, None], own[:, None], dt_s[:, None], around)
    command = braked(command, around, ALONE_KEPT_M, ALONE_RATE_PER_S)
    return command, torch.cat([around, own, command[:, MOTION]], dim=1)
