# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A ground station's end of a stream: RTP packets on the loopback, put together and decoded."""

import socket
import subprocess

import numpy as np

from liquid_drone.arrays import Image

STAP_A, FU_A = 24, 28  # RFC 6184
START = b'\0\0\0\1'


class RtpReceiver:
    """Listens on a free port of the loopback."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(('127.0.0.1', 0))
        self._socket.setblocking(False)
        self.port = int(self._socket.getsockname()[1])
        self.h264 = bytearray()  # Annex B
        self.pictures = 0

    def receive(self) -> None:
        """Take what came."""
        while True:
            try:
                packet = self._socket.recv(65536)
            except BlockingIOError:
                return
            assert packet[0] >> 6 == 2  # the version of RTP
            assert packet[1] & 0x7F == 96  # what QGroundControl expects
            self.pictures += packet[1] >> 7  # the marker
            self._take(packet[12:])

    def _take(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == FU_A:
            if payload[1] & 0x80:  # the first part
                self.h264 += START + bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
            self.h264 += payload[2:]
        elif kind == STAP_A:
            rest = payload[1:]
            while rest:
                size = int.from_bytes(rest[:2], 'big')
                self.h264 += START + rest[2 : 2 + size]
                rest = rest[2 + size :]
        else:
            self.h264 += START + payload

    def decoded(self, ffmpeg: str, width: int, height: int) -> Image:
        """Return all pictures so far, (T, H, W, 3)."""
        command = f'{ffmpeg} -v error -f h264 -i pipe:0 -pix_fmt rgb24 -f rawvideo pipe:1'
        done = subprocess.run(
            command.split(), input=bytes(self.h264), capture_output=True, timeout=300, check=True
        )
        return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, 3)

    def close(self) -> None:
        self._socket.close()
