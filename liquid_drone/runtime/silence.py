# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A neuron that is silent in flight: nothing of it reaches the next tick, nor the command."""

from dataclasses import dataclass

import numpy as np

from ..arrays import Command, Float32Array
from ..errors import ConfigError


@dataclass(frozen=True)
class Silence:
    """Which number of the state is held at zero."""

    neuron: int
    axis: int | None = None  # of the command, where the neuron is a motor neuron

    def check(self, state_size: int) -> None:
        """Compare with a state.

        Raises:
            ConfigError: there is no such neuron.

        """
        if not 0 <= self.neuron < state_size:
            raise ConfigError(
                f'neuron {self.neuron}: expected 0 to {state_size - 1}, the state has {state_size}'
            )

    def of_state(self, state: Float32Array) -> Float32Array:
        """Return a state (1, S) without the neuron."""
        after = np.array(state)
        after[:, self.neuron] = 0.0
        return after

    def of_command(self, command: Command) -> Command:
        """Return a command (4,) without the neuron."""
        if self.axis is None:
            return command
        after = np.array(command)
        after[self.axis] = 0.0
        return after
