# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Several firmwares on one machine: locks, system ids, and whose words an error quotes."""

import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone import resources, schema
from liquid_drone.errors import OutputError, SimulationError
from liquid_drone.sim.autopilot.personality import Mode, personality
from liquid_drone.sim.firmware import instances, kinds
from liquid_drone.sim.firmware.autopilot import FirmwareAutopilot
from liquid_drone.sim.firmware.ground_station import FirmwareParameter, GroundStation
from liquid_drone.sim.firmware.kinds import Ports
from liquid_drone.sim.firmware.open_field import OpenField
from liquid_drone.sim.firmware.process import Firmware, FirmwareProcess, system_id
from liquid_drone.sim.firmware.sensors import SensorConfig
from liquid_drone.sim.scenario.scenario import load_scenario

CONFIG = schema.load_yaml(SensorConfig, resources.named_file('sim/sensors', 'x500'))
PX4 = Firmware(kinds.PX4, Path('/p/bin/px4'))

# Another process that holds locks: one line "KIND PATH" each, answered by a line.
HOLDER = """
import fcntl, sys
for line in sys.stdin:
    kind, path = line.rstrip('\\n').split(' ', 1)
    file = open(path, 'r+b')
    if kind == 'record':
        fcntl.lockf(file, fcntl.LOCK_EX)
    elif kind == 'shared':
        fcntl.lockf(file, fcntl.LOCK_SH)
    elif kind == 'part':
        fcntl.lockf(file, fcntl.LOCK_EX, 1, 7)
    elif kind == 'flock':
        fcntl.flock(file, fcntl.LOCK_EX)
    held = globals().setdefault('held', [])
    held.append(file)
    if kind == 'release':
        while held:
            held.pop().close()
    print('done', flush=True)
"""
IS_LOCKED = {'record': True, 'shared': True, 'part': True, 'flock': False, 'none': False}


@pytest.fixture(scope='module')
def holder() -> Iterator['subprocess.Popen[str]']:
    line, pipe = [sys.executable, '-c', HOLDER], subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def tell(holder: 'subprocess.Popen[str]', kind: str, path: Path) -> None:
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write(f'{kind} {path}\n')
    holder.stdin.flush()
    assert holder.stdout.readline() == 'done\n'


@given(kinds=st.lists(st.sampled_from([*IS_LOCKED, 'absent']), min_size=1, max_size=10))
@settings(deadline=None)
def test_a_px4_is_known_by_its_record_lock_and_the_first_free_number_is_taken(
    kinds: list[str], holder: 'subprocess.Popen[str]'
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, 'FILES', Path(name))
        patch.setattr(instances, '_has_ports', lambda _: True)
        for number, kind in enumerate(kinds):
            path = Path(name) / f'px4_lock-{number}'
            if kind != 'absent':
                path.write_text(f'{number}\n')
                tell(holder, kind, path)
            for _ in range(2):  # to ask takes nothing
                assert instances.is_locked(path) is IS_LOCKED.get(kind, False)
        free = [n for n, kind in enumerate(kinds) if not IS_LOCKED.get(kind, False)]
        free += range(len(kinds), instances.INSTANCES)
        held = []
        for number in free:
            held.append(instances.hold_any())
            assert held[-1].number == number
        with pytest.raises(SimulationError, match='all 10 instances'):
            instances.free_instance()
        for number in range(len(kinds)):
            with pytest.raises(SimulationError, match=f'instance {number} of firmware is in use'):
                instances.hold(number)
        for instance in held:
            instance.close()
        if free:
            assert instances.free_instance() == free[0]
            instances.hold(free[0]).close()
        tell(holder, 'release', Path(name) / 'liquid_drone_firmware-0')


def test_a_lock_that_cannot_be_asked_counts_as_held(tmp_path: Path) -> None:
    (tmp_path / 'px4_lock-0').mkdir()
    assert instances.is_locked(tmp_path / 'px4_lock-0')


def test_two_flights_at_once_take_two_instances_and_a_failed_one_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instances, 'FILES', tmp_path)
    binary = tmp_path / 'arducopter'
    binary.write_text('#!/bin/sh\nexec sleep 60\n')
    binary.chmod(0o755)
    field, firmware = OpenField(load_scenario().vehicle), Firmware(kinds.ARDUPILOT, binary)
    first = FirmwareAutopilot(field, firmware, log=tmp_path / 'a.log')
    second = FirmwareAutopilot(field, firmware, log=tmp_path / 'b.log')
    assert first.ports.instance != second.ports.instance
    with pytest.raises(OutputError, match='cannot write'):
        FirmwareAutopilot(field, firmware, log=tmp_path)
    first.close()
    third = FirmwareAutopilot(field, firmware, log=tmp_path / 'd.log')
    assert third.ports.instance == first.ports.instance
    second.close()
    third.close()


