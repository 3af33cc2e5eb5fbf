# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that a card reads from a buffer, many with one call, and draws. numpy only.

A command names a run of indices that lies on the card for ever, so that a picture costs no upload
of faces.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COMMAND = np.dtype(  # DrawElementsIndirectCommand of OpenGL 4.3
    [
        ('count', np.uint32),  # indices
        ('instances', np.uint32),
        ('first', np.uint32),  # index
        ('base_vertex', np.int32),
        ('base_instance', np.uint32),
    ]
)


@dataclass(frozen=True)
class DrawList:
    """The commands (C,) of one picture, those of each kind behind those of the one before."""

    commands: npt.NDArray[np.void]  # COMMAND
    ends: list[int]  # (K,) where those of each kind end


def listed(commands: npt.NDArray[np.void]) -> DrawList:
    """Return the commands (N, K) of N things in K kinds as a list, without the empty ones."""
    by_kind = commands.T
    is_drawn = by_kind['count'] > 0
    return DrawList(by_kind[is_drawn], is_drawn.sum(axis=1).cumsum().tolist())
