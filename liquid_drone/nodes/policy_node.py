# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy as a lifecycle node: camera image in, proposed body velocity out.

Configuring loads, checks and warms up the bundle; only then can it be activated. It acts once per
new stamp (a repeated one gets the same answer again), keeps the image's stamp on everything it
publishes, and says nothing where an image cannot be used. It never decides whether the drone
obeys: that is the guard's, in the mavlink node.
"""

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import Image as ImageMessage
from std_srvs.srv import Trigger

from .. import resources
from ..contract import check_image
from ..errors import ImageError
from ..runtime.runner import PolicyOutput, PolicyRunner
from . import messages, process, qos
from .lifecycle import ManagedNode, transition
from .parameters import Parameter

IMAGE_TOPIC, COMMAND_TOPIC = 'camera/image_raw', 'cmd_vel'
SILENCE_S = 3.0  # without an image after activation: one warning with what was found on the topic
PARAMETERS = (
    Parameter(
        'bundle', 'follow-summer', 'policy bundle: the name of one in models/, or a directory'
    ),
    Parameter(
        'providers',
        'auto',
        'where the vision graph runs',
        choices=('auto', 'cpu', 'cuda', 'tensorrt'),
    ),
    Parameter('check_parity', True, 'replay the stored answers of the bundle when it is loaded'),
    Parameter(
        'target_threshold', 0.5, 'least probability for ~/target to be published', low=0, high=1
    ),
)


class PolicyNode(ManagedNode):
    """A shell around :class:`~liquid_drone.runtime.runner.PolicyRunner`."""

    def __init__(self) -> None:
        super().__init__('policy', PARAMETERS)
        self.runner: PolicyRunner | None = None
        self.image_subscription: Any = None
        self._frames = self._refused = 0
        self._last: tuple[int, PolicyOutput] | None = None  # stamp in ns, and its answer
        self._last_image_s: float | None = None  # monotonic
        self._since_s = 0.0
        self._commands = self.create_publisher(TwistStamped, COMMAND_TOPIC, qos.COMMAND)
        self._targets = self.create_publisher(PointStamped, '~/target', qos.SENSOR_OUT)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', qos.STATUS)
        self.create_service(Trigger, '~/reset', self._on_reset)
        self._watch = self.create_timer(
            1.0, self._on_second, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    # lifecycle

    @transition
    def on_configure(self) -> None:
        """Load, check and warm up the bundle."""
        self.values = self.read_parameters()
        path = resources.bundle(self.values['bundle'])
        self.runner = PolicyRunner(
            path, self.values['providers'], check_parity=self.values['check_parity']
        )
        self.runner.warm_up()
        contract = self.runner.contract
        self.get_logger().info(
            f'{contract.name} ({contract.bundle_hash()}) from {path} on {self.runner.provider}'
        )

    @transition
    def on_activate(self) -> None:
        """Begin to act on images, with a fresh state."""
        assert self.runner is not None  # the lifecycle's order
        self.runner.reset()
        self._last, self._last_image_s, self._since_s = None, None, time.monotonic()
        self.image_subscription = self.create_subscription(
            ImageMessage,
            IMAGE_TOPIC,
            self._on_image,
            qos.SENSOR_IN,
            qos_overriding_options=qos.OVERRIDABLE,
        )

    @transition
    def on_deactivate(self) -> None:
        """Stop acting."""
        self._drop_subscription()

    # callbacks

    def _on_image(self, message: ImageMessage) -> None:
        assert self.runner is not None
        self._last_image_s = time.monotonic()
        stamp_ns = messages.nanoseconds(message.header.stamp)
        try:
            image = messages.image_array(message)
            check_image(image, self.runner.contract.camera)
        except ImageError as error:
            self._refused += 1
            self.get_logger().error(f'no command: {error}', throttle_duration_sec=5.0)
            return
        if self._last is None or self._last[0] != stamp_ns:
            self._last = stamp_ns, self.runner.step(image, stamp_ns / messages.SECOND_NS)
            self._frames += 1
        self._publish(self._last[1], stamp_ns)

    def _publish(self, output: PolicyOutput, stamp_ns: int) -> None:
        assert self.runner is not None
        self._commands.publish(messages.command_message(output.command, stamp_ns))
        if output.target_probability >= self.values['target_threshold']:
            camera = self.runner.contract.camera
            self._targets.publish(
                messages.bearing_message(
                    stamp_ns, camera, output.target_bearing, output.target_elevation
                )
            )

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self.runner is not None
        response.message = 'state cleared' if self.runner else 'no bundle is loaded'
        if self.runner is not None:
            self.runner.reset()
        return response

    def _on_second(self) -> None:
        if self.image_subscription is None or self.runner is None:
            return
        now = time.monotonic()
        quiet_s = now - (self._last_image_s or self._since_s)
        if self._last_image_s is None and SILENCE_S <= quiet_s < SILENCE_S + 1.0:
            self.get_logger().warning(self._silence())
        frames, refused = self._frames, self._refused
        self._frames = self._refused = 0
        summary = 'following' if frames else f'no usable image for {quiet_s:.0f} s'
        values: dict[str, object] = {
            'commands_per_second': frames,
            'images_refused_per_second': refused,
            'bundle': self.runner.contract.bundle_hash(),
            'provider': self.runner.provider,
        }
        stamp_ns = self.get_clock().now().nanoseconds
        self._diagnostics.publish(
            messages.diagnostics_message(
                stamp_ns, self.get_name(), frames > 0 and not refused, summary, values
            )
        )

    def _silence(self) -> str:
        assert self.image_subscription is not None
        topic = self.image_subscription.topic_name
        found = [
            f'{info.node_name} ({info.topic_type}, {info.qos_profile.reliability.name})'
            for info in self.get_publishers_info_by_topic(topic)
        ]
        wanted = qos.SENSOR_IN.reliability.name
        return (
            f'no image on {topic} for {SILENCE_S:.0f} s; wanted: sensor_msgs/msg/Image, {wanted}; '
            f'publishers there: {", ".join(found) or "none"}; check topic name, type and QoS'
        )

    def _drop_subscription(self) -> None:
        if self.image_subscription is not None:
            self.destroy_subscription(self.image_subscription)
            self.image_subscription = None

    def release(self) -> None:
        """Stop acting and let go of the bundle."""
        self._drop_subscription()
        self.runner = None


def main() -> None:
    """Run the node."""
    process.exit_with(PolicyNode)


if __name__ == '__main__':
    main()
