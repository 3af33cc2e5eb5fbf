# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Start and end one firmware process, with ports and a scratch directory of its own.

The binary is the user's and is run as it is. Both firmwares bind some ports on every interface,
whatever they are told: docs/FIRMWARE.md says how to keep them off a network.
"""

import fcntl
import os
import shutil
import socket
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
INSTANCES = 10  # PX4 gives each of its first ten instances ports of its own
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


def environment(firmware: Firmware) -> dict[str, str]:
    """Return the environment of a firmware: PX4 takes its airframe from there."""
    result = {key: value for key, value in os.environ.items() if not key.startswith('PX4_')}
    if firmware.kind == 'px4':
        result['PX4_SIM_MODEL'] = 'none_iris'  # a quadrotor X on the simulator interface
    return result


def free_instance() -> int:
    """Return the number of an instance whose ports nobody holds now.

    Raises:
        SimulationError: all are taken.

    """
    for number in range(INSTANCES):
        tcp = 4560 + number, 5762 + 10 * number, 5763 + 10 * number
        udp = 14540 + number, 14580 + number, 18570 + number, 5501 + 10 * number
        streams = all(_can_bind(socket.SOCK_STREAM, port) for port in tcp)
        datagrams = all(_can_bind(socket.SOCK_DGRAM, port) for port in udp)
        if streams and datagrams and not _is_locked(Path(f'/tmp/px4_lock-{number}')):
            return number
    raise SimulationError(
        f'all {INSTANCES} instances of firmware are in use on this machine; stop one'
    )


def _is_locked(lock: Path) -> bool:
    """Tell whether a PX4 runs under this number, be it in another network namespace."""
    if not lock.exists():
        return False
    try:
        with lock.open('rb') as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back with the file
    except OSError:
        return True
    return False


def _can_bind(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, kind == socket.SOCK_STREAM)
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True


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
            last = self.log.read_text(errors='replace').strip().splitlines()[-LAST_LINES:]
            raise SimulationError(
                f'{self.firmware.kind} ended with exit code {code}: {" | ".join(last)} '
                f'(all of it: {self.log})'
            )

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
