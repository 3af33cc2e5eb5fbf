# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two Ray nodes: the bytes of one process; killed workers, nodes and drivers lose nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from doomed import DiesAt, other_everywhere

from liquid_drone.bench.scale.local_cluster import add_node, local_cluster
from liquid_drone.contract import load_contract
from liquid_drone.episodes.episode import find_episodes, load
from liquid_drone.errors import ConfigError, SimulationError
from liquid_drone.evaluate.flights_file import FLIGHTS
from liquid_drone.evaluate.protocol import Trial, evaluate
from liquid_drone.learn.dagger import run_rounds
from liquid_drone.learn.flights.collecting import collect
from liquid_drone.learn.flights.config import CollectConfig
from liquid_drone.learn.recipe import (
    DaggerConfig,
    Recipe,
    TrainConfig,
    ValidationConfig,
    Workspace,
)
from liquid_drone.learn.watcher import Silent
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.machine_facts import machine_facts
from liquid_drone.workers.executor import ThisProcess
from liquid_drone.workers.pool import LocalProcesses
from liquid_drone.workers.ray_cluster import RayCluster

pytest.importorskip('ray', reason="needs Ray: pip install 'liquid_drone[cluster]'")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SEEDS = range(15_000, 15_006)
TRIAL = Trial(FlightSpec(duration_s=0.3), ROOT / 'models' / 'follow')
DRIVER = """
import sys
from pathlib import Path
from liquid_drone.workers.ray_cluster import RayCluster
from doomed import DiesAt
for number in RayCluster(sys.argv[1]).results(DiesAt(Path(sys.argv[2]), {}, 0.3), range(40)):
    print(number, flush=True)
"""

SQUARES = """
import sys
from operator import methodcaller
from liquid_drone.workers.ray_cluster import RayCluster
print(sorted(RayCluster(sys.argv[1]).results(methodcaller('__pow__', 2), range(3))))
"""


