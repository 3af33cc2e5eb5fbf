# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Start and end one firmware process, with ports and a scratch directory of its own.

The binary is the user's and is run as it is. Both firmwares bind some ports on every interface,
whatever they are told: docs/FIRMWARE.md says how to keep them off a network.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ... import resources
from ...errors import ConfigError, OutputError, SimulationError
from .sensors import SensorConfig

Kind = Literal['px4', 'ardupilot']
VARIABLES = {'px4': 'LIQUID_DRONE_PX4', 'ardupilot': 'LIQUID_DRONE_ARDUCOPTER'}  # for the tests
USUAL = {'px4': 'build/px4_sitl_default/bin/px4', 'ardupilot': 'build/sitl/bin/arducopter'}
# Ends firmware with the simulator, even if that is killed; not all of util-linux is everywhere. By
# SIGKILL: firmware whose simulated time stands does not always hear anything less.
END_WITH_PARENT = ('setpriv', '--pdeathsig', 'KILL', '--')
END_LIMIT_S = 3.0
LAST_LINES = 8  # of the log, in an error


@dataclass(frozen=True)
class Firmware:
    """Which firmware to start; :func:`find` makes one."""

    kind: Kind
    binary: Path


@dataclass(frozen=True)
class Ports:
    """Where one running firmware meets the rest, all on the loopback."""

    instance: int
    physics: int  # TCP (PX4) or UDP (ArduPilot), where the simulator listens
    companion: int  # UDP, where the companion listens
    station: int  # UDP: where PX4 listens, or where ArduPilot sends to


def find(kind: str, path: str | Path) -> Firmware:
    """Check a path of a firmware binary.

    Raises:
        ConfigError: no such autopilot or file, or a file that cannot be run.

    """
    if kind not in USUAL:
        raise ConfigError(f"unknown autopilot '{kind}': expected {', '.join(USUAL)}")
    binary = Path(path).expanduser().resolve()
    if not binary.is_file() or not os.access(binary, os.X_OK):
        raise ConfigError(
            f'expected the {kind} SITL binary, such as .../{USUAL[kind]}, got {path}: no such '
            'program; the firmware is not part of this package, docs/FIRMWARE.md says where to '
            'get it and how to build it'
        )
    if kind == 'px4' and not (binary.parent.parent / 'etc/init.d-posix/rcS').is_file():
        raise ConfigError(
            f'expected PX4 as it was built, with etc/init.d-posix/rcS beside bin, got {binary}'
        )
    return Firmware(kind, binary)  # type: ignore[arg-type]  # checked against USUAL


def command_line(firmware: Firmware, ports: Ports, place: SensorConfig) -> list[str]:
    """Return how a firmware is started."""
    if firmware.kind == 'px4':
        root = firmware.binary.parent.parent / 'etc'
        return [
            *(str(firmware.binary), '-d', '-i', str(ports.instance)),
            *('-s', 'etc/init.d-posix/rcS', str(root)),
        ]
    home = f'{place.latitude_deg},{place.longitude_deg},{place.altitude_m},90'
    return [
        *(str(firmware.binary), '--wipe', '--model', 'JSON:127.0.0.1', '--speedup', '100'),
        *('-I', str(ports.instance), '--home', home),
        *('--defaults', str(resources.find('sim/firmware/ardupilot.parm'))),
        *('--sim-port-out', str(ports.physics)),
        f'--serial0=udpclient:127.0.0.1:{ports.companion}',
        f'--serial1=udpclient:127.0.0.1:{ports.station}',
    ]


def system_id(firmware: Firmware, instance: int) -> int:
    """Return the MAVLink system id that a firmware has: PX4 counts from its instance."""
    return instance + 1 if firmware.kind == 'px4' else 1


def environment(firmware: Firmware) -> dict[str, str]:
    """Return the environment of a firmware: PX4 takes its airframe from there."""
    result = {key: value for key, value in os.environ.items() if not key.startswith('PX4_')}
    if firmware.kind == 'px4':
        result['PX4_SIM_MODEL'] = 'none_iris'  # a quadrotor X on the simulator interface
    return result


def with_parent() -> tuple[str, ...]:
    """Return the words that make a command end with the process that starts it, if there are."""
    return END_WITH_PARENT if shutil.which(END_WITH_PARENT[0]) else ()


class FirmwareProcess:
    """A running firmware; close it."""

    def __init__(self, firmware: Firmware, ports: Ports, place: SensorConfig, log: Path) -> None:
        """Start it; what it says goes to ``log``.

        Raises:
            OutputError: the log cannot be written.
            SimulationError: the binary cannot be run.

        """
        self.firmware, self.log = firmware, log
        self._scratch = tempfile.TemporaryDirectory(prefix='liquid_drone_firmware_')
        line = command_line(firmware, ports, place)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open('ab') as file:
                self._since = file.tell()  # before that, an earlier firmware wrote
                self._process = subprocess.Popen(
                    [*with_parent(), *line],
                    cwd=self._scratch.name,
                    env=environment(firmware),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C reaches the simulator alone
                )
        except OSError as error:
            self._scratch.cleanup()
            if error.filename == str(log):
                raise OutputError(f'cannot write {log}: {error.strerror}') from error
            raise SimulationError(f'cannot run {line[0]}: {error.strerror or error}') from error

    def check(self) -> None:
        """Do nothing while it runs.

        Raises:
            SimulationError: it has ended; with the last that it said.

        """
        code = self._process.poll()
        if code is not None:
            last = ' | '.join(self._output()[-LAST_LINES:]) or 'it wrote nothing'
            raise SimulationError(
                f'{self.firmware.kind} ended with exit code {code}: {last} (all of it: {self.log})'
            )

    def _output(self) -> list[str]:
        """Return the lines that this process wrote."""
        try:
            written = self.log.read_bytes()[self._since :]
        except OSError as error:
            return [f'{self.log} cannot be read: {error.strerror}']
        return written.decode(errors='replace').strip().splitlines()

    def close(self) -> None:
        """End it and remove what it has written, but for the log."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._scratch.cleanup()
