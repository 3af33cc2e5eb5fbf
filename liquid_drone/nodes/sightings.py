# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the target is, for the guard: the policy tells its bearing, a rangefinder its distance.

``policy/target`` (PointStamped, optical frame) comes from the policy's target head,
``policy/belief`` (PointStamped, body frame), seen or not, from its core;
``target/range`` (Range) from whoever measures it. A sighting at a measured distance is
``~/target``, for others.
"""

import math
from collections.abc import Callable

from geometry_msgs.msg import PointStamped
from rclpy.node import Node
from sensor_msgs.msg import Range
from std_msgs.msg import Float64

from .. import topics
from ..flight.facts import RangeReading
from ..flight.guard.limits import BelievedTarget, Sighting
from ..flight.range_finder import RangeFinder
from ..ros import conversions, qos
from ..ros.log import Seldom

RECENT_S = 0.5  # an older distance is not that of the sighting


class Sightings:
    """Subscriptions of a node, as long as it is active; destroy it to stop."""

    def __init__(
        self,
        node: Node,
        stamp_s: Callable[[int], float],
        tell: Callable[[Sighting | BelievedTarget], None],
        measure: Callable[[RangeReading], None],
        weigh: Callable[[float], None],
    ) -> None:
        """Begin to listen.

        Args:
            node: that listens.
            stamp_s: turns a ROS stamp in ns into seconds of the guard's clock.
            tell: gets each sighting, and each belief.
            measure: gets what each reading of the range sensor leaves known.
            weigh: gets how probably the target is in the newest picture.

        """
        self._node, self._stamp_s, self._seldom = node, stamp_s, Seldom()
        self._tell, self._measure, self._weigh = tell, measure, weigh
        self._range = RangeFinder()
        self._distance: RangeReading | None = None
        self._places = node.create_publisher(PointStamped, topics.TARGET, qos.SENSOR_OUT)
        self._inputs = [
            node.create_subscription(PointStamped, topics.SIGHTING, self._on_target, qos.COMMAND),
            node.create_subscription(PointStamped, topics.BELIEF, self._on_belief, qos.COMMAND),
            node.create_subscription(
                Float64, topics.TARGET_PROBABILITY, self._on_probability, qos.COMMAND
            ),
            node.create_subscription(Range, topics.TARGET_RANGE, self._on_range, qos.SENSOR_IN),
        ]

    def destroy(self) -> None:
        """Stop listening."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(self._places)

    def _on_target(self, message: PointStamped) -> None:
        """Pass on where the target is seen (optical frame, x right, z ahead)."""
        if not self._is_taken(topics.SIGHTING, message, conversions.OPTICAL_FRAME):
            return
        stamp_s = self._stamp_s(conversions.nanoseconds(message.header.stamp))
        bearing_rad = -math.atan2(message.point.x, message.point.z)
        elevation_rad = -math.atan2(message.point.y, message.point.z)
        self._tell(Sighting(stamp_s, bearing_rad, elevation_rad=elevation_rad))
        self._show(message, stamp_s)

    def _on_belief(self, message: PointStamped) -> None:
        """Pass on where the target is believed (body frame, x ahead, y left)."""
        if not self._is_taken(topics.BELIEF, message, conversions.BODY_FRAME):
            return
        stamp_s = self._stamp_s(conversions.nanoseconds(message.header.stamp))
        self._tell(BelievedTarget.at(stamp_s, message.point.x, message.point.y))

    def _is_taken(self, topic: str, message: PointStamped, frame: str) -> bool:
        wrong = conversions.wrong_frame(topic, message.header.frame_id, frame)
        if wrong and self._seldom.is_due(wrong):
            self._node.get_logger().error(wrong)
        return not wrong

    def _on_probability(self, message: Float64) -> None:
        self._weigh(message.data)

    def _on_range(self, message: Range) -> None:
        """Pass on how far away the target is."""
        stamp_s = self._stamp_s(conversions.nanoseconds(message.header.stamp))
        self._distance = self._range.take(
            message.range,
            message.min_range,
            message.max_range,
            stamp_s,
            message.header.frame_id,
        )
        trouble = self._range.trouble
        if trouble and self._seldom.is_due(trouble):
            self._node.get_logger().error(f'{topics.TARGET_RANGE} is not taken: {trouble}')
        self._measure(self._distance)

    def _show(self, seen: PointStamped, stamp_s: float) -> None:
        """Publish where the target is, where its distance is known now."""
        distance, point = self._distance, seen.point
        ahead = math.hypot(point.x, point.y, point.z)
        if distance is None or not 0.0 < distance.distance_m < math.inf or not ahead > 0.0:
            return
        if abs(stamp_s - distance.received_s) > RECENT_S:
            return
        scale = distance.distance_m / ahead
        place = PointStamped(header=seen.header)
        place.point.x, place.point.y = scale * point.x, scale * point.y
        place.point.z = scale * point.z
        self._places.publish(place)
