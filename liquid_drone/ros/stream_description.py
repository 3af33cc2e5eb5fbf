# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the stream node publishes of its stream, and how the mavlink node hears it.

A latched message, so that it does not matter who starts first. A stream whose node is gone is
none.
"""

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from .. import topics
from ..errors import ConfigError
from ..flight.health import Health, Level
from ..flight.station.camera_messages import StationVideo
from . import diagnostics, qos

NAME = 'stream'


class StreamPublisher:
    """Publishes the description."""

    def __init__(self, node: Node) -> None:
        """Make the publisher."""
        self._publisher = node.create_publisher(DiagnosticArray, topics.STREAM, qos.LATCHED)

    def tell(self, video: StationVideo) -> None:
        """Describe the stream that is sent from now on."""
        health = Health(Level.OK, 'H.264 as RTP over UDP')
        self._publisher.publish(diagnostics.message(0, NAME, health, video.described()))


class StreamListener:
    """Hears the description, and notices when nobody publishes it any more."""

    def __init__(self, node: Node, use: Callable[[StationVideo | None], None]) -> None:
        """Begin to listen; ``use`` gets each new description, and None when the node is gone."""
        self._node, self._use, self._has_one = node, use, False
        self._input = node.create_subscription(
            DiagnosticArray, topics.STREAM, self._on_description, qos.LATCHED
        )

    def look(self) -> None:
        """Look whether the node is still there; call it once a second."""
        if self._has_one and not self._node.count_publishers(self._input.topic_name):
            self._has_one = False
            self._use(None)

    def close(self) -> None:
        """Stop listening."""
        self._node.destroy_subscription(self._input)

    def _on_description(self, message: DiagnosticArray) -> None:
        if not message.status:
            raise ConfigError('a description of a stream without a status')
        values = {pair.key: pair.value for pair in message.status[0].values}
        self._use(StationVideo.from_description(values))
        self._has_one = True
