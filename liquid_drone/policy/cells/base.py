# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One interface for every recurrent cell: a step for flight, a sequence for training.

Shapes: B batch, T ticks, F features, S state, O outputs. dt is the time since the tick before in
nominal frames (seconds / ``TimeSpec.nominal_s``), one number for every sample and tick. On that
scale time constants start near one tick; seconds would leave every gate nearly shut.

A cell says what depends on the features alone (:meth:`Cell.drive`), which a sequence computes for
all ticks at once, and what happens at one tick (:meth:`Cell.advance`). Cells for which a faster
sequence is known override :meth:`Cell.scan`; a test holds both to the same numbers.
"""

import torch
from torch import Tensor, nn

from ...errors import ConfigError

Weights = tuple[Tensor, ...]


class Cell(nn.Module):
    """A recurrent cell; the state (B, S) starts at zero."""

    def __init__(self, features: int, state_size: int, outputs: int) -> None:
        super().__init__()
        if min(features, state_size, outputs) < 1:
            raise ConfigError(
                'expected at least one feature, one state and one output, '
                f'got {features}, {state_size} and {outputs}'
            )
        self.features, self.state_size, self.outputs = features, state_size, outputs

    def weights(self) -> Weights:
        """Return what a step needs laid out, such as sparse weights as matrices."""
        return ()

    def drive(self, features: Tensor, weights: Weights) -> Tensor:
        """Return what depends on the features alone, (..., F) -> (..., D)."""
        raise NotImplementedError

    def advance(
        self, driven: Tensor, state: Tensor, dt: Tensor, weights: Weights
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick: driven (B, D), state (B, S), dt (B, 1) -> output (B, O), state."""
        raise NotImplementedError

    def scan(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks, unchecked; see :meth:`sequence`."""
        weights = self.weights()
        driven = self.drive(features, weights).unbind(1)
        spans = dt.unsqueeze(2).unbind(1)  # T x (B, 1)
        outputs = []
        for now, span in zip(driven, spans, strict=True):
            output, state = self.advance(now, state, span, weights)
            outputs.append(output)
        return torch.stack(outputs, dim=1), state

    def step(
        self, features: Tensor, state: Tensor, dt: Tensor, weights: Weights | None = None
    ) -> tuple[Tensor, Tensor]:
        """Advance one tick.

        Args:
            features: (B, F).
            state: (B, S), zeros at the start.
            dt: nominal frames since the tick before, (B,), positive.
            weights: what :meth:`weights` returned, to lay them out once for many steps.

        Returns:
            Output (B, O) and the next state (B, S).

        Raises:
            ConfigError: a wrong shape, or a dt that is not positive.

        """
        self._check(features, state, dt, ticks=False)
        laid = self.weights() if weights is None else weights
        return self.advance(self.drive(features, laid), state, dt[:, None], laid)

    def sequence(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance T ticks.

        Args:
            features: (B, T, F).
            state: before the first tick, (B, S).
            dt: nominal frames since the tick before, (B, T), positive.

        Returns:
            The outputs of every tick, (B, T, O), and the state after the last, (B, S).

        Raises:
            ConfigError: a wrong shape, no tick at all, or a dt that is not positive.

        """
        self._check(features, state, dt, ticks=True)
        return self.scan(features, state, dt)

    def forward(self, features: Tensor, state: Tensor, dt: Tensor) -> tuple[Tensor, Tensor]:
        """Advance as many ticks as the features have: none of T is a step."""
        run = self.sequence if features.dim() == 3 else self.step
        return run(features, state, dt)

    def constrain(self) -> None:
        """Bring parameters back to where they make sense; called after every optimiser step."""

    def zero_state(self, batch: int) -> Tensor:
        """Return the state of a fresh start, (B, S)."""
        like = next(self.parameters())
        return torch.zeros(batch, self.state_size, dtype=like.dtype, device=like.device)

    def _check(self, features: Tensor, state: Tensor, dt: Tensor, ticks: bool) -> None:
        if torch.compiler.is_compiling():  # export traces shapes, not values
            return
        axes = 'B, T' if ticks else 'B'
        head = tuple(features.shape[:-1])
        good = features.dim() == (3 if ticks else 2) and features.shape[-1] == self.features
        good = good and tuple(state.shape) == (head[0], self.state_size)
        if not (good and tuple(dt.shape) == head and min(head) > 0):
            raise ConfigError(
                f'{type(self).__name__} expects features ({axes}, {self.features}), state '
                f'(B, {self.state_size}) and dt ({axes}) with at least one of each, got '
                f'{tuple(features.shape)}, {tuple(state.shape)} and {tuple(dt.shape)}'
            )
        if dt.device.type == 'cpu' and not bool((dt > 0.0).all()):  # on a GPU it would wait
            raise ConfigError(
                f'expected dt > 0 (nominal frames since the last tick), got {dt.min().item():g}; '
                'drop frames that have the stamp of the one before'
            )


def linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer with Glorot weights from the generator and zero bias."""
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        bound = (6.0 / (inputs + outputs)) ** 0.5
        layer.weight.copy_((torch.rand(outputs, inputs, generator=generator) * 2.0 - 1.0) * bound)
        layer.bias.zero_()
    return layer
