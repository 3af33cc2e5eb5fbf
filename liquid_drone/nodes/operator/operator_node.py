# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The operator's page as a node: it shows what the graph publishes and calls its services.

In a process of its own and at a lower priority, so that nothing waits for it; it decides nothing
and takes pictures only while a page is open. Its end ends nobody else.
"""

import contextlib
import dataclasses
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, Vector3Stamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, Range
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Float64, String

from ... import resources, topics
from ...arrays import Image
from ...contract import load_contract
from ...errors import require
from ...flight.preflight.computer import ComputerWatch
from ...image import encode_jpeg, fitted
from ...operator.flight_view import FlightView
from ...operator.requests import RequestQueue
from ...request import NAMES
from ...ros import conversions, parameters, process, qos
from ...ros.camera_input import PICTURES, CameraInput
from ...ros.diagnostics import level_of
from ...ros.parameters import Parameter
from ...ros.survival import OddThings
from ..policy_node import BUNDLE
from .graph_controls import GraphControls

PARAMETERS = (
    BUNDLE,
    *PICTURES,
    Parameter('host', '127.0.0.1', 'address to serve on; others than the loopback need a token'),
    Parameter('port', 8123, 'port to serve on; 0: any free one', low=0, high=65535),
    Parameter('token_file', '', 'file of the token, for its owner only (chmod 600); empty: none'),
    Parameter('hosts', '', 'host names allowed for the page beside addresses: a, b'),
    Parameter('certificate_file', '', 'TLS certificate (PEM), with key_file; empty: no TLS'),
    Parameter('key_file', '', 'TLS key (PEM)'),
    Parameter('picture_width', 512, 'width of the pictures on the page', low=128, high=1920),
    Parameter('picture_rate_hz', 10.0, 'largest rate of pictures', low=0.5, high=30.0),
)
LOOK_EVERY_S = 0.2  # for open pages
NICER = 5  # than what decides


class OperatorNode(Node):
    """A shell around :class:`~liquid_drone.operator.server.PageServer`."""

    patience_s = 0.05

    def __init__(self) -> None:
        super().__init__('operator')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        require('aiohttp', 'operator')
        from ...operator.server import PageServer, ServerConfig

        self._contract = load_contract(resources.bundle(values['bundle']))
        camera, width = self._contract.camera, values['picture_width']
        self._shown_camera = dataclasses.replace(
            camera, width=width, height=round(width * camera.height / camera.width)
        )
        self.view, requests = FlightView(), RequestQueue()
        self.view.set('fov_deg', camera.horizontal_fov_deg)
        names = ('host', 'port', 'token_file', 'certificate_file', 'key_file')
        hosts = tuple(name.strip() for name in values['hosts'].split(',') if name.strip())
        config = ServerConfig(hosts=hosts, **{name: values[name] for name in names})
        self.server = PageServer(config, self.view, requests)
        self._controls = GraphControls(self, self.view, requests, self._attend)
        self._prefix = self.get_namespace().rstrip('/') + '/'
        self._picture_ns = 0
        self._attention: Any = None  # its pictures are shown in place of the camera's
        self._camera = CameraInput(self, self._on_picture, 'not shown')
        self._camera.configure(values)
        self._computer: ComputerWatch | None = None
        self._subscribe()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(LOOK_EVERY_S, self._look, clock=steady)
        self.create_timer(1.0, self._controls.read_limits, clock=steady)

    def _subscribe(self) -> None:
        def listen(kind: Any, topic: str, callback: Callable[[Any], None], quality: Any) -> None:
            self.create_subscription(kind, topic, callback, quality)

        listen(DiagnosticArray, topics.DECISION, self._on_decision, qos.STATUS)
        listen(DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, qos.STATUS)
        listen(String, topics.WORDS, lambda message: self.view.note(message.data), qos.STATUS)
        listen(PointStamped, topics.SIGHTING, self._on_sighting, qos.COMMAND)
        listen(Float64, topics.TARGET_PROBABILITY, self._on_probability, qos.COMMAND)
        listen(Vector3Stamped, topics.REQUESTED, self._on_requested, qos.COMMAND)
        listen(Range, topics.TARGET_RANGE, self._on_range, qos.SENSOR_IN)
        listen(BatteryState, topics.BATTERY, self._on_battery, qos.SENSOR_IN)

    def start(self) -> None:
        """Begin to serve."""
        with contextlib.suppress(OSError):
            os.nice(NICER)
        self.server.__enter__()
        self._computer = ComputerWatch(self.view.hear_computer, Path.cwd())
        self.get_logger().info(f'the page: {self.server.address}')

    def turn(self, stop: process.StopRequest) -> bool:
        """Carry out what pages ask for, until told to stop."""
        self._controls.obey()
        return not stop.requested

    def close(self) -> None:
        """Close the pages."""
        if self._computer is not None:
            self._computer.stop()
        self.server.__exit__()

    def _look(self) -> None:
        """Take pictures while a page is open, and none otherwise."""
        self._camera.open_while(self.view.browsers > 0)
        if not self.view.browsers:
            self._attend(False)

    def _attend(self, is_on: bool) -> tuple[bool, str]:
        """Show which parts of a picture the command depends on, or the camera's pictures again."""
        if is_on and not self.count_publishers(self.resolve_topic_name(topics.ATTENTION)):
            return False, 'no attention node: start with attention:=true'
        if is_on and self._attention is None:
            self._attention = self.create_subscription(
                ImageMessage, topics.ATTENTION, self._on_attention, qos.SENSOR_IN
            )
        elif not is_on and self._attention is not None:
            self.destroy_subscription(self._attention)
            self._attention = None
        self.view.set('attention', is_on)
        return True, 'attention is shown' if is_on else 'the picture is shown'

    def _on_attention(self, message: ImageMessage) -> None:
        self.view.hear_picture(encode_jpeg(conversions.image_array(message)))

    def _on_picture(self, image: Image, stamp_ns: int, fov_deg: float | None) -> None:
        every_ns = conversions.SECOND_NS / self.values['picture_rate_hz']
        if self._attention is not None or 0 <= stamp_ns - self._picture_ns < 0.9 * every_ns:
            return
        self._picture_ns = stamp_ns
        self.view.hear_picture(encode_jpeg(fitted(image, self._shown_camera, fov_deg)))

    def _on_decision(self, message: DiagnosticArray) -> None:
        if message.status:
            status = message.status[0]
            facts = {pair.key: pair.value for pair in status.values}
            self.view.hear_decision(facts, level_of(status).name, status.message)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if not status.name.startswith(self._prefix):
                continue
            values = {pair.key: pair.value for pair in status.values}
            name = status.name.removeprefix(self._prefix)
            self.view.hear_node(name, level_of(status).name, status.message, values)
            if name == 'mavlink':
                self.view.set('follow_mode', values.get('follow_mode', ''))
                self.view.set('shadow', values.get('shadow') == 'True')

    def _on_sighting(self, message: PointStamped) -> None:
        bearing, elevation = conversions.bearing_of(message, self._contract.camera)
        bearing_rad = -math.atan2(message.point.x, message.point.z)
        self.view.hear_target(bearing, elevation, bearing_rad)

    def _on_probability(self, message: Float64) -> None:
        known = math.isfinite(message.data)
        self.view.set('probability', round(message.data, 3) if known else None)

    def _on_requested(self, message: Vector3Stamped) -> None:
        vector = message.vector
        values = (round(value, 2) for value in (vector.x, vector.y, vector.z))
        self.view.set('requested', dict(zip(NAMES, values, strict=True)))

    def _on_range(self, message: Range) -> None:
        known = math.isfinite(message.range) and message.range >= message.min_range
        self.view.set('distance_m', round(message.range, 2) if known else None)

    def _on_battery(self, message: BatteryState) -> None:
        volts, amperes = message.voltage, -message.current
        self.view.set('voltage', round(volts, 2) if math.isfinite(volts) else None)
        self.view.set('current', round(amperes, 2) if math.isfinite(amperes) else None)


def main() -> None:
    """Run the node."""
    process.exit_with(OperatorNode)


if __name__ == '__main__':
    main()
