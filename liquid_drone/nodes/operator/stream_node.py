# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy's part of the camera's pictures as H.264 for a ground station; it decides nothing.

In a process of its own and at a lower priority, and the encoder in another one: where the network
or the encoder is slow, pictures are dropped, never queued. Its end ends nobody else.
"""

import contextlib
import dataclasses
import os

from geometry_msgs.msg import PointStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import String

from ... import resources, topics
from ...arrays import Image
from ...camera.stream import encoders, installed
from ...camera.stream.sender import VideoSender
from ...contract import load_contract
from ...flight.station.camera_messages import StationVideo
from ...image import fitted
from ...infer.overlay import mark_target, write
from ...ros import conversions, parameters, process, qos
from ...ros.camera_input import PICTURES, CameraInput
from ...ros.diagnostics import Diagnostics, Health, Level
from ...ros.parameters import Parameter
from ...ros.stream_description import StreamPublisher
from ...ros.survival import OddThings
from ..policy_node import BUNDLE

PARAMETERS = (
    BUNDLE,
    *PICTURES,
    Parameter('host', '', 'address of the ground station to which pictures are sent'),
    Parameter('port', 5600, 'UDP port there; QGroundControl listens on 5600', low=1, high=65535),
    Parameter('width', 640, 'width of the sent pictures', low=128, high=1920),
    Parameter('rate_hz', 30.0, 'largest rate of pictures', low=1.0, high=60.0),
    Parameter('bitrate_kbit_s', 2000, 'bit rate of the stream', low=100, high=50000),
    Parameter('box', True, 'draw a box around the seen target, and the stage as text'),
    Parameter(
        'encoder',
        installed.AUTO,
        'auto: the best one that is installed and works',
        choices=(installed.AUTO, *encoders.ENCODERS),
    ),
)
SEEN_NS = conversions.SECOND_NS // 2  # an older sighting is not drawn
NICER = 5  # than what decides


class StreamNode(Node):
    """A shell around :class:`~liquid_drone.camera.stream.sender.VideoSender`."""

    patience_s = process.SPIN_S

    def __init__(self) -> None:
        super().__init__('stream')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        camera, width = load_contract(resources.bundle(values['bundle'])).camera, values['width']
        self._contract_camera = camera
        self._sent_camera = dataclasses.replace(
            camera, width=_even(width), height=_even(width * camera.height / camera.width)
        )
        self._target = encoders.VideoTarget(
            values['host'],
            values['port'],
            self._sent_camera.width,
            self._sent_camera.height,
            values['rate_hz'],
            values['bitrate_kbit_s'],
        )
        self._encoders = installed.encoders(self._target, values['encoder'])
        self._sender: VideoSender | None = None
        self._sighting: tuple[int, float, float] | None = None  # stamp in ns, bearing, elevation
        self._stage, self._picture_ns, self._seen_sent = '', 0, 0
        self._camera = CameraInput(self, self._on_picture, 'not sent')
        self._camera.configure(values)
        self.create_subscription(PointStamped, topics.SIGHTING, self._on_sighting, qos.COMMAND)
        self.create_subscription(String, topics.STAGE, self._on_stage, qos.LATCHED)
        self._description, self._diagnostics = StreamPublisher(self), Diagnostics(self)
        self.create_timer(1.0, self._on_second, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def start(self) -> None:
        """Begin to send."""
        with contextlib.suppress(OSError):
            os.nice(NICER)
        target = self._target
        self._sender = VideoSender(self._encoders, self.get_logger().warning)
        self._camera.open()
        self._description.tell(
            StationVideo(
                str(target.port),
                target.width,
                target.height,
                self._sent_camera.horizontal_fov_deg,
                target.rate_hz,
                target.bitrate_kbit_s,
            )
        )
        names = ', '.join(one.name for one in self._encoders)
        size = f'{target.width}x{target.height}'
        self.get_logger().info(
            f'H.264 {size} as RTP to {target.host}:{target.port}, encoders: {names}'
        )

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop."""
        return not stop.requested

    def close(self) -> None:
        """End the encoder."""
        if self._sender is not None:
            self._sender.close()

    def _on_picture(self, image: Image, stamp_ns: int, fov_deg: float | None) -> None:
        every_ns = conversions.SECOND_NS / self.values['rate_hz']
        if self._sender is None or 0 <= stamp_ns - self._picture_ns < 0.9 * every_ns:
            return
        self._picture_ns = stamp_ns
        shown = fitted(image, self._sent_camera, fov_deg)
        self._sender.show(self._marked(shown.copy(), stamp_ns) if self.values['box'] else shown)

    def _marked(self, image: Image, stamp_ns: int) -> Image:
        seen = self._sighting
        if seen is not None and abs(stamp_ns - seen[0]) <= SEEN_NS:
            mark_target(image, *seen[1:])
        write(image, self._stage.replace('_', ' '), (8, 20))
        return image

    def _on_sighting(self, message: PointStamped) -> None:
        bearing, elevation = conversions.bearing_of(message, self._contract_camera)
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        self._sighting = stamp_ns, bearing, elevation

    def _on_stage(self, message: String) -> None:
        self._stage = message.data

    def _on_second(self) -> None:
        sender = self._sender
        if sender is None:
            return
        new, self._seen_sent = sender.sent - self._seen_sent, sender.sent
        health = Health(Level.OK, f'{new} pictures a second by {sender.encoder or "no encoder"}')
        if sender.fault:
            health = Health(Level.WARN, sender.fault)
        elif not new:
            health = Health(Level.WARN, 'no picture to send')
        values = {'sent': sender.sent, 'dropped': sender.dropped, 'refused': self._camera.refusal}
        self._diagnostics.tell(health, values)


def _even(number: float) -> int:
    return 2 * round(number / 2.0)


def main() -> None:
    """Run the node."""
    process.exit_with(StreamNode)


if __name__ == '__main__':
    main()
