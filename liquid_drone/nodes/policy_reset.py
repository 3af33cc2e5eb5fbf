# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Asks the policy node to start afresh, without ever blocking: one question at a time.

The answer, or that none came in time, is told to a callback once.
"""

import time
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

SERVICE = 'policy/reset'
PATIENCE_S = 1.0  # wall clock; then the question counts as lost and may be asked again


class PolicyReset:
    """A client of ``policy/reset``."""

    def __init__(self, node: Node) -> None:
        """Make the client on a node."""
        self._client = node.create_client(Trigger, SERVICE)
        self._asked: Any = None
        self._asked_s = 0.0

    @property
    def is_pending(self) -> bool:
        """An answer is still waited for."""
        return self._asked is not None and time.monotonic() - self._asked_s < PATIENCE_S

    def ask(self, on_answer: Callable[[bool], None]) -> None:
        """Ask, unless a question is pending; the callback gets whether it was done."""
        if self.is_pending:
            return
        if self._asked is not None:
            self._client.remove_pending_request(self._asked)
        self._asked, self._asked_s = self._client.call_async(Trigger.Request()), time.monotonic()
        self._asked.add_done_callback(lambda future: self._answered(future, on_answer))

    def _answered(self, future: Any, on_answer: Callable[[bool], None]) -> None:
        if future is not self._asked:  # given up meanwhile
            return
        self._asked = None
        result = future.result()
        on_answer(bool(result and result.success))
