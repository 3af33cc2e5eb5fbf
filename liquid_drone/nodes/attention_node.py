# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the policy looks at, as an overlay image for an operator; it commands nothing.

A second copy of the network follows the same pictures, less those that come while it computes, and
covers parts of one of them now and then (``runtime/attention.py``). In a process of its own, so
that the policy waits for nothing; it computes only where somebody looks.
"""

import time

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage

from .. import resources, topics
from ..arrays import Image
from ..errors import ImageError
from ..image import fitted
from ..ros import conversions, parameters, process, qos
from ..ros.parameters import Parameter
from ..runtime.attention import occlude, overlay
from ..runtime.providers import Backend
from ..runtime.selection import open_policy
from .policy_node import BUNDLE, PROVIDERS

PARAMETERS = (
    BUNDLE,
    PROVIDERS,
    Parameter('rate_hz', 1.0, 'most overlays a second', low=0.1, high=20.0),
    Parameter('rows', 6, 'of the grid of covered patches', low=2, high=36),
    Parameter('columns', 10, 'of the grid of covered patches', low=2, high=64),
)


class AttentionNode(Node):
    """A shell around :func:`~liquid_drone.runtime.attention.occlude`."""

    patience_s = process.SPIN_S

    def __init__(self) -> None:
        super().__init__('attention')
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        bundle, backend = resources.bundle(values['bundle']), Backend(role='attention')
        self._runner = open_policy(bundle, values['providers'], backend=backend)
        self._fov_deg: float | None = None
        self._next_s = 0.0
        self._overlays = self.create_publisher(ImageMessage, '~/image', qos.SENSOR_OUT)
        self.create_subscription(CameraInfo, topics.CAMERA_INFO, self._on_info, qos.SENSOR_IN)
        self.create_subscription(
            ImageMessage,
            topics.IMAGE,
            self._on_image,
            qos.SENSOR_IN,
            qos_overriding_options=qos.OVERRIDABLE,
        )

    def start(self) -> None:
        """Say what is looked at."""
        self.get_logger().info(f'{self._runner.contract.name} on {self._runner.provider}')

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop."""
        return not stop.requested

    def close(self) -> None:
        """Nothing is held."""

    def _on_info(self, message: CameraInfo) -> None:
        self._fov_deg = conversions.field_of_view_deg(message)

    def _on_image(self, message: ImageMessage) -> None:
        if not self._overlays.get_subscription_count():
            return
        try:
            taken = conversions.image_array(message)
            image = fitted(taken, self._runner.contract.camera, self._fov_deg)
        except ImageError as error:
            self.get_logger().error(str(error), throttle_duration_sec=5.0)
            return
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        if time.monotonic() >= self._next_s:
            self._show(image, stamp_ns)
        self._runner.step(image, stamp_ns / conversions.SECOND_NS)

    def _show(self, image: Image, stamp_ns: int) -> None:
        self._next_s = time.monotonic() + 1.0 / self.values['rate_hz']
        found = occlude(self._runner, image, self.values['rows'], self.values['columns'])
        picture = overlay(image, found.change)
        self._overlays.publish(conversions.image_message(picture, stamp_ns))


def main() -> None:
    """Run the node."""
    process.exit_with(AttentionNode)


if __name__ == '__main__':
    main()
