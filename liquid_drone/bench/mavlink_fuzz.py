# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A million MAVLink messages with good checksums and random fields, and what must hold.

Link, companion and guard are the real ones, on real UDP sockets; vehicle and pilot are simulated.
First strangers, a mirrored port and the vehicle's own messages that tell nothing of its flight are
random: setpoints must go on, at the same pace. Then everything the vehicle sends is random too:
nothing may raise, and every setpoint that leaves is checked.
"""

import math
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.engagement import Stage
from ..flight.guard.limits import Limits, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.framing import V1, V2, checksum
from ..flight.mavlink.link import MavlinkLink
from ..flight.mavlink.telemetry.decode import HANDLERS
from ..flight.mavlink.transport.reconnect import Reconnecting
from ..sim.autopilot.personality import Mode
from ..sim.autopilot.simulated import SimulatedAutopilot
from ..sim.physics.point_mass import PointMass
from ..streams import Stream, stream
from .endurance_checker import Checker, Figures
from .machine import memory_mb

STEP_S = 0.05
MOST_AT_ONCE = 200  # datagrams in a step: what a socket's buffer holds
ODD_NUMBERS = (0.0, -1.0, 1e30, -3e38, math.nan, math.inf, -math.inf)
ODD_WORDS = (
    *(struct.pack('<f', number) for number in ODD_NUMBERS),
    *(number.to_bytes(4, 'little') for number in (1, 2, 3, 4, 0x1F, 0xFFFF, 0xFFFFFFFF)),
)
KINDS: tuple[Any, ...] = tuple(mavlink.mavlink_map.values())
FLOWN_ON = frozenset(HANDLERS)  # what the vehicle is known by
HARMLESS_KINDS = tuple(kind for kind in KINDS if kind.msgname not in FLOWN_ON)
STATE_KINDS = tuple(kind for kind in KINDS if kind.msgname in FLOWN_ON)


@dataclass
class FuzzFigures:
    """What came of it."""

    messages: int = 0
    setpoints: int = 0
    hand_backs: int = 0  # while only strangers and harmless messages were random: none
    quiet_periods_s: list[float] = field(default_factory=list)  # between setpoints
    fuzzed_periods_s: list[float] = field(default_factory=list)
    quiet_work_s: list[float] = field(default_factory=list)  # of the processor, for a step
    fuzzed_work_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)  # before and after
    violations: list[str] = field(default_factory=list)


class RandomSender:
    """Makes packets with good checksums and any content."""

    def __init__(self, rng: random.Random) -> None:
        """Draw from a generator."""
        self._rng = rng

    def packet(self, kinds: tuple[Any, ...], system: int, component: int) -> bytes:
        """Return one message of one of these kinds, as version 1 or 2."""
        rng = self._rng
        kind = rng.choice(kinds)
        payload = self._payload(kind)
        sequence = rng.getrandbits(8)
        if kind.id < 256 and rng.random() < 0.1:
            head = bytes([len(payload), sequence, system, component, kind.id])
            return _sealed(V1, head + payload, kind.crc_extra)
        number = int(kind.id).to_bytes(3, 'little')
        head = bytes([len(payload), 0, 0, sequence, system, component]) + number
        return _sealed(V2, head + payload, kind.crc_extra)

    def _payload(self, kind: Any) -> bytes:
        rng, size = self._rng, kind.unpacker.size
        payload = bytearray(rng.randbytes(size))
        for _ in range(1 + size // 20):
            at = rng.randrange(0, max(1, size - 3), 4)
            payload[at : at + 4] = rng.choice(ODD_WORDS)
        del payload[size:]
        if kind.id == mavlink.MAVLINK_MSG_ID_HEARTBEAT and rng.random() < 0.7:
            autopilot = rng.choice((3, 12))  # as the vehicle itself tells it, in any mode
            payload[4:6] = mavlink.MAV_TYPE_QUADROTOR, autopilot
        return bytes(payload)


def _sealed(magic: int, content: bytes, extra: int) -> bytes:
    return bytes([magic]) + content + checksum(content + bytes([extra])).to_bytes(2, 'little')


class FuzzedFlight:
    """A vehicle in the air with its companion, on sockets into which anybody may send."""

    def __init__(self, kind: str, seed: int, figures: FuzzFigures, in_real_time: bool) -> None:
        """Take off.

        Args:
            kind: px4 or ardupilot.
            seed: everything random follows from it.
            figures: to be filled.
            in_real_time: steps of 50 ms by the clock; else as fast as it goes.

        """
        self.figures, self._in_real_time = figures, in_real_time
        self._rng = random.Random(int(stream(seed, Stream.ENDURANCE, 100).integers(2**62)))
        self._random = RandomSender(self._rng)
        self.autopilot = SimulatedAutopilot(
            PointMass(position_enu=np.array([0.0, 0.0, 4.0])), kind, airborne=True
        )
        self.link = MavlinkLink.open('udpin:127.0.0.1:0')
        assert isinstance(self.link.transport, Reconnecting)  # as every one that is opened
        self._here = ('127.0.0.1', self.link.transport.port)
        self._vehicle, self._mirror, self._stranger = (_socket() for _ in range(3))
        self.session = CompanionSession(self.link, Limits(battery_cells=4.0))
        self._checked = Figures()
        self._checker = Checker(Limits(), self._checked)
        self._now_s = 100.0
        self._due_s = time.monotonic()
        self._sent_s: float | None = None

    def close(self) -> None:
        """Close all sockets."""
        self.link.close()
        for end in (self._vehicle, self._mirror, self._stranger):
            end.close()
        self.figures.setpoints += self._checked.setpoints
        self.figures.violations += self._checked.violations

    def step(self, fuzz: list[tuple[socket.socket, bytes]], is_fuzzed: bool) -> None:
        """Live for one step, in which these packets arrive beside the vehicle's own."""
        self._wait()
        for end, packet in fuzz:
            end.sendto(packet, self._here)
        for packet in self.autopilot.transmit():
            self._vehicle.sendto(packet, self._here)
        began_s = time.thread_time()
        is_sent = self._companion_step()
        work_s = time.thread_time() - began_s
        figures = self.figures
        (figures.fuzzed_work_s if is_fuzzed else figures.quiet_work_s).append(work_s)
        if is_sent and self._sent_s is not None:
            periods = figures.fuzzed_periods_s if is_fuzzed else figures.quiet_periods_s
            periods.append(time.monotonic() - self._sent_s)
        self._sent_s = time.monotonic() if is_sent else None
        self.autopilot.advance()

    def _wait(self) -> None:
        self._now_s += STEP_S
        self._due_s += STEP_S
        if self._in_real_time:
            time.sleep(max(0.0, self._due_s - time.monotonic()))
            self._due_s = max(self._due_s, time.monotonic() - STEP_S)

    def _companion_step(self) -> bool:
        session, now_s = self.session, self._now_s
        vehicle = self.link.poll(now_s)
        session.see(Sighting(now_s - 0.01, 0.1, 6.0))
        decision = session.decide(now_s, Proposal(now_s - 0.02, (0.1, 0.0, 0.0, 0.1)))
        if decision is None:
            for packet in _received(self._vehicle):  # it asks for the second heartbeat
                self.autopilot.receive(packet)
            return False
        if decision.reset_policy:
            session.policy_was_reset()
        is_sent = decision.setpoint is not None and self.link.send_setpoint(
            decision.setpoint, round(now_s * 1000)
        )
        if decision.stage in (Stage.STANDBY, Stage.HANDED_BACK):
            session.engage(True)
        profile = self.link.profile
        follow_mode = None if profile is None else profile.follow_mode
        self._check(decision, vehicle is not None and vehicle.mode == follow_mode)
        return is_sent

    def _check(self, decision: Decision, mode_is_ours: bool) -> None:
        """Look at what left, hand it to the vehicle, and let the pilot switch to our mode."""
        packets = _received(self._vehicle)
        self._checker.look(packets, self._now_s, decision, mode_is_ours)
        for packet in packets:
            self.autopilot.receive(packet)
        for name, end in (('mirror', self._mirror), ('stranger', self._stranger)):
            if _received(end):
                self._checked.violations.append(f'{self._now_s:.2f} s: the {name} was answered')
        if self.autopilot.mode is not Mode.FOLLOW:
            self.autopilot.pilot_mode(Mode.FOLLOW)

    def strangers(self, count: int) -> Iterator[tuple[socket.socket, bytes]]:
        """Draw what strangers, a mirror and the vehicle's harmless side send."""
        rng, system = self._rng, self.autopilot.system_id
        for _ in range(count):
            self.figures.messages += 1
            draw = rng.random()
            if draw < 0.4:
                yield self._vehicle, self._random.packet(HARMLESS_KINDS, system, 1)
            elif draw < 0.6:
                yield self._mirror, self._random.packet(KINDS, system, 1)
            else:
                others = rng.randint(2, 255), rng.getrandbits(8)
                packet = self._random.packet(KINDS, *others)
                at = rng.randrange(1, len(packet))
                pieces = (packet[:at], packet[at:]) if rng.random() < 0.1 else (packet,)
                yield from ((self._stranger, piece) for piece in pieces)

    def everything(self, count: int) -> Iterator[tuple[socket.socket, bytes]]:
        """Draw the same with what the vehicle is flown on."""
        for end, packet in self.strangers(count):
            is_state = self._rng.random() < 0.3
            if is_state:
                end = self._vehicle
                packet = self._random.packet(STATE_KINDS, self.autopilot.system_id, 1)
            yield end, packet


