# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Firmware made of thirty lines, which speaks the real protocols over real sockets."""

import json
import socket
import struct
import threading
import time
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

HOVER = 0.72  # throttle


class FakeArduPilot(threading.Thread):
    """Holds a height of 2 m by the state that it is told; every ``deaf``-th answer gets lost."""

    def __init__(self, port: int, frames: int, deaf: int = 0, first: int = 0) -> None:
        super().__init__(daemon=True)
        self.port, self.frames, self.deaf, self.first = port, frames, deaf, first
        self.states: list[dict[str, Any]] = []
        self.repeated = 0

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.settimeout(0.7)
            pulse = 1000
            for frame in range(self.first, self.first + self.frames):
                state = self._exchange(link, frame, pulse)
                self.states.append(state)
                height_m, climb_m_s = -state['position'][2], -state['velocity'][2]
                throttle = HOVER + 0.15 * (2.0 - height_m) - 0.2 * climb_m_s
                pulse = round(1000 + 1000 * min(max(throttle, 0.0), 1.0))

    def _exchange(self, link: socket.socket, frame: int, pulse: int) -> dict[str, Any]:
        packet = struct.pack('<HHI16H', 18458, 240, frame, *[pulse] * 4, *[0] * 12)
        while True:
            link.sendto(packet, ('127.0.0.1', self.port))
            try:
                data = link.recv(65000)
                if self.deaf and frame and frame % self.deaf == 0 and not self.repeated:
                    self.repeated += 1
                    continue
            except TimeoutError:
                continue
            assert data[:1] == b'\n'
            assert data[-1:] == b'\n'
            found: dict[str, Any] = json.loads(data)
            return found


class FakePx4(threading.Thread):
    """Answers every HIL_SENSOR, after ``silent`` of them, with controls that tell its time."""

    def __init__(self, port: int, count: int, silent: int = 0, late_s: float = 0.0) -> None:
        super().__init__(daemon=True)
        self.port, self.count, self.silent, self.late_s = port, count, silent, late_s
        self.sensors: list[Any] = []
        self.fixes: list[Any] = []

    def run(self) -> None:
        codec = mavlink.MAVLink(None, 1, 1)
        with socket.create_connection(('127.0.0.1', self.port)) as link:
            while len(self.sensors) < self.count:
                for message in codec.parse_buffer(link.recv(65536)) or []:
                    if message.get_type() == 'HIL_GPS':
                        self.fixes.append(message)
                    elif message.get_type() == 'HIL_SENSOR':
                        self._answer(link, codec, message)

    def _answer(self, link: socket.socket, codec: Any, message: Any) -> None:
        self.sensors.append(message)
        if len(self.sensors) <= self.silent:
            return
        time.sleep(self.late_s)
        told = (message.time_usec % 1_000_000) / 1e6
        controls = [told, 0.1, 0.2, 0.3, *[0.0] * 12]
        answer = mavlink.MAVLink_hil_actuator_controls_message(message.time_usec, controls, 129, 1)
        link.sendall(bytes(answer.pack(codec)))
