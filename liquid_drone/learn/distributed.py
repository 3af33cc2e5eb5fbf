# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Several processes train one network, each on its share of a step's windows (``torchrun``).

Rank 0 does everything that is done once: it flies, writes, prints. The others train their share
and wait. Sums over all ranks are the only thing that passes between them; what is computed from a
sum is the same to the bit on every rank, so weights never drift apart. Without torchrun there is
one rank, and nothing here does anything.

DistributedDataParallel is not used: the network is too small for overlapping to pay (1.5 MB of
gradients), and a wrapper would stand between it and its checkpoints and compiled encoder.
"""

import importlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..errors import ConfigError, TrainingError
from .graphics_card import why_no_card
from .recipe import TrainConfig

STEP_LIMIT = timedelta(minutes=10)  # for a step, compiling included, and for all to have started
WAIT_LIMIT = timedelta(hours=12)  # for rank 0: it decodes and flies, both of which take their time
T = TypeVar('T')


@dataclass
class Team:
    """The processes of a training, seen from one of them."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0  # among those of this machine: the graphics card to take
    patient: Any = None  # the group in which rank 0 is waited for

    @property
    def first(self) -> bool:
        """Return whether this process does what is done once."""
        return self.rank == 0

    def share(self, items: list[T]) -> list[T]:
        """Return this rank's part of a list whose length ``size`` divides."""
        each = len(items) // self.size
        return items[self.rank * each : (self.rank + 1) * each]

    def leave(self, in_order: bool) -> None:
        """Leave the other processes; after an error without waiting for them.

        Nothing may hold a group of gloo after this: its threads end with it, and may want the
        interpreter's lock until then, to let go of the last tensor that was sent. Asked for while
        the interpreter is being taken down, that lock aborts the process.
        """
        self.patient = None
        if in_order or dist.get_backend() == 'gloo':  # NCCL might wait for who is gone
            dist.destroy_process_group()

    def told(self, value: bool) -> bool:
        """Return what rank 0 says, whenever it says it; ``value`` counts on rank 0 alone."""
        if self.size == 1:
            return value
        said = torch.tensor([int(value)])
        _with_peers(lambda: dist.broadcast(said, 0, group=self.patient))
        return bool(said.item())

    def agree(self, what: str, *numbers: int) -> None:
        """Check that all ranks have the same numbers.

        Raises:
            ConfigError: they have not.

        """
        if self.size == 1:
            return
        mine = torch.tensor(numbers)
        least, most = mine.clone(), mine.clone()
        _with_peers(lambda: dist.all_reduce(least, dist.ReduceOp.MIN, group=self.patient))
        _with_peers(lambda: dist.all_reduce(most, dist.ReduceOp.MAX, group=self.patient))
        if not torch.equal(least, most):
            raise ConfigError(
                f'the processes of this training differ in {what}: from {least.tolist()} to '
                f'{most.tolist()}; every machine must see the same --data directory'
            )

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of a tensor over all ranks."""
        if self.size > 1:
            _with_peers(lambda: dist.all_reduce(values))
            values = values / self.size
        return values

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over all ranks: one message for all of them."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = self.mean(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))


ALONE = Team()


def started_by_torchrun() -> bool:
    """Return whether this is one of several processes."""
    return _number('WORLD_SIZE', 1) > 1


@contextmanager
def joined(config: TrainConfig) -> Iterator[Team]:
    """Join the other processes that torchrun started, if it did; all leave when rank 0 is done.

    Raises:
        ConfigError: windows that cannot be shared evenly, or more processes than graphics cards.
        TrainingError: the others are not there, or one of them is gone later.

    """
    if not started_by_torchrun():
        yield ALONE
        return
    size, rank = _number('WORLD_SIZE', 1), _number('RANK', -1)
    if not 0 <= rank < size:
        raise ConfigError(
            f'WORLD_SIZE is {size}, but RANK is {rank}: start it by torchrun, which sets both, or '
            'unset WORLD_SIZE'
        )
    if config.windows % size:
        raise ConfigError(
            f'windows: {config.windows} of a step cannot be shared evenly by {size} processes: '
            f'choose a multiple of {size} in the recipe, or another --nproc-per-node'
        )
    # Imported later, by an optimizer, it would take the group as a default argument and keep it.
    importlib.import_module('torch.distributed.nn')
    local = _number('LOCAL_RANK', 0)
    on_cards = use_card(config, local)
    _with_peers(
        lambda: dist.init_process_group('nccl' if on_cards else 'gloo', timeout=STEP_LIMIT)
    )
    team = Team(rank, size, local)
    team.patient = _with_peers(lambda: dist.new_group(backend='gloo', timeout=WAIT_LIMIT))
    in_order = False
    try:
        yield team
        in_order = team.told(True)
    finally:
        team.leave(in_order)


def use_card(config: TrainConfig, local_rank: int) -> bool:
    """Take the graphics card of a local rank; False where training runs on the CPU.

    Raises:
        ConfigError: there are fewer cards than processes, or one that cannot be computed on.

    """
    if config.device == 'cpu' or not torch.cuda.is_available():
        return False
    cards = torch.cuda.device_count()
    if local_rank >= cards:
        raise ConfigError(
            f'process {local_rank + 1} of this machine, but {cards} graphics cards: start as many '
            f'processes (torchrun --nproc-per-node {cards}), or set device: cpu in the recipe'
        )
    if reason := why_no_card(torch.device('cuda', local_rank)):  # the others might do without
        raise ConfigError(
            f'process {local_rank + 1} of this machine: {reason}, or set device: cpu in the recipe'
        )
    torch.cuda.set_device(local_rank)
    return True


def _with_peers(call: Callable[[], T]) -> T:
    """Do something that the other ranks must do too."""
    try:
        return call()
    except (RuntimeError, ValueError) as error:  # torch has no narrower one for a lost peer
        raise TrainingError(
            f'another process of this training cannot be reached or has ended: look for its own '
            f'message, then start all of them again and training goes on ({error})'
        ) from error


def _number(name: str, otherwise: int) -> int:
    text = os.environ.get(name, '')
    if not text:
        return otherwise
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError(f"{name}='{text}' in the environment is no number") from error
