# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The whole policy: eye, liquid core, and the scaling from motor neurons to commands.

Shapes: B batch, T ticks, F features, N neurons. A command is vx, vy, vz in m/s and yaw rate in
    rad/s, body FLU, heading-aligned. Times are seconds at the border of this file and nominal
    frames inside the core.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..contract import CameraSpec, CommandSpec, TimeSpec
from .cell import WiredCfC
from .config import NetworkConfig
from .vision import Vision, normalise
from .wiring import auto_ncp

HINTS = 9  # log distance of the target, then the clearance in 8 sectors of the view; training only


class Seen(NamedTuple):
    """What the network makes of a batch of sequences."""

    motor: Tensor  # (B, T, 4), commands as shares of the limits, unclipped
    target: Tensor  # (B, T, 3): logit, bearing, elevation
    hints: Tensor  # (B, T, HINTS), see HINTS
    state: Tensor  # (B, N)


class Network(nn.Module):
    """Eye and core with the contract's limits; :class:`Core` is the step that flies."""

    limits: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        camera: CameraSpec | None = None,
        command: CommandSpec | None = None,
        time: TimeSpec | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.camera, self.command = camera or CameraSpec(), command or CommandSpec()
        self.time = time or TimeSpec()
        core = config.core
        self.wiring = auto_ncp(
            config.vision.features, core.neurons, 4, core.sparsity, core.wiring_seed
        )
        self.vision = Vision(config.vision, self.camera.height, self.camera.width)
        self.cell = WiredCfC(self.wiring, seed=core.wiring_seed)
        self.hints = nn.Linear(config.vision.features, HINTS)
        self.register_buffer('limits', torch.tensor(self.command.limits), persistent=False)

    def forward(self, pixels: Tensor, dt_s: Tensor, state: Tensor | None = None) -> Seen:
        """See and act on sequences of reduced frames.

        Args:
            pixels: reduced frames (B, T, h, w, 3), 0..255, float or bfloat16.
            dt_s: seconds since the frame before, (B, T).
            state: (B, N); zeros when absent.

        """
        batch, ticks, rows, columns, _ = pixels.shape
        flat = pixels.view(batch * ticks, rows, columns, 3).permute(0, 3, 1, 2)
        features, target = self.vision.look(normalise(flat))
        features = features.float().view(batch, ticks, -1)
        if state is None:
            state = features.new_zeros(batch, self.wiring.neurons)
        with torch.autocast('cpu', enabled=False):  # the core is kept in single precision
            motor, state = self.cell(features, self.ticks(dt_s), state)
            hints = self.hints(features)
        gain = self.config.core.motor_gain
        return Seen(motor * gain, target.float().view(batch, ticks, 3), hints, state)

    def ticks(self, dt_s: Tensor) -> Tensor:
        """Turn seconds into nominal frames, clipped to the contract's range."""
        return torch.clamp(dt_s, self.time.min_s, self.time.max_s) / self.time.nominal_s


class Core(nn.Module):
    """The part of a network that becomes ``core.onnx``; sparse weights are laid out once."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        for index, weight in enumerate(network.cell.dense()):
            self.register_buffer(f'dense_{index}', weight.detach())

    def forward(self, features: Tensor, state: Tensor, dt_s: Tensor) -> tuple[Tensor, Tensor]:
        """Step: features (B, F), state (B, N), dt (B,) in s -> command (B, 4), state (B, N)."""
        network = self.network
        dense = [self.get_buffer(f'dense_{index}') for index in range(len(network.wiring.layers))]
        motor, after = network.cell.step(features, network.ticks(dt_s), state, dense)
        share = torch.clamp(motor * network.config.core.motor_gain, -1.0, 1.0)
        return share * network.limits, after
