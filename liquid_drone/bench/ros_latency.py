# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How long the real graph takes from capture to setpoint, and what it costs, on this machine.

Real processes by the wall clock, over DDS and UDP. Without the simulator: a camera node plays
pictures, the simulated autopilot flies a point. With it: the simulated world renders beside. The
simulator measures with its own clock; the mavlink node up to the moment when the setpoint is on
the wire.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import resources
from ..bringup import local_graph
from ..bringup.launch_parameters import given_files
from ..bringup.local_graph import Graph, GraphFlight
from ..errors import SimulationError
from ..ros.monitor import GraphSnapshot, Monitor
from ..sim.autopilot.simulated import SimulatedAutopilot
from ..sim.autopilot.udp import UdpEndpoint
from ..sim.flight_log import FlightLog
from ..sim.flight_spec import FlightSpec, SimulatorRun
from ..sim.physics.point_mass import PointMass
from ..sim.session import FlightProgress

PICTURES = 60
SEED = 0  # of the pictures
READY_LIMIT_S = 60.0
FOLLOW_MODE = 'GUIDED'


@dataclass(frozen=True)
class BenchConfig:
    """What to measure."""

    bundle: Path
    seconds: float = 20.0
    width: int = 640
    height: int = 480
    rate_hz: float = 30.0
    one_process: bool = False  # camera, policy and mavlink composed


@dataclass(frozen=True)
class GraphFigures:
    """What was measured; milliseconds, Hz, per cent of one core."""

    pictures_hz: float
    commands_hz: float
    image_age_ms: dict[str, float]
    to_command_ms: dict[str, float]
    to_setpoint_ms: dict[str, float]
    cpu_percent: dict[str, float] = field(default_factory=dict)


def without_simulator(config: BenchConfig) -> GraphFigures:
    """Measure camera, policy and mavlink nodes against a flying point.

    Raises:
        SimulationError: the graph did not come to life.

    """
    with tempfile.TemporaryDirectory(prefix='liquid_drone_') as scratch, _in_domain():
        folder = Path(scratch)
        _write_pictures(folder, config)
        port = local_graph.free_udp_port()
        with _vehicle(port) as vehicle, _nodes(config, folder, port) as running:
            with Monitor() as monitor:
                _engage(monitor, vehicle)
                before = {name: _cpu_s(process.pid) for name, process in running.items()}
                began_s = time.monotonic()
                _keep_engaged(monitor, vehicle, began_s + config.seconds)
                took_s = time.monotonic() - began_s
                found = monitor.snapshot()
            share = {
                name: round(100.0 * (_cpu_s(process.pid) - before[name]) / took_s, 1)
                for name, process in running.items()
            }
    return _figures(found, share)


def with_simulator(bundle: Path, seconds: float) -> dict[str, float]:
    """Fly the simulated world by the wall clock.

    Returns:
        ``picture_to_setpoint_ms_...`` and ``setpoint_period_ms_...``: p50, p95, p99, max.

    """
    flight = FlightSpec(seed=0, start='hover', duration_s=float(seconds))
    graph = GraphFlight(bundle, flight, SimulatorRun(real_time=True))
    periods: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix='liquid_drone_') as scratch, _in_domain():
        path, domain = Path(scratch) / 'episode', int(os.environ['ROS_DOMAIN_ID'])
        with (
            Graph(local_graph.commands(graph, path), Path(scratch) / 'logs', domain) as running,
            Monitor() as monitor,
        ):

            def listen(progress: FlightProgress) -> None:
                monitor.spin(0.01)
                if progress.following_s > 0.0:
                    periods.update(_latency(monitor.snapshot(), 'mavlink', 'setpoint_period'))

            running.watch(listen)
        meta = FlightLog.load(path).meta
    found = {n: value for n, value in meta.items() if n.startswith('picture_to_setpoint')}
    return {**found, **{f'setpoint_period_ms_{share}': ms for share, ms in periods.items()}}


@contextmanager
def _in_domain() -> Iterator[None]:
    """Give this process, and what it starts, a ROS domain on this machine alone."""
    before = dict(os.environ)
    os.environ.update(local_graph.environment(local_graph.free_domain()))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _write_pictures(folder: Path, config: BenchConfig) -> None:
    import cv2

    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (9, PICTURES, 3), dtype=np.uint8)
    size = config.width, config.height
    for index in range(PICTURES):
        shown = np.roll(coarse, index, axis=1)[:, :16]  # no two of them equal: none is frozen
        image = cv2.resize(shown, size, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f'{index:03d}.bmp'), image)


