# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: several nodes in one process work side by side and end together, with one code."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from liquid_drone.bringup import local_graph
from liquid_drone.errors import CameraError
from liquid_drone.ros import process
from liquid_drone.ros.survival import OddThings

LATE_CTRL_C = """
import os
import signal

from liquid_drone.errors import CameraError
from liquid_drone.ros import process


class Late:
    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT):
        kill(me, number)  # when Python has taken its handlers down already


def make():
    raise CameraError('unplugged')


late = Late()
process.exit_with(make)
"""


class Worker(Node):
    """A node that takes turns for some time."""

    patience_s = 0.01

    def __init__(self, name: str, seconds: float, fails: bool = False) -> None:
        super().__init__(name)
        self.odd = OddThings(self.get_logger())
        self.seconds, self.fails = seconds, fails
        self.turns, self.closed, self.was_stopped = 0, False, False

    def start(self) -> None:
        self.began_s = time.monotonic()

    def turn(self, stop: process.StopRequest) -> bool:
        self.turns += 1
        is_over = time.monotonic() - self.began_s > self.seconds
        if is_over and self.fails:
            raise CameraError('unplugged')
        self.was_stopped = stop.requested and not is_over
        return not is_over and not stop.requested

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in process.SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(('fails', 'code'), [(False, 0), (True, 2)])
def test_where_one_ends_all_end_with_its_code(fails: bool, code: int) -> None:
    made: list[Worker] = []

    def make() -> list[Worker]:
        made.extend([Worker('short', 0.3, fails), Worker('long', 600.0)])
        return made

    assert process.run_together(make) == code
    assert made[1].was_stopped
    assert all(node.closed and node.turns > 2 for node in made)


def test_a_signal_ends_all_of_them_in_order() -> None:
    made = []

    def make() -> list[Worker]:
        made.extend([Worker('one', 600.0), Worker('two', 600.0)])
        timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
        timer.start()
        return made

    assert process.run_together(make) == 0
    assert all(node.closed and node.was_stopped for node in made)


def test_a_second_ctrl_c_while_python_ends_does_not_change_the_exit_code() -> None:
    done = subprocess.run([sys.executable, '-c', LATE_CTRL_C], check=False, timeout=300)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'HOME': None, 'ROS_LOG_DIR': None}, 'set HOME, or ROS_LOG_DIR to a directory'),
        ({'ROS_LOG_DIR': '/proc/no/such/place'}, 'set HOME, or ROS_LOG_DIR to a directory'),
        ({'ARGUMENTS': '--params-file /no/such.yaml'}, 'check the arguments after --ros-args'),
        ({'ARGUMENTS': '-r __ns:=a-b!'}, 'check the arguments after --ros-args'),
        ({'ARGUMENTS': '-p limits.speed_ms:=0.3'}, "the nearest is 'limits.speed_m_s'"),
        ({'ARGUMENTS': '-p use_sim_time:=perhaps'}, 'use_sim_time'),
        ({'ROS_DOMAIN_ID': 'mine'}, 'ROS_DOMAIN_ID=mine'),
        ({'RCUTILS_LOGGING_USE_STDOUT': 'perhaps'}, 'RCUTILS_LOGGING_USE_STDOUT=perhaps'),
        ({'RCUTILS_COLORIZED_OUTPUT': '7'}, 'RCUTILS_COLORIZED_OUTPUT=7'),
    ],
    ids=lambda given: ' '.join(map(str, given.items())) if isinstance(given, dict) else '',
)
def test_what_keeps_a_node_from_starting_is_one_sentence_and_exit_code_2(
    changes: dict[str, str | None], words: str
) -> None:
    environment = {**os.environ, **local_graph.environment(local_graph.free_domain())}
    arguments = (changes.pop('ARGUMENTS', None) or '').split()
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    line = [sys.executable, '-m', 'liquid_drone.nodes.mavlink_node']
    line += ['--ros-args', *arguments] if arguments else []
    done = subprocess.run(
        line, check=False, timeout=300, env=environment, capture_output=True, text=True
    )
    said = [one for one in (done.stdout + done.stderr).splitlines() if '[rcl]' not in one]
    assert done.returncode == 2, said
    assert len(said) == 1
    assert words in said[0]


