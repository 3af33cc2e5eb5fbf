# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the neurons of a policy do: replayed over a flight, and how expressive a cell is.

Shapes: T ticks, N neurons (for a cell with other state, its S numbers). Nothing here draws.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..arrays import FloatArray, Image
from ..episodes.policy_start import flown_since_start
from ..errors import EpisodeError
from ..policy.cells.base import Cell
from ..policy.cells.ltc import LTC
from ..policy.cells.registry import make_cell
from ..policy.config import CoreConfig
from ..policy.network import Core, Network
from ..request import RequestInForce, RequestSpec, requested
from ..sim.flight_log import FlightLog

CHUNK = 32  # frames seen at once
JACOBIAN_EVERY = 5  # ticks
CIRCLE_TICKS, TURNS = 200, 2  # the first turn lets the cell forget its start


@dataclass(frozen=True)
class Activity:
    """A flight from the inside."""

    seconds: FloatArray  # (T,), since the policy began
    states: FloatArray  # (T, N)
    commands: FloatArray  # (T, 4)
    bearing: FloatArray  # (T,), of the target, -1 left .. 1 right of the image; nan: not in it
    memory_s: FloatArray  # (T / JACOBIAN_EVERY, N), see memory_of, longest first


@dataclass(frozen=True)
class ShownFrames:
    """The frames of a flight in which the policy flew, as a network's encoder sees them."""

    rows: npt.NDArray[np.int64]  # (T,), of the log
    stamps_s: FloatArray  # (T,)
    dt_s: FloatArray  # (T,)
    features: Tensor  # (T, F)
    requests: Tensor | None = None  # (T, 3), as they were in force; None: the core takes none

    def request(self, tick: int) -> Tensor | None:
        """Return what was in force at a tick, (1, 3)."""
        return None if self.requests is None else self.requests[tick][None]


def show(network: Network, log: FlightLog) -> ShownFrames:
    """Show a network the frames of a flight again, with their measured dt.

    They begin where the policy started afresh, see ``policy_start``.

    Raises:
        EpisodeError: the policy did not fly in it.

    """
    fresh = np.array([bool(jpeg) for jpeg in log.jpegs], dtype=bool)
    flown = flown_since_start(log.column('following'), log.column('setpoint'))
    chosen = np.flatnonzero(flown & fresh)
    if len(chosen) < 2:
        raise EpisodeError('the policy did not fly in this log: expected frames in which it did')
    stamps_s = log.column('exposed_ns')[chosen] * 1e-9
    dt_s = np.diff(stamps_s, prepend=stamps_s[0] - network.time.nominal_s)
    features = _see(network, [log.jpegs[i] for i in chosen])
    asked = _in_force(network.config.request, log.column('request')[chosen], dt_s)
    return ShownFrames(chosen, stamps_s, dt_s, features, asked)


def _in_force(spec: RequestSpec | None, asked: FloatArray, dt_s: FloatArray) -> Tensor | None:
    """Return what the core was given of what was asked for (T, 3), as the runner gives it."""
    if spec is None:
        return None
    force, rows = RequestInForce(spec), []
    for tick, (values, dt) in enumerate(zip(asked.tolist(), dt_s.tolist(), strict=True)):
        force.ask(requested(values))
        if tick == 0:
            force.begin()
        rows.append(force.step(dt))
    return torch.tensor(rows)


def replay(network: Network, log: FlightLog) -> Activity:
    """Show a network the frames of a flight again and return what its neurons do.

    Raises:
        EpisodeError: the policy did not fly in it.

    """
    shown, core, cell = show(network, log), Core(network), network.cell
    state, rows, commands, memory = torch.zeros(1, network.state_size), [], [], []
    for tick, (seen, dt) in enumerate(zip(shown.features, shown.dt_s, strict=True)):
        span, asked = torch.tensor([dt], dtype=torch.float32), shown.request(tick)
        if tick % JACOBIAN_EVERY == 0:
            with torch.no_grad():
                given, _ = network.told(seen[None], state, span, asked)
            neurons = network.neurons(state)
            memory.append(memory_of(cell, given, neurons, network.ticks(span)) * dt)
        with torch.no_grad():
            command, state, *_ = core(seen[None], state, span, asked)
        rows.append(network.neurons(state)[0].numpy())
        commands.append(command[0].numpy())
    seen_now = log.column('target_pixels')[shown.rows] > 0
    return Activity(
        shown.stamps_s - shown.stamps_s[0],
        np.array(rows, dtype=np.float64),
        np.array(commands, dtype=np.float64),
        np.where(seen_now, log.column('target_bearing')[shown.rows], np.nan),
        np.array(memory),
    )


