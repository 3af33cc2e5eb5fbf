# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the machine itself: ports, cameras, priority, clock, processor, disk, autopilot."""

import math
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LinkError
from ...flight.preflight.computer import CLOCK_COMMAND, clock_symptom, disk_symptom
from ...flight.preflight.processor import processor_symptoms
from ...flight.preflight.symptom import Symptom
from .machine import Machine

if TYPE_CHECKING:
    from ...flight.mavlink.link import MavlinkLink

PRIORITY = 10  # what the mavlink node asks for
BAUD = 'baud rate, RX and TX, telemetry port: docs/jetson.md'
SERIAL = ('dev/ttyTHS*', 'dev/ttyACM*', 'dev/ttyUSB*', 'dev/ttyAMA*', 'dev/serial[0-9]')
COMPETITORS = {
    'nvgetty': 'a console on the UART of the 40-pin header',
    'ModemManager': 'opens every new USB serial port',
    'brltty': 'takes USB serial adapters',
}
LISTEN_S = 3.0
POLL_S = 0.02
TRIES = 3  # to read the parameters that were not answered


def serial_ports(machine: Machine) -> Iterator[Symptom]:
    """Check the ports that an autopilot may hang on, and who else wants them."""
    ports = [port for pattern in SERIAL for port in machine.matching(pattern)]
    for port in ports:
        if machine.openable(port):
            yield Symptom('serial port', 'ok', port)
        else:
            mend = 'sudo usermod -aG dialout $USER, then log in again'
            yield Symptom('serial port', 'error', f'{port} may not be opened', mend)
    yield from _consoles(ports, machine)
    yield from _suspended(ports, machine)
    for service, what in COMPETITORS.items():
        if machine.output('systemctl', 'is-active', service) == 'active':
            mend = f'sudo systemctl disable --now {service}'
            yield Symptom('serial port', 'warning', f'{service} is running: {what}', mend)


def _consoles(ports: list[str], machine: Machine) -> Iterator[Symptom]:
    """Look for what else speaks on the ports: a login, the kernel, a UART of unsteady speed."""
    kernel = re.findall(r'\bconsole=(\w+)', machine.text('/proc/cmdline'))
    for port in ports:
        name = Path(port).name
        if machine.output('systemctl', 'is-active', f'serial-getty@{name}') == 'active':
            mend = f'sudo systemctl disable --now serial-getty@{name}'
            state = f'serial-getty@{name} is running: a login on {port}'
            yield Symptom('serial port', 'warning', state, mend)
        target = Path(machine.output('readlink', '-f', port) or port).name
        if {name, target} & set(kernel):
            mend = (
                f"take console={name} out of the kernel's command line (Raspberry Pi: "
                '/boot/firmware/cmdline.txt, or raspi-config), and start anew'
            )
            state = f'the kernel writes its messages to {port}, which the autopilot reads'
            yield Symptom('serial port', 'warning', state, mend)
        if name == 'serial0' and target == 'ttyS0':
            mend = 'dtoverlay=disable-bt in /boot/firmware/config.txt, then /dev/ttyAMA0'
            state = (
                f'{port} is the small UART: its speed follows the processor, and fails at 921600'
            )
            yield Symptom('serial port', 'warning', state, mend)


def _suspended(ports: list[str], machine: Machine) -> Iterator[Symptom]:
    """Look for an autopilot's own USB that the system suspends once no program has it open."""
    for port in (one for one in ports if 'ttyACM' in one):
        control = f'/sys/class/tty/{Path(port).name}/device/../power/control'
        if machine.text(control).strip() == 'auto':
            mend = (
                f'echo on | sudo tee {control}; for each start a udev rule that sets '
                'ATTR{power/control}="on", or a UART of the autopilot'
            )
            state = (
                f'the system suspends {port} while no program has it open, and a PX4 may be '
                'silent there afterwards until it starts anew'
            )
            yield Symptom('serial port', 'warning', state, mend)


