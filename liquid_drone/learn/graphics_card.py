# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a graphics card that PyTorch finds can be computed on, found by trying."""

from functools import lru_cache

import torch

MOST_TOLD = 200  # characters of PyTorch's own words


@lru_cache(maxsize=4)
def why_no_card(card: torch.device) -> str | None:
    """Return why nothing can be computed on a graphics card, found by trying; None: it can.

    PyTorch finds cards that its build has no code for, such as older ones
    (pytorch/pytorch#10002), and fails only when it computes.
    """
    if not torch.cuda.is_available():
        return 'PyTorch finds no graphics card: install its CUDA build and a driver'
    try:
        found = float(torch.ones(2, 2, device=card).matmul(torch.ones(2, 2, device=card)).sum())
    except (RuntimeError, AssertionError) as error:  # all that PyTorch raises of a card
        told = ' '.join(str(error).split())[:MOST_TOLD]
        return f'PyTorch cannot compute on the graphics card ({told}): install a build for it'
    return None if found == 8.0 else f'the graphics card computes wrong (2 x 2 ones: {found:g})'
