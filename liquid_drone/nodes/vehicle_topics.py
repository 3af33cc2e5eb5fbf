# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the autopilot says of the vehicle, as standard messages: odometry, battery, stage, TF.

``odom`` (Odometry, the autopilot's estimate in its local frame) and ``battery_state`` (once a
second) have the names of REP-147; ``~/stage`` (String, latched) says where the companion stands.
Nothing here commands.
"""

import math
from collections.abc import Callable

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import BatteryState
from std_msgs.msg import String

from .. import topics
from ..flight.vehicle import VehicleState
from ..geometry import quaternion_from_euler
from ..ros import conversions, qos
from ..ros.transforms import Transforms

LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
UNKNOWN = math.nan


class VehicleTopics:
    """Publishers of one vehicle."""

    def __init__(self, node: Node, publishes_tf: bool) -> None:
        """Make them on a node."""
        self._odometry = node.create_publisher(Odometry, topics.ODOMETRY, qos.SENSOR_OUT)
        self._battery = node.create_publisher(BatteryState, topics.BATTERY, qos.SENSOR_OUT)
        self._stage = node.create_publisher(String, '~/stage', LATCHED)
        self._transforms = Transforms(node) if publishes_tf else None
        self._told_stage = ''
        self._told_s = -math.inf

    def tell(self, vehicle: VehicleState | None, stage: str, now_ns: Callable[[], int]) -> None:
        """Publish what is new: a position that came since the last call, another stage."""
        if stage != self._told_stage:
            self._told_stage = stage
            self._stage.publish(String(data=stage))
        if vehicle is None or vehicle.received_s <= self._told_s:
            return
        self._told_s = vehicle.received_s
        stamp_ns = now_ns()
        position = np.array(vehicle.position_enu)
        quaternion = quaternion_from_euler(vehicle.roll, vehicle.pitch, vehicle.yaw)
        velocity = np.array(vehicle.velocity_enu)
        self._odometry.publish(
            conversions.odometry_message(stamp_ns, position, quaternion, velocity, np.zeros(3))
        )
        if self._transforms is not None:
            self._transforms.body(stamp_ns, position, quaternion)

    def tell_battery(self, vehicle: VehicleState, stamp_ns: int) -> None:
        """Publish the battery; what MAVLink did not say is NaN."""
        share = vehicle.battery_remaining
        self._battery.publish(
            BatteryState(
                header=conversions.header(stamp_ns, conversions.BODY_FRAME),
                voltage=UNKNOWN,
                temperature=UNKNOWN,
                current=UNKNOWN,
                charge=UNKNOWN,
                capacity=UNKNOWN,
                design_capacity=UNKNOWN,
                percentage=UNKNOWN if share is None else float(share),
                present=share is not None,
            )
        )
