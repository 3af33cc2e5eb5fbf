# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the machine itself: serial ports, cameras, priority, clock, disk, autopilot."""

import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import LinkError
from .machine import Machine, Symptom

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
    try:
        state = _listen(machine.connection)
    except LinkError as error:
        yield Symptom('autopilot', 'error', str(error))
        return
    level = 'ok' if state.startswith('heard') else 'error'
    mend = '' if level == 'ok' else 'baud rate, RX and TX, telemetry port: docs/jetson.md'
    yield Symptom('autopilot', 'ok' if level == 'ok' else 'error', state, mend)


def _listen(connection: str) -> str:
    """Return who is heard within some seconds; nothing is commanded."""
    import time

    from ...flight.mavlink.link import MavlinkLink

    link = MavlinkLink.open(connection)
    try:
        ends_s = time.monotonic() + LISTEN_S
        while time.monotonic() < ends_s:
            vehicle = link.poll(time.monotonic())
            if vehicle is not None and vehicle.is_introduced:
                break
            time.sleep(0.02)
        vehicle, profile = link.vehicle, link.profile
    finally:
        link.close()
    if vehicle is None or profile is None:
        return f'nobody heard on {connection} for {LISTEN_S:.0f} s'
    return f'heard {profile.name}, system {vehicle.system_id}, on {connection}'


CHECKS = (serial_ports, cameras, priority, clock, disk, autopilot)
