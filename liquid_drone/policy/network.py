# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The whole policy: encoder, recurrent core, and the scaling from motor neurons to commands.

Shapes: B batch, T ticks, F features, S state. A command is vx, vy, vz in m/s and yaw rate in
    rad/s, body FLU, heading-aligned. Times are seconds at the border of this file and nominal
    frames inside the core. A request is distance, height and largest speed, in m and m/s.

A belief is a linear layer after all neurons of the core, or what its memory gives, whether the
target is seen or not: a logit that it is right, the bearing from straight ahead in rad, left
positive, and the horizontal distance, inside of the network as log(m / 4 m).
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..contract import COMMAND_NAMES, CameraSpec, CommandSpec
from ..request import NAMES
from .brake import MOVED, braked, braked_alone
from .cells.base import Cell, linear
from .cells.registry import make_cell, wiring_of
from .config import NetworkConfig
from .memory import FILTER_STATE, INPUTS, MOTION, STATE, Measurement, Remembered, TargetMemory
from .sighting import TOLD, SightedPlace, slopes
from .surroundings import DIRECTIONS, Surroundings
from .surroundings import STATE as AROUND
from .vision import Vision

COMMANDS = len(COMMAND_NAMES)
# of the encoder on a processor, where their maps stay in its caches: 1.4 times as fast as all
FRAMES_AT_ONCE = 64
AUXILIARY = 9  # log distance of the target, nearness of trunks in 8 sectors; in training only


BELIEF = ('logit', 'bearing', 'range')
REFERENCE_M = 4.0  # log distances are relative to this, the distance that the expert keeps, about
MOST_LOG_RANGE = 2.5  # 0.3 to 49 m


class Seen(NamedTuple):
    """What the network makes of a batch of sequences."""

    motor: Tensor  # (B, T, 4), commands as shares of the limits, unclipped
    target: Tensor | None  # (B, T, 3): logit, bearing, elevation; None: features were given
    auxiliary: Tensor | None  # (B, T, 9), see AUXILIARY, or with a scan (B, T, 17); None: likewise
    state: Tensor  # (B, S)
    belief: Tensor | None = None  # (B, T, 3), see BELIEF
    # what a sight told (B, T, 5, C), see ``sighting.py``, and the slopes of its columns (C,)
    sight: tuple[Tensor, Tensor] | None = None


