# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the autopilot says of the vehicle, as standard messages: odometry, battery, stage, TF.

``odom`` (Odometry, the autopilot's estimate in its local frame) and ``battery_state`` (once a
second) have the names of REP-147; ``~/stage`` (String, latched) says where the companion stands;
``~/setpoint`` and ``~/decision`` show what was decided, ``~/decision_numbers`` and
``~/stage_code`` the same as numbers, ``~/words`` what the pilot is told.
Nothing here commands.
"""

import math

import numpy as np
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import BatteryState
from std_msgs.msg import (
    Float64MultiArray,
    MultiArrayDimension,
    MultiArrayLayout,
    String,
    UInt8,
)

from .. import topics
from ..flight import codes, report
from ..flight.companion import Decision
from ..flight.engagement import Stage
from ..flight.guard.state import Proposal
from ..flight.health import health
from ..flight.vehicle import NEVER, VehicleState
from ..geometry import quaternion_from_euler
from ..ros import conversions, qos
from ..ros.diagnostics import Diagnostics
from ..ros.transforms import Transforms

UNKNOWN = math.nan
APART_S = 1.0  # position and attitude that came further apart make no pose


class VehicleTopics:
    """Publishers of one vehicle."""

    def __init__(self, node: Node) -> None:
        """Make them on a node."""
        self._node = node
        self._odometry = node.create_publisher(Odometry, topics.ODOMETRY, qos.SENSOR_OUT)
        self._battery = node.create_publisher(BatteryState, topics.BATTERY, qos.SENSOR_OUT)
        self._stage = node.create_publisher(String, '~/stage', qos.LATCHED)
        self._transforms: Transforms | None = None
        self._told_stage = ''
        self._told_s = -math.inf
        self._stamped_ns = 0  # of the last position

    def publish_tf(self, is_wanted: bool) -> None:
        """Publish the transform of the body too, where it is wanted."""
        self._transforms = (self._transforms or Transforms(self._node)) if is_wanted else None

    def tell(self, vehicle: VehicleState | None, stage: str, now_s: float = math.nan) -> None:
        """Publish what is new: a position that came since the last call, another stage.

        Without a recent attitude a position is no pose, and its velocity has no body frame. The
        stamp is when it was true, not when it arrived.

        Args:
            vehicle: as it is known.
            stage: where the companion stands.
            now_s: on the clock by which the vehicle's messages arrived.

        """
        if stage != self._told_stage:
            self._told_stage = stage
            self._stage.publish(String(data=stage))
        if vehicle is None or vehicle.received_s in (self._told_s, NEVER):
            return  # an earlier one than before is of a simulation that began anew
        if vehicle.received_s - vehicle.attitude_received_s > APART_S:
            return
        self._told_s = vehicle.received_s
        stamp_ns = self._stamp_ns(vehicle.position_age_s(now_s))
        position = np.array(vehicle.position_enu)
        quaternion = quaternion_from_euler(vehicle.roll, vehicle.pitch, vehicle.yaw)
        velocity = np.array(vehicle.velocity_enu)
        rates = np.array(vehicle.rates_flu or (UNKNOWN,) * 3)
        self._odometry.publish(
            conversions.odometry_message(
                stamp_ns, position, quaternion, velocity, rates, vehicle.accuracy_m
            )
        )
        if self._transforms is not None:
            self._transforms.body(stamp_ns, position, quaternion)

    def _stamp_ns(self, age_s: float) -> int:
        """Return when a position was true; later than the one before, as TF asks for."""
        age_ns = round(age_s * conversions.SECOND_NS) if 0.0 < age_s < math.inf else 0
        stamp_ns = self._node.get_clock().now().nanoseconds - age_ns
        if 0 < self._stamped_ns - stamp_ns < conversions.SECOND_NS:  # else a clock was set
            stamp_ns = self._stamped_ns + 1
        self._stamped_ns = stamp_ns
        return stamp_ns

    def tell_battery(self, vehicle: VehicleState) -> None:
        """Publish the battery; what MAVLink did not say is NaN."""
        battery, stamp_ns = vehicle.battery, self._node.get_clock().now().nanoseconds
        share, current_a = battery.share, battery.current_a
        self._battery.publish(
            BatteryState(
                header=conversions.header(stamp_ns, conversions.BODY_FRAME),
                voltage=UNKNOWN if battery.voltage_v is None else battery.voltage_v,
                temperature=UNKNOWN,
                current=UNKNOWN if current_a is None else -current_a,  # negative: discharging
                charge=UNKNOWN,
                capacity=UNKNOWN,
                design_capacity=UNKNOWN,
                percentage=UNKNOWN if share is None else float(share),
                present=share is not None or battery.voltage_v is not None,
            )
        )


class DecisionTopics:
    """Publishers of what the companion decides."""

    def __init__(self, node: Node) -> None:
        """Make them on a node."""
        self._node = node
        self._setpoints = node.create_publisher(TwistStamped, '~/setpoint', qos.COMMAND)
        self._decisions = Diagnostics(node, '~/decision')
        self._words = node.create_publisher(String, '~/words', qos.STATUS)
        self._numbers = node.create_publisher(Float64MultiArray, topics.NUMBERS, qos.STATUS)
        self._stage_code = node.create_publisher(UInt8, topics.STAGE_CODE, qos.LATCHED)
        self._told_code: int | None = None

    def tell_setpoint(self, decision: Decision, stamp_ns: int) -> None:
        """Publish the setpoint, if there is one, with the stamp of its image."""
        if decision.setpoint is not None:
            command = decision.setpoint.as_tuple()
            self._setpoints.publish(conversions.command_message(command, stamp_ns))

    def tell_words(self, text: str) -> None:
        """Publish what the pilot was just told; nothing where it is empty."""
        if text:
            self._words.publish(String(data=text))

    def tell_decision(
        self,
        decision: Decision,
        vehicle: VehicleState | None,
        proposal: Proposal | None,
        is_sent: bool,
    ) -> None:
        """Publish the decision and what it was made on."""
        told = report.facts(decision, vehicle, proposal, is_sent)
        self._decisions.tell(health(decision, '', ''), told)
        data = codes.decision_numbers(decision, vehicle, proposal, is_sent)
        label = MultiArrayDimension(label=' '.join(codes.NAMES), size=len(data), stride=len(data))
        layout = MultiArrayLayout(dim=[label])
        self._numbers.publish(Float64MultiArray(layout=layout, data=data))
        self.tell_stage(decision.stage)

    def tell_stage(self, stage: Stage) -> None:
        """Publish another stage as its number."""
        code = codes.STAGE_CODES[stage]
        if code != self._told_code:
            self._told_code = code
            self._stage_code.publish(UInt8(data=code))
