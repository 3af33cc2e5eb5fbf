# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who else commands the autopilot over ROS: topics that a bridge passes on to it.

An autopilot flies the newest setpoint, whoever sent it, and a PX4 those of uXRCE-DDS in any mode
(PX4/PX4-Autopilot#26712). They travel on another link than ours, on which nothing of them is seen.
A publisher alone is none: a program may wait. What it publishes counts.
"""

import importlib
import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.subscription import Subscription

from ..ros import qos
from ..ros.log import Seldom
from ..ros.publishers import named

VERSION = r'(_v\d+)?'  # of a PX4 message
SETPOINTS = {  # below each bridge: uXRCE-DDS, MAVROS, ArduPilot's DDS
    'fmu/in': re.compile(
        r'((trajectory|goto|vehicle_(attitude|rates|thrust|torque))_setpoint'
        rf'|offboard_control_mode|actuator_(motors|servos)){VERSION}'
    ),
    'mavros': re.compile(r'setpoint_\w+/(?!target_).*'),
    'ap': re.compile(r'(v\d+/)?cmd_\w+'),
}
LATELY_S, ENOUGH = 5.0, 2  # so many messages within that time are a rival


class BridgeRivals:
    """Listens to the setpoints that other programs give to a bridge, while there are any."""

    def __init__(self, node: Node, clock_s: Callable[[], float] = time.monotonic) -> None:
        """Watch for a node, in its namespace.

        Args:
            node: that listens.
            clock_s: a steady time.

        """
        self._node, self._clock_s, self._seldom = node, clock_s, Seldom()
        self._bases = {node.resolve_topic_name(base): one for base, one in SETPOINTS.items()}
        self._heard: deque[tuple[float, str]] = deque(maxlen=ENOUGH)
        self._subscriptions: dict[str, Subscription] = {}

    def look(self) -> None:
        """Find the topics that somebody publishes; once a second is often enough."""
        kinds = dict(self._node.get_topic_names_and_types())
        there = {name for name in filter(self._is_setpoint, kinds) if self._publishers(name)}
        for name in self._subscriptions.keys() - there:
            self._node.destroy_subscription(self._subscriptions.pop(name))
        for name in sorted(there - self._subscriptions.keys()):
            kind = _message_type(kinds[name][0])
            if kind is not None:
                self._subscriptions[name] = self._node.create_subscription(
                    kind, name, lambda _, name=name: self._hear(name), qos.SENSOR_IN
                )
            elif self._seldom.is_due(name):
                self._node.get_logger().warning(
                    f'{self._publishers(name)} may command the autopilot by {name}: whether it '
                    f'does cannot be seen here without {kinds[name][0]}'
                )

    def sentence(self) -> str:
        """Name who commands over a bridge; empty: nobody."""
        now_s = self._clock_s()
        recent = [name for heard_s, name in self._heard if now_s - heard_s <= LATELY_S]
        if len(recent) < ENOUGH:
            return ''
        who = self._publishers(recent[-1]) or 'a node that left'
        return f'{who} sends setpoints by {recent[-1]} as well: end that program, or this one'

    def _hear(self, name: str) -> None:
        self._heard.append((self._clock_s(), name))

    def _is_setpoint(self, name: str) -> bool:
        return any(
            name.startswith(f'{base}/') and one.fullmatch(name[len(base) + 1 :])
            for base, one in self._bases.items()
        )

    def _publishers(self, name: str) -> str:
        return named(self._node.get_publishers_info_by_topic(name))


def _message_type(name: str) -> Any:
    """Return the class of a message such as ``std_msgs/msg/Header``; None: it is not here."""
    package, _, kind = name.partition('/msg/')
    try:
        return getattr(importlib.import_module(f'{package}.msg'), kind, None)
    except ImportError:
        return None
