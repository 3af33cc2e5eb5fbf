# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: several nodes in one process work side by side and end together, with one code."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from rclpy.node import Node

from liquid_drone.errors import CameraError
from liquid_drone.ros import process

LATE_CTRL_C = """
import os
import signal

from liquid_drone.errors import CameraError
from liquid_drone.nodes import process


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
        self.seconds, self.fails = seconds, fails
        self.turns, self.closed = 0, False

    def start(self) -> None:
        self.began_s = time.monotonic()

    def turn(self, stop: process.StopRequest) -> bool:
        self.turns += 1
        is_over = time.monotonic() - self.began_s > self.seconds
        if is_over and self.fails:
            raise CameraError('unplugged')
        return not is_over and not stop.requested

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(('fails', 'code'), [(False, 0), (True, 2)])
def test_where_one_ends_all_end_with_its_code(fails: bool, code: int) -> None:
    made: list[Worker] = []

    def make() -> list[Worker]:
        made.extend([Worker('short', 0.3, fails), Worker('long', 60.0)])
        return made

    began_s = time.monotonic()
    assert process.run_together(make) == code
    assert time.monotonic() - began_s < 20.0
    assert all(node.closed and node.turns > 2 for node in made)


def test_a_signal_ends_all_of_them_in_order() -> None:
    made = []

    def make() -> list[Worker]:
        made.extend([Worker('one', 60.0), Worker('two', 60.0)])
        timer = threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT))
        timer.start()
        return made

    assert process.run_together(make) == 0
    assert all(node.closed for node in made)


def test_a_second_ctrl_c_while_python_ends_does_not_change_the_exit_code() -> None:
    done = subprocess.run([sys.executable, '-c', LATE_CTRL_C], check=False, timeout=60)
    assert done.returncode == 2
