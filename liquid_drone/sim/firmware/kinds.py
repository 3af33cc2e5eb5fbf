# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between the firmwares that can fly here, as records. Starts nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ... import resources
from ..autopilot.personality import Mode
from .ardupilot import ArduPilotBridge
from .bridge import FirmwareBridge
from .px4 import PORT, Px4Bridge
from .sensors import SensorConfig, Sensors

PX4_START = 'etc/init.d-posix/rcS'  # its start script, beside the folder of the binary


@dataclass(frozen=True)
class Ports:
    """Where one running firmware meets the rest, all on the loopback."""

    instance: int
    physics: int  # TCP (PX4) or UDP (ArduPilot), where the simulator listens
    companion: int  # UDP, where the companion listens
    station: int  # UDP: where PX4 listens, or where ArduPilot sends to


@dataclass(frozen=True)
class FirmwareKind:
    """One firmware, as it is built, started and flown."""

    name: str  # as of its personality
    variable: str  # of the environment: where the tests find the binary
    usual_binary: str  # where its own build puts it
    start_script: str  # must stand beside the folder of the binary; '': none is needed
    environment: Mapping[str, str]  # besides the user's, without variables of PX4
    command_line: Callable[[Path, Ports, SensorConfig], list[str]]
    bridge: Callable[[Sensors, int], FirmwareBridge]  # the simulator's end, for an instance
    system_ids_count: bool  # instance N is MAVLink system N + 1; else all are system 1
    companion_port: int | None  # of instance 0, counted up from there; None: any that is given
    station_port: int | None  # likewise where it listens; None: it sends to the ground station
    start_mode: Mode  # in which it arms
    parameters: str  # file of those that are set over MAVLink; '': it reads its own
    height_parameter: str  # that holds the height of a take-off; '': there is none
    rises_by_stick: bool  # in LOITER: its own take-off needs the companion's mode


def _start_px4(binary: Path, ports: Ports, _place: SensorConfig) -> list[str]:
    root = binary.parent.parent / 'etc'
    return [str(binary), '-d', '-i', str(ports.instance), '-s', PX4_START, str(root)]


def _start_ardupilot(binary: Path, ports: Ports, place: SensorConfig) -> list[str]:
    home = f'{place.latitude_deg},{place.longitude_deg},{place.altitude_m},90'
    return [
        *(str(binary), '--wipe', '--model', 'JSON:127.0.0.1', '--speedup', '100'),
        *('-I', str(ports.instance), '--home', home),
        *('--defaults', str(resources.find('sim/firmware/ardupilot.parm'))),
        *('--sim-port-out', str(ports.physics)),
        f'--serial0=udpclient:127.0.0.1:{ports.companion}',
        f'--serial1=udpclient:127.0.0.1:{ports.station}',
    ]


PX4 = FirmwareKind(
    name='px4',
    variable='LIQUID_DRONE_PX4',
    usual_binary='build/px4_sitl_default/bin/px4',
    start_script=PX4_START,
    environment=MappingProxyType({'PX4_SIM_MODEL': 'none_iris'}),  # a quadrotor X
    command_line=_start_px4,
    bridge=lambda sensors, instance: Px4Bridge(sensors, address=('127.0.0.1', PORT + instance)),
    system_ids_count=True,
    companion_port=14540,
    station_port=18570,
    start_mode=Mode.HOLD,
    parameters='sim/firmware/px4.parm',
    height_parameter='MIS_TAKEOFF_ALT',
    rises_by_stick=False,
)

ARDUPILOT = FirmwareKind(
    name='ardupilot',
    variable='LIQUID_DRONE_ARDUCOPTER',
    usual_binary='build/sitl/bin/arducopter',
    start_script='',
    environment=MappingProxyType({}),
    command_line=_start_ardupilot,
    bridge=lambda sensors, _instance: ArduPilotBridge(sensors),
    system_ids_count=False,
    companion_port=None,
    station_port=None,
    start_mode=Mode.POSITION,
    parameters='',
    height_parameter='',
    rises_by_stick=True,
)

KINDS: Mapping[str, FirmwareKind] = MappingProxyType({'px4': PX4, 'ardupilot': ARDUPILOT})
