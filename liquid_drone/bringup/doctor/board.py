# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the machine itself: serial ports, cameras, priority, clock, disk, autopilot."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LinkError
from .machine import Machine, Symptom

if TYPE_CHECKING:
    from ...flight.mavlink.link import MavlinkLink

PRIORITY = 10  # what the mavlink node asks for
LEAST_FREE = 5 * 2**30  # bytes; a recorded flight takes about 100 MB a minute
SERIAL = ('dev/ttyTHS*', 'dev/ttyACM*', 'dev/ttyUSB*', 'dev/ttyAMA*')
COMPETITORS = {
    'nvgetty': 'a console on the UART of the 40-pin header',
    'ModemManager': 'opens every new USB serial port',
    'serial-getty@ttyAMA0': 'a console on the UART',
    'brltty': 'takes USB serial adapters',
}
LISTEN_S = 3.0
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
    for service, what in COMPETITORS.items():
        if machine.output('systemctl', 'is-active', service) == 'active':
            mend = f'sudo systemctl disable --now {service}'
            yield Symptom('serial port', 'warning', f'{service} is running: {what}', mend)


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
    """Check that the clock is set by somebody: stamps of cameras and logs rest on it."""
    said = machine.output('timedatectl', 'show', '--property', 'NTPSynchronized', '--value')
    if said == 'no':
        mend = 'sudo timedatectl set-ntp true, or set it by GPS; a jump in flight ends it'
        yield Symptom('clock', 'warning', 'not synchronised', mend)
    elif said == 'yes':
        yield Symptom('clock', 'ok', 'synchronised')


def disk(machine: Machine) -> Iterator[Symptom]:
    """Check the space for recordings."""
    free = machine.free_bytes(str(Path.cwd()))
    state = f'{free / 2**30:.0f} GB free here'
    if free < LEAST_FREE:
        yield Symptom('disk', 'warning', state, 'make space: a minute of flight takes 100 MB')
    else:
        yield Symptom('disk', 'ok', state)


def autopilot(machine: Machine) -> Iterator[Symptom]:
    """Listen on the connection that was named."""
    if not machine.connection:
        return
    from ...flight.mavlink.link import MavlinkLink

    try:
        with MavlinkLink.open(machine.connection) as link:
            yield _heard(link, machine.connection)
            if link.profile is not None:
                yield from _failsafes(link, link.profile.name)
    except LinkError as error:
        yield Symptom('autopilot', 'error', str(error))


def _heard(link: 'MavlinkLink', connection: str) -> Symptom:
    """Tell who is heard within some seconds; nothing is commanded."""
    _poll(link, lambda: link.vehicle is not None and link.vehicle.is_introduced)
    vehicle, profile = link.vehicle, link.profile
    if vehicle is None or profile is None:
        state = f'nobody heard on {connection} for {LISTEN_S:.0f} s'
        mend = 'baud rate, RX and TX, telemetry port: docs/jetson.md'
        return Symptom('autopilot', 'error', state, mend)
    state = f'heard {profile.name}, system {vehicle.system_id}, on {connection}'
    return Symptom('autopilot', 'ok', state)


def _failsafes(link: 'MavlinkLink', kind: str) -> Iterator[Symptom]:
    """Read the autopilot's failsafes and compare them with docs/SAFETY.md; nothing is written."""
    from ...flight.failsafes import FAILSAFES, complaints

    names = [one.name for one in FAILSAFES[kind]]
    for _ in range(TRIES):
        missing = [name for name in names if name not in link.parameters]
        for name in missing:
            link.request_parameter(name)
        _poll(link, lambda: len(link.parameters) == len(names), LISTEN_S / TRIES)
    for name, complaint in complaints(kind, link.parameters).items():
        if complaint:
            mend = 'set it in the ground station: docs/SAFETY.md'
            yield Symptom('failsafe', 'warning', complaint, mend)
        else:
            yield Symptom('failsafe', 'ok', f'{name} {link.parameters[name]:g}')


def _poll(link: 'MavlinkLink', is_done: Callable[[], bool], limit_s: float = LISTEN_S) -> None:
    ends_s = time.monotonic() + limit_s
    while not is_done() and time.monotonic() < ends_s:
        link.poll(time.monotonic())
        time.sleep(0.02)


CHECKS = (serial_ports, cameras, priority, clock, disk, autopilot)
