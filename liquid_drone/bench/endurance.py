# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Hours of flight in minutes, with something going wrong every few seconds, and what must hold.

The real link, companion, guard and recorder fly the simulated autopilot and a point mass over a
bad radio. And everybody else fails too: policy, camera, pilot, human, autopilot, the companion's
own loop. A checker reads every packet that leaves the companion; every hand-back must become an
episode that can be read again.
"""

import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..episodes.episode import encode_jpeg, find_episodes, load
from ..episodes.recording import EpisodeInfo
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.engagement import Stage
from ..flight.guard.limits import Limits, Sighting
from ..flight.guard.state import LONGEST_STEP_S, Proposal
from ..flight.mavlink.link import MavlinkLink
from ..flight.mavlink.transport.memory import MemoryTransport
from ..flight.recorder import HOLDERS, FlightRecorder, RecorderConfig
from ..flight.report import facts
from ..sim.autopilot.channel import MavlinkChannel
from ..sim.autopilot.link_faults import FaultyWire, LinkFaults
from ..sim.autopilot.personality import Mode
from ..sim.autopilot.simulated import SimulatedAutopilot
from ..sim.physics.point_mass import PointMass
from ..streams import Stream, stream

STEP_S = 0.05
HARMLESS = ('HEARTBEAT', 'COMMAND_LONG', 'REQUEST_DATA_STREAM', 'TIMESYNC')  # beside setpoints
EPOCH_NS = 1_700_000_000_000_000_000  # recordings are named by a calendar
BAD_RADIO = LinkFaults(loss=0.3, double=0.1, late=0.1, damaged=0.1, junk=0.1)
RADIO_FAULTS = {'bad radio': BAD_RADIO, 'blackout': LinkFaults(dead=True)}
OTHER_FAULTS = (
    'policy silent',
    'policy not finite',
    'policy repeats itself',
    'policy from the future',
    'policy raves',
    'target lost',
    'battery low',
    'pilot takes over',
    'human calls it off',
    'loop pauses',
    'autopilot restarts',
    'another vehicle',
)
HOME_M = 20.0  # further away the pilot brings it back


@dataclass
class Figures:
    """What happened, and what should not have."""

    simulated_s: float = 0.0
    following_s: float = 0.0  # engaged, not holding or searching
    setpoints: int = 0
    engagements: int = 0
    hand_backs: Counter[str] = field(default_factory=Counter)  # by cause
    faults: Counter[str] = field(default_factory=Counter)
    episodes: int = 0  # read again from the disk
    lost_episodes: int = 0
    longest_deaf_s: float = 0.0  # after the radio was good again, until the vehicle was heard
    memory_mb: list[float] = field(default_factory=list)  # resident, at ten points in time
    violations: list[str] = field(default_factory=list)


def fly(
    minutes: float, seed: int, folder: Path, on_minute: Callable[[], None] = lambda: None
) -> Figures:
    """Fly, half of it a PX4, half of it an ArduPilot.

    Args:
        minutes: simulated, in all.
        seed: everything random follows from it.
        folder: for the recordings; each is removed once it was read again.
        on_minute: called after every simulated minute.

    """
    figures = Figures()
    steps, ten = round(minutes * 60.0 / STEP_S), max(1, round(minutes * 6.0 / STEP_S))
    for number, kind in enumerate(('px4', 'ardupilot')):
        flight = EnduranceFlight(kind, stream(seed, Stream.ENDURANCE, number), folder, figures)
        for step in range(number * steps // 2, (number + 1) * steps // 2):
            flight.step()
            if step % ten == ten - 1:
                figures.memory_mb.append(memory_mb())
            if step % 1200 == 1199:
                on_minute()
        flight.close()
    return figures


class EnduranceFlight:
    """One vehicle, its companion, and all the others; close it."""

    def __init__(
        self, kind: str, rng: np.random.Generator, folder: Path, figures: Figures
    ) -> None:
        """Put the vehicle into the air."""
        self.rng, self.figures, self.kind = rng, figures, kind
        self.limits = Limits()
        self.now_s = 0.0
        self.autopilot = self._in_the_air(0.0, 0.0)
        self.stranger = SimulatedAutopilot(PointMass(), 'px4', system_id=2)
        self.down, self.up = FaultyWire(rng), FaultyWire(rng)
        self._inbox: list[bytes] = []
        self._outbox: list[bytes] = []
        self.link = MavlinkLink(MemoryTransport(self._fetch, self._outbox.append))
        self.session = CompanionSession(self.link, self.limits)
        self.command = np.zeros(4)
        self.proposal: Proposal | None = None
        self.active: dict[str, float] = {}  # fault -> its end
        self._next_fault_s = 2.0
        self._radio_good_s = 0.0
        self.checker = Checker(self.limits, figures)
        self._folder = folder
        info = EpisodeInfo('endurance', 'flight', 'unknown', 'none', -1, 'none')
        config = RecorderConfig(folder, info, before_s=3.0, after_s=1.0, least_free_bytes=0)
        self.recorder = FlightRecorder(config)
        self._jpeg = encode_jpeg(np.zeros((18, 32, 3), dtype=np.uint8))

    def close(self) -> None:
        """Read the last recordings."""
        self.recorder.close()
        self._read_episodes(find_episodes(self._folder))
        self.figures.lost_episodes += self.recorder.lost

    def _in_the_air(self, east_m: float, north_m: float) -> SimulatedAutopilot:
        plant = PointMass(position_enu=np.array([east_m, north_m, 4.0]))
        return SimulatedAutopilot(plant, self.kind, airborne=True)

    def _fetch(self) -> list[bytes]:
        arrived, self._inbox = self._inbox, []
        return arrived

    # time

    def step(self) -> None:
        """Live for one step."""
        self.now_s += STEP_S
        self.figures.simulated_s += STEP_S
        self._change_faults()
        said = [] if 'autopilot restarts' in self.active else self.autopilot.transmit()
        if 'another vehicle' in self.active:
            said += self.stranger.transmit()
        self._inbox += self.down.carry(said)
        if 'loop pauses' not in self.active:
            self._companion_step()
        for packet in self.up.carry(self._outbox):
            self.autopilot.receive(packet)
        self._outbox.clear()
        self.autopilot.advance()
        self.stranger.advance()
        self._pilot_step()

    def _companion_step(self) -> None:
        vehicle = self.link.poll(self.now_s)
        stamp_ns = EPOCH_NS + round(self.now_s * 1e9)
        self.recorder.see(self._jpeg, stamp_ns)
        if self.link.profile is None:
            return
        proposal, before = self._policy_step(), self.session.stage
        decision = self.session.decide(self.now_s, proposal)
        if decision is None:
            return
        if decision.reset_policy:
            self.session.policy_was_reset()
        sent = False
        if decision.setpoint is not None:
            sent = self.link.send_setpoint(decision.setpoint, round(self.now_s * 1000))
        self.recorder.hear(facts(decision, vehicle, proposal, sent), stamp_ns)
        self.recorder.watch(stamp_ns)
        mode_is_ours = vehicle is not None and vehicle.mode == self.link.profile.follow_mode
        self.checker.look(self._outbox, self.now_s, decision, mode_is_ours)
        self._human_step()
        self._count(before, decision)

    def _policy_step(self) -> Proposal | None:
        rng, active = self.rng, self.active
        self.command += rng.normal(size=4) * 0.1 - 0.03 * self.command
        command = self.command.tolist()
        if 'target lost' not in active and self.session.companion is not None:
            self.session.see(Sighting(self.now_s, 0.3, float(rng.uniform(1.0, 6.0))))
        if 'policy silent' in active:
            return None
        if 'policy repeats itself' in active:
            return self.proposal
        if 'policy not finite' in active:
            command[int(rng.integers(4))] = float(rng.choice([math.nan, math.inf, -math.inf]))
        if 'policy raves' in active:
            command = (rng.normal(size=4) * 10.0 ** float(rng.uniform(0, 8))).tolist()
        stamp_s = self.now_s + (30.0 if 'policy from the future' in active else -0.02)
        self.proposal = Proposal(stamp_s, (command[0], command[1], command[2], command[3]))
        return self.proposal

    def _human_step(self) -> None:
        session = self.session
        if 'human calls it off' in self.active and session.has_vehicle:
            session.engage(False)
        elif session.stage in (Stage.STANDBY, Stage.HANDED_BACK) and self.rng.random() < 0.1:
            session.engage(True)

    def _pilot_step(self) -> None:
        autopilot = self.autopilot
        autopilot.battery = 0.1 if 'battery low' in self.active else 1.0
        flies = self.session.has_vehicle
        east_m, north_m, _ = autopilot.plant.truth().position_enu.tolist()
        if not flies and (math.hypot(east_m, north_m) > HOME_M or not autopilot.armed):
            self.autopilot = self._in_the_air(0.0, 0.0)  # flown home, or taken off again
        elif 'pilot takes over' in self.active:
            if autopilot.mode is Mode.FOLLOW:
                autopilot.pilot_mode(Mode.HOLD)
        elif autopilot.mode is not Mode.FOLLOW and self.rng.random() < 0.1:
            autopilot.pilot_mode(Mode.FOLLOW)  # PX4 refuses it while there are no setpoints

    # what goes wrong

    def _change_faults(self) -> None:
        for name in [name for name, end_s in self.active.items() if end_s <= self.now_s]:
            del self.active[name]
            if name == 'autopilot restarts':
                east_m, north_m, _ = self.autopilot.plant.truth().position_enu.tolist()
                self.autopilot = self._in_the_air(east_m, north_m)
        if self.now_s >= self._next_fault_s:
            names = (*RADIO_FAULTS, *OTHER_FAULTS)
            name = names[int(self.rng.integers(len(names)))]
            self.active[name] = self.now_s + float(self.rng.uniform(0.3, 4.0))
            self.figures.faults[name] += 1
            self._next_fault_s = self.now_s + float(self.rng.uniform(1.0, 5.0))
        radio = next((RADIO_FAULTS[n] for n in RADIO_FAULTS if n in self.active), LinkFaults())
        self.down.faults = self.up.faults = radio
        self._listen_again(radio)

    def _listen_again(self, radio: LinkFaults) -> None:
        is_good = radio == LinkFaults() and 'autopilot restarts' not in self.active
        vehicle = self.link.vehicle
        if not is_good or 'loop pauses' in self.active or vehicle is None:
            self._radio_good_s = self.now_s
        heard_s = self.now_s if vehicle is None else vehicle.heartbeat_received_s
        deaf_s = self.now_s - max(heard_s, self._radio_good_s)
        self.figures.longest_deaf_s = max(self.figures.longest_deaf_s, deaf_s)

    # counting

    def _count(self, before: Stage, decision: Decision) -> None:
        figures = self.figures
        figures.following_s += STEP_S if decision.stage is Stage.ENGAGED else 0.0
        figures.engagements += before is Stage.ENGAGING and decision.stage is Stage.ENGAGED
        had, has = (stage.name.lower() in HOLDERS for stage in (before, decision.stage))
        if had and not has:
            figures.hand_backs[decision.cause.value] += 1
        while not self.recorder.is_idle:  # a disk is slower than this flight
            time.sleep(0.001)
        found = find_episodes(self._folder)
        if len(found) > 1:
            self._read_episodes(found[:-1])  # the newest will be written once more

    def _read_episodes(self, found: list[Path]) -> None:
        for path in found:
            load(path)
            self.figures.episodes += 1
            shutil.rmtree(path)


class Checker:
    """Reads what leaves the companion, as an autopilot would."""

    def __init__(self, limits: Limits, figures: Figures) -> None:
        """Begin without a setpoint."""
        self._limits, self._figures = limits, figures
        self._parser = MavlinkChannel(1, {})
        self._last: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self._last_s = -math.inf

    def look(
        self, packets: list[bytes], now_s: float, decision: Decision, mode_is_ours: bool
    ) -> None:
        """Check the packets of one step."""
        for packet in packets:
            for message in self._parser.parse(packet):
                if message.get_type() == 'SET_POSITION_TARGET_LOCAL_NED':
                    velocity = message.vx, message.vy, message.vz
                    self._check((*velocity, message.yaw_rate), now_s, decision, mode_is_ours)
                elif message.get_type() not in HARMLESS:
                    self._violated(now_s, f'sent {message.get_type()}')
                elif getattr(message, 'command', 511) not in (511, 512):
                    self._violated(now_s, f'sent command {message.command}')

    def _check(
        self,
        sent: tuple[float, float, float, float],
        now_s: float,
        decision: Decision,
        mode_is_ours: bool,
    ) -> None:
        self._figures.setpoints += 1
        limits, rounding = self._limits, 1e-5  # numbers travel as float32
        within = (
            math.hypot(sent[0], sent[1]) <= limits.speed_m_s + rounding
            and abs(sent[2]) <= limits.climb_m_s + rounding
            and abs(sent[3]) <= limits.yaw_rate_rad_s + rounding
        )
        if not within:  # what is not finite compares false
            self._violated(now_s, f'setpoint {sent} is outside the limits')
        if any(sent) and not (mode_is_ours and decision.stage.name.lower() in HOLDERS):
            self._violated(now_s, f'setpoint {sent} while {decision.stage.value}')
        dt_s = min(now_s - self._last_s, LONGEST_STEP_S)
        step = math.dist(sent[:3], self._last[:3])
        if step > math.sqrt(2.0) * limits.stop_acceleration_m_s2 * dt_s + rounding:
            self._violated(now_s, f'a step of {step:.2f} m/s')
        self._last, self._last_s = sent, now_s

    def _violated(self, now_s: float, what: str) -> None:
        self._figures.violations.append(f'{now_s:.2f} s: {what}')


def memory_mb() -> float:
    """Return the memory of this process that is resident."""
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return round(pages * os.sysconf('SC_PAGE_SIZE') / 1e6, 1)