def cameras(machine: Machine) -> Iterator[Symptom]:
    """Check the cameras of this machine and their formats."""
    for device in machine.matching('dev/video*'):
        if not machine.openable(device):
            mend = 'sudo usermod -aG video $USER, then log in again'
            yield Symptom('camera', 'error', f'{device} may not be opened', mend)
            continue
        listed = machine.output('v4l2-ctl', '--device', device, '--list-formats')
        formats = re.findall(r"'(\w+)'", listed)
        state = f'{device} ({", ".join(formats)})' if formats else device
        if listed and not formats:
            state = f'{device} lists no formats: metadata of a camera, take another'
        yield Symptom('camera', 'ok', state)


def priority(machine: Machine) -> Iterator[Symptom]:
    """Check that setpoints may come before everything else."""
    most = machine.largest_priority()
    if most < 0 or most >= PRIORITY:
        yield Symptom('real-time priority', 'ok', 'allowed')
    else:
        mend = f'a line "@dialout - rtprio {PRIORITY}" in /etc/security/limits.conf'
        state = f'at most {most}, wanted {PRIORITY}: setpoints may come late under full load'
        yield Symptom('real-time priority', 'warning', state, mend)


def clock(machine: Machine) -> Iterator[Symptom]:
    """Check that the clock is set by somebody."""
    told = machine.output(*CLOCK_COMMAND)
    if told:
        yield clock_symptom(told)


def processor(machine: Machine) -> Iterator[Symptom]:
    """Check that the processor runs at its speed."""
    yield from processor_symptoms(machine.text, machine.matching)


def disk(machine: Machine) -> Iterator[Symptom]:
    """Check the space for recordings."""
    yield disk_symptom(machine.free_bytes(str(Path.cwd())))


def autopilot(machine: Machine) -> Iterator[Symptom]:
    """Listen on the connection that was named; nothing is commanded and nothing is written."""
    if not machine.connection:
        return
    from ...flight.mavlink.link import MavlinkLink
    from ...flight.preflight.checklist import autopilot_rows
    from ...flight.preflight.link_report import LONGEST_WAIT_S, link_report, waits_for_facts

    try:
        with MavlinkLink.open(machine.connection) as link:
            _poll(link, lambda: link.vehicle is not None and link.vehicle.is_introduced)
            vehicle, profile = link.vehicle, link.profile
            if vehicle is None or profile is None:
                state = f'nobody heard on {machine.connection} for {LISTEN_S:.0f} s'
                yield Symptom('autopilot', 'error', state, BAUD)
                return
            state = f'heard {profile.name}, system {vehicle.system_id}, on {machine.connection}'
            yield Symptom('autopilot', 'ok', state)
            _read_failsafes(link, profile.name)
            _poll(link, lambda: not waits_for_facts(link, time.monotonic()), LONGEST_WAIT_S)
            yield from autopilot_rows(link_report(link, time.monotonic()))
    except LinkError as error:
        yield Symptom('autopilot', 'error', str(error))


def _read_failsafes(link: 'MavlinkLink', kind: str) -> None:
    from ...flight.failsafes import FAILSAFES

    for _ in range(TRIES):  # all of it, even where all is answered: streams are counted meanwhile
        for one in FAILSAFES[kind]:
            known = link.parameters
            names = () if one.answered(known) else one.names
            besides = (other.name for other in one.or_else if other.name not in known)
            for name in (*names, *besides):
                link.request_parameter(name)
        _poll(link, lambda: False, LISTEN_S / TRIES)


def _poll(link: 'MavlinkLink', is_done: Callable[[], bool], limit_s: float = LISTEN_S) -> None:
    """Listen for that long; a pause of this program is no silence of the autopilot."""
    for _ in range(math.ceil(limit_s / POLL_S)):
        if is_done():
            return
        link.poll(time.monotonic())
        time.sleep(POLL_S)
    link.poll(time.monotonic())


CHECKS = (serial_ports, cameras, priority, clock, processor, disk, autopilot)
