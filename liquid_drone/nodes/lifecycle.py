# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the lifecycle nodes share: errors in transitions are said aloud; a node can start itself.

rclpy turns an exception in a transition callback into silence. Here a stated error is logged and
leaves the node where it was, so that it can be mended and tried again; with ``autostart`` it ends
the process.
"""

import functools
from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import TransitionCallbackReturn

from ..errors import LiquidDroneError
from .parameters import Parameter

AUTOSTART = Parameter(
    'autostart',
    True,
    'configure and activate at the start; otherwise a lifecycle manager does',
)


def transition(callback: Callable[..., None]) -> Callable[..., TransitionCallbackReturn]:
    """Make a lifecycle callback from a method that raises a LiquidDroneError when it fails."""

    @functools.wraps(callback)
    def wrapped(node: Any, _state: Any) -> TransitionCallbackReturn:
        node.failure = None
        try:
            callback(node)
        except LiquidDroneError as error:
            node.failure = error
            node.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # a bug: rclpy would hide it
            node.failure = error
            node.get_logger().fatal(f'{type(error).__name__} in {callback.__name__}: {error}')
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS

    return wrapped


def autostart(node: Any) -> None:
    """Configure and activate a node.

    Raises:
        SystemExit: with 2, when a transition failed; the reason stands on the log already.

    """
    for trigger in (node.trigger_configure, node.trigger_activate):
        if trigger() != TransitionCallbackReturn.SUCCESS:
            raise SystemExit(2) from node.failure