@pytest.fixture(scope='module')
def cluster() -> Iterator[Any]:
    """Two nodes of one core each; they find the modules of these tests."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / 'test' / 'support')))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PYTHONPATH', paths)
        try:
            with local_cluster() as made:
                yield made
        except SimulationError as error:
            if 'cannot start a node' not in str(error):
                raise
            pytest.skip(
                f'Ray gives a node 30 s to start, which this machine did not keep: {error}'
            )


def test_flights_on_two_nodes_are_the_bytes_of_one_process(cluster: Any, tmp_path: Path) -> None:
    evaluate(TRIAL, SEEDS, tmp_path / 'one', ThisProcess())
    ray = RayCluster(cluster.address, partial(machine_facts, 'auto'))
    evaluate(TRIAL, SEEDS, tmp_path / 'ray', ray)
    one, two = ((tmp_path / name / FLIGHTS).read_bytes() for name in ('one', 'ray'))
    assert one == two


def test_rounds_flown_on_two_nodes_are_those_of_one_machine(cluster: Any, tmp_path: Path) -> None:
    recipe = Recipe(
        'tiny',
        collect=CollectConfig(episodes=2, frames=12),
        train=TrainConfig(steps=2, windows=2, length=8, warmup_steps=1),
        dagger=DaggerConfig(rounds=3, episodes=1, frames=12),
        validation=ValidationConfig(flights=1, final_flights=1, detection_flights=1),
    )
    ray = RayCluster(cluster.address, partial(machine_facts, 'auto'))
    scores = {}
    for name, executor in (('ray', ray), ('local', LocalProcesses(1))):
        work = Workspace(tmp_path / name)
        collect(recipe, work, executor, Silent())
        scores[name] = run_rounds(recipe, work, (executor, executor), Silent())
    assert scores['ray'] == scores['local']
    for path in find_episodes(tmp_path / 'local'):
        there = load(tmp_path / 'ray' / path.relative_to(tmp_path / 'local'))
        assert load(path).jpegs == there.jpegs
    one, two = (Workspace(tmp_path / name).bundle(2) for name in ('ray', 'local'))
    assert load_contract(one).bundle_hash() == load_contract(two).bundle_hash()


def test_a_killed_worker_costs_a_try_and_what_always_kills_is_listed(
    cluster: Any, tmp_path: Path
) -> None:
    told: list[tuple[object, bool]] = []
    found: list[int] = []
    results = RayCluster(cluster.address).results(
        DiesAt(tmp_path, {1: 1, 2: 2, 5: 9}), range(8), None,
        lambda item, cause, given_up: told.append((item, given_up)),
    )  # fmt: skip
    with pytest.raises(SimulationError, match=r'1 of 8 failed 3 times: 5 \(its worker or node'):
        found.extend(results)
    assert sorted(found) == [0, 1, 2, 3, 4, 6, 7]
    assert sorted(told) == [(1, False), (2, False), (2, False), *[(5, False)] * 2, (5, True)]


def test_a_killed_node_loses_no_flight(cluster: Any, tmp_path: Path) -> None:
    found: list[int] = []
    node = add_node(cluster, 2)
    for number in RayCluster(cluster.address).results(DiesAt(tmp_path, {}, 0.2), range(24)):
        found.append(number)
        if len(found) == 6:
            cluster.remove_node(node, allow_graceful=False)
    assert sorted(found) == list(range(24))


def test_a_machine_with_other_pictures_is_refused(cluster: Any) -> None:
    with pytest.raises(ConfigError, match='has pictures'):
        list(RayCluster(cluster.address, other_everywhere).results(abs, range(2)))


def test_a_killed_driver_leaves_no_work_behind(cluster: Any, tmp_path: Path) -> None:
    line = [sys.executable, '-c', DRIVER, cluster.address, str(tmp_path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        for _ in range(3):
            assert driver.stdout.readline()
        driver.kill()
    before = -1
    while before != (before := len(list(tmp_path.iterdir()))):
        time.sleep(3.0)  # the workers end: nobody begins another piece of work
    assert before < 40
    assert sorted(RayCluster(cluster.address).results(abs, range(4))) == [0, 1, 2, 3]


def test_a_cluster_with_a_token_is_joined_by_who_has_it(tmp_path: Path) -> None:
    """``ray start`` asks for one wherever ``ray.init`` once made one."""
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
    ray = Path(sys.executable).with_name('ray')
    homes = {name: tmp_path / name for name in ('owner', 'stranger')}
    for home in homes.values():
        home.mkdir()
        with_home = {**os.environ, 'HOME': str(home), 'RAY_USAGE_STATS_ENABLED': '0'}
        subprocess.run([ray, 'get-auth-token', '--generate'], env=with_home, check=True)
    start = [ray, 'start', '--head', '--num-cpus', '1', '--include-dashboard', 'false', '--block']
    with (tmp_path / 'head.log').open('wb') as log:
        head = subprocess.Popen(
            [*start, '--port', str(port), '--node-ip-address', '127.0.0.1'],
            env={**os.environ, 'HOME': str(homes['owner'])}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        found = {name: _joins(f'127.0.0.1:{port}', home) for name, home in homes.items()}
    finally:
        os.killpg(head.pid, signal.SIGTERM)
        head.wait(60.0)
    assert found['owner'] == '[0, 1, 4]', (tmp_path / 'head.log').read_text()
    assert 'wants another token than this machine has' in found['stranger']


def _joins(address: str, home: Path) -> str:
    """Return what came of work that a home's program sends, once the head has started."""
    until_s = time.monotonic() + 120.0
    while time.monotonic() < until_s:
        done = subprocess.run(
            [sys.executable, '-c', SQUARES, address],
            env={**os.environ, 'HOME': str(home)}, capture_output=True, text=True,
        )  # fmt: skip
        if 'no Ray cluster answers' not in done.stderr:
            break
    return (done.stdout or done.stderr).strip().rpartition('\n')[2]
