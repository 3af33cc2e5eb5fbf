# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ``ros2 run`` and ``ros2 launch`` start: one function for each node, which imports the node.

A node takes a second or more to import, and its own handlers of signals come after that
(``process.py``). Until then Ctrl-C and SIGTERM end the process at once, with 0: nothing is open
yet that would have to be closed. So nothing but the standard library is imported here.
"""

import importlib
import os
import signal
import sys
from functools import partial
from types import FrameType, ModuleType

from ..errors import not_imported


def run(name: str) -> None:
    """Import a node and run it; ``name`` as in ``policy_node``."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN or number != signal.SIGHUP:  # nohup
            signal.signal(number, _leave)
    _imported(name).main()


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(f'.{name}', __package__)
    except Exception as error:  # a broken package may raise anything while it is imported
        told = not_imported(error)
        if told is None:
            raise
        sys.exit(f'{name}: {told}')


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(0)  # an exception would be lost where a library catches all of them


attention_node = partial(run, 'attention_node')
autopilot_node = partial(run, 'desk.autopilot_node')
camera_node = partial(run, 'camera_node')
drone_node = partial(run, 'drone_node')
mavlink_node = partial(run, 'mavlink_node')
operator_node = partial(run, 'operator.operator_node')
overlay_node = partial(run, 'overlay_node')
policy_node = partial(run, 'policy_node')
recorder_node = partial(run, 'recorder_node')
replay_node = partial(run, 'replay_node')
simulator_node = partial(run, 'simulator_node')
stream_node = partial(run, 'operator.stream_node')
