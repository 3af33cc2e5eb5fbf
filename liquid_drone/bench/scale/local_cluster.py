# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of several nodes on this machine, for benchmarks and tests."""

import importlib
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import SimulationError, require

START_S = 300.0  # Ray gives a node 30 s to start, which a busy machine may not keep
PORTS = (
    'metrics_agent_port',
    'metrics_export_port',
    'runtime_env_agent_port',
    'dashboard_agent_listen_port',
)
SETTINGS = {'RAY_USAGE_STATS_ENABLED': '0', 'RAY_agent_register_timeout_ms': '300000'}


@contextmanager
def local_cluster(nodes: int = 2, cores: int = 1) -> Iterator[Any]:
    """Start nodes and give the cluster, with its ``address``; all ends at the end.

    Raises:
        SimulationError: the nodes do not start.
        MissingDependencyError: Ray is not installed.

    """
    require('ray', 'cluster')
    utilities: Any = importlib.import_module('ray.cluster_utils')
    before = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)
    cluster = utilities.Cluster()
    try:
        for _ in range(nodes):
            add_node(cluster, cores)
        yield cluster
    finally:
        cluster.shutdown()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def add_node(cluster: Any, cores: int = 1) -> Any:
    """Add a node; its agents get their ports at once, so that nothing waits for them to start.

    Raises:
        SimulationError: it does not start.

    """
    try:
        with _patient_start():
            return cluster.add_node(num_cpus=cores, include_dashboard=False, **_free_ports())
    except Exception as error:  # Ray raises a bare one
        raise SimulationError(
            f'Ray cannot start a node on this machine: {" ".join(str(error).split())}'
        ) from error


@contextmanager
def _patient_start() -> Iterator[None]:
    """Let Ray ask for a node that starts for longer than the 30 s that are fixed in it."""
    services: Any = importlib.import_module('ray._private.services')
    ask = services.get_node
    until_s = time.monotonic() + START_S

    def ask_again(*arguments: Any, **options: Any) -> Any:
        while True:
            try:
                return ask(*arguments, **options)
            except RuntimeError:
                if time.monotonic() > until_s:
                    raise

    services.get_node = ask_again
    try:
        yield
    finally:
        services.get_node = ask


def _free_ports() -> dict[str, int]:
    taken = [socket.create_server(('127.0.0.1', 0)) for _ in PORTS]
    ports = {name: one.getsockname()[1] for name, one in zip(PORTS, taken, strict=True)}
    for one in taken:
        one.close()
    return ports
