# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""PX4's simulator interface: sensors out and motors in, as MAVLink messages over TCP.

Source: PX4 user guide, "Simulation", and the MAVLink messages HIL_SENSOR, HIL_GPS and
HIL_ACTUATOR_CONTROLS. PX4's clock is the time of the last HIL_SENSOR: once it answers, each turn
of the physics waits for the motors that belong to it.
"""

import select
import socket
import time
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...arrays import FourFloats
from ...errors import SimulationError
from ..physics.quadrotor import Sample
from . import bridge
from .sensors import Fix, Reading, Sensors

PORT = 4560  # and upwards, one for each instance of PX4
ACCEL, GYRO, MAGNETOMETER, BAROMETER = 0x7, 0x38, 0x1C0, 0x1A00  # HIL_SENSOR.fields_updated
BEFORE_FIRST_ANSWER_S = 1.0 / 240.0  # wall clock: while it boots, time passes as on the wall
LEAST_TIME_S = 1.0  # of PX4's clock at the first message: it must not begin at zero
TEMPERATURE_C = 20.0
ACCURACY_CM = 60, 90  # HIL_GPS.eph and epv as PX4 reads them: horizontal, vertical
SATELLITES = 12


def hil_sensor(time_us: int, reading: Reading) -> Any:
    """Make HIL_SENSOR: body FRD, m/s^2, rad/s, gauss, hPa; only what is new is marked as new."""
    fields = ACCEL | GYRO
    magnetic = reading.magnetic_frd_gauss or (0.0, 0.0, 0.0)
    pressure_pa = reading.pressure_pa or 0.0
    fields |= MAGNETOMETER if reading.magnetic_frd_gauss is not None else 0
    fields |= BAROMETER if reading.pressure_pa is not None else 0
    gyro, accel = reading.inertial.gyro_frd, reading.inertial.accel_frd
    return mavlink.MAVLink_hil_sensor_message(
        time_us, *accel, *gyro, *magnetic, pressure_pa / 100.0, 0.0, 0.0, TEMPERATURE_C, fields
    )


def hil_gps(time_us: int, fix: Fix) -> Any:
    """Make HIL_GPS: 1e-7 degrees, mm, cm/s, and the course over ground in 0.01 degrees."""
    north, east, down = fix.velocity_ned
    speed_m_s = (north * north + east * east) ** 0.5
    return mavlink.MAVLink_hil_gps_message(
        time_us,
        3,  # a fix in three dimensions
        round(fix.latitude_deg * 1e7),
        round(fix.longitude_deg * 1e7),
        round(fix.altitude_m * 1e3),
        *ACCURACY_CM,
        round(speed_m_s * 100.0),
        round(north * 100.0),
        round(east * 100.0),
        round(down * 100.0),
        65535,  # course over ground: unknown, PX4 takes the velocity
        SATELLITES,
    )


class Px4Bridge:
    """The simulator's end of the link, a TCP server; close it."""

    def __init__(
        self,
        sensors: Sensors,
        alive: bridge.Alive = bridge.always_alive,
        address: tuple[str, int] = ('127.0.0.1', PORT),
    ) -> None:
        """Listen; port 0 takes any free one.

        Raises:
            SimulationError: the port is taken.

        """
        self.alive, self.sensors = alive, sensors
        self._connection: socket.socket | None = None
        self._codec = mavlink.MAVLink(None, srcSystem=1, srcComponent=51)
        self._codec.robust_parsing = True
        self._answers = False
        self._since_s, self._throttle = 0.0, (0.0, 0.0, 0.0, 0.0)
        self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._server.bind(address)
        except OSError as error:
            self._server.close()
            raise SimulationError(
                f'cannot use TCP {address[0]}:{address[1]} for PX4: {error.strerror}; '
                'stop the simulator that holds it'
            ) from error
        self._server.listen(1)

    @property
    def port(self) -> int:
        """The TCP port that PX4 must connect to."""
        return int(self._server.getsockname()[1])

    def motors(self, sample: Sample) -> FourFloats:
        """Tell the firmware what its sensors feel, wait for its motors, return their throttles.

        Raises:
            SimulationError: the firmware has ended, or is silent.

        """
        if self._connection is None:
            self._connection = self._accept()
            self._since_s, self._answers = sample.time_s - LEAST_TIME_S, False
        time_us = round((sample.time_s - self._since_s) * 1e6)
        reading = self.sensors.read(sample)
        messages = [hil_sensor(time_us, reading)]
        if reading.fix is not None:
            messages.insert(0, hil_gps(time_us, reading.fix))
        packets = b''.join(bytes(message.pack(self._codec)) for message in messages)
        try:
            self._connection.sendall(packets)
            self._wait_for(time_us, self._connection)
        except ConnectionError:  # it has ended, or is started again
            self._hang_up()
        return self._throttle

    def _accept(self) -> socket.socket:
        began_s = time.monotonic()
        while not select.select([self._server], [], [], bridge.LOOK_AGAIN_S)[0]:
            self.alive()
            if time.monotonic() - began_s > bridge.FIRST_ANSWER_LIMIT_S:
                raise bridge.no_answer('PX4', time.monotonic() - began_s)
        connection, _ = self._server.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _wait_for(self, time_us: int, connection: socket.socket) -> None:
        """Take in motors until those of a moment have come; before the first: a moment long."""
        began_s = time.monotonic()
        while True:
            waited_s = time.monotonic() - began_s
            left_s = bridge.LOOK_AGAIN_S if self._answers else BEFORE_FIRST_ANSWER_S - waited_s
            if left_s <= 0.0:
                return
            if not select.select([connection], [], [], left_s)[0]:
                self.alive()
            elif self._take_in(connection.recv(65536)) >= time_us:
                return
            if waited_s > bridge.ANSWER_LIMIT_S:
                raise bridge.no_answer('PX4', waited_s)

    def _take_in(self, data: bytes) -> int:
        """Return the newest time of motors in some bytes, in us; -1: there are none."""
        if not data:
            raise ConnectionResetError('closed by PX4')
        newest_us = -1
        for message in self._codec.parse_buffer(data) or []:
            if message.get_type() == 'HIL_ACTUATOR_CONTROLS':
                newest_us, self._answers = message.time_usec, True
                self._throttle = bridge.in_drive_order(list(message.controls))
        return newest_us

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._throttle = None, (0.0, 0.0, 0.0, 0.0)
        self.alive()

    def close(self) -> None:
        """Close the connection and the port."""
        if self._connection is not None:
            self._connection.close()
        self._server.close()
