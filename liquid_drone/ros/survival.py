# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing that arrives ends a node: what goes wrong over it is counted and named.

A message whose bytes cannot be read, or over which a callback fails, counts as not received. That
is safe because the guard takes nothing for granted: where a message is missing, it stops.
"""

from collections.abc import Callable
from typing import Any

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.rcutils_logger import RcutilsLogger

from .log import Seldom


class OddThings:
    """Counts what went wrong, and names it: at once, then ever more rarely."""

    def __init__(self, logger: RcutilsLogger) -> None:
        """Begin with none."""
        self.count = 0
        self.last = ''
        self._logger, self._seldom = logger, Seldom()

    def note(self, error: Exception) -> None:
        """Count one."""
        self.count += 1
        self.last = f'{type(error).__name__}: {error}'[:400]
        if self._seldom.is_due(self.last):
            where = _place(error)
            self._logger.error(
                f'treated as not received ({self.count} so far): {self.last}{where}'
            )

    def answering(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Make a service answer that it was not done where its callback fails."""

        def answer(request: Any, response: Any) -> Any:
            try:
                return callback(request, response)
            except Exception as error:  # a bug; who asked still gets an answer
                self.note(error)
                if hasattr(response, 'success'):
                    response.success, response.message = False, self.last
                return response

        return answer


class SteadyExecutor(SingleThreadedExecutor):
    """Goes on whatever a callback raises.

    An error while a message is taken, before its callback, would leave the callback group of
    rclpy locked, and with it every other callback of the node. So taking is guarded too.
    """

    def __init__(self, odd: OddThings) -> None:
        """Begin; what goes wrong is noted in ``odd``."""
        super().__init__()
        self._odd = odd

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Do what is ready, or wait for it."""
        try:
            super().spin_once(timeout_sec)
        except ExternalShutdownException:  # ROS itself is over
            raise
        except Exception as error:  # of a callback: whatever it was, the node goes on
            self._odd.note(error)

    def _take_subscription(self, sub: Any) -> Any:
        return self._taken(super()._take_subscription, sub)

    def _take_service(self, srv: Any) -> Any:
        return self._taken(super()._take_service, srv)

    def _take_client(self, client: Any) -> Any:
        return self._taken(super()._take_client, client)

    def _taken(self, take: Callable[[Any], Any], entity: Any) -> Any:
        try:
            return take(entity)
        except Exception as error:  # bytes that are no message
            self._odd.note(error)
            return None


def _place(error: Exception) -> str:
    """Return where it happened: what a traceback ends with."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ''
    return f' ({trace.tb_frame.f_code.co_filename.rpartition("/")[2]}:{trace.tb_lineno})'
