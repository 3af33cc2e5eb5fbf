# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies: this process, local processes, or the machines of a Ray cluster."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..options import option

if TYPE_CHECKING:
    from ..sim.flight_spec import RendererChoice
    from ..workers.executor import Executor


@dataclass(frozen=True, kw_only=True)
class ExecutorArguments:
    """How many flights at once, and where."""

    processes: int = option(2, 'flights at once on this machine', low=1, high=256)
    ray: str = option(
        '',
        "fly on the machines of a Ray cluster instead: its head's HOST:PORT, or auto",
        metavar='ADDRESS',
    )
    gpu_share: float = option(
        0.0, 'of a graphics card, for each flight on the cluster', low=0.0, high=1.0
    )


def executor_of(args: ExecutorArguments, renderer: 'RendererChoice' = 'auto') -> 'Executor':
    """Return who flies.

    Raises:
        ConfigError: a share of a card, but no cluster.

    """
    cluster = _cluster(args, renderer)
    if cluster is not None:
        return cluster
    if args.processes == 1:
        from ..workers.executor import ThisProcess

        return ThisProcess()
    from ..workers.pool import LocalProcesses

    return LocalProcesses(args.processes)


def executors_of_training(args: ExecutorArguments) -> 'tuple[Executor, Executor]':
    """Return who flies while nothing trains, and who flies beside a training.

    Neither is this process, which trains: on this machine, one process fewer flies beside it.

    Raises:
        ConfigError: a share of a card, but no cluster.

    """
    from ..workers.pool import LocalProcesses

    cluster = _cluster(args, 'auto')
    if cluster is not None:
        return cluster, cluster
    return LocalProcesses(args.processes), LocalProcesses(max(args.processes - 1, 1))


def words_of(args: ExecutorArguments, processes: int) -> list[str]:
    """Return the same as flags of another command of ours, with so many processes."""
    if not args.ray:
        return ['--processes', str(processes)]
    return ['--ray', args.ray, '--gpu-share', str(args.gpu_share)]


def _cluster(args: ExecutorArguments, renderer: 'RendererChoice') -> 'Executor | None':
    if args.gpu_share and not args.ray:
        raise ConfigError('--gpu-share is for --ray: local processes share the card as they are')
    if not args.ray:
        return None
    from functools import partial

    from ..sim.machine_facts import machine_facts
    from ..workers.ray_cluster import RayCluster

    return RayCluster(args.ray, partial(machine_facts, renderer), args.gpu_share)