def commands_without(network: Network, shown: ShownFrames, neuron: int | None) -> FloatArray:
    """Return the commands (T, 4) where one number of the state is zero after every tick."""
    core, state = Core(network), torch.zeros(1, network.state_size)
    commands = []
    with torch.no_grad():
        for tick, (seen, dt) in enumerate(zip(shown.features, shown.dt_s, strict=True)):
            span = torch.tensor([dt], dtype=torch.float32)
            command, state, *_ = core(seen[None], state, span, shown.request(tick))
            if neuron is not None:
                state = state.clone()
                state[:, neuron] = 0.0
            commands.append(command[0].numpy())
    return np.array(commands, dtype=np.float64)


def memory_of(cell: Cell, features: Tensor, state: Tensor, dt: Tensor) -> FloatArray:
    """Return how many ticks the modes of a cell last at one working point, (S,), longest first.

    A small push dies away along the eigenvectors of d(next state)/d(state), each by its
    eigenvalue per tick: its time constant is -1 / ln |eigenvalue|, infinite from 1 on.
    """

    def after(start: Tensor) -> Tensor:
        return cell.step(features, start, dt)[1][0]

    differ: Any = torch.autograd.functional.jacobian
    jacobian = differ(after, state)  # (S, 1, S)
    sizes = torch.linalg.eigvals(jacobian[:, 0].double()).abs().numpy()
    decay = -np.log(np.clip(np.sort(sizes)[::-1], 1e-12, None))
    return np.where(decay > 0.0, 1.0 / np.maximum(decay, 1e-12), np.inf)


def principal(states: FloatArray) -> FloatArray:
    """Project states (T, N) on their first two principal components, (T, 2)."""
    centred = states - states.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    projected: FloatArray = centred @ directions[:2].T
    return projected


def path_length(points: FloatArray) -> float:
    """Return the length of a path (T, D)."""
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def expressivity(name: str, neurons: int, scale: float, seed: int) -> float:
    """Return how much longer than a circle the path is that it makes in a random cell's state.

    After Raghu et al. 2017 and Hasani et al. 2021 (section 5): the input goes round the unit
    circle, the state's path is measured in its first two principal components. Weights are drawn
    as for training and multiplied by ``scale``; of an LTC those are the steepness of its synapses
    and their reversal potentials.
    """
    core = CoreConfig(neurons=neurons, cell=name, wiring='full', wiring_seed=seed)
    if name == 'wired_cfc':
        core = CoreConfig(neurons=neurons, cell=name, wiring_seed=seed)
    cell = make_cell(core, 2, max(neurons // 5, 1))
    with torch.no_grad():
        for key, value in cell.named_parameters():
            if _is_weight(cell, key):
                value.mul_(scale)
        angle = torch.arange(CIRCLE_TICKS * TURNS) * (2.0 * torch.pi / CIRCLE_TICKS)
        circle = torch.stack([angle.sin(), angle.cos()], dim=1)[None]  # (1, T, 2)
        laid, state, states = cell.weights(), cell.zero_state(1), []
        for tick in range(CIRCLE_TICKS * TURNS):
            _, state = cell.step(circle[:, tick], state, torch.ones(1), laid)
            states.append(state[0].double().numpy())
    last = np.array(states)[-CIRCLE_TICKS - 1 :]
    return path_length(principal(last)) / path_length(circle[0, -CIRCLE_TICKS - 1 :].numpy())


def _is_weight(cell: Cell, key: str) -> bool:
    if isinstance(cell, LTC):
        return key.endswith(('steepness', 'reversal'))
    return 'weight' in key or key.endswith('values')


def _picture(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise EpisodeError('a frame of the flight cannot be decoded: fly it again')
    return np.asarray(image[:, :, ::-1], dtype=np.uint8)


def _see(network: Network, jpegs: list[bytes]) -> Tensor:
    """Return the features of frames, (T, F)."""
    found = []
    for start in range(0, len(jpegs), CHUNK):
        frames = [_picture(jpeg) for jpeg in jpegs[start : start + CHUNK]]
        with torch.no_grad():
            found.append(network.vision(torch.from_numpy(np.stack(frames)))[0])
    return torch.cat(found)
