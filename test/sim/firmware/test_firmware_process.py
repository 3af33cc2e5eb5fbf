# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Starting firmware and talking to it as a pilot: paths, command lines, ends, a ground station."""

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from liquid_drone import resources, schema
from liquid_drone.errors import ConfigError, SimulationError
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.autopilot.udp import UdpEndpoint
from liquid_drone.sim.firmware import process
from liquid_drone.sim.firmware.autopilot import FirmwareAutopilot
from liquid_drone.sim.firmware.ground_station import (
    FirmwareParameter,
    GroundStation,
    load_parameters,
)
from liquid_drone.sim.firmware.kinds import ARDUPILOT, PX4, Ports
from liquid_drone.sim.firmware.open_field import OpenField
from liquid_drone.sim.firmware.process import Firmware, FirmwareProcess
from liquid_drone.sim.firmware.sensors import SensorConfig
from liquid_drone.sim.physics.point_mass import PointMass
from liquid_drone.sim.scenario.scenario import load_scenario

CONFIG = schema.load_yaml(SensorConfig, resources.named_file('sim/sensors', 'x500'))


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n{text}\n')
    path.chmod(0o755)
    return path


def test_a_binary_that_is_not_there_says_where_one_comes_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'docs/FIRMWARE\.md says where to get it'):
        process.find('ardupilot', tmp_path / 'arducopter')
    with pytest.raises(ConfigError, match='unknown autopilot'):
        process.find('inav', tmp_path)
    alone = script(tmp_path / 'bin/px4', 'exit 0')
    with pytest.raises(ConfigError, match='px4 as it was built'):
        process.find('px4', alone)
    script(tmp_path / 'etc/init.d-posix/rcS', 'exit 0')
    assert process.find('px4', alone) == Firmware(PX4, alone)


def test_firmware_is_started_on_its_own_ports() -> None:
    ports = Ports(2, 9123, 14999, 14888)
    line = ' '.join(process.command_line(Firmware(ARDUPILOT, Path('/a/b')), ports, CONFIG))
    assert '--model JSON:127.0.0.1' in line
    assert '--sim-port-out 9123' in line
    assert '--serial0=udpclient:127.0.0.1:14999' in line
    assert '--serial1=udpclient:127.0.0.1:14888' in line
    assert '--home 47.397742,8.545594,488.0,90' in line
    px4 = process.command_line(Firmware(PX4, Path('/p/bin/px4')), ports, CONFIG)
    assert px4[:4] == ['/p/bin/px4', '-d', '-i', '2']
    assert px4[-1] == '/p/etc'


def test_firmware_that_ends_tells_its_last_words(tmp_path: Path) -> None:
    binary = script(tmp_path / 'arducopter', 'echo no such airframe; exit 3')
    ports, log = Ports(0, 1, 2, 3), tmp_path / 'logs' / 'firmware.log'
    running = FirmwareProcess(Firmware(ARDUPILOT, binary), ports, CONFIG, log)
    running._process.wait()
    with pytest.raises(SimulationError, match='exit code 3: no such airframe'):
        running.check()
    running.close()


@pytest.mark.skipif(not process.with_parent(), reason='needs setpriv, of util-linux')
def test_firmware_ends_with_a_simulator_that_is_killed(tmp_path: Path) -> None:
    noted = shlex.quote(str(tmp_path / 'pid'))
    binary = script(tmp_path / 'arducopter', f'echo $$ > {noted}; exec sleep 60')
    starter = (
        'import subprocess, sys\n'
        'from liquid_drone.sim.firmware.process import with_parent\n'
        'subprocess.Popen([*with_parent(), sys.argv[1]])\n'
        'sys.stdin.read()\n'
    )
    line = [sys.executable, '-c', starter, str(binary)]
    with subprocess.Popen(line, stdin=subprocess.PIPE) as simulator:
        number = wait_for(lambda: (tmp_path / 'pid').read_text().strip())
        assert Path(f'/proc/{number}').exists()
        simulator.kill()
    wait_for(lambda: '' if is_running(number) else 'gone')


def is_running(number: str) -> bool:
    try:
        return Path(f'/proc/{number}/stat').read_text().split()[2] != 'Z'
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(tell: Callable[[], str]) -> str:
    for _ in range(1200):
        try:
            if found := tell():
                return found
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    pytest.fail('it did not happen within a minute')


def test_a_flight_with_firmware_that_ends_at_once_is_one_error(tmp_path: Path) -> None:
    binary = script(tmp_path / 'arducopter', 'echo cannot fly; exit 1')
    autopilot = FirmwareAutopilot(
        OpenField(load_scenario().vehicle),
        Firmware(ARDUPILOT, binary),
        log=tmp_path / 'firmware.log',
        companion_port=14999,
    )
    with pytest.raises(SimulationError, match='ended with exit code 1: cannot fly'):
        autopilot.boot()
    autopilot.close()


def test_parameter_files_are_read_and_wrong_lines_named(tmp_path: Path) -> None:
    file = tmp_path / 'a.parm'
    file.write_text('# words\nCOM_OBL_RC_ACT 5  # hover\n\nMPC_THR_HOVER 0.6\n')
    assert load_parameters(file) == (
        FirmwareParameter('COM_OBL_RC_ACT', 5.0, True),
        FirmwareParameter('MPC_THR_HOVER', 0.6, False),
    )
    file.write_text('A 1\nB\n')
    with pytest.raises(ConfigError, match=r'a\.parm:2: expected NAME value'):
        load_parameters(file)
    for kind in ('px4', 'ardupilot'):
        assert load_parameters(resources.find(f'sim/firmware/{kind}.parm'))


class Ground:
    """A ground station on a simulated autopilot, over real UDP."""

    def __init__(self, kind: str) -> None:
        self.autopilot = SimulatedAutopilot(PointMass(), kind)
        self.station = GroundStation(self.autopilot.kind)
        self.endpoint = UdpEndpoint(self.autopilot, [('127.0.0.1', self.station.port)])

    def step(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.endpoint.flush()
            self.station.step(self.autopilot.now_ns)
            time.sleep(0.001)
            self.endpoint.poll()
            self.autopilot.advance(12)

    def close(self) -> None:
        self.endpoint.close()
        self.station.close()


@pytest.fixture(params=['px4', 'ardupilot'])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    ground = Ground(request.param)
    yield ground
    ground.close()


def test_the_pilots_station_hears_arms_and_changes_the_mode(ground: Ground) -> None:
    ground.step(30)
    station, autopilot = ground.station, ground.autopilot
    assert station.mode is autopilot.mode
    assert not station.armed
    station.ask_arm()
    ground.step(25)
    assert autopilot.armed
    assert station.armed
    station.ask_mode(Mode.LAND)
    station.ask_mode(Mode.LAND)  # asked again at once: it does not nag
    ground.step(25)
    assert autopilot.mode is Mode.LAND
    assert station.mode is Mode.LAND
    station.forget()
    assert station.mode is None


def test_parameters_are_set_until_they_are_confirmed(ground: Ground) -> None:
    names = {'px4': ('COM_OBL_RC_ACT', 3.0, True), 'ardupilot': ('GUID_TIMEOUT', 1.0, False)}
    parameter = FirmwareParameter(*names[ground.autopilot.kind.name])
    ground.step(10)
    for _ in range(40):
        if ground.station.ask_parameter(parameter):
            break
        ground.step()
    assert ground.station.ask_parameter(parameter)
    assert ground.autopilot.parameters[parameter.name] == parameter.value
