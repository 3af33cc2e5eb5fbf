# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a user edits to make a place: world, season, target, vehicle and task, each one YAML file.

The dataclasses are the schema; those of places and targets stand in ``world_config`` and
``target_config``. Lengths are metres, angles degrees, speeds m/s. Nothing here draws a random
number.
"""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ... import resources, schema
from ...arrays import Range
from ...contract import CameraSpec
from ...errors import ConfigError
from .target import Distractor, Part, Target, check_range
from .weather import CLEAR, Weather
from .world import Season, World

__all__ = ['Distractor', 'Part', 'Scenario', 'Season', 'Target', 'Task', 'Vehicle', 'World']
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
RendererChoice = Literal['auto', 'opengl', 'tiny']


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


@dataclass(frozen=True)
class Task:
    """What a flight is asked to do and when it is a success: the only place that says so."""

    name: str
    duration_s: float = 45.0  # from the moment the policy has the drone
    settle_s: float = 10.0  # the distance counts from here on
    min_in_view: float = 0.9  # share of the frames with the target in view
    min_target_pixels: int = 12  # visible pixels of the target that count as in view
    min_distance_m: float = 1.5  # horizontal, drone to target
    max_distance_m: float = 6.0
    start_distance_m: Range = (5.0, 9.0)
    start_bearing_deg: float = 25.0  # at most, from the camera's axis
    target_speed_m_s: Range = (0.5, 1.2)
    cruise_altitude_m: float = 2.0
    target_stands: bool = False  # whatever motion the target's own file says
    keep_distance_m: float = 3.2  # what the expert keeps or flies to
    max_speed_m_s: float | None = None  # of the drone, after settling; None: any

    def __post_init__(self) -> None:
        check_range('start_distance_m', self.start_distance_m, 1.0)
        check_range('target_speed_m_s', self.target_speed_m_s)
        if self.keep_distance_m <= 0.0:
            raise ValueError(f'keep_distance_m must be positive; got {self.keep_distance_m}')
        if not 0.0 <= self.settle_s < self.duration_s:
            raise ValueError(
                f'expected 0 <= settle_s < duration_s, got {self.settle_s}, {self.duration_s}'
            )


@dataclass(frozen=True)
class Scenario:
    """Everything but the seed."""

    world: World
    season: Season
    target: Target
    task: Task
    vehicle: Vehicle
    distractors: tuple[tuple[Distractor, Target], ...] = ()  # the world's and the target's
    renderer: RendererChoice = 'auto'  # who draws the pictures
    weather: Weather = field(default_factory=Weather)


def load_scenario(
    world: str = 'forest',
    season: str = 'summer',
    target: str = 'red_backpack',
    task: str = 'follow',
    vehicle: str = 'x500',
    renderer: RendererChoice = 'auto',
    weather: str = CLEAR,
) -> Scenario:
    """Load a scenario from registry names or paths of YAML files.

    Raises:
        ConfigError: unknown name (the known ones are listed), broken YAML, unknown field, value
            out of range.
    """
    place = schema.load_yaml(World, resources.named_file('sim/worlds', world))
    asked = schema.load_yaml(Task, resources.named_file('config/tasks', task))
    followed = load_target(target)
    if asked.target_stands:
        followed = dataclasses.replace(followed, motion='still')
    return Scenario(
        world=place,
        season=schema.load_yaml(Season, resources.named_file('sim/seasons', season)),
        target=followed,
        task=asked,
        vehicle=schema.load_yaml(Vehicle, resources.named_file('sim/vehicles', vehicle)),
        distractors=tuple(
            (item, load_target(item.target))
            for item in (*place.distractors, *followed.distractors)
        ),
        renderer=renderer,
        weather=Weather.parse(weather),
    )


def load_target(name: str) -> Target:
    """Load a target by name or path; its mesh files become absolute paths.

    Raises:
        ConfigError: as :func:`load_scenario`; a mesh file that is not there.
    """
    path = resources.named_file('sim/targets', name)
    target = schema.load_yaml(Target, path)
    parts = tuple(_with_mesh(part, path) for part in target.parts)
    return dataclasses.replace(target, parts=parts)


def _with_mesh(part: Part, path: Path) -> Part:
    if not part.file:
        return part
    mesh = (path.parent / part.file).resolve()
    if not mesh.is_file():
        raise ConfigError(f'{path}: expected an OBJ mesh at {mesh}; there is no such file')
    return dataclasses.replace(part, file=str(mesh))
