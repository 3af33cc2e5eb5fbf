# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How every node of this package starts, spins and ends; the same from Humble to Kilted.

rclpy's own signal handling ends the context before a node can say its last word, and under ``ros2
launch`` Ctrl-C arrives twice. So: own handlers that only set a flag, a ``spin_once`` loop, and an
orderly end. Exit codes: 0 ended as asked, 2 a stated error (one sentence on the log), 1 a bug.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Protocol

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from ..errors import LiquidDroneError

SPIN_S = 0.1  # how long one turn of the loop may wait; bounds the answer to a signal


class StopRequest:
    """Set by SIGINT and SIGTERM; asking again changes nothing but SIGTERM makes it urgent."""

    def __init__(self) -> None:
        self.requested = False
        self.urgent = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; runs as the handler."""
        self.requested = True
        self.urgent = self.urgent or number == signal.SIGTERM


class Program(Protocol):
    """What a node of this package offers to :func:`run`, beside being an ``rclpy`` node."""

    @property
    def patience_s(self) -> float:
        """How long one turn may wait for callbacks."""

    def start(self) -> None:
        """Begin work, once the node is on the executor; raise a LiquidDroneError to end."""

    def turn(self, stop: StopRequest) -> bool:
        """Do one turn of work beside the callbacks; False ends the program."""

    def close(self) -> None:
        """Say the last word and let go of sockets and files."""

    def destroy_node(self) -> None:
        """End the ``rclpy`` part."""


def run(make_node: Callable[[], Program], arguments: list[str] | None = None) -> int:
    """Run one node until it is done or told to stop; returns the exit code."""
    stop = StopRequest()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    try:
        _spin(make_node, stop)
    except LiquidDroneError as error:
        get_logger('liquid_drone').fatal(str(error))
        return 2
    finally:
        rclpy.try_shutdown()
    return 0


def _spin(make_node: Callable[[], Program], stop: StopRequest) -> None:
    node = make_node()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        node.start()
        while node.turn(stop):
            executor.spin_once(timeout_sec=node.patience_s)
    finally:
        node.close()
        executor.remove_node(node)
        node.destroy_node()
        executor.shutdown()


def exit_with(make_node: Callable[[], Program]) -> None:
    """Run a node as the process's only work."""
    sys.exit(run(make_node))
