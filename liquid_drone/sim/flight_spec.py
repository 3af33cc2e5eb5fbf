# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One simulated flight in words: where, after what, in what weather, with which autopilot.

Flags of the command line, parameters of the simulator node and arguments of the launch files are
made from these fields, so that a field that is added here is there. Who commands the drone is not
part of it. Nothing is loaded or checked against files here: that is ``scenario``'s.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import ConfigError
from ..options import check, option
from ..request import FlightRequest
from ..seeds import LARGEST

AutopilotChoice = Literal['px4', 'ardupilot']
RendererChoice = Literal['auto', 'opengl', 'tiny']
StartChoice = Literal['ground', 'hover']
PilotChoice = Literal['expert', 'camera-expert', 'colour', 'camshift']  # without a network
PILOTS: tuple[PilotChoice, ...] = get_args(PilotChoice)


@dataclass(frozen=True, kw_only=True)
class FlightSpec:
    """A simulated flight; the same one gives the same trajectory."""

    world: str = option('forest', 'kind of place: a name in sim/worlds, or a .yaml file')
    season: str = option('summer', 'a name in sim/seasons, or a .yaml file')
    target: str = option(
        'red_backpack', 'object that walks ahead: a name in sim/targets, or a .yaml file'
    )
    task: str = option(
        'follow',
        'what counts as success: a name in config/tasks, or a .yaml file; with a number after a '
        'colon that difficulty, as in occlusion:4',
    )
    vehicle: str = option(
        'x500', 'quadrotor and its camera: a name in sim/vehicles, or a .yaml file'
    )
    weather: str = option(
        'clear', 'weather and camera faults, each 0 to 5, such as fog:2,noise:1; or clear'
    )
    renderer: RendererChoice = option(
        'auto', "renderer: OpenGL where it can be had (auto), or PyBullet's own (tiny)"
    )
    seed: int = option(  # of the validation split: never trained on, never judged by
        10_007, 'everything random in the flight follows from it', low=0, high=LARGEST
    )
    start: StartChoice = option('ground', 'where the drone begins')
    autopilot: AutopilotChoice = option('px4', 'kind of autopilot that flies')
    firmware: str = option(
        '',
        "path of that autopilot's SITL binary, see docs/FIRMWARE.md",
        unset='the simulated autopilot',
        metavar='PATH',
    )
    duration_s: float | None = option(
        None,
        'simulated time of following',
        low=0.1,
        high=3600.0,
        unit='s',
        unset="the task's",
        flag='--duration',
        metavar='S',
    )
    request: str = option(
        '',
        'what is asked for: distance to the target, height above its middle, largest speed, such '
        'as distance:4,height:1.5,speed:1.2; the policy must take it (contract format 2)',
        unset="the task's and the bundle's own",
    )
    land: bool = option(True, 'land at the end')

    def __post_init__(self) -> None:
        check(self)
        FlightRequest.parse(self.request)
        if self.firmware and self.start != 'ground':
            raise ConfigError(
                f"firmware begins on the ground: expected start 'ground', got '{self.start}'"
            )


@dataclass(frozen=True, kw_only=True)
class SimulatorRun:
    """How the simulator node runs a flight: addresses, pace, and what it leaves."""

    companion: str = option('127.0.0.1:14540', 'address:port that gets MAVLink telemetry')
    ground_station: str = option(
        '', 'address:port that gets MAVLink telemetry too, such as 127.0.0.1:14550', unset='none'
    )
    real_time: bool = option(False, 'run at the pace of the wall clock instead of in lock-step')
    flight_log: str = option('', 'folder of the episode to write', unset='none')
    firmware_log: str = option('firmware.log', 'where the output of the firmware goes')
    progress: Literal['log', 'json', 'none'] = option('log', 'how progress is reported')

    def __post_init__(self) -> None:
        check(self)
