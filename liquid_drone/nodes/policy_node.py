# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy as a lifecycle node: camera image in, proposed body velocity out.

Configuring loads, checks and warms up the bundle; only then can it be activated. It acts once per
new stamp (a repeated one gets the same answer again), keeps the image's stamp on everything it
publishes, and says nothing where an image is too old or cannot be used. It never decides whether
the drone obeys: that is the guard's, in the mavlink node.
"""

import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage
from std_srvs.srv import Trigger

from .. import resources, topics
from ..arrays import Image
from ..camera.source import CameraFrame
from ..contract import check_image
from ..errors import ImageError
from ..image import fitted, is_too_narrow
from ..ros import conversions, process, qos
from ..ros.latency import Counter, Latency
from ..ros.lifecycle import ManagedNode, transition
from ..ros.parameters import Parameter
from ..runtime.providers import CHOICES, PRECISIONS, Backend
from ..runtime.runner import PolicyOutput, PolicyRunner
from ..runtime.selection import open_policy

SILENCE_S = 3.0  # without an image after activation: one warning with what was found on the topic
BUNDLE = Parameter('bundle', 'follow', 'policy bundle: the name of one in models/, or a directory')
PROVIDERS = Parameter(
    'providers',
    'auto',
    'where the vision graph runs; auto: the CPU unless another answers right in 4/5 of its time',
    choices=CHOICES,
)
PRECISION = Parameter(
    'precision',
    'fp32',
    'of the vision graph on TensorRT; the CPU and CUDA run fp32',
    choices=PRECISIONS,
)
PARAMETERS = (
    BUNDLE,
    PROVIDERS,
    PRECISION,
    Parameter('check_parity', True, 'replay the stored answers of the bundle when it is loaded'),
    Parameter(
        'target_threshold', 0.5, 'least probability for ~/target to be published', low=0, high=1
    ),
    Parameter(
        'fit',
        'crop',
        'images of another size: crop and resize them to the camera of training, or refuse',
        choices=('crop', 'refuse'),
    ),
    Parameter(
        'max_image_age_s',
        0.2,
        'older images are not acted on; -1: not checked (a bag played without its clock)',
        low=-1,
        high=10,
    ),
)


class PolicyNode(ManagedNode):
    """A shell around :class:`~liquid_drone.runtime.runner.PolicyRunner`."""

    def __init__(self) -> None:
        super().__init__('policy', PARAMETERS)
        self.runner: PolicyRunner | None = None
        self.takes_topic = True  # False: frames are handed over in this process
        self.is_acting = False
        self.image_subscription: Any = None
        self.info_subscription: Any = None
        self._refused = 0
        self._acted = Counter()
        self._image_age, self._work = Latency('image_age'), Latency('inference')
        self._until_command = Latency('capture_to_command')
        self._fov_deg: float | None = None  # of the camera, where camera_info says so
        self._slot: CameraFrame | None = None  # the newest one handed over in this process
        self._handing_over = threading.Lock()
        self._wake = self.create_guard_condition(self._on_handed_over)
        self._last: tuple[int, PolicyOutput] | None = None  # stamp in ns, and its answer
        self._last_image_s: float | None = None  # monotonic
        self._since_s = 0.0
        self._commands = self.create_publisher(TwistStamped, topics.COMMAND, qos.COMMAND)
        self._targets = self.create_publisher(PointStamped, '~/target', qos.SENSOR_OUT)
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, qos.STATUS)
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
        backend = Backend('tensorrt', self.values['precision'])
        self.runner = open_policy(
            path, self.values['providers'], self.values['check_parity'], backend
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
        for latency in (self._image_age, self._work, self._until_command):
            latency.clear()
        self._acted.take(self._since_s)
        self.is_acting = True
        self.info_subscription = self.create_subscription(
            CameraInfo, topics.CAMERA_INFO, self._on_info, qos.SENSOR_IN
        )
        if not self.takes_topic:
            return
        self.image_subscription = self.create_subscription(
            ImageMessage,
            topics.IMAGE,
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
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        try:
            image = conversions.image_array(message)
        except ImageError as error:
            self._refuse(error)
            return
        self.act(image, stamp_ns)

    def _on_info(self, message: CameraInfo) -> None:
        fov_deg = conversions.field_of_view_deg(message)
        if fov_deg == self._fov_deg or self.runner is None:
            return
        self._fov_deg = fov_deg
        camera = self.runner.contract.camera
        if fov_deg is not None and is_too_narrow(camera, fov_deg):
            self.get_logger().warning(
                f'the camera sees {fov_deg:.0f} degrees, the policy was trained with '
                f'{camera.horizontal_fov_deg:.0f}: things look nearer than they are; '
                'use a wider lens'
            )

    def hand_over(self, frame: CameraFrame) -> None:
        """Take a frame of a camera in this process, by reference; from any thread, at any time."""
        with self._handing_over:  # not while the node is being destroyed
            if self.is_acting:
                self._slot = frame
                self._wake.trigger()

    def _on_handed_over(self) -> None:
        frame, self._slot = self._slot, None
        if frame is not None and self.is_acting:
            self.act(frame.image, frame.stamp_ns)

    def act(self, image: Image, stamp_ns: int) -> None:
        """Answer one frame (H, W, 3) RGB with a command, or say why not."""
        assert self.runner is not None  # only while active
        began_s = self._last_image_s = time.monotonic()
        age_s = self._age_s(stamp_ns)
        try:
            self._check_age(age_s)
            camera = self.runner.contract.camera
            if self.values['fit'] == 'crop':
                image = fitted(image, camera, self._fov_deg)
            check_image(image, camera)
        except ImageError as error:
            self._refuse(error)
            return
        if self._last is None or self._last[0] != stamp_ns:
            self._last = stamp_ns, self.runner.step(image, stamp_ns / conversions.SECOND_NS)
            self._acted.add()
            self._image_age.add(age_s)
            self._work.add(time.monotonic() - began_s)
            self._until_command.add(self._age_s(stamp_ns))
        self._publish(self._last[1], stamp_ns)

    def _age_s(self, stamp_ns: int) -> float:
        now_ns = self.get_clock().now().nanoseconds or stamp_ns  # 0: no simulated clock yet
        return (now_ns - stamp_ns) / conversions.SECOND_NS

    def _check_age(self, age_s: float) -> None:
        limit_s = self.values['max_image_age_s']
        if limit_s >= 0.0 and not -limit_s <= age_s <= limit_s:
            raise ImageError(
                f'the image is {age_s:.3g} s old, more than max_image_age_s {limit_s:g}: it '
                'waited too long, or the camera stamps with another clock than this node '
                '(a played bag needs use_sim_time and --clock)'
            )

    def _refuse(self, error: ImageError) -> None:
        self._last_image_s = time.monotonic()
        self._refused += 1
        self.get_logger().error(f'no command: {error}', throttle_duration_sec=5.0)

    def _publish(self, output: PolicyOutput, stamp_ns: int) -> None:
        assert self.runner is not None
        self._commands.publish(conversions.command_message(output.command, stamp_ns))
        if output.target_probability >= self.values['target_threshold']:
            camera = self.runner.contract.camera
            self._targets.publish(
                conversions.bearing_message(
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
        if not self.is_acting or self.runner is None:
            return
        now = time.monotonic()
        quiet_s = now - (self._last_image_s or self._since_s)
        is_silent = self._last_image_s is None and SILENCE_S <= quiet_s < SILENCE_S + 1.0
        if is_silent and self.takes_topic:
            self.get_logger().warning(self._silence())
        rate_hz, refused = self._acted.take(now), self._refused
        self._refused = 0
        summary = 'following' if rate_hz else f'no usable image for {quiet_s:.0f} s'
        values: dict[str, object] = {
            'commands_per_second': rate_hz,
            'images_refused_per_second': refused,
            'bundle': self.runner.contract.bundle_hash(),
            'provider': self.runner.provider,
            'camera_fov_deg': round(self._fov_deg, 1) if self._fov_deg else 'unknown',
        }
        if self._last is not None:
            values['target_probability'] = round(self._last[1].target_probability, 3)
            values['target_bearing'] = round(self._last[1].target_bearing, 3)
        for latency in (self._image_age, self._work, self._until_command):
            values.update(latency.values())
        self._diagnostics.publish(
            conversions.diagnostics_message(
                self.get_clock().now().nanoseconds,
                self.get_fully_qualified_name(),
                rate_hz > 0.0 and not refused,
                summary,
                values,
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
        with self._handing_over:
            self.is_acting = False
        for subscription in (self.image_subscription, self.info_subscription):
            if subscription is not None:
                self.destroy_subscription(subscription)
        self.image_subscription = self.info_subscription = None

    def release(self) -> None:
        """Stop acting and let go of the bundle."""
        self._drop_subscription()
        self.runner = None


def main() -> None:
    """Run the node."""
    process.exit_with(PolicyNode)


if __name__ == '__main__':
    main()
