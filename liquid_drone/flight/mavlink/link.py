# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The MAVLink connection of the companion: transport, codec, and the little that must be kept up.

Everything happens inside :meth:`MavlinkLink.poll` and :meth:`MavlinkLink.send_setpoint`, called
from one loop: no thread resends anything, so when the loop stops, the vehicle hears nothing more.
The heartbeat comes from the same loop and tells the truth.
"""

import logging
import math
from pathlib import Path
from types import TracebackType
from typing import Any

from ...errors import LinkError
from ..setpoint import Setpoint
from ..vehicle import VehicleState
from .codec import MavlinkCodec
from .encoder import COMPANION_COMPONENT, MavlinkEncoder
from .link_monitor import LinkMonitor, LinkReport
from .profiles import Profile, named
from .signing import SigningKey
from .station_inbox import StationInbox
from .streams import RequestKind, StreamNeed, StreamRequest
from .timesync import ASK_EVERY_S as CLOCK_EVERY_S
from .transport.address import Address, parse_address
from .transport.chunks import Transport
from .transport.opening import Opener, is_not_yet
from .transport.reconnect import Reconnecting
from .transport.troubles import Troubles

logger = logging.getLogger(__name__)
HEARTBEAT_S = 1.0
LATE_S, ASK_LATE_S = 1.1, 0.1  # a heartbeat so old was lost: ask for it, so often


class MavlinkLink:
    """A connection to one vehicle; close it, or use it as a context."""

    def __init__(
        self,
        transport: Transport,
        codec: MavlinkCodec | None = None,
        shadow: bool = False,
        address: Address | None = None,
        besides: tuple[StreamNeed, ...] = (),
    ) -> None:
        """Use an open transport; :meth:`open` opens one from an address.

        Args:
            transport: carries the bytes.
            codec: knows the vehicle.
            shadow: no setpoint leaves, whoever asks for it.
            address: of the transport, for sentences.
            besides: streams to receive besides those of the facts.

        """
        self._transport = transport
        self._codec = codec or MavlinkCodec()
        self.is_shadow = shadow  # no setpoint leaves
        self._has_spoken = False  # since the last heartbeat
        self._heartbeat_s = self._poll_s = self._clock_s = self._polled_s = -math.inf
        troubles = transport.troubles if isinstance(transport, Reconnecting) else Troubles()
        self._camera: MavlinkEncoder | None = None  # where a ground station is attended
        self._voices: dict[int, MavlinkEncoder] = {}
        self._monitor = LinkMonitor(self._codec, address, troubles, besides)

    @classmethod
    def open(
        cls,
        address: str,
        autopilot: str = 'auto',
        system_id: int | None = None,
        signing_key: Path | None = None,
        shadow: bool = False,
        besides: tuple[StreamNeed, ...] = (),
    ) -> 'MavlinkLink':
        """Open an address such as ``udpin:0.0.0.0:14540`` or ``/dev/ttyTHS1:921600``.

        Args:
            address: see :mod:`.transport.address`; when it breaks later, it is opened again.
            autopilot: auto, px4 or ardupilot; another one than asked for is refused.
            system_id: the vehicle's; None takes the first vehicle heard.
            signing_key: file of the MAVLink 2 signing key; see :mod:`.signing`.
            shadow: no setpoint leaves, whoever asks for it.
            besides: streams to receive besides those of the facts.

        Raises:
            ConfigError: not an address, an unknown autopilot, or a key that cannot be used.
            LinkError: the port is busy or the device is missing.

        """
        key = None if signing_key is None else SigningKey.read(signing_key)
        codec = MavlinkCodec(named(autopilot), system_id, key)
        parsed = parse_address(address)
        return cls(open_reconnecting(Opener(parsed)), codec, shadow, parsed, besides)

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

    @property
    def trip_s(self) -> float | None:
        """The quickest way of a question to the autopilot and back lately; None: not known."""
        return self._codec.clock.trip_s

    @property
    def report(self) -> LinkReport:
        """What arrives and what is missing, as of the last poll."""
        return self._monitor.report()

    @property
    def obstacle(self) -> str:
        """A sentence about what keeps from engaging over this link; empty: nothing."""
        return self.report.obstacle

    @property
    def rival(self) -> str:
        """Who else sends setpoints, in a sentence; empty: nobody seen here, or we send none."""
        return '' if self.is_shadow else self._codec.rivals.sentence(self._polled_s)

    def poll(self, now_s: float) -> VehicleState | None:
        """Take in all that has arrived, keep up what is due, and return what is known."""
        self._polled_s = now_s
        chunks = self._transport.read()
        self._codec.note_read(now_s, self._transport.is_emptied)
        for data, source in chunks:
            if self._codec.receive(data, now_s, source):
                self._transport.accept(source)
        for answer in self._codec.answers():
            self._transport.write(answer)
        self._monitor.take(self._codec.arrived(), now_s)
        self._keep_up(now_s)
        return self.vehicle

    def _keep_up(self, now_s: float) -> None:
        if not 0.0 <= now_s - self._heartbeat_s < HEARTBEAT_S:
            self._heartbeat_s = now_s
            packet = self._codec.encoder.heartbeat(self._has_spoken)
            self._codec.rivals.note_our_heartbeat(packet)
            self._transport.write(packet)
            self._has_spoken = False
        vehicle, profile = self.vehicle, self.profile
        if vehicle is None or profile is None:
            return
        is_late = vehicle.heartbeat_age_s(now_s) > LATE_S
        every_s = ASK_LATE_S if is_late else profile.heartbeat_poll_s
        if every_s is not None and not 0.0 <= now_s - self._poll_s < every_s - 1e-6:
            self._poll_s = now_s
            self._transport.write(self._codec.encoder.request_heartbeat())
        if not 0.0 <= now_s - self._clock_s < CLOCK_EVERY_S:
            self._clock_s = now_s
            self._transport.write(self._codec.ask_clock(now_s))
        for request in self._monitor.due(profile, now_s):
            self._transport.write(self._encoded(request))

    def _encoded(self, request: StreamRequest) -> bytes:
        encoder = self._codec.encoder
        if request.kind is RequestKind.GROUP:
            return encoder.request_group(request.number, request.rate_hz)
        if request.kind is RequestKind.ONCE:
            return encoder.request_once(request.number)
        return encoder.request_stream(request.number, request.rate_hz)

    def send_setpoint(self, setpoint: Setpoint, time_boot_ms: int) -> bool:
        """Send a setpoint once; in shadow mode encode it and send nothing. Tells whether it left.

        Raises:
            LinkError: no vehicle yet.

        """
        packet = self._codec.encoder.setpoint(setpoint, time_boot_ms)
        if self.is_shadow:
            return False
        self._has_spoken = True
        self._codec.rivals.note_ours(packet)
        self._transport.write(packet)
        return True

    def request_parameter(self, name: str) -> None:
        """Request a parameter's value; it comes to :attr:`parameters`."""
        if self.vehicle is not None:
            self._codec.parameters.setdefault(name, None)
            self._transport.write(self._codec.encoder.request_parameter(name))

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters that were requested and answered, the newest answer last.

        One that the autopilot does not have, and says so (PARAM_ERROR), is not a number.
        """
        found = self._codec.parameters
        return {name: value for name, value in found.items() if value is not None}

    def tell(self, severity: int, text: str) -> None:
        """Tell the pilot something in words (STATUSTEXT), once there is a vehicle.

        The autopilot passes it on to the ground station: ArduPilot always, PX4 where
        ``MAV_n_FORWARD`` of this port is 1.
        """
        if self.vehicle is not None:
            for packet in self._codec.encoder.text(severity, text):
                self._transport.write(packet)

    def show(self, name: str, value: float, time_boot_ms: int) -> None:
        """Show the pilot a number under a name (NAMED_VALUE_FLOAT), likewise."""
        if self.vehicle is not None:
            self._transport.write(self._codec.encoder.named_value(name, value, time_boot_ms))

    def attend_station(self, inbox: StationInbox, camera: int) -> None:
        """Take in a ground station's commands from now on, and speak as a camera besides."""
        self._codec.inbox = inbox
        self._camera = self._codec.voice(camera)
        self._voices = {COMPANION_COMPONENT: self._codec.encoder, camera: self._camera}

    @property
    def commands_ignored(self) -> int | None:
        """Commands that were for us and did not count; None: no station is attended."""
        return None if self._codec.inbox is None else self._codec.inbox.ignored

    def show_camera(self) -> None:
        """Send the camera's heartbeat, where a station is attended."""
        if self._camera is not None:
            self._transport.write(self._camera.camera_heartbeat())

    def answer_station(self, message: Any, component: int) -> None:
        """Send an answer to the station, as one of our components."""
        self._transport.write(self._voices[component].answer(message))

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


def open_reconnecting(opener: Opener) -> Reconnecting:
    """Open an address that is opened again when it breaks, or when the network is there.

    Raises:
        LinkError: it cannot be opened, and waiting for a network would not help.

    """
    first: Transport | None = None
    try:
        first = opener.open(waits=True)
    except LinkError as error:
        if not is_not_yet(error):
            raise
        logger.warning('%s; trying again every second', error)
    return Reconnecting(first, lambda: opener.open(waits=False), troubles=opener.troubles)
