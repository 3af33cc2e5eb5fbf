# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How long the graph takes from a simulated picture to the setpoint that answers it.

Measured by the simulator on its own clock, from just before it publishes the picture until
``mavlink/setpoint`` with the same stamp is here again: one hop more than the wire. Only by the
wall clock: in lock-step time stands still meanwhile.
"""

import time

from geometry_msgs.msg import TwistStamped
from rclpy.node import Node

from .. import topics
from . import conversions, qos
from .diagnostics import Diagnostics, Health, Level
from .latency import Latency

TOLD_EVERY_S = 1.0
KEPT = 6000  # five minutes


class Reaction:
    """Listens for setpoints and tells the diagnostics."""

    def __init__(self, node: Node) -> None:
        """Begin to listen."""
        self.latency = Latency('picture_to_setpoint', KEPT)
        self._shown_s: dict[int, float] = {}
        self._told_s = 0.0
        self._diagnostics = Diagnostics(node)
        node.create_subscription(TwistStamped, topics.SETPOINT, self._on_setpoint, qos.STATUS)

    def shown(self, stamp_ns: int) -> None:
        """Note that a picture is being published now."""
        self._shown_s = {
            stamp: s for stamp, s in self._shown_s.items() if stamp > stamp_ns - 10**9
        }
        self._shown_s[stamp_ns] = time.monotonic()
        self._tell()

    def _on_setpoint(self, message: TwistStamped) -> None:
        shown_s = self._shown_s.pop(conversions.nanoseconds(message.header.stamp), None)
        if shown_s is not None:
            self.latency.add(time.monotonic() - shown_s)

    def _tell(self) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < TOLD_EVERY_S:
            return
        self._told_s = now_s
        self._diagnostics.tell(Health(Level.OK, 'by the wall clock'), self.latency.values())
