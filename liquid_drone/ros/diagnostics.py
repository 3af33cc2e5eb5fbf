# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a node stands, for operators: a level, a sentence and values, once a second.

OK: works, nothing to do. WARN: works, but something keeps it from doing all of it. ERROR: does not
do its work. STALE: nothing was heard from it; a node never says that of itself, who watches does.
"""

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from .. import topics
from ..flight.health import Health as Health
from ..flight.health import Level as Level
from . import conversions, qos

INACTIVE = Health(Level.WARN, 'not active: ros2 lifecycle set NODE configure, then activate')


def message(
    stamp_ns: int, name: str, health: Health, values: Mapping[str, object]
) -> DiagnosticArray:
    """Make one status with its values as text."""
    status = DiagnosticStatus(
        level=bytes([health.level]),
        name=name,
        message=health.summary,
        hardware_id='liquid_drone',
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    return DiagnosticArray(header=conversions.header(stamp_ns, ''), status=[status])


def level_of(status: DiagnosticStatus) -> Level:
    """Return the level of a message; one that does not exist is an error."""
    number = status.level[0] if isinstance(status.level, bytes) else int(status.level)
    return Level(number) if number in tuple(Level) else Level.ERROR


class Diagnostics:
    """What a node publishes on ``/diagnostics``, under its full name."""

    def __init__(self, node: Node, topic: str = topics.DIAGNOSTICS) -> None:
        """Make the publisher."""
        self._node = node
        self._publisher = node.create_publisher(DiagnosticArray, topic, qos.STATUS)

    def tell(self, health: Health, values: Mapping[str, object]) -> None:
        """Publish how the node stands now."""
        node = self._node
        now_ns = max(0, node.get_clock().now().nanoseconds)
        self._publisher.publish(message(now_ns, node.get_fully_qualified_name(), health, values))
