# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a user edits to make a place: world, season, target, vehicle and task, each one YAML file.

The dataclasses are the schema. Lengths are metres, angles degrees, colours sRGB 0..1, speeds m/s.
Ranges are (least, most) and drawn from per seed. Nothing here draws a random number.
"""

from dataclasses import dataclass, field
from typing import Literal

from .. import resources, schema
from ..contract import CameraSpec

Colour = tuple[float, float, float]
Range = tuple[float, float]


def _check_range(name: str, values: Range, least: float = 0.0) -> None:
    if not least <= values[0] <= values[1]:
        raise ValueError(
            f'{name} must be two values, {least:g} or more, in order; got {list(values)}'
        )


def _check_colours(name: str, colours: tuple[Colour, ...]) -> None:
    if not colours or any(not 0.0 <= channel <= 1.0 for colour in colours for channel in colour):
        raise ValueError(f'{name} must be one or more colours of three values 0..1; got {colours}')


@dataclass(frozen=True)
class World:
    """A forest along a winding path."""

    name: str
    tree_density_per_m2: float = 0.045
    tree_spacing_m: float = 2.0  # least distance between two trunks
    trunk_radius_m: Range = (0.12, 0.28)
    tree_height_m: Range = (6.0, 10.0)
    crown_base_m: Range = (2.7, 3.6)  # above the flight altitude
    conifer_share: float = 0.35
    path_clearance_m: float = 1.2  # trunks stay this far from the path
    corridor_m: float = 16.0  # trees grow this far to both sides of the path
    path_curvature_per_m: float = 0.12  # standard deviation of the path's curvature
    bush_density_per_m2: float = 0.02
    bush_radius_m: Range = (0.25, 0.5)
    wind_m_s: Range = (0.0, 1.0)

    def __post_init__(self) -> None:
        for name in (
            'trunk_radius_m',
            'tree_height_m',
            'crown_base_m',
            'bush_radius_m',
            'wind_m_s',
        ):
            _check_range(name, getattr(self, name))
        if not 0.0 <= self.tree_density_per_m2 <= 0.2:
            raise ValueError(f'tree_density_per_m2 must be 0..0.2; got {self.tree_density_per_m2}')
        if not 0.0 <= self.conifer_share <= 1.0:
            raise ValueError(f'conifer_share must be 0..1; got {self.conifer_share}')
        if self.tree_spacing_m < 1.0 or self.corridor_m < 5.0:
            raise ValueError('tree_spacing_m must be 1 or more and corridor_m 5 or more')


@dataclass(frozen=True)
class Season:
    """How the same world looks at one time of the year."""

    name: str
    ground: tuple[Colour, ...]  # blended by noise
    path: Colour
    broadleaf: tuple[Colour, ...]
    conifer: tuple[Colour, ...]
    bark: tuple[Colour, ...]
    sky_horizon: Colour
    sky_zenith: Colour
    fog_density_per_m: float = 0.012
    sun_azimuth_deg: Range = (0.0, 360.0)
    sun_elevation_deg: Range = (35.0, 65.0)
    sun_colour: Colour = (1.0, 0.98, 0.92)
    exposure: Range = (0.9, 1.1)

    def __post_init__(self) -> None:
        for name in ('ground', 'broadleaf', 'conifer', 'bark'):
            _check_colours(name, getattr(self, name))
        for name in ('path', 'sky_horizon', 'sky_zenith'):
            _check_colours(name, (getattr(self, name),))
        _check_range('sun_azimuth_deg', self.sun_azimuth_deg)
        _check_range('sun_elevation_deg', self.sun_elevation_deg, 1.0)
        _check_range('exposure', self.exposure, 0.1)
        if not 0.0 <= self.fog_density_per_m <= 0.5:
            raise ValueError(f'fog_density_per_m must be 0..0.5; got {self.fog_density_per_m}')


@dataclass(frozen=True)
class Part:
    """One primitive of a target, in the target's own frame: x forward, y left, z up.

    A swinging part turns about its upper end around the y axis, as a leg does.
    """

    shape: Literal['box', 'sphere', 'cylinder']
    size_m: tuple[float, ...]  # box: x, y, z; sphere: radius; cylinder: radius, length (along z)
    position_m: tuple[float, float, float]  # centre of the part
    colours: tuple[Colour, ...]  # one is drawn per seed
    swing_deg: float = 0.0  # amplitude; the sign tells which leg goes first

    def __post_init__(self) -> None:
        expected = {'box': 3, 'sphere': 1, 'cylinder': 2}[self.shape]
        if len(self.size_m) != expected or min(self.size_m) <= 0.0:
            raise ValueError(
                f'size_m of a {self.shape} must be {expected} positive numbers; '
                f'got {list(self.size_m)}'
            )
        _check_colours('colours', self.colours)


@dataclass(frozen=True)
class Target:
    """What the drone follows: everything listed counts as the target in the mask."""

    name: str
    description: str
    radius_m: float  # of the upright cylinder that other bodies collide with
    height_m: float
    parts: tuple[Part, ...]
    motion: Literal['walk', 'still'] = 'walk'
    step_length_m: float = 0.7  # of the swinging parts

    def __post_init__(self) -> None:
        if self.radius_m <= 0.0 or self.height_m <= 0.0 or self.step_length_m <= 0.0:
            raise ValueError('radius_m, height_m and step_length_m must be positive')
        if not self.parts:
            raise ValueError('a target needs at least one part')


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
    radius_m: float  # of the flat cylinder that collides
    height_m: float
    velocity_p_per_s: tuple[float, float]  # horizontal, vertical
    velocity_i_per_s2: tuple[float, float]
    attitude_p_per_s: tuple[float, float]  # roll and pitch, yaw
    rate_p_per_s: tuple[float, float]
    max_acceleration_m_s2: tuple[float, float]  # horizontal, vertical
    max_tilt_deg: float
    camera: CameraSpec = field(default_factory=CameraSpec)
    camera_position_m: tuple[float, float, float] = (0.12, 0.0, 0.02)

    def __post_init__(self) -> None:
        if self.mass_kg <= 0.0 or min(self.inertia_kg_m2) <= 0.0 or self.motor_max_thrust_n <= 0.0:
            raise ValueError('mass_kg, inertia_kg_m2 and motor_max_thrust_n must be positive')
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

    def __post_init__(self) -> None:
        _check_range('start_distance_m', self.start_distance_m, 1.0)
        _check_range('target_speed_m_s', self.target_speed_m_s)
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


def load_scenario(
    world: str = 'forest',
    season: str = 'summer',
    target: str = 'red_backpack',
    task: str = 'follow',
    vehicle: str = 'x500',
) -> Scenario:
    """Load a scenario from registry names or paths of YAML files.

    Raises:
        ConfigError: unknown name (the known ones are listed), broken YAML, unknown field, value
            out of range.
    """
    return Scenario(
        world=schema.load_yaml(World, resources.named_file('sim/worlds', world)),
        season=schema.load_yaml(Season, resources.named_file('sim/seasons', season)),
        target=schema.load_yaml(Target, resources.named_file('sim/targets', target)),
        task=schema.load_yaml(Task, resources.named_file('config/tasks', task)),
        vehicle=schema.load_yaml(Vehicle, resources.named_file('sim/vehicles', vehicle)),
    )
