# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the policy looks at, as an overlay image for an operator; it commands nothing.

A second copy of the network follows the same pictures, less those that come while it computes, and
covers parts of one of them now and then (``runtime/attention.py``). In a process of its own, so
that the policy waits for nothing; it computes only where somebody looks.
"""

import time

from rclpy.node import Node
from sensor_msgs.msg import Image as ImageMessage

from .. import resources
from ..arrays import Image
from ..image import fitted
from ..ros import conversions, parameters, process, qos
from ..ros.camera_input import PICTURES, CameraInput
from ..ros.parameters import Parameter
from ..ros.survival import OddThings
from ..runtime.attention import occlude, overlay
from ..runtime.providers import Backend
from ..runtime.selection import open_policy
from .policy_node import BUNDLE, PROVIDERS

PARAMETERS = (
    BUNDLE,
    PROVIDERS,
    *PICTURES,
    Parameter('rate_hz', 1.0, 'largest rate of overlays', low=0.1, high=20.0),
    Parameter('rows', 6, 'rows of covered patches', low=2, high=36),
    Parameter('columns', 10, 'columns of covered patches', low=2, high=64),
)


class AttentionNode(Node):
    """A shell around :func:`~liquid_drone.runtime.attention.occlude`."""

    patience_s = process.SPIN_S

    def __init__(self) -> None:
        super().__init__('attention')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        bundle, backend = (
            resources.bundle(values['bundle']),
            Backend(role='attention', builds=False),
        )
        self._runner = open_policy(bundle, values['providers'], backend=backend)
        self._next_s = 0.0
        self._overlays = self.create_publisher(ImageMessage, '~/image', qos.SENSOR_OUT)
        camera = CameraInput(self, self._follow, 'no overlay')
        camera.configure(values)
        camera.open()

    def start(self) -> None:
        """Say what is looked at."""
        self.get_logger().info(f'{self._runner.contract.name} on {self._runner.provider}')

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop."""
        return not stop.requested

    def close(self) -> None:
        """Nothing is held."""

    def _follow(self, taken: Image, stamp_ns: int, fov_deg: float | None) -> None:
        if not self._overlays.get_subscription_count():
            return
        image = fitted(taken, self._runner.contract.camera, fov_deg)
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