def test_a_middleware_that_makes_no_node_is_one_sentence_with_the_environment(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def make() -> Worker:
        raise rclpy_implementation.RCLError('error creating node: no peer, at /node.c:249')

    monkeypatch.setenv('ROS_STATIC_PEERS', 'nobody')
    assert process.run(make) == 2
    said = capfd.readouterr().err
    assert 'error creating node: no peer; check' in said
    assert 'ROS_STATIC_PEERS=nobody' in said


def test_a_missing_locale_does_not_matter() -> None:
    environment = {**os.environ, **local_graph.environment(local_graph.free_domain())}
    environment.update(LC_ALL='xx_YY.UTF-8', LANG='xx_YY.UTF-8')
    line = [sys.executable, '-m', 'liquid_drone.nodes.mavlink_node', '--ros-args']
    line += ['-p', 'signing_key_file:=/no/schl\u00fcssel']
    done = subprocess.run(line, check=False, timeout=300, env=environment, capture_output=True)
    assert done.returncode == 2
    assert b'Traceback' not in done.stderr


ORPHAN = """
import sys
import time

from rclpy.node import Node

from liquid_drone.ros import process
from liquid_drone.ros.survival import OddThings


class Orphan(Node):
    patience_s = 0.05

    def __init__(self):
        super().__init__('orphan')
        self.odd = OddThings(self.get_logger())

    def start(self):
        print('up', flush=True)

    def turn(self, stop):
        for _ in range(int(sys.argv[1]) if sys.argv[1:] else 0):
            self.get_logger().info(80 * 'x')
        return not stop.requested

    def close(self):
        print('ended in order', flush=True)


process.exit_with(Orphan)
"""
LAUNCH = """
import os
import subprocess
import sys

os.environ['LIQUID_DRONE_LAUNCH'] = str(os.getpid())
subprocess.run([sys.executable, '-c', sys.argv[1]])
"""


@contextmanager
def started(line: list[str], **streams: Any) -> Iterator['subprocess.Popen[str]']:
    """Start a node in a domain of its own; a test that fails leaves it not behind."""
    environment = {**os.environ, **local_graph.environment(local_graph.free_domain())}
    streams = {'stdout': subprocess.PIPE, **streams}
    with subprocess.Popen(line, env=environment, text=True, **streams) as node:
        try:
            yield node
        except BaseException:
            node.kill()
            raise


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGKILL])
def test_a_launch_that_is_killed_alone_leaves_no_node_behind(number: int) -> None:
    with started([sys.executable, '-c', LAUNCH, ORPHAN]) as launch:
        assert launch.stdout is not None
        assert launch.stdout.readline() == 'up\n'
        launch.send_signal(number)
        assert launch.stdout.read() == 'ended in order\n'  # and the pipe's last writer is gone


def test_a_launch_that_is_gone_already_lets_nothing_begin() -> None:
    with subprocess.Popen([sys.executable, '-c', '']) as gone:
        pass
    environment = {**os.environ, **local_graph.environment(local_graph.free_domain())}
    environment[process.LAUNCH] = str(gone.pid)
    done = subprocess.run(
        [sys.executable, '-c', ORPHAN],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, 'up\nended in order\n')


@pytest.fixture
def hang_up() -> Iterator[None]:
    """Let children hear SIGHUP, also where the tests themselves run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures('hang_up')
@pytest.mark.parametrize('number', process.SIGNALS)
def test_a_node_ends_in_order_also_where_its_terminal_is_gone(number: int) -> None:
    with started([sys.executable, '-c', ORPHAN]) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == 'up\n'
        node.send_signal(number)
        assert node.stdout.read() == 'ended in order\n'
    assert node.returncode == 0


def test_started_with_nohup_a_node_goes_on_without_its_terminal() -> None:
    line = ['nohup', sys.executable, '-c', ORPHAN]
    with started(line, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == 'up\n'
        node.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            node.wait(0.3)
        node.send_signal(signal.SIGINT)
        assert node.stdout.read() == 'ended in order\n'


@pytest.mark.parametrize('is_terminal', [False, True], ids=['pipe', 'terminal'])
def test_a_log_that_nobody_reads_stops_no_node(is_terminal: bool) -> None:
    reads, writes = os.openpty() if is_terminal else os.pipe()
    line = [sys.executable, '-c', ORPHAN, '50']  # lines of the log in each turn
    with started(line, stderr=writes) as node:
        assert node.stdout is not None
        assert node.stdout.readline() == 'up\n'
        poll = select.poll()
        poll.register(writes, select.POLLOUT)
        while poll.poll(0):  # until nothing more fits in
            time.sleep(0.01)
        node.send_signal(signal.SIGINT)
        assert node.stdout.read() == 'ended in order\n'
    assert os.get_blocking(writes)  # what a shell shares with it still waits
    for one in (reads, writes):
        os.close(one)