class Network(nn.Module):
    """Encoder and core with the contract's limits; :class:`Core` is the step that flies."""

    limits: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        camera: CameraSpec | None = None,
        command: CommandSpec | None = None,
        cell: Cell | None = None,
    ) -> None:
        """Build it; a ``cell`` with imported weights stands in for the one of the config."""
        super().__init__()
        self.config = config
        self.camera, self.command = camera or CameraSpec(), command or CommandSpec()
        self.time = config.time
        self.vision = Vision(config.vision, self.camera.height, self.camera.width)
        inputs = self.vision.told + (len(NAMES) if config.request else 0)
        inputs += (INPUTS if config.memory else 0) + (DIRECTIONS if config.surroundings else 0)
        reads_all = config.belief and not config.memory
        self.cell = cell or make_cell(config.core, inputs, COMMANDS, reads_all)
        self.wiring = wiring_of(self.cell)
        self.readout: nn.Linear | None = None  # of a wired cell the motor neurons are the command
        generator = torch.Generator().manual_seed(config.core.wiring_seed)
        motors = self.wiring is not None and config.core.readout != 'all'
        self.read_from = -COMMANDS if motors else 0  # of the outputs of the cell
        if self.wiring is None or config.core.readout:
            outputs = COMMANDS if motors else self.cell.outputs
            self.readout = linear(outputs, COMMANDS, generator)
        self.belief = linear(self.cell.outputs, len(BELIEF), generator) if reads_all else None
        seed = config.core.wiring_seed
        fov_rad = math.radians(self.camera.horizontal_fov_deg)
        self.memory: TargetMemory | None = None
        if config.memory and self.vision.sight is not None:
            self.memory = TargetMemory(SightedPlace(self.vision.sight.columns, fov_rad))
        elif config.memory:
            self.memory = TargetMemory(Measurement(config.vision.features, seed))
        self.surroundings: Surroundings | None = None
        if config.surroundings or config.brake:
            self.surroundings = Surroundings(self.vision.told - self.vision.dense, fov_rad)
        self.auxiliary = nn.Linear(self.vision.dense, AUXILIARY)
        self.register_buffer('limits', torch.tensor(self.command.limits), persistent=False)
        self.register_load_state_dict_pre_hook(_by_present_names)  # type: ignore[no-untyped-call]

    def forward(
        self,
        pixels: Tensor,
        dt_s: Tensor,
        state: Tensor | None = None,
        request: Tensor | None = None,
        flown: Tensor | None = None,
        remembered: Tensor | None = None,
    ) -> Seen:
        """See and act on sequences of reduced frames.

        Args:
            pixels: reduced frames (B, T, h, w, 3), 0..255, float or bfloat16; or the features
                that the encoder made of them, (B, T, F), and then it gets no gradient.
            dt_s: seconds since the frame before, (B, T).
            state: (B, S); zeros when absent.
            request: (B, T, 3); the defaults when absent, or where it is nan.
            flown: commands that flew since the frame before, shares of the limits, (B, T, 4), for
                the memory; zeros when absent.
            remembered: what the memory told the core (B, T, INPUTS or more), where that was
                computed before; then there is no belief, and the state keeps nothing of it.

        """
        target, features, auxiliary = None, pixels, None
        if pixels.dim() > 3:
            batch, ticks, rows, columns, _ = pixels.shape
            flat = pixels.view(batch * ticks, rows, columns, 3).permute(0, 3, 1, 2)
            features, target = self._look(flat)
            features = features.float().view(batch, ticks, -1)
            target = target.float().view(batch, ticks, 3)
        if state is None:
            state = features.new_zeros(len(features), self.state_size)
        with torch.autocast(
            features.device.type, enabled=False
        ):  # the core is kept in single precision
            inputs, belief, held = self.with_request(features, request), None, None
            if self.memory is not None:
                if remembered is None:
                    known = self.remember(features, dt_s, state, self.motion(features, flown))
                    remembered, belief, held = known[:3]
                inputs = torch.cat([inputs, remembered.detach()], dim=-1)
            outputs, state = self.cell.sequence(inputs, self.neurons(state), self.ticks(dt_s))
            motor = self.read(outputs) * self.config.core.motor_gain
            belief = belief if self.belief is None else self.belief(outputs)
            state = state if held is None else torch.cat([state, held], dim=1)
            if beside := self.state_size - state.shape[1]:  # no command follows: it stays zero
                state = nn.functional.pad(state, (0, beside))
            if target is not None:
                auxiliary = self.guess(features)
        sight = None if target is None else self.sight_of(features)
        return Seen(motor, target, auxiliary, state, belief, sight)

    def with_request(self, features: Tensor, request: Tensor | None = None) -> Tensor:
        """Return what the cell takes: features (..., F), and the request in -1..1 behind them."""
        spec = self.config.request
        if self.vision.sight is not None:
            features = features[..., : self.vision.told]
        if spec is None:
            return features
        defaults = features.new_tensor(spec.defaults).expand(*features.shape[:-1], len(NAMES))
        if request is None:
            request = defaults
        elif not torch.compiler.is_compiling():  # a graph is given numbers
            request = torch.where(torch.isnan(request), defaults, request)
        low = features.new_tensor([one.low for one in spec.ranges])
        high = features.new_tensor([one.high for one in spec.ranges])
        held = torch.minimum(torch.maximum(request, low), high)
        return torch.cat([features, (held - low) * (2.0 / (high - low)) - 1.0], dim=-1)

    @property
    def state_size(self) -> int:
        """S: of the cell, of the memory, of the surroundings, and of the last command."""
        beside = AROUND if self.surroundings is not None else 0
        beside += STATE if self.memory is not None else MOVED if self.config.brake else 0
        return self.cell.state_size + beside

    def motion(self, features: Tensor, flown: Tensor | None) -> Tensor:
        """Return what the memory takes of commands, (B, T, 3) in m/s and rad/s; none: rest."""
        if flown is None:
            return features.new_zeros(*features.shape[:2], len(MOTION))
        return (flown * self.limits)[..., MOTION]

    def believe(self, features: Tensor, dt_s: Tensor, state: Tensor, motion: Tensor) -> Remembered:
        """Have the memory alone see features (B, T, F), moved so since the ticks before."""
        assert self.memory is not None
        held = state[:, self.cell.state_size :][:, :FILTER_STATE]
        return self.memory.sequence(features, motion, self.clipped(dt_s), held)

    def remember(
        self, features: Tensor, dt_s: Tensor, state: Tensor, motion: Tensor
    ) -> Remembered:
        """Return what all that remembers makes of features (B, T, F) and motion (B, T, 3)."""
        known = self.believe(features, dt_s, state, motion)
        around = state[:, self.cell.state_size + FILTER_STATE :][:, :AROUND]
        return self.surrounded(features, dt_s, known, around)

    def surrounded(
        self, features: Tensor, dt_s: Tensor, known: Remembered, around: Tensor
    ) -> Remembered:
        """Add what the surroundings (B, AROUND) hold, if there are any, to what is known."""
        if self.surroundings is None:
            return known
        scan = features[..., self.vision.dense : self.vision.told]
        near, around = self.surroundings.sequence(scan, known.moved, self.clipped(dt_s), around)
        inputs = torch.cat([known.inputs, near], dim=-1)
        return known._replace(inputs=inputs, state=torch.cat([known.state, around], dim=1))

    def told(
        self, features: Tensor, state: Tensor, dt_s: Tensor, request: Tensor | None = None
    ) -> tuple[Tensor, Remembered | None]:
        """Return what the cell takes at one tick (B, I), and what the memory made of it.

        Args:
            features: (B, F).
            state: (B, S), with the command that flew until now.
            dt_s: (B,).
            request: (B, 3).

        """
        inputs = self.with_request(features, request)
        if self.memory is None:
            return inputs, None
        motion = state[:, None, -len(MOTION) :]
        known = self.remember(features[:, None], dt_s[:, None], state, motion)
        return torch.cat([inputs, known.inputs[:, 0]], dim=1), known

    def neurons(self, state: Tensor) -> Tensor:
        """Return the part of a state (B, S) that is the cell's."""
        beside = self.memory is not None or self.config.brake
        return state[:, : self.cell.state_size] if beside else state

    def _look(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """See reduced frames (N, 3, h, w); features (N, F), target head (N, 3)."""
        if flat.is_cuda:
            return self.vision.look(flat)
        parts = [self.vision.look(some) for some in torch.split(flat, FRAMES_AT_ONCE)]
        features, target = zip(*parts, strict=True)
        return torch.cat(features), torch.cat(target)

    def read(self, outputs: Tensor) -> Tensor:
        """Turn the outputs of the cell (..., O) into commands (..., 4), shares of the limits."""
        motor = outputs[..., self.read_from :]
        return motor if self.readout is None else self.readout(motor)

    def guess(self, features: Tensor) -> Tensor:
        """Return the auxiliary labels as features (..., F) tell them; with a scan it is a part."""
        dense = self.vision.dense
        guessed: Tensor = self.auxiliary(features[..., :dense])
        if self.vision.scan is None:
            return guessed
        return torch.cat([guessed[..., :1], features[..., dense : self.vision.told]], dim=-1)

    def sight_of(self, features: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return what a sight told (..., 5, C) of features (..., F), and of which slopes (C,)."""
        if self.vision.sight is None:
            return None
        columns, fov_rad = self.vision.sight.columns, math.radians(self.camera.horizontal_fov_deg)
        table = features[..., self.vision.told :].reshape(*features.shape[:-1], TOLD, columns)
        return table, slopes(columns, fov_rad).to(features.device)

    def compile_encoder(self) -> None:
        """Have the CNN compiled by torch.compile when it first sees; exports stay as they are."""
        self.vision.look = torch.compile(self.vision.look)  # type: ignore[method-assign]

    def constrain(self) -> None:
        """Bring the core's parameters back to where they make sense, after an optimiser step."""
        self.cell.constrain()

    def ticks(self, dt_s: Tensor) -> Tensor:
        """Turn seconds into nominal frames, clipped to the contract's range."""
        return self.clipped(dt_s) / self.time.nominal_s

    def clipped(self, dt_s: Tensor) -> Tensor:
        """Return seconds clipped to the contract's range."""
        return torch.clamp(dt_s, self.time.min_s, self.time.max_s)


def _by_present_names(_network: nn.Module, state: dict[str, Any], *_: object) -> None:
    by_present_names(state)


def by_present_names(state: dict[str, Any]) -> None:
    """Rename in place what older checkpoints and bundles call otherwise, and add what is new."""
    for name in ('weight', 'bias'):
        if f'hints.{name}' in state:
            state[f'auxiliary.{name}'] = state.pop(f'hints.{name}')
    bias = state.get('vision.heatmap.bias')
    if bias is not None:
        none = torch.zeros(()) if isinstance(bias, Tensor) else np.zeros((), np.float32)
        state.setdefault('vision.heatmap.moved', none)


class Core(nn.Module):
    """The part of a network that becomes ``core.onnx``; sparse weights are laid out once."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        laid = network.cell.weights()
        self.names = [f'laid_{index}' for index in range(len(laid))]
        for name, weight in zip(self.names, laid, strict=True):
            self.register_buffer(name, weight.detach())

    def forward(
        self, features: Tensor, state: Tensor, dt_s: Tensor, request: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Step: features (B, F), state (B, S), dt (B,) in s -> command (B, 4), state (B, S).

        With a request (B, 3) the horizontal command is no faster than asked for; with a brake
        it leads at nothing that is held near. With a belief it follows, (B, 3): logit, bearing in
        rad, left positive, distance in m.
        """
        network = self.network
        laid = tuple(self.get_buffer(name) for name in self.names)
        inputs, known = network.told(features, state, dt_s, request)
        neurons = network.neurons(state)
        outputs, after = network.cell.step(inputs, neurons, network.ticks(dt_s), laid)
        share = network.read(outputs) * network.config.core.motor_gain
        command = torch.clamp(share, -1.0, 1.0) * network.limits
        if request is not None:
            command = no_faster(command, request[:, 2:])
        if network.config.brake and known is not None:
            command = braked(command, known.state[:, FILTER_STATE:])
        elif network.config.brake:
            assert network.surroundings is not None
            scan = features[:, network.vision.dense : network.vision.told]
            held, span = state[:, network.cell.state_size :], network.clipped(dt_s)
            command, held = braked_alone(command, network.surroundings, scan, span, held)
            after = torch.cat([after, held], dim=1)
        if known is not None:
            after = torch.cat([after, known.state, command[:, MOTION]], dim=1)
            return command, after, _physical(known.belief[:, 0])
        if network.belief is None:
            return command, after
        return command, after, _physical(network.belief(outputs))


def no_faster(command: Tensor, speed: Tensor) -> Tensor:
    """Shorten the horizontal part of commands (B, 4) to a speed (B, 1)."""
    fast = torch.sqrt((command[:, :2] ** 2).sum(dim=1, keepdim=True) + 1e-12)
    horizontal = command[:, :2] * torch.clamp(speed / fast, max=1.0)
    return torch.cat([horizontal, command[:, 2:]], dim=1)


def _physical(belief: Tensor) -> Tensor:
    """Turn the belief layer's numbers (B, 3) into logit, rad and m."""
    bearing = torch.clamp(belief[:, 1:2], -math.pi, math.pi)
    log_range = torch.clamp(belief[:, 2:], -MOST_LOG_RANGE, MOST_LOG_RANGE)
    return torch.cat([belief[:, :1], bearing, REFERENCE_M * torch.exp(log_range)], dim=1)
