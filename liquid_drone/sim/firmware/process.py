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

from ...errors import ConfigError, OutputError, SimulationError
from ...resources import user_path
from .kinds import KINDS, FirmwareKind, Ports
from .sensors import SensorConfig

# Ends firmware with the simulator, even if that is killed; not all of util-linux is everywhere. By
# SIGKILL: firmware whose simulated time stands does not always hear anything less.
END_WITH_PARENT = ('setpriv', '--pdeathsig', 'KILL', '--')
END_LIMIT_S = 3.0
LAST_LINES = 8  # of the log, in an error


@dataclass(frozen=True)
class Firmware:
    """Which firmware to start; :func:`find` makes one."""

    kind: FirmwareKind
    binary: Path


def find(kind: str, path: str | Path) -> Firmware:
    """Check a path of a firmware binary.

    Raises:
        ConfigError: no such autopilot or file, or a file that cannot be run.

    """
    if kind not in KINDS:
        raise ConfigError(f"unknown autopilot '{kind}': expected {', '.join(KINDS)}")
    known, binary = KINDS[kind], Path(os.path.realpath(user_path(str(path))))
    if not binary.is_file() or not os.access(binary, os.X_OK):
        raise ConfigError(
            f'expected the {kind} SITL binary, such as .../{known.usual_binary}, got {path}: no '
            'such program; the firmware is not part of this package, docs/FIRMWARE.md says where '
            'to get it and how to build it'
        )
    if not (binary.parent.parent / known.start_script).exists():
        raise ConfigError(
            f'expected {kind} as it was built, with {known.start_script} beside the folder of the '
            f'binary, got {binary}'
        )
    return Firmware(known, binary)


def command_line(firmware: Firmware, ports: Ports, place: SensorConfig) -> list[str]:
    """Return how a firmware is started."""
    return firmware.kind.command_line(firmware.binary, ports, place)


def system_id(firmware: Firmware, instance: int) -> int:
    """Return the MAVLink system id that a firmware has."""
    return instance + 1 if firmware.kind.system_ids_count else 1


def environment(firmware: Firmware) -> dict[str, str]:
    """Return the environment of a firmware: the user's, but for variables of PX4."""
    others = {key: value for key, value in os.environ.items() if not key.startswith('PX4_')}
    return {**others, **firmware.kind.environment}


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
                f'{self.firmware.kind.name} ended with exit code {code}: {last} '
                f'(all of it: {self.log})'
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
