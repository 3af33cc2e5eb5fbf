# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The whole policy: encoder, recurrent core, and the scaling from motor neurons to commands.

Shapes: B batch, T ticks, F features, S state. A command is vx, vy, vz in m/s and yaw rate in
    rad/s, body FLU, heading-aligned. Times are seconds at the border of this file and nominal
    frames inside the core.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..contract import COMMAND_NAMES, CameraSpec, CommandSpec, TimeSpec
from .cells.base import Cell, linear
from .cells.registry import make_cell, wiring_of
from .config import NetworkConfig
from .vision import Vision

COMMANDS = len(COMMAND_NAMES)
# of the encoder on a processor, where their maps stay in its caches: 1.4 times as fast as all
FRAMES_AT_ONCE = 64
AUXILIARY = 9  # log distance of the target, nearness of trunks in 8 sectors; in training only


class Seen(NamedTuple):
    """What the network makes of a batch of sequences."""

    motor: Tensor  # (B, T, 4), commands as shares of the limits, unclipped
    target: Tensor  # (B, T, 3): logit, bearing, elevation
    auxiliary: Tensor  # (B, T, AUXILIARY), see AUXILIARY
    state: Tensor  # (B, S)


class Network(nn.Module):
    """Encoder and core with the contract's limits; :class:`Core` is the step that flies."""

    limits: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        camera: CameraSpec | None = None,
        command: CommandSpec | None = None,
        time: TimeSpec | None = None,
        cell: Cell | None = None,
    ) -> None:
        """Build it; a ``cell`` with imported weights stands in for the one of the config."""
        super().__init__()
        self.config = config
        self.camera, self.command = camera or CameraSpec(), command or CommandSpec()
        self.time = time or TimeSpec()
        self.vision = Vision(config.vision, self.camera.height, self.camera.width)
        self.cell = cell or make_cell(config.core, config.vision.features, COMMANDS)
        self.wiring = wiring_of(self.cell)
        self.readout: nn.Linear | None = None  # of a wired cell the motor neurons are the command
        if self.wiring is None or config.core.readout:
            generator = torch.Generator().manual_seed(config.core.wiring_seed)
            self.readout = linear(self.cell.outputs, COMMANDS, generator)
        self.auxiliary = nn.Linear(config.vision.features, AUXILIARY)
        self.register_buffer('limits', torch.tensor(self.command.limits), persistent=False)
        self.register_load_state_dict_pre_hook(_by_present_names)  # type: ignore[no-untyped-call]

    def forward(self, pixels: Tensor, dt_s: Tensor, state: Tensor | None = None) -> Seen:
        """See and act on sequences of reduced frames.

        Args:
            pixels: reduced frames (B, T, h, w, 3), 0..255, float or bfloat16.
            dt_s: seconds since the frame before, (B, T).
            state: (B, S); zeros when absent.

        """
        batch, ticks, rows, columns, _ = pixels.shape
        flat = pixels.view(batch * ticks, rows, columns, 3).permute(0, 3, 1, 2)
        features, target = self._look(flat)
        features = features.float().view(batch, ticks, -1)
        if state is None:
            state = features.new_zeros(batch, self.cell.state_size)
        with torch.autocast(
            features.device.type, enabled=False
        ):  # the core is kept in single precision
            motor, state = self.cell.sequence(features, state, self.ticks(dt_s))
            motor = self.read(motor)
            auxiliary = self.auxiliary(features)
        gain = self.config.core.motor_gain
        return Seen(motor * gain, target.float().view(batch, ticks, 3), auxiliary, state)

    def _look(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """See reduced frames (N, 3, h, w); features (N, F), target head (N, 3)."""
        if flat.is_cuda:
            return self.vision.look(flat)
        parts = [self.vision.look(some) for some in torch.split(flat, FRAMES_AT_ONCE)]
        features, target = zip(*parts, strict=True)
        return torch.cat(features), torch.cat(target)

    def read(self, motor: Tensor) -> Tensor:
        """Turn the outputs of the cell (..., O) into commands (..., 4), shares of the limits."""
        return motor if self.readout is None else self.readout(motor)

    def compile_encoder(self) -> None:
        """Have the CNN compiled by torch.compile when it first sees; exports stay as they are."""
        self.vision.look = torch.compile(self.vision.look)  # type: ignore[method-assign]

    def constrain(self) -> None:
        """Bring the core's parameters back to where they make sense, after an optimiser step."""
        self.cell.constrain()

    def ticks(self, dt_s: Tensor) -> Tensor:
        """Turn seconds into nominal frames, clipped to the contract's range."""
        return torch.clamp(dt_s, self.time.min_s, self.time.max_s) / self.time.nominal_s


def _by_present_names(_network: nn.Module, state: dict[str, Tensor], *_: object) -> None:
    """Rename what older checkpoints and bundles call by a former name."""
    for name in ('weight', 'bias'):
        if f'hints.{name}' in state:
            state[f'auxiliary.{name}'] = state.pop(f'hints.{name}')


class Core(nn.Module):
    """The part of a network that becomes ``core.onnx``; sparse weights are laid out once."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        laid = network.cell.weights()
        self.names = [f'laid_{index}' for index in range(len(laid))]
        for name, weight in zip(self.names, laid, strict=True):
            self.register_buffer(name, weight.detach())

    def forward(self, features: Tensor, state: Tensor, dt_s: Tensor) -> tuple[Tensor, Tensor]:
        """Step: features (B, F), state (B, S), dt (B,) in s -> command (B, 4), state (B, S)."""
        network = self.network
        laid = tuple(self.get_buffer(name) for name in self.names)
        motor, after = network.cell.step(features, state, network.ticks(dt_s), laid)
        share = torch.clamp(network.read(motor) * network.config.core.motor_gain, -1.0, 1.0)
        return share * network.limits, after
