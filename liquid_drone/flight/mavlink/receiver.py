# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes of many senders to frames and messages, with a count of all that was refused.

One framer for each sender, so that what one of them breaks off spoils no other's. Signatures are
judged in one place, so that a packet recorded on one path is not new on another. Strangers' frames
are cheap: only their checksum is looked at.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .framing import Frame, Framer, Tally
from .signing import SigningKey, Verifier, ticks

MOST_SENDERS = 32  # the one that was quiet for longest is forgotten
WINDOW_S = 5  # of the recent tally


class Receiver:
    """Reads what arrives; knows no vehicle."""

    def __init__(self, key: SigningKey | None, calendar_s: Callable[[], float]) -> None:
        """Begin; with a key only what is signed with it is decoded."""
        self._senders: OrderedDict[object, Framer] = OrderedDict()
        self._verifier = Verifier(None)
        self._calendar_s = calendar_s
        self.has_key = key is not None
        if key is not None:
            key.protect(self._verifier)
        self._seconds: deque[tuple[float, Tally]] = deque(maxlen=WINDOW_S + 1)
        self.tally = Tally()  # of this second

    def frames(self, data: bytes, source: object, now_s: float) -> list[Frame]:
        """Return the frames that a piece of bytes of one sender completes."""
        self._count_by_second(now_s)
        framer = self._senders.get(source)
        if framer is None:
            framer = self._senders[source] = Framer()
            if len(self._senders) > MOST_SENDERS:
                self._senders.popitem(last=False)
        self._senders.move_to_end(source)
        return framer.feed(data, self.tally)

    def decode(self, frame: Frame) -> Any:
        """Return the message of a frame; None where its signature or content is refused."""
        if self.has_key:
            if not frame.is_signed:
                self.tally.unsigned_refused += 1
                return None
            self._verifier.signing.timestamp = ticks(self._calendar_s())
        try:
            return self._verifier.decode(bytearray(frame.packet))
        except mavlink.MAVError:
            self.tally.bad_signature += self.has_key
            return None

    @property
    def newest_signature(self) -> int:
        """The newest timestamp of a good signature, as signatures count it; 0: there was none."""
        return self._verifier.newest

    def recent(self, now_s: float) -> Tally:
        """Return what was counted in the last seconds."""
        total = Tally()
        for began_s, tally in self._seconds:
            if abs(now_s - began_s) <= WINDOW_S + 1.0:
                total.add(tally)
        return total

    @property
    def pending(self) -> int:
        """Bytes of frames that are not complete, of all senders."""
        return sum(framer.pending for framer in self._senders.values())

    def _count_by_second(self, now_s: float) -> None:
        if not self._seconds or not 0.0 <= now_s - self._seconds[-1][0] < 1.0:
            self.tally = Tally()
            self._seconds.append((now_s, self.tally))
