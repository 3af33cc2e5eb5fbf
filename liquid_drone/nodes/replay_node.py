# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Show a recorded flight to the policy again and compare its commands with those of then.

In lock-step: each picture waits for its command, so that none is lost and the end is reached as
fast as the policy thinks; ``/clock`` is the recording's. Where the recording tells who flew, the
policy starts afresh where it did then, and only those frames are compared. It ends by itself:
with 0, or with 1 where ``tolerance`` is set and was exceeded. Only the policy runs; nothing flies.
"""

import json
import time
from typing import Any

import numpy as np
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import CameraInfo
from sensor_msgs.msg import Image as ImageMessage

from .. import resources, topics
from ..arrays import Command
from ..contract import COMMAND_NAMES
from ..errors import ConfigError, OutputError, SimulationError
from ..ros import conversions, parameters, process, qos
from ..ros.camera_input import COLOUR_ORDER
from ..ros.parameters import Parameter
from ..ros.survival import OddThings
from .policy_reset import PolicyReset
from .replay_bag import Bag, RecordedPicture

SHOW_AGAIN_S = 0.5  # best-effort images may be lost
ANSWER_LIMIT_S = 5.0  # without a command after that there is none for a picture
POLICY_LIMIT_S = 120.0  # for it to load and warm up
TOLD_EVERY_S = 2.0
PARAMETERS = (
    Parameter('bag', '', 'the recording: a rosbag2 directory'),
    Parameter('out', '', 'file for the comparison (.json); empty: none'),
    Parameter(
        'tolerance',
        0.0,
        'p95 of the difference, m/s and rad/s, above which it ends with 1; 0: only printed',
        low=0,
        high=10,
    ),
    COLOUR_ORDER,
)


def compare(then: dict[int, Command], now: dict[int, Command]) -> dict[str, object]:
    """Return counts, and percentiles of the difference of each axis, of two sets by stamp."""
    both = sorted(then.keys() & now.keys())
    found: dict[str, object] = {'answered': len(now), 'compared': len(both)}
    if both:
        apart = np.abs(np.array([now[stamp] - then[stamp] for stamp in both]))  # (N, 4)
        for name, column in zip(COMMAND_NAMES, apart.T, strict=True):
            found[f'{name}_p50'] = round(float(np.percentile(column, 50)), 4)
            found[f'{name}_p95'] = round(float(np.percentile(column, 95)), 4)
            found[f'{name}_max'] = round(float(column.max()), 4)
    return found


class ReplayNode(Node):
    """Plays a :class:`~liquid_drone.nodes.replay_bag.Bag` picture by picture."""

    def __init__(self) -> None:
        super().__init__('replay')
        self.odd = OddThings(self.get_logger())
        parameters.declare(self, PARAMETERS, read_only=True)
        self.values = values = parameters.read(self, PARAMETERS)
        if not values['bag']:
            raise ConfigError("parameter 'bag': expected a rosbag2 directory, got nothing")
        bag = Bag(resources.user_path(values['bag']), values['colour_order'])
        recorded = bag.commands()
        self.then, self.now = recorded.commands, dict[int, Command]()
        self.flown, self._begins = recorded.flown, recorded.begins
        self.shown = self.unanswered = 0
        self._pictures = bag.pictures()
        self._present: RecordedPicture | None = None
        self._began_s = self._shown_s = self._told_s = 0.0
        self._reset = PolicyReset(self)
        self._time = self.create_publisher(ClockMessage, '/clock', qos.CLOCK)
        self._images = self.create_publisher(ImageMessage, topics.IMAGE, qos.SENSOR_OUT)
        self._infos = self.create_publisher(CameraInfo, topics.CAMERA_INFO, qos.SENSOR_OUT)
        self.create_subscription(TwistStamped, topics.COMMAND, self._on_command, qos.STATUS)

    @property
    def patience_s(self) -> float:
        """How long one turn may wait for the command."""
        return 0.02

    def start(self) -> None:
        """Say what is shown."""
        self._began_s = time.monotonic()
        told = 'all that were proposed' if not self.flown else 'where the policy flew'
        self.get_logger().info(f'{self.values["bag"]}: {len(self.then)} commands, {told}')

    def turn(self, stop: process.StopRequest) -> bool:
        """Show the next picture, once the present one is answered; False at the end.

        Raises:
            SimulationError: there is no policy.

        """
        if stop.requested:
            return False
        if self._reset.is_pending:
            return True
        if self._present is None:
            return self._next()
        now_s = time.monotonic()
        waited_s, stamp_ns = now_s - self._began_s, self._present.frame.stamp_ns
        if stamp_ns in self.now or waited_s > ANSWER_LIMIT_S:
            self.unanswered += stamp_ns not in self.now
            self._present = None
        elif now_s - self._shown_s > SHOW_AGAIN_S:
            self._show(self._present)
        return True

    def _next(self) -> bool:
        if not self.shown and not self._images.get_subscription_count():
            if time.monotonic() - self._began_s > POLICY_LIMIT_S:
                raise SimulationError(f'no policy listens on {self._images.topic_name}')
            return True
        self._present = next(self._pictures, None)
        if self._present is None:
            self._report()
            return False
        self.shown += 1
        self._began_s = self._shown_s = time.monotonic()
        if self._present.frame.stamp_ns in self._begins:
            self._reset.ask(
                lambda done: None if self._present is None else self._show(self._present)
            )
        else:
            self._show(self._present)
        return True

    def _show(self, shown: RecordedPicture) -> None:
        self._shown_s = time.monotonic()
        frame = shown.frame
        self._time.publish(ClockMessage(clock=conversions.time_message(frame.stamp_ns)))
        if shown.info is not None:
            self._infos.publish(shown.info)
        self._images.publish(conversions.image_message(frame.image, frame.stamp_ns))
        if self._shown_s - self._told_s > TOLD_EVERY_S:
            self._told_s = self._shown_s
            self.get_logger().info(f'{self.shown} pictures shown')

    def _on_command(self, message: TwistStamped) -> None:
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        self.now[stamp_ns] = conversions.command_array(message)

    def _report(self) -> None:
        found: dict[str, Any] = {'shown': self.shown, 'unanswered': self.unanswered}
        if self.flown is not None:
            found['flown'] = self.flown
        found.update(compare(self.then, self.now))
        words = ', '.join(f'{name} {value}' for name, value in found.items())
        self.get_logger().info(words)
        if self.values['out']:
            try:
                path = resources.user_path(self.values['out'])
                path.write_text(json.dumps(found, indent=1) + '\n')
            except OSError as error:
                raise OutputError(f'cannot write {self.values["out"]}: {error}') from error
        worst = max((float(found.get(f'{name}_p95', 0.0)) for name in COMMAND_NAMES), default=0.0)
        limit = self.values['tolerance']
        if limit and (worst > limit or not found['compared']):
            self.get_logger().error(f'the commands differ: p95 {worst:.3f}, allowed {limit:g}')
            raise SystemExit(1)

    def close(self) -> None:
        """Nothing is held."""


def main() -> None:
    """Run the node."""
    process.exit_with(ReplayNode)


if __name__ == '__main__':
    main()
