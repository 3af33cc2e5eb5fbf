# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of a quadrotor and its camera: ``sim/vehicles/*.yaml``.

Lengths are metres, angles degrees, SI units. Nothing here draws a random number.
"""

from dataclasses import dataclass, field
from typing import Literal

from ...contract import CameraSpec
from ...files import check_name
from ...schema import check_ranges

MOST_JITTER_S = 0.045  # of 0.05 between frames: each is newer than the one before
VEHICLE_RANGES = {  # what lies outside is another unit, or none that this model is good for
    'mass_kg': (0.02, 30.0),
    'inertia_kg_m2': (1e-7, 10.0),
    'motor_arm_m': (0.02, 2.0),
    'motor_max_thrust_n': (0.05, 1000.0),
    'motor_torque_per_thrust_m': (0.0, 1.0),
    'motor_time_constant_s': (0.001, 0.5),
    'drag_n_s_m': (0.0, 20.0),
    'propeller_radius_m': (0.01, 1.0),
    'radius_m': (0.03, 3.0),
    'height_m': (0.01, 2.0),
    'velocity_p_per_s': (0.01, 100.0),
    'velocity_i_per_s2': (0.0, 100.0),
    'attitude_p_per_s': (0.01, 100.0),
    'rate_p_per_s': (0.01, 200.0),
    'max_acceleration_m_s2': (0.1, 100.0),
    'max_tilt_deg': (5.0, 80.0),
    'motor_thrust_curve': (0.0, 1.0),
    'camera_position_m': (-3.0, 3.0),
    'camera_latency_s': (0.0, 5.0),
    'camera_jitter_s': (0.0, MOST_JITTER_S),
}


@dataclass(frozen=True)
class Vehicle:
    """A quadrotor and its velocity controller; see ``sim/vehicles/x500.yaml`` for the sources."""

    name: str
    mass_kg: float
    inertia_kg_m2: tuple[float, float, float]
    motor_arm_m: float  # distance of each motor from the x and from the y axis
    motor_max_thrust_n: float
    motor_torque_per_thrust_m: float
    motor_time_constant_s: float
    drag_n_s_m: float  # linear drag force per airspeed
    propeller_radius_m: float
    radius_m: float  # of the flat cylinder that collides
    height_m: float
    velocity_p_per_s: tuple[float, float]  # horizontal, vertical
    velocity_i_per_s2: tuple[float, float]
    attitude_p_per_s: tuple[float, float]  # roll and pitch, yaw
    rate_p_per_s: tuple[float, float]
    max_acceleration_m_s2: tuple[float, float]  # horizontal, vertical
    max_tilt_deg: float
    # thrust over throttle: (1 - c) u + c u^2; ArduPilot's MOT_THST_EXPO, PX4's THR_MDL_FAC
    motor_thrust_curve: float = 0.65
    camera: CameraSpec = field(default_factory=CameraSpec)
    camera_position_m: tuple[float, float, float] = (0.12, 0.0, 0.02)
    camera_mount: Literal['fixed', 'stabilised'] = 'fixed'  # to the body; level, in its heading
    camera_latency_s: float = 0.0  # age of a frame when it is delivered, at least
    camera_jitter_s: float = 0.0  # and at most this much more, drawn for each frame

    def __post_init__(self) -> None:
        check_name('name', self.name)
        check_ranges(self, VEHICLE_RANGES)
        if 4.0 * self.motor_max_thrust_n < 1.3 * 9.81 * self.mass_kg:
            raise ValueError('four motors must lift at least 1.3 times the weight')
