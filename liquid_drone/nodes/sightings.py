# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the target is, for the guard: the policy tells its bearing, a rangefinder its distance.

``policy/target`` (PointStamped, optical frame) comes from the policy's target head;
``target/range`` (Range) from whoever measures it.
"""

import math
import time
from collections.abc import Callable

from geometry_msgs.msg import PointStamped
from rclpy.node import Node
from sensor_msgs.msg import Range

from .. import topics
from ..flight.guard.limits import Sighting
from ..ros import conversions, qos

RANGE_AGE_S = 0.5


class Sightings:
    """Subscriptions of a node, as long as it is active; destroy it to stop."""

    def __init__(
        self, node: Node, stamp_s: Callable[[int], float], tell: Callable[[Sighting], None]
    ) -> None:
        """Begin to listen.

        Args:
            node: that listens.
            stamp_s: turns a ROS stamp in ns into seconds of the guard's clock.
            tell: gets each sighting.

        """
        self._node, self._stamp_s, self._tell = node, stamp_s, tell
        self._range: tuple[float, float] | None = None  # monotonic time in s, distance in m
        self._inputs = [
            node.create_subscription(PointStamped, topics.SIGHTING, self._on_target, qos.COMMAND),
            node.create_subscription(Range, topics.TARGET_RANGE, self._on_range, qos.SENSOR_IN),
        ]

    def destroy(self) -> None:
        """Stop listening."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)

    def _on_target(self, message: PointStamped) -> None:
        """Pass on where the target is seen (optical frame, x right, z ahead)."""
        stamp_s = self._stamp_s(conversions.nanoseconds(message.header.stamp))
        bearing_rad = -math.atan2(message.point.x, message.point.z)
        self._tell(Sighting(stamp_s, bearing_rad, self._distance_m()))

    def _on_range(self, message: Range) -> None:
        """Note how far away the target is."""
        if message.min_range <= message.range <= message.max_range:
            self._range = time.monotonic(), message.range

    def _distance_m(self) -> float | None:
        if self._range is None or time.monotonic() - self._range[0] > RANGE_AGE_S:
            return None
        return self._range[1]
