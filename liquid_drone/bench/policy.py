# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the recurrent cells cost: to train by sequences, and to step in flight; ncps beside them.

Training is forward and backward through a batch of sequences in PyTorch on one thread, with a dt
of its own for every sample and tick. A step is batch 1: ours through ONNX Runtime, called by name
and with bound buffers, as it flies; that of ncps in PyTorch, since it has no other way. ncps takes
no batch of irregular dt (its issues 81-83), so it is timed with dt = 1. Processor time is what
counts, since all of it runs on one thread.
"""

import dataclasses
import importlib.util
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch
from torch import Tensor, nn

from ..contract import CORE_FILE
from ..errors import ConfigError
from ..policy.cells.base import Cell
from ..policy.cells.registry import CELLS
from ..policy.config import CoreConfig, NetworkConfig, VisionConfig
from ..policy.export import export_core
from ..policy.network import Network
from ..runtime.core import CoreStep
from .policy_gpu import descend
from .timing import Case, Timing, take_turns

NCPS = ('ncps wired_cfc', 'ncps cfc', 'ncps ltc')
REFERENCE = NCPS[0]  # what the other times are compared with
BOUND = ' (bound)'
SEED = 0  # of the inputs
SMALL = VisionConfig(convolutions=((4, 3, 2),))  # the encoder is not measured, only built


@dataclass(frozen=True)
class PolicyBench:
    """What is measured."""

    neurons: int = 19
    features: int = 128
    length: int = 64
    batch: int = 32
    rounds: int = 15
    steps: int = 200  # calls within one timed run of a step
    cells: tuple[str, ...] = ()  # names of cases; empty: all


@dataclass(frozen=True)
class Cost:
    """What one case costs; None where it does not apply."""

    parameters: int
    train: Timing
    step: Timing | None = None  # ONNX Runtime's run(); PyTorch for ncps
    bound: Timing | None = None  # ONNX Runtime with bound inputs and outputs


def variants(bench: PolicyBench) -> dict[str, CoreConfig]:
    """Return the cases by name: every cell of the registry, then what solving an ODE costs."""
    found = {name: CoreConfig(cell=name, neurons=bench.neurons) for name in CELLS}
    for name, solver, steps in (
        ('ltc', 'euler', 6),
        ('ltc', 'rk4', 6),
        ('ltc', 'dopri5', 1),
        ('ct_rnn', 'dopri5', 1),
    ):
        label = f'{name}, {solver}' + (f' {steps}' if solver != 'dopri5' else '')
        options = {'solver': solver, 'steps': steps}
        found[label] = CoreConfig(cell=name, neurons=bench.neurons, options=options)
    return found


def measure(bench: PolicyBench) -> dict[str, Cost]:
    """Measure every case; training first, then steps, each kind in turns.

    Raises:
        ConfigError: an unknown case.

    """
    networks = {name: network_of(bench, core) for name, core in variants(bench).items()}
    theirs = ncps_modules(bench)
    known = {**{name: network.cell for name, network in networks.items()}, **theirs}
    for name in bench.cells:
        if name not in known:
            raise ConfigError(f"unknown case '{name}': expected one of {', '.join(known)}")
    chosen = {name: known[name] for name in bench.cells or known}
    with one_thread():
        train = take_turns(training_cases(bench, chosen), bench.rounds, clock=process_time)
        steps = step_cases(bench, networks, theirs, chosen)
        step = take_turns(steps, bench.rounds, bench.steps, process_time)
    return {
        name: Cost(
            sum(p.numel() for p in module.parameters() if p.requires_grad),
            train[name],
            step.get(name),
            step.get(name + BOUND),
        )
        for name, module in chosen.items()
    }


def network_of(bench: PolicyBench, core: CoreConfig) -> Network:
    """Build a network around a cell; wired ones have 4 motor neurons."""
    vision = dataclasses.replace(SMALL, features=bench.features)
    return Network(NetworkConfig(vision, core)).eval()


def ncps_modules(bench: PolicyBench) -> dict[str, nn.Module]:
    """Return the modules of ncps of the same size; none where it is not installed."""
    if importlib.util.find_spec('ncps') is None:
        return {}
    import ncps.torch
    import ncps.wirings

    wiring = [ncps.wirings.AutoNCP(bench.neurons, 4) for _ in range(2)]
    made = (
        ncps.torch.CfC(bench.features, wiring[0]),
        ncps.torch.CfC(bench.features, bench.neurons),
        ncps.torch.LTC(bench.features, wiring[1]),
    )
    return dict(zip(NCPS, made, strict=True))


def training_cases(bench: PolicyBench, modules: Mapping[str, nn.Module]) -> dict[str, Case]:
    """Return forward + backward of each module."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(bench.batch, bench.length, bench.features, generator=generator)
    dt = torch.rand(bench.batch, bench.length, generator=generator) + 0.5

    def case(module: nn.Module) -> Case:
        if not isinstance(module, Cell):
            return lambda: descend(module, module(features)[0])
        state = torch.zeros(bench.batch, module.state_size)
        return lambda: descend(module, module(features, state, dt)[0])

    return {name: case(module) for name, module in modules.items()}


def step_cases(
    bench: PolicyBench,
    networks: Mapping[str, Network],
    theirs: Mapping[str, nn.Module],
    chosen: Iterable[str],
) -> dict[str, Case]:
    """Return one step of each chosen case; those of ours a second time, with bound buffers."""
    cases: dict[str, Case] = {}
    for name in chosen:
        if name in theirs:
            cases[name] = ncps_step(bench, theirs[name])
        elif 'dopri5' not in name:  # which cannot be exported
            cases[name], cases[name + BOUND] = onnx_step(bench, networks[name])
    return cases


def onnx_step(bench: PolicyBench, network: Network) -> tuple[Case, Case]:
    """Return one step through ONNX Runtime, by name and with bound buffers."""
    with tempfile.TemporaryDirectory() as folder:
        export_core(network, Path(folder) / CORE_FILE)
        core = CoreStep(Path(folder) / CORE_FILE, bench.features, network.state_size)
    features = np.random.default_rng(SEED).normal(size=(1, bench.features)).astype(np.float32)
    state = np.zeros((1, network.state_size), np.float32)
    outputs = ['command', 'next_state']

    def by_name() -> None:
        dt = np.array([0.05], np.float32)
        core.session.run(outputs, {'features': features, 'state': state, 'dt': dt})

    return by_name, lambda: core(features, state, 0.05)


def ncps_step(bench: PolicyBench, module: nn.Module) -> Case:
    """Return one step of a module of ncps in PyTorch, its state kept."""
    features = torch.randn(1, 1, bench.features)
    state: list[Tensor | None] = [None]

    def step() -> None:
        with torch.no_grad():
            _, state[0] = module(features, state[0])

    return step


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
