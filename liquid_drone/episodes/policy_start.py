# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""From which frames on a policy flew with a state of its own, in a simulated flight.

An autopilot is in the companion's mode some frames before the companion learns of it and lets the
policy start afresh; until then the setpoints are zeros. The guard begins with the first answer
after that and moves the setpoint with the second one.
"""

import numpy as np

from ..arrays import BoolArray, FloatArray


def flown_since_start(following: BoolArray, setpoints: FloatArray) -> BoolArray:
    """Tell of each frame whether the policy flew it since it started afresh.

    Args:
        following: (T,), the autopilot is in the companion's mode.
        setpoints: (T, 4), as the autopilot received them; nan: none.

    Returns:
        (T,): of each stretch of following frames those from the last one before the setpoint
        moves; all of it where it never does, as the log does not tell it then.

    """
    moves: BoolArray = np.any(np.nan_to_num(setpoints) != 0.0, axis=1)  # (T,)
    flown = following.copy()
    edges = np.flatnonzero(np.diff(following.astype(np.int8), prepend=0, append=0))
    for first, end in edges.reshape(-1, 2).tolist():
        moving = np.flatnonzero(moves[first:end])
        if len(moving):
            flown[first : first + max(int(moving[0]) - 1, 0)] = False
    return flown
