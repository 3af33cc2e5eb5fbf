# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The answers of the policy drawn over its pictures, for an operator; it commands nothing.

The same overlay as ``liquid-drone infer``, live. It runs no network: it draws what the policy and
the mavlink node publish. In a process of its own, so that nothing waits for it; it takes no
pictures while nobody subscribes to the overlay, and draws at a bounded rate.
"""

import math
import time
from collections import OrderedDict
from typing import TypeVar

from geometry_msgs.msg import PointStamped, TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Float64, Header, String

from .. import resources, topics
from ..arrays import FourFloats, Image
from ..contract import SEEN_PROBABILITY, Belief, load_contract
from ..image import fitted
from ..infer.frame_answer import FrameAnswer
from ..infer.overlay import annotated
from ..ros import conversions, parameters, process, qos
from ..ros.camera_input import PICTURES, CameraInput
from ..ros.parameters import Parameter
from ..ros.survival import OddThings
from ..runtime.sight import Sight
from .policy_node import BUNDLE

PARAMETERS = (
    BUNDLE,
    *PICTURES,
    Parameter('rate_hz', 5.0, 'largest rate of overlays', low=0.1, high=30.0),
)
KEPT = 4  # pictures: the answer to one comes while the next ones do
LOOK_EVERY_S = 0.2  # for who subscribes
T = TypeVar('T')
STALE_S = 0.5  # a setpoint older than this is not drawn beside a command


class OverlayNode(Node):
    """A shell around :func:`~liquid_drone.infer.overlay.annotated`."""

    patience_s = process.SPIN_S

    def __init__(self) -> None:
        super().__init__('overlay')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        self._contract = load_contract(resources.bundle(values['bundle']))
        self._overlays = self.create_publisher(ImageMessage, '~/image', qos.SENSOR_OUT)
        self._pictures: OrderedDict[int, Image] = OrderedDict()  # by stamp in ns
        self._commands: OrderedDict[int, FourFloats] = OrderedDict()
        self._sightings: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._beliefs: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._belief_probability: float | None = None  # None: this policy believes nothing
        self._setpoint: tuple[int, FourFloats] | None = None
        self._probability, self._stage, self._next_s = 0.0, '', 0.0
        self._sight = Sight()
        self._camera = CameraInput(self, self._on_picture, 'no overlay')
        self._camera.configure(values)
        create = self.create_subscription
        create(String, topics.STAGE, self._on_stage, qos.LATCHED)
        create(Float64, topics.TARGET_PROBABILITY, self._on_probability, qos.COMMAND)
        create(PointStamped, topics.SIGHTING, self._on_sighting, qos.COMMAND)
        create(PointStamped, topics.BELIEF, self._on_belief, qos.COMMAND)
        create(Float64, topics.BELIEF_PROBABILITY, self._on_belief_probability, qos.COMMAND)
        create(TwistStamped, topics.COMMAND, self._on_command, qos.COMMAND)
        create(TwistStamped, topics.SETPOINT, self._on_setpoint, qos.COMMAND)
        create(Header, topics.ANSWERED, self._on_answered, qos.SENSOR_IN)
        self.create_timer(LOOK_EVERY_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def start(self) -> None:
        """Tell whose answers are drawn."""
        topic = self._overlays.topic_name
        self.get_logger().info(f'answers of {self._contract.name} on {topic}, while watched')

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop."""
        return not stop.requested

    def close(self) -> None:
        """Nothing is held."""

    def _look(self) -> None:
        """Take pictures while somebody subscribes to the overlay, and none otherwise."""
        is_watched = self._overlays.get_subscription_count() > 0
        if self._camera.open_while(is_watched) and not is_watched:
            self._pictures.clear()

    def _on_picture(self, image: Image, stamp_ns: int, fov_deg: float | None) -> None:
        _keep(self._pictures, stamp_ns, fitted(image, self._contract.camera, fov_deg))

    def _on_stage(self, message: String) -> None:
        self._stage = message.data

    def _on_probability(self, message: Float64) -> None:
        self._probability = message.data

    def _on_sighting(self, message: PointStamped) -> None:
        where = conversions.bearing_of(message, self._contract.camera)
        _keep(self._sightings, conversions.nanoseconds(message.header.stamp), where)

    def _on_belief(self, message: PointStamped) -> None:
        x_m, y_m = message.point.x, message.point.y
        where = math.atan2(y_m, x_m), math.hypot(x_m, y_m)
        _keep(self._beliefs, conversions.nanoseconds(message.header.stamp), where)

    def _on_belief_probability(self, message: Float64) -> None:
        self._belief_probability = message.data

    def _on_command(self, message: TwistStamped) -> None:
        _keep(self._commands, conversions.nanoseconds(message.header.stamp), _four(message))

    def _on_setpoint(self, message: TwistStamped) -> None:
        self._setpoint = conversions.nanoseconds(message.header.stamp), _four(message)

    def _on_answered(self, message: Header) -> None:
        stamp_ns = conversions.nanoseconds(message.stamp)
        image = self._pictures.get(stamp_ns)
        sighted = float(conversions.OPTICAL_FRAME in message.frame_id.split())
        is_seen = self._sight.look(sighted, stamp_ns / conversions.SECOND_NS)
        now_s = time.monotonic()
        if image is None or now_s < self._next_s:
            return
        self._next_s = now_s + 1.0 / self.values['rate_hz']
        overlay = annotated(self._answer(image, stamp_ns), self._contract.name, is_seen)
        self._overlays.publish(conversions.image_message(overlay, stamp_ns))

    def _answer(self, image: Image, stamp_ns: int) -> FrameAnswer:
        """Return what is known of a picture; probability and guard's word may be of another."""
        newest = next(reversed(self._sightings.values()), (0.0, 0.0))
        bearing, elevation = self._sightings.get(stamp_ns, newest)  # seen still: where it was last
        setpoint = None
        if self._setpoint and 0 <= stamp_ns - self._setpoint[0] <= STALE_S * conversions.SECOND_NS:
            setpoint = self._setpoint[1]
        believed, where = self._belief_probability, self._beliefs.get(stamp_ns)
        belief = None
        if believed is not None:  # that of another picture, where the two do not agree
            is_there = where is not None
            agrees = is_there == (believed >= SEEN_PROBABILITY)
            belief = Belief(believed if agrees else float(is_there), *(where or (0.0, 0.0)))
        stamp_s = stamp_ns / conversions.SECOND_NS
        command = self._commands.get(stamp_ns)
        return FrameAnswer(
            0,
            self._stage,
            stamp_s,
            image,
            self._probability,
            bearing,
            elevation,
            command,
            setpoint,
            belief,
        )


def _keep(kept: 'OrderedDict[int, T]', stamp_ns: int, value: T) -> None:
    kept[stamp_ns] = value
    while len(kept) > KEPT:
        kept.popitem(last=False)


def _four(message: TwistStamped) -> FourFloats:
    vx, vy, vz, turn = (float(value) for value in conversions.command_array(message))
    return vx, vy, vz, turn


def main() -> None:
    """Run the node."""
    process.exit_with(OverlayNode)


if __name__ == '__main__':
    main()
