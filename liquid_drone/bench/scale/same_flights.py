# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The same test seeds flown in several ways: times, and whether all files have the same bytes.

One process, local processes, a Ray cluster of two nodes on this machine, and shards that are
merged. Flights are short: what is compared is the work around them, and their bytes.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from ... import resources
from ...evaluate.flights_file import FLIGHTS
from ...evaluate.protocol import Trial, evaluate
from ...evaluate.report import markdown
from ...evaluate.scoring import summarise
from ...evaluate.shards import SeedShard, merge, write_run
from ...seeds import split_seeds
from ...sim.flight_spec import FlightSpec
from ...sim.machine_facts import machine_facts
from ...workers.executor import Executor, ThisProcess
from ...workers.pool import LocalProcesses
from ...workers.ray_cluster import RayCluster
from .local_cluster import local_cluster

FlightsWay = Literal['one', 'local', 'ray', 'shards']
SHARDS = 4
TABLE = 'table.md'


@dataclass(frozen=True)
class ScaleBench:
    """What is flown."""

    flights: int = 200
    seconds: float = 2.0  # of each
    processes: int = 2
    bundle: str = 'follow'

    @property
    def trial(self) -> Trial:
        """All but the seed."""
        return Trial(FlightSpec(duration_s=self.seconds), resources.bundle(self.bundle))

    @property
    def seeds(self) -> range:
        """The first ones of the test split."""
        return split_seeds('test', self.flights)


@dataclass(frozen=True)
class WayResult:
    """What came of one way."""

    name: str
    took_s: float
    flights: int
    digest: str  # over the table and the file of flights

    def __str__(self) -> str:
        """Return a line for people."""
        rate = self.flights / self.took_s
        return f'{self.name}: {self.took_s:.1f} s, {rate:.2f} flights/s, {self.digest}'


def measure(
    bench: ScaleBench,
    ways: tuple[FlightsWay, ...],
    out: Path,
    done: Callable[[], None] = lambda: None,
) -> Iterator[WayResult]:
    """Fly in each way and yield what came of it.

    A way that has flown some of its seeds already flies the rest: then its time says nothing.

    Args:
        bench: what is flown.
        ways: in their order.
        out: a folder for all results.
        done: called after each flight.

    """
    local: Executor = LocalProcesses(bench.processes)
    for way in ways:
        folder = out / way
        if way == 'shards':
            yield _result(bench, f'{SHARDS} shards', folder, _shards, done)
            continue
        with _executor(way, local) as executor:
            name = {'one': 'one process', 'local': f'{bench.processes} processes'}.get(
                way, 'Ray, two nodes'
            )
            yield _result(bench, name, folder, partial(_whole, executor), done)


@contextmanager
def _executor(way: FlightsWay, local: Executor) -> Iterator[Executor]:
    if way == 'ray':
        with local_cluster() as cluster:
            yield RayCluster(cluster.address, partial(machine_facts, 'auto'))
    else:
        yield ThisProcess() if way == 'one' else local


def _result(
    bench: ScaleBench,
    name: str,
    folder: Path,
    fly: Callable[[ScaleBench, Path, Callable[[], None]], None],
    done: Callable[[], None],
) -> WayResult:
    began_s = time.perf_counter()
    fly(bench, folder, done)
    took_s = time.perf_counter() - began_s
    flown = evaluate(bench.trial, bench.seeds, folder, ThisProcess())  # all there: reads them
    table = markdown(summarise([one.score for one in flown]), 'flights')
    (folder / TABLE).write_text(table, encoding='utf-8')
    digest = hashlib.sha256(table.encode() + (folder / FLIGHTS).read_bytes()).hexdigest()[:16]
    return WayResult(name, took_s, len(flown), digest)


def _whole(executor: Executor, bench: ScaleBench, folder: Path, done: Callable[[], None]) -> None:
    evaluate(bench.trial, bench.seeds, folder, executor, lambda _flown, _new: done())


def _shards(bench: ScaleBench, folder: Path, done: Callable[[], None]) -> None:
    parts = [folder.with_name(f'{folder.name}-{k}') for k in range(1, SHARDS + 1)]
    for k, part in enumerate(parts, 1):
        seeds = SeedShard(k, SHARDS).of(bench.seeds)
        evaluate(bench.trial, seeds, part, ThisProcess(), lambda _flown, _new: done())
        write_run(part, bench.seeds, [''])
    merge(parts, folder)
