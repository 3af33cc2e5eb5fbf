# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy as a lifecycle node: camera image in, proposed body velocity out.

Configuring loads, checks and warms up the bundle; only then can it be activated. It acts once per
new stamp (a repeated one gets the same answer again), keeps the image's stamp on everything it
publishes, and says nothing where an image is too old, frozen or cannot be used. It never decides
whether the drone obeys: that is the guard's, in the mavlink node.
"""

import threading
import time
from typing import Any

from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from std_msgs.msg import Float64, Header, String
from std_srvs.srv import Trigger

from .. import resources, topics
from ..arrays import Image
from ..camera.frame import CameraFrame
from ..contract import SEEN_PROBABILITY, check_image
from ..image import fitted, is_too_narrow
from ..ros import conversions, diagnostics, process, publishers, qos
from ..ros.camera_input import PICTURES, CameraInput
from ..ros.detections import Detections
from ..ros.diagnostics import Diagnostics, Health, Level
from ..ros.latency import Counter, Latency
from ..ros.lifecycle import ManagedNode, transition
from ..ros.parameters import Parameter
from ..ros.picture_gate import PictureGate
from ..ros.publishers import ClockSource
from ..ros.request_input import PARAMETERS as REQUEST_PARAMETERS
from ..ros.request_input import RequestInput
from ..runtime.hang_watch import LOADING, HangWatch, step_on
from ..runtime.providers import CHOICES, PRECISIONS, Backend
from ..runtime.runner import PolicyOutput, PolicyRunner
from ..runtime.selection import open_policy
from ..runtime.sight import Sight

SILENCE_S = 3.0  # without an image after activation: one warning with what was found on the topic
BUNDLE = Parameter('bundle', 'follow', 'policy bundle: a name in models/, or a directory')
PROVIDERS = Parameter(
    'providers',
    'auto',
    'where the vision graph runs; auto: the CPU unless another answers right in 4/5 of its time',
    choices=CHOICES,
)
PRECISION = Parameter(
    'precision',
    'fp32',
    'precision of the vision graph on TensorRT; the CPU and CUDA use fp32',
    choices=PRECISIONS,
)
PARAMETERS = (
    BUNDLE,
    PROVIDERS,
    PRECISION,
    *PICTURES,
    Parameter('check_parity', True, 'replay the stored answers of the bundle when it is loaded'),
    Parameter(
        'target_threshold',
        SEEN_PROBABILITY,
        'least probability for ~/target to be published',
        low=0,
        high=1,
    ),
    Parameter(
        'fit',
        'crop',
        'images of another size: crop and resize to the camera of training, or refuse',
        choices=('crop', 'refuse'),
    ),
    Parameter(
        'max_image_age_s',
        0.2,
        'older images are refused; off: not checked (a bag played without its clock)',
        low=0.01,
        high=10,
        can_be_off=True,
    ),
    Parameter(
        'frozen_after_s',
        0.5,
        'pictures without new pixels for so long are refused; off if a scene can be still '
        '(simulation, a recording)',
        low=0.1,
        high=60,
        can_be_off=True,
    ),
    *REQUEST_PARAMETERS,
)


class PolicyNode(ManagedNode):
    """A shell around :class:`~liquid_drone.runtime.runner.PolicyRunner`."""

    def __init__(self) -> None:
        super().__init__('policy', PARAMETERS)
        self.runner: PolicyRunner | None = None
        self.takes_topic = True  # False: frames are handed over in this process
        self.is_acting = False
        self.camera = CameraInput(self, self._act, 'no command', acts=True, watch=self._on_picture)
        self._acted = Counter()
        self._image_age, self._work = Latency('image_age'), Latency('inference')
        self._until_command = Latency('capture_to_command')
        self._gate = PictureGate(None, None)
        self._told_fov_deg: float | None = None
        self._told_provider = ''
        self._slot: CameraFrame | None = None  # the newest one handed over in this process
        self._handing_over = threading.Lock()
        self._wake = self.create_guard_condition(self._on_handed_over)
        self._last: tuple[int, PolicyOutput] | None = None  # stamp in ns, and its answer
        self._since_s = 0.0
        self._answered = self.create_publisher(Header, '~/answered', qos.SENSOR_OUT)
        self._commands = self.create_publisher(TwistStamped, topics.COMMAND, qos.COMMAND)
        self._targets = self.create_publisher(PointStamped, '~/target', qos.SENSOR_OUT)
        self._probabilities = self.create_publisher(Float64, '~/target_probability', qos.COMMAND)
        self._provider = self.create_publisher(String, '~/provider', qos.LATCHED)
        self._requests = RequestInput(self, self._take_new_values)
        self._detections = Detections(self)
        self._sight = Sight()
        self._clock_source = ClockSource(self)
        self._diagnostics = Diagnostics(self)
        self._hang_watch = HangWatch(self.get_logger().warning, self.get_logger().fatal)
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
        backend = Backend('tensorrt', self.values['precision'], builds=False)
        with self._hang_watch.over(LOADING):
            self.runner = open_policy(
                path, self.values['providers'], self.values['check_parity'], backend
            )
            self.runner.warm_up()
        self._requests.begin(self.runner, self.values)
        self._tell_provider(self.runner.provider)
        contract = self.runner.contract
        self.get_logger().info(
            f'{contract.name} ({contract.bundle_hash()}) from {path} on {self.runner.provider}'
        )

    @transition
    def on_activate(self) -> None:
        """Begin to act on images, with a fresh state."""
        assert self.runner is not None  # the lifecycle's order
        self.runner.reset()
        self._last, self._since_s = None, time.monotonic()
        for latency in (self._image_age, self._work, self._until_command):
            latency.clear()
        self._acted.take(self._since_s)
        self._gate = PictureGate(self.values['max_image_age_s'], self.values['frozen_after_s'])
        self.is_acting = True
        self.camera.configure(self.values)
        self.camera.open(self.takes_topic)

    @transition
    def on_deactivate(self) -> None:
        """Stop acting."""
        self._stop_acting()

    def _tell_provider(self, provider: str) -> None:
        """Publish where the vision graph runs, once for each place."""
        if provider != self._told_provider:
            self._told_provider = provider
            self._provider.publish(String(data=provider))

    # callbacks

    def hand_over(self, frame: CameraFrame) -> None:
        """Take a frame of a camera in this process, by reference; from any thread, at any time."""
        with self._handing_over:  # not while the node is being destroyed
            if self.is_acting:
                self._slot = frame
                self._wake.trigger()

    def _on_handed_over(self) -> None:
        frame, self._slot = self._slot, None
        if frame is not None and self.is_acting:
            self.camera.take(frame.image, frame.stamp_ns)

    def _on_picture(self, image: Image, stamp_ns: int) -> None:
        self._gate.watch(image, stamp_ns, self.get_clock().now().nanoseconds)

    def _act(self, image: Image, stamp_ns: int, fov_deg: float | None) -> None:
        """Answer one frame (H, W, 3) RGB with a command, or raise an ImageError: why not."""
        assert self.runner is not None  # only while active
        began_s = time.monotonic()
        camera, stamp_s = self.runner.contract.camera, stamp_ns / conversions.SECOND_NS
        if self.values['fit'] == 'crop':
            self._tell_angle(fov_deg)
            image = fitted(image, camera, fov_deg)
        check_image(image, camera)
        admission = self._gate.admit(stamp_ns, self.get_clock().now().nanoseconds)
        if not admission.is_repeated:
            self._take_new_values()
            with self._hang_watch.over(step_on(self.runner.provider)):
                self._last = stamp_ns, self.runner.step(image, stamp_s)
            self._acted.add()
            self._image_age.add(admission.age_s)
            self._work.add(time.monotonic() - began_s)
            self._until_command.add(admission.age_s + time.monotonic() - began_s)
        if self._last is not None and self._last[0] == stamp_ns:
            self._publish(self._last[1], stamp_ns)

    def check_values(self, values: dict[str, Any]) -> None:
        """Refuse a request that the bundle does not take."""
        self._requests.check(values)

    def _take_new_values(self) -> None:
        if names := self.take_new_values():  # another request
            self._requests.take(self.values, names)

    def _tell_angle(self, fov_deg: float | None) -> None:
        assert self.runner is not None
        camera = self.runner.contract.camera
        if fov_deg is None or fov_deg == self._told_fov_deg or not is_too_narrow(camera, fov_deg):
            return
        self._told_fov_deg = fov_deg
        self.get_logger().warning(
            f'the camera sees {fov_deg:.0f} degrees, the policy was trained with '
            f'{camera.horizontal_fov_deg:.0f}: things look nearer than they are; use a wider lens'
        )

    def _publish(self, output: PolicyOutput, stamp_ns: int) -> None:
        assert self.runner is not None
        self._commands.publish(conversions.command_message(output.command, stamp_ns))
        self._probabilities.publish(Float64(data=output.target_probability))
        answered = conversions.header(stamp_ns, '')
        if output.target_probability >= self.values['target_threshold']:
            sighting = conversions.bearing_message(
                stamp_ns,
                self.runner.contract.camera,
                output.target_bearing,
                output.target_elevation,
            )
            answered.frame_id = sighting.header.frame_id
            self._targets.publish(sighting)
        if self._requests.publish(output, stamp_ns):
            answered.frame_id = f'{answered.frame_id} {conversions.BODY_FRAME}'.lstrip()
        self._answered.publish(answered)
        target = output.target_bearing, output.target_elevation, output.target_probability
        contract = self.runner.contract
        self._sight.threshold = self.values['target_threshold']
        is_seen = self._sight.look(output.target_probability, stamp_ns / conversions.SECOND_NS)
        self._detections.tell(stamp_ns, contract.camera, target, contract.name, is_seen)

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = self.runner is not None
        response.message = 'state cleared' if self.runner else 'no bundle is loaded'
        if self.runner is not None:
            self.runner.reset()
        return response

    def _on_second(self) -> None:
        if not self.is_acting or self.runner is None:
            self._diagnostics.tell(diagnostics.INACTIVE, {})
            return
        self._tell_provider(self.runner.provider)
        now = time.monotonic()
        quiet_s = now - (self.camera.arrived_s or self._since_s)
        is_silent = self.camera.arrived_s is None and SILENCE_S <= quiet_s < SILENCE_S + 1.0
        if is_silent and self.takes_topic:
            self.get_logger().warning(self._silence())
        rate_hz, refused = self._acted.take(now), self.camera.take_refused()
        offset_s, fov_deg = self._gate.stamps.offset_s, self.camera.lens.fov_deg
        values: dict[str, object] = {
            'commands_per_second': rate_hz,
            'images_refused_per_second': refused,
            'refusal': self.camera.refusal,
            'bundle': self.runner.contract.bundle_hash(),
            'provider': self.runner.provider,
            'camera_fov_deg': 'unknown' if fov_deg is None else round(fov_deg, 1),
            'camera_info': self.camera.lens.problem or 'believed',
            'stamp_offset_ms': 'unknown' if offset_s is None else round(1e3 * offset_s, 1),
            'clock': self._clock_source.tell(),
            'odd': self.odd.count,
        }
        if self._last is not None:
            values['target_probability'] = round(self._last[1].target_probability, 3)
            values['target_bearing'] = round(self._last[1].target_bearing, 3)
        for latency in (self._image_age, self._work, self._until_command):
            values.update(latency.values())
        self._diagnostics.tell(self._health(rate_hz, refused, quiet_s), values)

    def _health(self, rate_hz: float, refused: int, quiet_s: float) -> Health:
        """Say whether commands come, and if not, why."""
        if not rate_hz:
            reason = self.camera.refusal if refused else f'no usable image for {quiet_s:.0f} s'
            if self.camera.arrived_s is None and self.takes_topic and quiet_s >= SILENCE_S:
                reason = self._silence()
            return Health(Level.ERROR, reason)
        if refused:
            return Health(Level.WARN, f'following, {refused} images refused: {self._why()}')
        trouble = self.camera.trouble or self.camera.lens.problem
        trouble = trouble or (self.runner.vision.fault if self.runner else '')
        if trouble:
            return Health(Level.WARN, f'following; {trouble}')
        return Health(Level.OK, 'following')

    def _why(self) -> str:
        return self.camera.refusal or 'see the log'

    def _silence(self) -> str:
        topic = self.camera.topic
        there = self.get_publishers_info_by_topic(topic)
        found = [
            f'{info.node_name} ({info.topic_type}, {info.qos_profile.reliability.name})'
            for info in there
        ]
        wanted = f'{self.camera.message_type}, {qos.SENSOR_IN.reliability.name}'
        stranger = publishers.other_users() if found else ''
        advice = self.camera.others() or stranger or publishers.unheard(there)
        advice = advice or 'check topic name, type and QoS'
        return (
            f'no image on {topic} for {SILENCE_S:.0f} s; wanted: {wanted}; '
            f'publishers there: {", ".join(found) or "none"}; {advice}'
        )

    def _stop_acting(self) -> None:
        with self._handing_over:
            self.is_acting = False
        self.camera.close()

    def release(self) -> None:
        """Stop acting and let go of the bundle."""
        self._stop_acting()
        self._hang_watch.close()
        self._requests.end()
        self.runner = None


def main() -> None:
    """Run the node."""
    process.exit_with(PolicyNode)


if __name__ == '__main__':
    main()
