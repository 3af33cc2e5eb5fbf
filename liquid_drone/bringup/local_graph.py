# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly through the real ROS 2 graph from one command: starts the nodes, watches them, ends them.

For where there is no ``ros2 launch``. Each flight has a ROS domain and a UDP port of its own and
stays on this machine. Ctrl-C lands first; a second one stops at once. This process needs no rclpy.
"""

import importlib.util
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .. import resources
from ..contract import load_contract
from ..episodes.episode import move
from ..errors import MissingDependencyError, OutputError, SimulationError
from ..options import plain
from ..sim.firmware.instances import free_instance
from ..sim.firmware.kinds import KINDS
from ..sim.firmware.process import with_parent
from ..sim.flight_log import FlightLog
from ..sim.flight_spec import FlightSpec, SimulatorRun
from ..sim.session import FlightProgress
from . import distribution
from .launch_arguments import PER_DRONE, policy_parameters
from .launch_parameters import given_files

NODES = ('policy', 'mavlink', 'simulator')
DOMAINS = 100  # 1..100: above 101 the ports of a domain meet the system's ephemeral ones
FIRST_FRAME_LIMIT_S = 120.0  # for loading, warming up and building the world on a busy machine
POLL_S = 0.1
END_LIMIT_S = 10.0  # for a node to end after it was asked to
_held: set[int] = set()  # ROS domains of this process


@dataclass(frozen=True)
class GraphFlight:
    """One simulated flight through ROS."""

    bundle: Path
    flight: FlightSpec = FlightSpec()
    run: SimulatorRun = SimulatorRun()  # the addresses and files are chosen here
    providers: str = 'auto'  # provider of the vision graph
    precision: str = 'fp32'  # of it, on TensorRT
    namespace: str = ''  # of the nodes, for several drones in one domain


def fly_through_ros(
    graph: GraphFlight, out: Path, on_progress: Callable[[FlightProgress], None] = lambda _: None
) -> FlightLog:
    """Fly once and return the log; the episode and the nodes' logs are left in ``out``.

    Raises:
        MissingDependencyError: no ROS 2 here.
        SimulationError: a node ended early, or the flight did not begin.
        OutputError: ``out`` cannot be written.

    """
    if importlib.util.find_spec('rclpy') is None:
        raise MissingDependencyError(
            'flying through ROS needs rclpy: source a ROS 2 installation, or install its wheels '
            "(x86-64) with pip install 'liquid_drone[ros]'; --no-ros flies without"
        )
    bundle_hash = load_contract(graph.bundle).bundle_hash()
    with tempfile.TemporaryDirectory(prefix='liquid_drone_') as scratch:
        log_path = Path(scratch) / 'episode'
        with Graph(commands(graph, log_path, out / 'logs'), out / 'logs') as running:
            running.watch(on_progress)
        log = FlightLog.load(log_path)
        log.meta.update(bundle=str(graph.bundle), bundle_hash=bundle_hash)
        log.save_facts(log_path)
        move(log_path, out / 'episode')
    return log


def commands(
    graph: GraphFlight, log_path: Path, logs: Path = Path('logs')
) -> dict[str, list[str]]:
    """Return the command line of each node; parameters stand in files, what was given the last."""
    port = companion_port(graph.flight)
    run = replace(
        graph.run,
        companion=f'127.0.0.1:{port}',
        flight_log=str(log_path),
        firmware_log=str(logs / 'firmware.log'),
        progress='json',
    )
    given: dict[str, dict[str, object]] = {
        'policy': {
            'bundle': str(graph.bundle),
            'providers': graph.providers,
            'precision': graph.precision,
            **policy_parameters(graph.flight.request),
        },
        'mavlink': {
            'connection': f'udpin:127.0.0.1:{port}',
            'autopilot': graph.flight.autopilot,
            'lockstep': not run.real_time,
            'exact_telemetry': not graph.flight.firmware,
        },
        'simulator': {**plain(graph.flight), **plain(run)},
    }
    return {name: _command(name, given[name], graph.namespace) for name in NODES}


def _command(name: str, given: Mapping[str, object], namespace: str) -> list[str]:
    file = resources.find('config/simulation.yaml')
    line = [sys.executable, '-m', f'liquid_drone.nodes.{name}_node', '--ros-args']
    for path in (str(file), *given_files({name: given}, file)):  # the last wins
        line += ['--params-file', path]
    if namespace:
        line += ['-r', f'__ns:=/{namespace.strip("/")}']
        line += [word for topic in PER_DRONE for word in ('-r', f'/{topic}:={topic}')]
    return line


def companion_port(flight: FlightSpec) -> int:
    """Return the UDP port of the companion: a free one, or where its firmware looks for it."""
    first = KINDS[flight.autopilot].companion_port
    if flight.firmware and first is not None:
        return first + free_instance()
    return free_udp_port()


def free_udp_port() -> int:
    """Return a UDP port that nobody holds, and that the system gives to nobody who asks for any.

    Below Linux's ephemeral ports (from 32768), between the ports of two ROS domains.
    """
    draw = random.SystemRandom()
    while True:
        port = 7400 + 250 * draw.randrange(20, DOMAINS) + draw.randrange(150, 250)
        if _can_bind(port):
            return port


def free_domain() -> int:
    """Return a ROS domain that nobody on this machine uses now, begun from the process number.

    It stays this process's: nodes take seconds until they are in it, and may leave it again.
    """
    for offset in range(DOMAINS):
        domain = 1 + (os.getpid() + offset) % DOMAINS
        is_free = _can_bind(7410 + 250 * domain)  # where RTPS puts a domain's first participant
        if is_free and _hold(domain):
            return domain
    raise SimulationError(f'all ROS domains from 1 to {DOMAINS} are in use on this machine')


def _hold(domain: int) -> bool:
    """Hold a domain for good, by the port of what would be its 70th participant."""
    if domain in _held:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mark:
        try:
            mark.bind(('127.0.0.1', 7549 + 250 * domain))
        except OSError:
            return False
        mark.detach()  # stays open until the process ends
    _held.add(domain)
    return True


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True


def environment(domain: int) -> dict[str, str]:
    """Return the environment of the nodes: a domain of its own, on this machine only."""
    result = dict(os.environ)
    result.update(ROS_DOMAIN_ID=str(domain), PYTHONUNBUFFERED='1')
    result.update(distribution.this_machine_only(result))
    result.setdefault('AMENT_PREFIX_PATH', sys.prefix)  # rclpy from wheels
    result.update(distribution.fast_dds_profile(result))
    for threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
        result.setdefault(threads, '1')  # three processes share the cores
    return result


@contextmanager
def _heard_interrupts() -> Iterator[None]:
    """Let programs that start in here hear SIGINT, also where this one was started to ignore it.

    A shell's background programs ignore it, and all that they start do until they say otherwise.
    """
    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Graph:
    """Three running processes; use it as a context, which ends what is left of them."""

    def __init__(
        self, lines: Mapping[str, list[str]], logs: Path, domain: int | None = None
    ) -> None:
        """Prepare; nothing is started before the context is entered."""
        self.lines, self.logs = dict(lines), logs
        self.domain = free_domain() if domain is None else domain
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._interrupts = 0
        self._killed: set[str] = set()
        self._unread = b''
        self._is_flying = False
        self._began_s = 0.0

    def __enter__(self) -> 'Graph':
        """Start every node.

        Raises:
            OutputError: the directory of the logs cannot be written.

        """
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            for name, line in self.lines.items():
                with (self.logs / f'{name}.log').open('wb') as log, _heard_interrupts():
                    self.processes[name] = subprocess.Popen(
                        [*with_parent(), *line],  # a killed command leaves no node behind
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE if name == 'simulator' else log,
                        stderr=log,
                        env=environment(self.domain),
                        start_new_session=True,  # Ctrl-C reaches this process alone
                    )
        except OSError as error:
            self.__exit__()
            raise OutputError(
                f'cannot write {self.logs}: {error.strerror}; choose another --out'
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Ask what still runs to end, in order and at once, then make it end."""
        for name in reversed(NODES):
            process = self.processes.get(name)
            if process is None:
                continue
            if process.poll() is None:
                process.send_signal(signal.SIGTERM if name == 'simulator' else signal.SIGINT)
            try:
                process.wait(END_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def kill(self, name: str) -> None:
        """End one node without a warning, as a crash does; the flight goes on without it."""
        process = self.processes[name]
        self._killed.add(name)
        process.kill()
        process.wait()

    def watch(self, on_progress: Callable[[FlightProgress], None]) -> None:
        """Follow the flight to its end; Ctrl-C lands, a second one stops at once.

        Raises:
            SimulationError: a node ended early, with what it said last.
            SystemExit: interrupted before there was a flight, or twice.

        """
        self._began_s, self._is_flying = time.monotonic(), False
        while True:
            try:
                if self._watch_once(on_progress):
                    return
            except KeyboardInterrupt:
                self._interrupts += 1
                number = signal.SIGINT if self._interrupts == 1 else signal.SIGTERM
                self.processes['simulator'].send_signal(number)

    def _watch_once(self, on_progress: Callable[[FlightProgress], None]) -> bool:
        """Wait a moment for progress; True when the flight is over."""
        line = self._next_line()
        if line is not None:
            if line.startswith(b'{'):  # not a library's chatter
                self._is_flying = True
                on_progress(FlightProgress(**json.loads(line)))
            return False
        if self.processes['simulator'].poll() is not None:
            if self._interrupts > (1 if self._is_flying else 0):
                raise SystemExit(130)  # as the shell says of Ctrl-C
            self._check('simulator', ended=True)
            return True
        for name in NODES:
            is_dead = name != 'simulator' and self.processes[name].poll() is not None
            if is_dead and name not in self._killed:
                self._check(name, ended=False)
        if not self._is_flying and time.monotonic() - self._began_s > FIRST_FRAME_LIMIT_S:
            raise SimulationError(f'the flight did not begin; see the logs in {self.logs}')
        return False

    def _next_line(self) -> bytes | None:
        """Return the simulator's next line of progress; None: nothing came for a moment."""
        pipe = self.processes['simulator'].stdout
        assert pipe is not None  # opened so
        if b'\n' not in self._unread and select.select([pipe], [], [], POLL_S)[0]:
            self._unread += os.read(pipe.fileno(), 65536)
        line, newline, rest = self._unread.partition(b'\n')
        if not newline:
            return None
        self._unread = rest
        return line

    def _check(self, name: str, ended: bool) -> None:
        """Refuse an end with an error, and of a node that should go on any end."""
        code = self.processes[name].returncode
        if code == 0 and ended:
            return
        log = self.logs / f'{name}.log'
        last = log.read_text(errors='replace').strip().splitlines()[-1:]
        raise SimulationError(
            f'the {name} node ended with exit code {code}: {"".join(last)} (all of it: {log})'
        )
