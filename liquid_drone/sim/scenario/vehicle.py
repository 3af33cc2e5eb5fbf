# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The schema of a quadrotor and its camera: ``sim/vehicles/*.yaml``.

Lengths are metres, angles degrees, SI units. Nothing here draws a random number.
"""

from dataclasses import dataclass, field
from typing import Literal

from ...contract import CameraSpec

MOST_JITTER_S = 0.045  # of 0.05 between frames: each is newer than the one before
VEHICLE_RANGES = (  # what lies outside is another unit, or none that this model is good for
    ('mass_kg', 0.02, 30.0),
    ('motor_arm_m', 0.02, 2.0),
    ('motor_time_constant_s', 0.001, 0.5),
    ('drag_n_s_m', 0.0, 20.0),
    ('propeller_radius_m', 0.01, 1.0),
    ('radius_m', 0.03, 3.0),
    ('height_m', 0.01, 2.0),
    ('max_tilt_deg', 5.0, 80.0),
)


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
        if self.mass_kg <= 0.0 or min(self.inertia_kg_m2) <= 0.0 or self.motor_max_thrust_n <= 0.0:
            raise ValueError('mass_kg, inertia_kg_m2 and motor_max_thrust_n must be positive')
        for name, least, most in VEHICLE_RANGES:
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f'{name} must be {least:g}..{most:g}; got {value:g}')
        if not 0.0 <= self.motor_thrust_curve <= 1.0:
            raise ValueError(f'motor_thrust_curve must be 0 to 1; got {self.motor_thrust_curve}')
        if self.propeller_radius_m <= 0.0:
            raise ValueError(f'propeller_radius_m must be positive; got {self.propeller_radius_m}')
        if self.camera_latency_s < 0.0 or not 0.0 <= self.camera_jitter_s <= MOST_JITTER_S:
            raise ValueError(
                f'camera_latency_s must be 0 or more and camera_jitter_s 0..{MOST_JITTER_S}, in '
                f'seconds; got {self.camera_latency_s} and {self.camera_jitter_s}'
            )
        if 4.0 * self.motor_max_thrust_n < 1.3 * 9.81 * self.mass_kg:
            raise ValueError('four motors must lift at least 1.3 times the weight')
