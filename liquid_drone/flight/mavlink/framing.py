# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One sender's bytes to whole MAVLink frames, wherever they were cut on the way.

Bridges and routers cut a byte stream into datagrams at any place. A frame is whole when its
checksum is right; after a wrong one the search goes on one byte later, so that a good frame
inside damaged bytes is found. Nothing is decoded here.
"""

import binascii
from dataclasses import dataclass, fields
from typing import NamedTuple

from pymavlink.dialects.v20 import ardupilotmega as mavlink

V1, V2 = 0xFE, 0xFD  # the first byte of a frame
SIGNED = 0x01  # the only incompatibility flag there is
SIGNATURE_BYTES = 13
LONGEST_FRAME = 12 + 255 + SIGNATURE_BYTES
CRC_EXTRA = {number: kind.crc_extra for number, kind in mavlink.mavlink_map.items()}
_REVERSED = bytes(int(f'{number:08b}'[::-1], 2) for number in range(256))


class Frame(NamedTuple):
    """A packet with a good checksum, and what its header tells."""

    packet: bytes
    version: int  # 1 or 2
    system: int
    component: int
    message_id: int
    is_signed: bool


@dataclass
class Tally:
    """What has arrived, counted; noise and bytes in bytes, the others in frames."""

    bytes: int = 0
    noise: int = 0  # bytes that belong to no frame
    frames: int = 0  # with a good checksum
    version_1: int = 0  # of these
    signed: int = 0  # of these
    wrong_checksum: int = 0  # where another frame follows at the right place
    unknown: int = 0  # message ids that the dialect does not have
    unsigned_refused: int = 0  # a key is set, and the frame is not signed
    bad_signature: int = 0  # another key, or too old
    other_path: int = 0  # the vehicle's own, from another address than the one answered

    def add(self, other: 'Tally') -> None:
        """Add another one."""
        for item in fields(Tally):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


class Framer:
    """Finds the frames in the bytes of one sender."""

    def __init__(self) -> None:
        """Begin between two frames."""
        self._rest = b''

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet."""
        return len(self._rest)

    def feed(self, data: bytes, tally: Tally) -> list[Frame]:
        """Return the frames that are complete now, and count the rest.

        A piece that is whole frames from its first byte to its last ends what was begun before:
        the remainder of that was lost, or it was junk.
        """
        tally.bytes += len(data)
        if self._rest:
            alone = Tally()
            frames, rest = _scan(data, alone)
            if frames and not rest and not alone.noise:
                tally.noise += len(self._rest)
                self._rest = b''
                tally.add(alone)
                return frames
        frames, self._rest = _scan(self._rest + data, tally)
        return frames


def _scan(data: bytes, tally: Tally) -> tuple[list[Frame], bytes]:
    """Return the whole frames, and the bytes of one that is not complete."""
    frames: list[Frame] = []
    at, end = 0, len(data)
    while at < end:
        if data[at] not in (V1, V2):
            at, before = _next_start(data, at), at
            tally.noise += at - before
            continue
        size = _size(data, at)
        if size is None or at + size > end:
            return frames, data[at:]
        frame, skipped = _judge(data, at, size, tally)
        if frame is not None:
            frames.append(frame)
        at += skipped
    return frames, b''


def _judge(data: bytes, at: int, size: int, tally: Tally) -> tuple[Frame | None, int]:
    """Return the frame of ``size`` bytes if it is one, and by how much to go on."""
    packet = data[at : at + size]
    frame = _frame(packet)
    is_right = _is_right(packet, frame)
    if is_right:
        tally.frames += 1
        tally.version_1 += frame.version == 1
        tally.signed += frame.is_signed
        return frame, size
    another_follows = at + size == len(data) or data[at + size] in (V1, V2)
    if is_right is None and another_follows:
        tally.unknown += 1
        return None, size
    tally.wrong_checksum += another_follows
    tally.noise += 1
    return None, 1


def _next_start(data: bytes, at: int) -> int:
    found = [place for place in (data.find(V1, at), data.find(V2, at)) if place >= 0]
    return min(found, default=len(data))


def _size(data: bytes, at: int) -> int | None:
    """Return the size that the header tells; None: its bytes have not all come."""
    if len(data) - at < 3:
        return None
    length = data[at + 1]
    if data[at] == V1:
        return 8 + length
    return 12 + length + (SIGNATURE_BYTES if data[at + 2] & SIGNED else 0)


def _frame(packet: bytes) -> Frame:
    if packet[0] == V1:
        return Frame(packet, 1, packet[3], packet[4], packet[5], False)
    message_id = int.from_bytes(packet[7:10], 'little')
    return Frame(packet, 2, packet[5], packet[6], message_id, bool(packet[2] & SIGNED))


def _is_right(packet: bytes, frame: Frame) -> bool | None:
    """Tell whether the checksum is right; None: the dialect does not know the message."""
    if frame.version == 2 and packet[2] & ~SIGNED:
        return False
    extra = CRC_EXTRA.get(frame.message_id)
    if extra is None:
        return None
    end = len(packet) - (SIGNATURE_BYTES if frame.is_signed else 0)
    found = int.from_bytes(packet[end - 2 : end], 'little')
    return checksum(packet[1 : end - 2] + bytes([extra])) == found


def checksum(data: bytes) -> int:
    """Return MAVLink's checksum, CRC-16/MCRF4XX: CRC-CCITT with the bits of each byte reversed."""
    crc = binascii.crc_hqx(data.translate(_REVERSED), 0xFFFF)
    return _REVERSED[crc & 0xFF] << 8 | _REVERSED[crc >> 8]
