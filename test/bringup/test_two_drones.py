# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two drones in two namespaces of one ROS domain, at the same time: neither hears the other."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.local_graph import Graph, GraphFlight
from liquid_drone.evaluate import closed_loop
from liquid_drone.runtime.runner import PolicyRunner
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.session import Session

SECONDS = 2.0


def flight_of(seed: int) -> FlightSpec:
    return FlightSpec(seed=seed, start='hover', duration_s=SECONDS)


def alone(bundle: Path, seed: int) -> str:
    """Fly in this process, where there is nobody else."""
    session = Session(flight_of(seed))
    log = closed_loop.fly(session, PolicyRunner(bundle))
    session.close()
    return log.trajectory_hash()


@pytest.mark.e2e
def test_each_of_two_drones_flies_as_if_it_were_alone(bundle: Path, tmp_path: Path) -> None:
    seeds = {'drone1': 9_001, 'drone2': 9_002}
    domain = local_graph.free_domain()

    def fly(name: str) -> str:
        graph = GraphFlight(bundle, flight_of(seeds[name]), namespace=name)
        path = tmp_path / f'{name}-episode'
        with Graph(local_graph.commands(graph, path), tmp_path / name, domain) as running:
            running.watch(lambda _: None)
        return FlightLog.load(path).trajectory_hash()

    with ThreadPoolExecutor() as threads:
        together = dict(zip(seeds, threads.map(fly, seeds), strict=True))
    assert together == {name: alone(bundle, seed) for name, seed in seeds.items()}
    assert together['drone1'] != together['drone2']