# Whose system


@given(instance=st.integers(0, 9))
def test_the_system_of_an_instance_is_the_one_that_px4_gives_itself(instance: int) -> None:
    assert system_id(PX4, instance) == instance + 1
    assert system_id(Firmware(kinds.ARDUPILOT, Path('/a')), instance) == 1


class Said(NamedTuple):
    """A heartbeat that somebody sends to the station."""

    system: int
    mode: Mode
    armed: bool


SAID = st.builds(
    Said, st.integers(1, 11), st.sampled_from([Mode.HOLD, Mode.FOLLOW, Mode.LAND]), st.booleans()
)


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
@given(system=st.integers(1, 10), said=st.lists(SAID, max_size=12))
@settings(deadline=None)
def test_a_station_hears_its_own_system_and_commands_no_other(
    kind: str, system: int, said: list[Said]
) -> None:
    autopilot = personality(kind)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(('127.0.0.1', 0))
        peer.settimeout(5.0)
        station = GroundStation(autopilot, peer=peer.getsockname(), system=system)
        said = [*said, Said(system, Mode.HOLD, False)]
        for number, one in enumerate(said, 1):
            peer.sendto(heartbeat(autopilot, one), ('127.0.0.1', station.port))
            heard = [other for other in said[:number] if other.system == system]
            step_until(station, heard[-1] if heard else None)
            if heard:
                assert (station.mode, station.armed) == (heard[-1].mode, heard[-1].armed)
        ask_for_everything(station)
        station.close()
        targets = [getattr(m, 'target_system', getattr(m, 'target', 0)) for m in taken_in(peer)]
    assert set(targets) == {0, system}  # 0: its own heartbeat, which is for everybody


def heartbeat(autopilot: Any, said: Said) -> bytes:
    codec = mavlink.MAVLink(None, said.system, 1)
    armed = mavlink.MAV_MODE_FLAG_SAFETY_ARMED if said.armed else 0
    mode = autopilot.custom_modes[said.mode]
    message = mavlink.MAVLink_heartbeat_message(2, autopilot.autopilot, armed, mode, 4, 3)
    return bytes(message.pack(codec))


def step_until(station: GroundStation, said: Said | None) -> None:
    """Let the station take in what was sent: the loopback needs a moment."""
    for _ in range(200):
        station.step(1)
        if said is None or (station.mode, station.armed) == (said.mode, said.armed):
            return
        time.sleep(0.001)


def ask_for_everything(station: GroundStation) -> None:
    station.ask_mode(Mode.LAND)
    station.ask_arm()
    station.ask_takeoff()
    station.stick(climbs=True)
    station.ask_parameter(FirmwareParameter('MPC_THR_HOVER', 0.6, False))


def taken_in(peer: socket.socket) -> list[Any]:
    """Return all messages up to the parameter, which is asked for last."""
    codec, messages = mavlink.MAVLink(None), []
    while not messages or messages[-1].get_type() != 'PARAM_SET':
        messages += codec.parse_buffer(peer.recv(4096)) or []
    return messages


# Whose words

TEXT = st.text(st.characters(blacklist_categories=('C', 'Z'), max_codepoint=0x2FF), min_size=1)
BEFORE = st.lists(TEXT.map(lambda text: f'old {text}'), max_size=12)
AFTER = st.lists(TEXT.map(lambda text: f'new {text}'), max_size=12)


@given(before=BEFORE, after=AFTER, ends=st.booleans())
@settings(max_examples=15, deadline=None)  # a process each
def test_an_error_quotes_the_firmware_that_ended_and_no_earlier_one(
    before: list[str], after: list[str], ends: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        log, words = Path(name) / 'firmware.log', Path(name) / 'words'
        log.write_text('\n'.join(before) + ('\n' if ends and before else ''), encoding='utf-8')
        words.write_text('\n'.join(['', *after]) + '\n', encoding='utf-8')
        binary = Path(name) / 'arducopter'
        binary.write_text(f'#!/bin/sh\ncat {shlex.quote(str(words))}\nexit 3\n')
        binary.chmod(0o755)
        firmware = Firmware(kinds.ARDUPILOT, binary)
        running = FirmwareProcess(firmware, Ports(0, 1, 2, 3), CONFIG, log)
        message = ended_with(running)
        running.close()
    assert 'exit code 3' in message
    assert 'old ' not in message
    assert all(line in message for line in after[-8:])
    assert ('it wrote nothing' in message) is (not after)


def ended_with(running: FirmwareProcess) -> str:
    for _ in range(12_000):
        try:
            running.check()
        except SimulationError as error:
            return str(error)
        time.sleep(0.005)
    pytest.fail('it did not end within a minute')
