# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of sensors and of the battery for real firmware: PX4 by its sensors, ArduPilot by SIM_*.

PX4 takes every sensor from us, ArduPilot makes them itself and is told by its own parameters.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rig import Rig

from liquid_drone.arrays import FourFloats
from liquid_drone.sim.firmware import bridge
from liquid_drone.sim.firmware.px4 import Px4Bridge
from liquid_drone.sim.firmware.sensors import EARTH_RADIUS_M, Reading, Sensors
from liquid_drone.sim.physics.quadrotor import Sample, rotation_of

METRE_DEG = math.degrees(1.0 / EARTH_RADIUS_M)  # of latitude


class FaultySensors(Sensors):
    """Sensors whose satellites jump or are gone."""

    north_m = 0.0  # by which the satellites are wrong
    has_satellites = True

    def read(self, sample: Sample) -> Reading:
        reading = super().read(sample)
        fix = reading.fix
        if fix is not None:
            moved = fix._replace(latitude_deg=fix.latitude_deg + self.north_m * METRE_DEG)
            fix = moved if self.has_satellites else None
        return reading._replace(fix=fix)


class Faults:
    """Lets things go wrong in a rig; make it before the firmware has booted."""

    def __init__(self, rig: Rig) -> None:
        self.rig, link = rig, rig.autopilot.bridge
        self.sensors = FaultySensors(link.sensors.config, np.random.default_rng(7))
        link.sensors = self.sensors
        self.is_px4, self.vision = isinstance(link, Px4Bridge), VisionYaw()

    def knows_yaw_by_vision(self) -> None:
        """Give PX4 a heading from outside, which can reset."""
        link = self.rig.autopilot.bridge
        if isinstance(link, Px4Bridge):
            MoreSensorsForPx4(link, self.vision)
            self.rig.set_parameters(EKF2_EV_CTRL=8)

    def satellites_jump(self, north_m: float) -> None:
        """Move the satellites' position; 0 puts it right."""
        self.sensors.north_m = north_m
        self._ask(SIM_GPS_GLITCH_X=north_m * METRE_DEG)

    def satellites_end(self) -> None:
        """Take all satellites away."""
        self.sensors.has_satellites = False
        self._ask(SIM_GPS_DISABLE=1)

    def yaw_resets(self, clockwise_rad: float) -> None:
        """Reset PX4's yaw by that of the vision; turn all compasses of ArduPilot by 45 degrees."""
        self.vision.turned_rad += clockwise_rad
        self.vision.resets += 1
        self._ask(SIM_MAG1_ORIENT=1, SIM_MAG2_ORIENT=1, SIM_MAG3_ORIENT=1)

    def battery_empties(self) -> None:
        """Let the battery run down to where the firmware acts."""
        if self.is_px4:
            self.rig.ask(SIM_BAT_MIN_PCT=4.0, SIM_BAT_DRAIN=1.0)
        self._ask(SIM_BATT_VOLTAGE=13.4)

    def _ask(self, **values: float) -> None:
        if not self.is_px4:
            self.rig.ask(**values)


class MoreSensorsForPx4:
    """Sends PX4 further messages over its simulation link, 25 times a second."""

    def __init__(self, link: Px4Bridge, make: Callable[[Sample, int, float], list[Any]]) -> None:
        """Wrap the link; ``make`` gets the sample, PX4's time in us and the span in s."""
        self._link, self._motors, self._make = link, link.motors, make
        self._due_s = self._last_s = 0.0
        link.motors = self.motors  # type: ignore[method-assign]

    def motors(self, sample: Sample) -> FourFloats:
        """Send what is due, then go on as before."""
        connection = self._link._connection
        if connection is not None and sample.time_s >= self._due_s:
            time_us = round((sample.time_s - self._link._since_s) * 1e6)
            span_s = max(sample.time_s - self._last_s, 1e-3)
            messages = self._make(sample, time_us, span_s)
            self._due_s, self._last_s = sample.time_s + 0.04, sample.time_s
            connection.sendall(b''.join(bytes(m.pack(self._link._codec)) for m in messages))
        return self._motors(sample)


class VisionYaw:
    """An estimator outside PX4 that knows the heading, until it resets."""

    turned_rad, resets = 0.0, 0  # clockwise

    def __call__(self, sample: Sample, time_us: int, span_s: float) -> list[Any]:
        w, x, y, z = bridge.ned_quaternion(sample.motion.quaternion_xyzw)
        c, s = math.cos(self.turned_rad / 2.0), math.sin(self.turned_rad / 2.0)
        turned = c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w
        unknown, small = [math.nan] * 3, [0.01] * 21
        frames = mavlink.MAV_FRAME_LOCAL_NED, mavlink.MAV_FRAME_BODY_FRD
        message = mavlink.MAVLink_odometry_message(
            *(time_us, *frames, 0.0, 0.0, 0.0, turned, *unknown, *unknown, small, small),
            *(self.resets, mavlink.MAV_ESTIMATOR_TYPE_VISION, 100),
        )
        return [message]


def look_down(sample: Sample, time_us: int, span_s: float) -> list[Any]:
    """Make HIL_OPTICAL_FLOW and DISTANCE_SENSOR of the truth; body FRD."""
    m = rotation_of(sample.motion.quaternion_xyzw)
    vx, vy, vz = sample.motion.velocity_enu
    forward = m[0] * vx + m[3] * vy + m[6] * vz
    right = -(m[1] * vx + m[4] * vy + m[7] * vz)
    distance_m = max(0.11, (sample.motion.position_enu[2] + 0.11) / max(m[8], 0.3))
    p, q, r = sample.motion.rates_flu[0], -sample.motion.rates_flu[1], -sample.motion.rates_flu[2]
    flow_x = (p - right / distance_m) * span_s
    flow_y = (q + forward / distance_m) * span_s
    gyro = p * span_s, q * span_s, r * span_s
    span_us = round(span_s * 1e6)
    return [
        mavlink.MAVLink_hil_optical_flow_message(
            time_us, 0, span_us, flow_x, flow_y, *gyro, 2000, 250, 0, distance_m
        ),
        mavlink.MAVLink_distance_sensor_message(
            time_us // 1000, 10, 3000, round(distance_m * 100.0), 0, 0, 25, 0
        ),
    ]
