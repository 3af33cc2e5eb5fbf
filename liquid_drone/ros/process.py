# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How every node of this package starts, spins and ends; the same from Humble to Lyrical.

rclpy's own signal handling ends the context before a node can say its last word, and under ``ros2
launch`` Ctrl-C arrives twice. So: own handlers that only set a flag, a ``spin_once`` loop, and an
orderly end. Exit codes: 0 ended as asked, 2 a stated error (one sentence on the log), 1 a bug at
the start or the end; in between nothing that arrives ends a node (``survival.py``).
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn, Protocol, TypeVar

import rclpy
import rclpy.logging
from rclpy.context import Context
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    NameValidationException,
)
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from ..errors import ConfigError, LiquidDroneError
from . import log
from .survival import OddThings, SteadyExecutor

LAUNCH = 'LIQUID_DRONE_LAUNCH'  # process id of the launch, for the nodes that it starts
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # the last: its terminal is gone
OF_ROS = (  # variables that decide whether ROS starts
    *('ROS_DOMAIN_ID', 'ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC', 'ROS_STATIC', 'ROS_SECURITY'),
    *('RMW_', 'RCUTILS_', 'FASTDDS_', 'FASTRTPS_', 'CYCLONEDDS_', 'ZENOH_'),
)
BUSY_CALLBACKS = 4  # at most in a turn that does not wait, else messages queue up
Made = TypeVar('Made')
REFUSED = (  # by rclpy, of what it reads itself: names, use_sim_time
    InvalidParameterTypeException,
    InvalidParameterValueException,
    NameValidationException,
)
SPIN_S = 0.1  # how long one turn of the loop may wait; bounds the answer to a signal


class StopRequest:
    """Set by a signal; asking again changes nothing but SIGTERM makes it urgent."""

    def __init__(self) -> None:
        self.requested = False
        self.urgent = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; runs as the handler."""
        self.requested = True
        self.urgent = self.urgent or number == signal.SIGTERM


class Program(Protocol):
    """What a node of this package offers to :func:`run`, beside being an ``rclpy`` node."""

    odd: OddThings

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
    try:
        return _guarded(lambda: _spin(_begun(make_node, stop, arguments), stop))
    finally:
        rclpy.try_shutdown()


def run_together(
    make_nodes: Callable[[], Sequence[Program]], arguments: list[str] | None = None
) -> int:
    """Run several nodes in one process, each in a thread; where one ends, all end.

    Returns:
        The exit code: the largest of the nodes'.

    """
    stop, codes = StopRequest(), [0]

    def work(node: Program) -> None:
        code = 1  # of a bug, whose traceback Python prints
        try:
            code = _guarded(lambda: _spin(node, stop))
        finally:
            codes.append(code)
            stop.requested = True

    def work_all() -> None:
        nodes = _begun(make_nodes, stop, arguments)
        threads = [threading.Thread(target=work, args=(node,)) for node in nodes]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(SPIN_S)  # signals are taken in between

    try:
        codes.append(_guarded(work_all))
    finally:
        rclpy.try_shutdown()
    return max(codes)


def end_with_launch(stop: StopRequest) -> None:
    """Ask to stop as soon as the launch that started this process is gone.

    SIGTERM or SIGKILL to ``ros2 launch`` alone leaves its nodes behind (ros2/launch#666); so each
    node waits for the end of the process that the launch file names in the environment.
    """
    named = os.environ.get(LAUNCH, '')
    if not named.isdecimal() or not hasattr(os, 'pidfd_open'):
        return
    try:
        watched = os.pidfd_open(int(named))
    except ProcessLookupError:
        stop.requested = True
        return
    except OSError:  # a system that knows no such thing: as before
        return

    def wait() -> None:
        select.select([watched], [], [])
        os.close(watched)
        stop.requested = True

    threading.Thread(target=wait, name='launch', daemon=True).start()


def _begun(make: Callable[[], Made], stop: StopRequest, arguments: list[str] | None) -> Made:
    """Start ROS, then make the nodes."""
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:  # nohup
            signal.signal(number, stop)
    log.never_wait()
    end_with_launch(stop)
    begin(arguments)
    try:
        return make()
    except REFUSED as error:
        raise ConfigError(f'what was given after --ros-args is not taken: {error}') from error
    except rclpy_implementation.RCLError as error:  # the middleware cannot start
        raise _no_start(error) from error


def begin(arguments: list[str] | None = None, context: Context | None = None) -> None:
    """Start ROS without its signal handlers.

    Raises:
        ConfigError: it cannot start here: its log directory, or what it was given.

    """
    try:
        rclpy.logging.initialize()  # where it fails, each line of a log would be an error
        rclpy.init(args=arguments, context=context, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # rclpy's own are of this kind
        raise _no_start(error) from error


def _no_start(error: RuntimeError) -> ConfigError:
    """Say in one sentence why ROS cannot start here, and what may be the cause."""
    words = ' '.join(str(error).partition(', at /')[0].split())  # without its sources' lines
    given = ', '.join(
        f'{name}={value}' for name, value in sorted(os.environ.items()) if name.startswith(OF_ROS)
    )
    advice = f'check the arguments after --ros-args, and the environment: {given or "empty"}'
    if 'logging directory' in words or 'log dir' in words:
        advice = 'set HOME, or ROS_LOG_DIR to a directory that this user may write'
    return ConfigError(f'ROS 2 cannot start: {words}; {advice}')


def _guarded(work: Callable[[], None]) -> int:
    """Work, and turn a stated error into exit code 2."""
    try:
        work()
    except LiquidDroneError as error:
        _tell(str(error))
        return 2
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _tell(sentence: str) -> None:
    """Put the last sentence on the log, or where there is none on the terminal."""
    if rclpy.ok():
        get_logger('liquid_drone').fatal(sentence)
    else:
        sys.stderr.write(f'{sentence}\n')


def _spin(node: Program, stop: StopRequest) -> None:
    executor = SteadyExecutor(node.odd)
    executor.add_node(node)
    try:
        node.start()
        while node.turn(stop):
            for _ in range(1 if node.patience_s > 0.0 else BUSY_CALLBACKS):
                executor.spin_once(timeout_sec=node.patience_s)
    finally:
        node.close()
        executor.remove_node(node)
        node.destroy_node()
        executor.shutdown()


def exit_with(make_node: Callable[[], Program]) -> None:
    """Run a node as the process's only work."""
    _exit(run(make_node))


def exit_with_all(make_nodes: Callable[[], Sequence[Program]]) -> None:
    """Run several nodes as the process's only work."""
    _exit(run_together(make_nodes))


def _exit(code: int) -> NoReturn:
    """End deaf to signals: Python takes its handlers down first, and a late Ctrl-C would kill."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)
