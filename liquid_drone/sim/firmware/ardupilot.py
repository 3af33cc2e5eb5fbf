# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""ArduPilot's JSON simulator interface: servo packets in, the state of the body out, over UDP.

Source: ArduPilot, libraries/SITL/examples/JSON/readme.md. The firmware sends a packet for each
frame and waits for the answer, so the two run in lock-step. ArduPilot makes magnetometer,
barometer and satellite receiver from the state by itself (its SIM_* parameters).
"""

import select
import struct
import time
from typing import NamedTuple

from ...arrays import FourFloats
from .. import udp
from ..physics.quadrotor import Sample
from . import bridge
from .sensors import Inertial, Sensors

SERVOS_16 = struct.Struct('<HHI16H')  # magic, frame rate in Hz, frame count, pulse widths in us
SERVOS_32 = struct.Struct('<HHI32H')
MAGIC_16, MAGIC_32 = 18458, 29569
LEAST_US, SPAN_US = 1000.0, 1000.0  # MOT_PWM_MIN, and from there to MOT_PWM_MAX
FIRST_TIME_S = 1.0 / 240.0  # of the first state: time must have passed
ANSWER_AGAIN_S = 0.5  # wall clock; the firmware repeats itself where an answer was lost


class Servos(NamedTuple):
    """One packet from the firmware."""

    frame: int
    pulse_us: tuple[int, ...]  # 16 or 32 outputs


def decode_servos(data: bytes) -> Servos | None:
    """Read a servo packet; None: it is something else."""
    for layout, magic in ((SERVOS_16, MAGIC_16), (SERVOS_32, MAGIC_32)):
        if len(data) == layout.size:
            found, _, frame, *pulses = layout.unpack(data)
            return Servos(frame, tuple(pulses)) if found == magic else None
    return None


def throttle_of(servos: Servos) -> FourFloats:
    """Return the throttles of motors 1 to 4, in a drive's order."""
    return bridge.in_drive_order([(pulse - LEAST_US) / SPAN_US for pulse in servos.pulse_us[:4]])


def encode_state(time_s: float, sample: Sample, inertial: Inertial) -> bytes:
    """Write the state; the firmware's parser wants no blank before a bracket, and both line ends.

    Time in s, gyroscope rad/s and accelerometer m/s^2 in FRD, position m and velocity m/s in NED
    from home, quaternion wxyz FRD in NED.
    """
    motion = sample.motion
    gyro, accel = _row(inertial.gyro_frd), _row(inertial.accel_frd)
    position, velocity = _row(bridge.ned(motion.position_enu)), bridge.ned(motion.velocity_enu)
    return (
        f'\n{{"timestamp":{time_s:.6f},"imu":{{"gyro":{gyro},"accel_body":{accel}}},'
        f'"position":{position},"quaternion":{_row(bridge.ned_quaternion(motion.quaternion_xyzw))},'
        f'"velocity":{_row(velocity)}}}\n'
    ).encode('ascii')


def _row(values: tuple[float, ...]) -> str:
    return '[' + ','.join(f'{value:.9g}' for value in values) + ']'


class ArduPilotBridge:
    """The simulator's end of the link; close it. It waits for the firmware, never the reverse."""

    def __init__(
        self,
        sensors: Sensors,
        alive: bridge.Alive = bridge.always_alive,
        address: udp.Address = udp.ANY_PORT,
    ) -> None:
        """Bind a UDP port; port 0 takes any free one.

        Raises:
            SimulationError: the port is taken.

        """
        self.alive, self.sensors = alive, sensors
        self._frame, self._since_s, self._answered_s = -1, 0.0, 0.0
        self._answer, self._peer = b'', ('', 0)
        self._socket = udp.listen(address, "ArduPilot's simulation link")

    @property
    def port(self) -> int:
        """The UDP port that the firmware must send its servo packets to."""
        return int(self._socket.getsockname()[1])

    def motors(self, sample: Sample) -> FourFloats:
        """Wait for the firmware's next frame, answer it with the sample, return its throttles.

        Raises:
            SimulationError: the firmware has ended, or is silent.

        """
        servos = self._next_servos()
        if servos.frame < self._frame or self._frame < 0:  # it was started, or started again
            self._since_s = sample.time_s - FIRST_TIME_S
        self._frame = servos.frame
        inertial = self.sensors.inertial(sample)
        self._answer = encode_state(sample.time_s - self._since_s, sample, inertial)
        self._send()
        return throttle_of(servos)

    def _next_servos(self) -> Servos:
        began_s = time.monotonic()
        limit_s = bridge.ANSWER_LIMIT_S if self._frame >= 0 else bridge.FIRST_ANSWER_LIMIT_S
        while True:
            servos = self._newest()
            if servos is not None and servos.frame != self._frame:
                return servos
            now_s = time.monotonic()
            if servos is not None and now_s - self._answered_s > ANSWER_AGAIN_S:
                self._send()  # it repeats itself: the answer was lost
            if now_s - began_s > limit_s:
                raise bridge.no_answer('ArduPilot', now_s - began_s)
            if not select.select([self._socket], [], [], bridge.LOOK_AGAIN_S)[0]:
                self.alive()

    def _newest(self) -> Servos | None:
        """Return the last of the packets that wait; None: there is none."""
        servos = None
        for data, peer in udp.waiting(self._socket):
            decoded = decode_servos(data)
            if decoded is not None:
                servos, self._peer = decoded, peer
        return servos

    def _send(self) -> None:
        self._answered_s = time.monotonic()
        try:
            self._socket.sendto(self._answer, self._peer)
        except (BlockingIOError, ConnectionError):  # it will repeat its frame
            return

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
