# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the lifecycle nodes share: errors in transitions are said aloud; a node can start itself.

rclpy turns an exception in a transition callback into silence. Here a stated error is logged and
leaves the node where it was, so that it can be mended and tried again; with ``autostart`` it ends
the process.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter

from ..errors import LiquidDroneError
from . import parameters, process
from .parameters import Parameter
from .survival import OddThings

AUTOSTART = Parameter(
    'autostart',
    True,
    'configure and activate at the start; otherwise a lifecycle manager does',
)


UNCONFIGURED_AFTER = ('on_cleanup', 'on_shutdown', 'on_error')


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
        node.is_configured = callback.__name__ not in UNCONFIGURED_AFTER
        return TransitionCallbackReturn.SUCCESS

    return wrapped


class ManagedNode(LifecycleNode):
    """A lifecycle node that lets go of what it holds in one place: :meth:`release`."""

    patience_s = process.SPIN_S
    elsewhere: frozenset[str] = frozenset()  # parameters of other nodes in the same process

    def __init__(self, name: str, declared: Sequence[Parameter]) -> None:
        """Declare the parameters; they are read again whenever the node is configured."""
        super().__init__(name)
        self.odd = OddThings(self.get_logger())
        self._declared = (AUTOSTART, *declared)
        parameters.declare(self, self._declared, elsewhere=self.elsewhere)
        self.failure: Exception | None = None
        self.is_configured = False
        self._awaited: dict[str, RosParameter] = {}  # set while it was configured
        self.add_on_set_parameters_callback(self._judge)
        self.values = self.read_parameters()

    def _judge(self, wanted: list[RosParameter]) -> SetParametersResult:
        present = self.get_parameter if self.is_configured else None
        result = parameters.judge(self._declared, wanted, present)
        if self.is_configured and any(one.name == 'use_sim_time' for one in wanted):
            reason = "'use_sim_time' is the clock that ages are counted by: set it at the start"
            return SetParametersResult(successful=False, reason=reason)
        if not result.successful or not self.is_configured:
            return result
        try:
            self.check_values({**self.read_parameters(), **self._new_values(wanted)})
        except LiquidDroneError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._awaited |= {one.name: one for one in wanted}
        return result

    def take_new_values(self) -> frozenset[str]:
        """Read again what was set since the last call; return its names.

        A value that was found good is set a moment later, perhaps in another thread: it is read
        when it is there.
        """
        there = {
            name
            for name, one in tuple(self._awaited.items())
            if self.get_parameter(name).value == one.value
        }
        for name in there:
            self._awaited.pop(name, None)
        if there:
            self.values = self.read_parameters()
        return frozenset(there)

    def _new_values(self, wanted: list[RosParameter]) -> dict[str, Any]:
        known = {one.name: one for one in self._declared}
        return {one.name: known[one.name].taken(one.value) for one in wanted if one.name in known}

    def check_values(self, values: dict[str, Any]) -> None:
        """Raise a LiquidDroneError where values that are tightened do not go together."""

    def create_service(self, kind: Any, name: str, callback: Any, **options: Any) -> Any:
        """Make a service that answers even where its callback fails."""
        return super().create_service(
            kind, name, lambda *asked: self.odd.answering(callback)(*asked), **options
        )

    def read_parameters(self) -> dict[str, Any]:
        """Return name -> present value.

        Raises:
            ConfigError: a value that is not taken.

        """
        return parameters.read(self, self._declared)

    def release(self) -> None:
        """Fall silent and let go of everything; may be called at any time."""
        raise NotImplementedError

    @transition
    def on_cleanup(self) -> None:
        """Let go of everything."""
        self.release()

    @transition
    def on_shutdown(self) -> None:
        """Let go of everything."""
        self.release()

    @transition
    def on_error(self) -> None:
        """Return to the safe, silent state."""
        self.release()

    def start(self) -> None:
        """Configure and activate, where it is to start by itself.

        Raises:
            SystemExit: with 2, when a transition failed; the reason stands on the log already.

        """
        if not self.values['autostart']:
            return
        for trigger in (self.trigger_configure, self.trigger_activate):
            if trigger() != TransitionCallbackReturn.SUCCESS:
                raise SystemExit(2) from self.failure

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop."""
        return not stop.requested

    def close(self) -> None:
        """Let go of everything."""
        self.release()
