# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A flight but for its seed: world, season, target, vehicle and task, each one YAML file.

The dataclasses are the schema; each stands in a file of its own beside this one. Nothing here
draws a random number.
"""

import dataclasses
import math
from dataclasses import dataclass, field
from pathlib import Path

from ... import resources, schema
from ...errors import ConfigError, shown
from ...request import FlightRequest
from ..flight_spec import FlightSpec, RendererChoice
from .season import Season
from .target import Distractor, Part, Target
from .task import Task, load_task
from .vehicle import Vehicle
from .weather import Weather
from .world import World


@dataclass(frozen=True)
class Scenario:
    """Everything but the seed."""

    world: World
    season: Season
    target: Target
    task: Task
    vehicle: Vehicle
    distractors: tuple[tuple[Distractor, Target], ...] = ()  # the world's and the target's
    renderer: RendererChoice = FlightSpec.renderer
    weather: Weather = field(default_factory=Weather)


def load_scenario(
    world: str = FlightSpec.world,
    season: str = FlightSpec.season,
    target: str = FlightSpec.target,
    task: str = FlightSpec.task,
    vehicle: str = FlightSpec.vehicle,
    renderer: RendererChoice = FlightSpec.renderer,
    weather: str = FlightSpec.weather,
) -> Scenario:
    """Load a scenario from registry names or paths of YAML files.

    Raises:
        ConfigError: unknown name (the known ones are listed), broken YAML, unknown field, value
            out of range.
    """
    place = schema.load_yaml(World, resources.named_file('sim/worlds', world))
    asked = load_task(task)
    followed = load_target(target)
    if asked.target_motion is not None:
        followed = dataclasses.replace(followed, motion=asked.target_motion)
    flown = schema.load_yaml(Vehicle, resources.named_file('sim/vehicles', vehicle))
    _check_visible(followed, asked, flown)
    return Scenario(
        world=place,
        season=schema.load_yaml(Season, resources.named_file('sim/seasons', season)),
        target=followed,
        task=asked,
        vehicle=flown,
        distractors=tuple(
            (item, load_target(item.target))
            for item in (*place.distractors, *followed.distractors)
        ),
        renderer=renderer,
        weather=Weather.parse(weather),
    )


def scenario_of(flight: FlightSpec) -> Scenario:
    """Load the scenario of a flight; its duration is not in it, which would move the place.

    Raises:
        ConfigError: as :func:`load_scenario`.
    """
    return load_scenario(
        flight.world,
        flight.season,
        flight.target,
        flight.task,
        flight.vehicle,
        flight.renderer,
        flight.weather,
    )


def judged_task(flight: FlightSpec, task: Task) -> Task:
    """Return the task as a flight is judged by it: its own duration replaces the task's.

    Where another distance is asked for, the allowed ones are as much nearer or further.
    """
    asked_m = FlightRequest.parse(flight.request).distance_m
    if asked_m is not None:
        more = asked_m / task.keep_distance_m
        task = dataclasses.replace(
            task,
            keep_distance_m=asked_m,
            min_distance_m=min(task.min_distance_m * more, 100.0),
            max_distance_m=min(task.max_distance_m * more, 100.0),
        )
    if flight.duration_s is None:
        return task
    settle_s = min(task.settle_s, flight.duration_s / 2)
    return dataclasses.replace(task, duration_s=flight.duration_s, settle_s=settle_s)


def _check_visible(target: Target, task: Task, vehicle: Vehicle) -> None:
    """Refuse a target that cannot be in view where a flight begins.

    Raises:
        ConfigError: with its pixels there.

    """
    camera, away_m = vehicle.camera, task.start_distance_m[1]
    focal_px = camera.width / 2.0 / math.tan(math.radians(camera.horizontal_fov_deg) / 2.0)
    width_m, height_m = target.extent_m
    pixels = width_m * height_m * (focal_px / away_m) ** 2
    if pixels < task.min_target_pixels:
        raise ConfigError(
            f'target {target.name}: {width_m:.2g} m x {height_m:.2g} m show at most {pixels:.1f} '
            f'pixels at {away_m:g} m, where flights of task {task.name} begin; expected '
            f'{task.min_target_pixels} or more: are its sizes in metres?'
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
    folder = path.parent.resolve()
    mesh = (folder / part.file).resolve()
    if not mesh.is_relative_to(folder):
        raise ConfigError(
            f'{path}: expected a mesh beside it or below, got {shown(part.file)}: copy it there'
        )
    if not mesh.is_file():
        raise ConfigError(
            f'{path}: expected a mesh (GLB, PLY, STL, OBJ) at {mesh}; there is no such file'
        )
    return dataclasses.replace(part, file=str(mesh))
