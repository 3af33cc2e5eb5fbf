# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One MAVLink channel of the simulated autopilot: bytes in, packets out, its own stream rates.

Like a serial port or a UDP address of real firmware: each channel has its own sequence numbers and
rates, and remembers whether a ground station heartbeats on it. It knows nothing of flying.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .telemetry import MESSAGES, TelemetrySnapshot

HEARTBEAT = mavlink.MAVLINK_MSG_ID_HEARTBEAT
SECOND_NS = 1_000_000_000
GROUND_STATION_LOST_NS = 5 * SECOND_NS
AUTOPILOT_COMPONENT = 1
BUFFER_BYTES = 300  # of a slow port


class MavlinkChannel:
    """A channel; packets wait in it until they are fetched with :meth:`take`."""

    def __init__(self, system_id: int, streams_hz: Mapping[int, float]) -> None:
        self.bytes_per_s: float | None = None  # a slow port's; None: any number
        self._credit, self._credit_ns = 0.0, 0
        self._default_hz = streams_hz
        self._codec = mavlink.MAVLink(None, system_id, AUTOPILOT_COMPONENT)
        self._codec.robust_parsing = True
        self._queue: list[bytes] = []
        self._sent_ns: dict[int, int] = {}
        self._ground_station_ns: int | None = None
        self.interval_ns: dict[int, int] = {}
        self.reset_rates()

    def reset_rates(self, streams_hz: Mapping[int, float] | None = None) -> None:
        """Stream at these rates alone, as another program on the port may ask; None: as at first.

        HEARTBEAT goes on.
        """
        self.interval_ns = {HEARTBEAT: SECOND_NS}
        rates = self._default_hz if streams_hz is None else streams_hz
        for message_id, rate_hz in rates.items():
            self.interval_ns[message_id] = round(SECOND_NS / rate_hz)

    def parse(self, data: bytes) -> Iterator[Any]:
        """Yield the good messages of one datagram; anything else in it is dropped."""
        self._codec.buf = bytearray()  # a datagram never continues the one before
        self._codec.buf_index = 0
        for message in self._codec.parse_buffer(data) or []:
            if not isinstance(message, mavlink.MAVLink_bad_data | mavlink.MAVLink_unknown):
                yield message

    def send(self, message: Any) -> None:
        """Queue a message; None: there is none to send."""
        if message is None:
            return
        self._queue.append(message.pack(self._codec))
        self._codec.seq = (self._codec.seq + 1) % 256

    def note_ground_station(self, now_ns: int) -> None:
        """Remember that a ground station heartbeated here."""
        self._ground_station_ns = now_ns

    def has_ground_station(self, now_ns: int) -> bool:
        """Tell whether a ground station heartbeated here lately."""
        heard = self._ground_station_ns
        return heard is not None and now_ns - heard <= GROUND_STATION_LOST_NS

    def stream(self, snapshot: TelemetrySnapshot) -> None:
        """Queue what is due by its rate."""
        now = snapshot.truth.stamp_ns
        self._earn(now)
        for message_id, interval in self.interval_ns.items():
            sent = self._sent_ns.get(message_id)
            if sent is None or now - sent >= interval:
                self._sent_ns[message_id] = now
                self.send(MESSAGES[message_id](snapshot))

    def send_soon(self, message_id: int) -> None:
        """Make a streamed message due at once."""
        self._sent_ns.pop(message_id, None)

    def take(self) -> list[bytes]:
        """Return the waiting packets, oldest first, and forget them."""
        packets, self._queue = self._queue, []
        if self.bytes_per_s is None:
            return packets
        fits: list[bytes] = []
        for packet in packets:
            if self._credit >= len(packet):
                self._credit -= len(packet)
                fits.append(packet)  # what does not fit is dropped, as by firmware
        return fits

    def _earn(self, now_ns: int) -> None:
        """Let a slow port carry what it can in the time that passed."""
        passed_s = (now_ns - self._credit_ns) / SECOND_NS
        rate = self.bytes_per_s or 0.0
        self._credit = min(self._credit + rate * passed_s, BUFFER_BYTES)
        self._credit_ns = now_ns
