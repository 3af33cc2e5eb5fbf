# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The MAVLink connection of the companion: transport, codec, and the little that must be kept up.

Everything happens inside :meth:`MavlinkLink.poll` and :meth:`MavlinkLink.send_setpoint`, called
from one loop: no thread resends anything, so when the loop stops, the vehicle hears nothing more.
The heartbeat comes from the same loop and tells the truth.
"""

import math
from types import TracebackType

from .guard import Setpoint
from .messages import MavlinkCodec
from .profiles import Profile, named
from .transport import Transport, open_transport
from .vehicle import VehicleState

HEARTBEAT_S = 1.0
ASK_AGAIN_S = 2.0  # for streams that do not come


class MavlinkLink:
    """A connection to one vehicle; close it, or use it as a context."""

    def __init__(self, transport: Transport, codec: MavlinkCodec | None = None) -> None:
        """Use an open transport; :meth:`open` opens one from an address."""
        self._transport = transport
        self._codec = codec or MavlinkCodec()
        self._heartbeat_s = self._poll_s = self._ask_s = -math.inf

    @classmethod
    def open(
        cls, address: str, autopilot: str = 'auto', system_id: int | None = None
    ) -> 'MavlinkLink':
        """Open an address such as ``udpin:0.0.0.0:14540`` or ``/dev/ttyTHS1:921600``.

        Args:
            address: see :mod:`.transport`.
            autopilot: auto, px4 or ardupilot; another one than asked for is refused.
            system_id: the vehicle's; None takes the first vehicle heard.

        Raises:
            ConfigError: not an address, or an unknown autopilot.
            LinkError: the port is busy or the device is missing.

        """
        codec = MavlinkCodec(named(autopilot), system_id)
        return cls(open_transport(address), codec)

    @property
    def vehicle(self) -> VehicleState | None:
        """What is known about the vehicle; None before its first heartbeat."""
        return self._codec.vehicle

    @property
    def profile(self) -> Profile | None:
        """The kind of autopilot; None while unknown."""
        return self._codec.profile

    @property
    def transport(self) -> Transport:
        """The way that the bytes travel."""
        return self._transport

    def poll(self, now_s: float) -> VehicleState | None:
        """Take in all that has arrived, keep up what is due, and return what is known.

        Raises:
            LinkError: the connection broke, or the vehicle is of another kind than asked for.

        """
        for data, source in self._transport.read():
            if self._codec.receive(data, now_s, self._transport.is_datagram):
                self._transport.accept(source)
        self._keep_up(now_s)
        return self.vehicle

    def _keep_up(self, now_s: float) -> None:
        if not 0.0 <= now_s - self._heartbeat_s < HEARTBEAT_S:
            self._heartbeat_s = now_s
            self._transport.write(self._codec.heartbeat())
        vehicle, profile = self.vehicle, self.profile
        if vehicle is None or profile is None:
            return
        every_s = profile.heartbeat_poll_s
        if every_s is not None and not 0.0 <= now_s - self._poll_s < every_s - 1e-6:
            self._poll_s = now_s
            self._transport.write(self._codec.request_heartbeat())
        never_asked = math.isinf(self._ask_s)
        is_missing = never_asked or vehicle.estimate_age_s(now_s) > ASK_AGAIN_S
        if is_missing and not 0.0 <= now_s - self._ask_s < ASK_AGAIN_S:
            self._ask_s = now_s
            for message_id, rate_hz in profile.streams_hz.items():
                self._transport.write(self._codec.request_stream(message_id, rate_hz))

    def send_setpoint(self, setpoint: Setpoint, time_boot_ms: int) -> None:
        """Send a setpoint once.

        Raises:
            LinkError: no vehicle yet, or the connection broke.

        """
        self._transport.write(self._codec.setpoint(setpoint, time_boot_ms))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def __enter__(self) -> 'MavlinkLink':
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()