@contextmanager
def _nodes(
    config: BenchConfig, folder: Path, port: int
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    given: dict[str, dict[str, object]] = {
        'camera': {
            'source': 'folder',
            'path': str(folder),
            'loop': True,
            'framerate': config.rate_hz,
        },
        'policy': {'bundle': str(config.bundle)},
        'mavlink': {
            'connection': f'udpin:127.0.0.1:{port}',
            'autopilot': 'ardupilot',
            'limits.fence_radius_m': 'off',
            'limits.battery_cells': 4.0,
        },
    }
    file = resources.find('config/follow.yaml')
    words = {
        name: ['--params-file', *given_files({name: values}, file)]
        for name, values in given.items()
    }
    if config.one_process:
        words = {'drone': [word for line in words.values() for word in line]}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, line in words.items():
            command = [sys.executable, '-m', f'liquid_drone.nodes.{name}_node', '--ros-args']
            command += ['--params-file', str(file), *line]
            with (folder / f'{name}.log').open('wb') as log:
                running[name] = subprocess.Popen(command, stdout=log, stderr=log)
        yield running
    finally:
        for process in running.values():
            process.send_signal(signal.SIGINT)
        for process in running.values():
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(local_graph.END_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _vehicle(port: int) -> Iterator[SimulatedAutopilot]:
    """Fly a point 5 m above the ground in a thread, at the pace of the wall clock."""
    start = PointMass(position_enu=np.array([0.0, 0.0, 5.0]))
    vehicle = SimulatedAutopilot(start, 'ardupilot', airborne=True)
    stop = threading.Event()

    def live() -> None:
        with UdpEndpoint(vehicle, [('127.0.0.1', port)]) as endpoint:
            while not stop.wait(0.05):
                endpoint.flush()
                endpoint.poll()
                vehicle.advance(12)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield vehicle
    finally:
        stop.set()
        thread.join()


def _engage(monitor: Monitor, vehicle: SimulatedAutopilot) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    words = ''
    while time.monotonic() < deadline:
        is_done, words = monitor.engage(True)
        commands_hz = monitor.snapshot().rates_hz['cmd_vel']
        if is_done and commands_hz > 0.0:
            monitor.spin(0.5)
            vehicle.pilot_mode(FOLLOW_MODE)
            return
        monitor.spin(0.5)
    raise SimulationError(f'the graph did not come to life in {READY_LIMIT_S:.0f} s: {words}')


def _keep_engaged(monitor: Monitor, vehicle: SimulatedAutopilot, end_s: float) -> None:
    """Let it fly; where the guard hands the vehicle back, do what the pilot would."""
    while (left_s := end_s - time.monotonic()) > 0.0:
        monitor.spin(min(1.0, left_s))
        if monitor.snapshot().value('mavlink', 'stage').startswith('handed back'):
            vehicle.pilot_mode('LOITER')
            monitor.engage(True)
            vehicle.pilot_mode(FOLLOW_MODE)


def _cpu_s(process_id: int) -> float:
    """Return the processor time of a process so far (Linux)."""
    fields = Path(f'/proc/{process_id}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def _figures(found: GraphSnapshot, cpu_percent: dict[str, float]) -> GraphFigures:
    return GraphFigures(
        pictures_hz=_number(found, 'camera', 'published_hz'),
        commands_hz=_number(found, 'policy', 'commands_per_second'),
        image_age_ms=_latency(found, 'policy', 'image_age'),
        to_command_ms=_latency(found, 'policy', 'capture_to_command'),
        to_setpoint_ms=_latency(found, 'mavlink', 'capture_to_setpoint'),
        cpu_percent=cpu_percent,
    )


def _latency(found: GraphSnapshot, node: str, name: str) -> dict[str, float]:
    return {
        share: _number(found, node, f'{name}_ms_{share}') for share in ('p50', 'p95', 'p99', 'max')
    }


def _number(found: GraphSnapshot, node: str, name: str) -> float:
    return float(found.value(node, name, 'nan'))