def fuzz(
    messages: int,
    seed: int = 0,
    rate_hz: float | None = None,
    quiet_s: float = 10.0,
    on_step: Callable[[int], None] = lambda done: None,
) -> FuzzFigures:
    """Send random messages to both kinds of autopilot's companion.

    Args:
        messages: in all.
        seed: everything random follows from it.
        rate_hz: of the messages, by the clock; None: as fast as it goes.
        quiet_s: of ordinary flight before them, for comparison.
        on_step: called with the number of messages so far.

    """
    figures = FuzzFigures()
    figures.memory_mb.append(round(memory_mb('VmRSS'), 1))
    at_once = MOST_AT_ONCE if rate_hz is None else min(MOST_AT_ONCE, round(rate_hz * STEP_S))
    for number, kind in enumerate(('px4', 'ardupilot')):
        flight = FuzzedFlight(kind, seed + number, figures, rate_hz is not None)
        for _ in range(round(quiet_s / STEP_S)):
            flight.step([], is_fuzzed=False)
        steps = messages // at_once // 4
        for _ in range(steps):
            before = flight.session.stage
            flight.step(list(flight.strangers(at_once)), is_fuzzed=True)
            left = before is Stage.ENGAGED and flight.session.stage is not Stage.ENGAGED
            figures.hand_backs += left
            on_step(figures.messages)
        for _ in range(steps):
            flight.step(list(flight.everything(at_once)), is_fuzzed=True)
            on_step(figures.messages)
        flight.close()
    figures.memory_mb.append(round(memory_mb('VmRSS'), 1))
    return figures


def _socket() -> socket.socket:
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind(('127.0.0.1', 0))
    end.setblocking(False)
    return end


def _received(end: socket.socket) -> list[bytes]:
    packets: list[bytes] = []
    while True:
        try:
            packets.append(end.recv(2048))
        except BlockingIOError:
            return packets
