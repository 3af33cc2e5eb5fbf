# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Hours of flight in minutes, with something going wrong every few seconds, and what must hold.

The real link, companion, guard and recorder fly the simulated autopilot and a point mass over a
bad radio. And everybody else fails too: policy, camera, pilot, human, autopilot, the companion's
own loop. A checker reads every packet that leaves the companion; every hand-back must become an
episode that can be read again.
"""

import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ..episodes.episode import find_episodes, load
from ..episodes.recording import EpisodeInfo
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.engagement import Stage
from ..flight.guard.limits import Limits, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.answered_path import SILENT_S
from ..flight.mavlink.link import MavlinkLink
from ..flight.mavlink.profiles import PROFILES
from ..flight.mavlink.transport.network import UdpTransport
from ..flight.mavlink.transport.reconnect import Reconnecting
from ..flight.mavlink.transport.troubles import Troubles
from ..flight.recorder import HOLDERS, FlightRecorder, RecorderConfig
from ..flight.report import facts
from ..image import encode_jpeg
from ..sim.autopilot.link_faults import FaultyWire, LinkFaults
from ..sim.autopilot.personality import Mode
from ..sim.autopilot.simulated import SimulatedAutopilot
from ..sim.physics.point_mass import PointMass
from ..streams import Stream, stream
from .endurance_checker import Checker, Figures, moves
from .endurance_link import FaultySocket
from .endurance_policy import (
    CAMERA_FAULTS,
    EPOCH_NS,
    POLICY_FAULTS,
    SECOND_PUBLISHER,
    FaultyPolicy,
)
from .machine import memory_mb
from .telemetry_faults import (
    JUMPS,
    LONGEST_S,
    STREAM_FAULTS,
    TELEMETRY_FAULTS,
    WAY_UP_DEAD,
    TelemetryFaults,
    message_id,
)

STEP_S = 0.05
BAD_RADIO = LinkFaults(loss=0.3, double=0.1, late=0.1, damaged=0.1, junk=0.1)
RADIO_FAULTS = {'bad radio': BAD_RADIO, 'blackout': LinkFaults(dead=True)}
OTHER_FAULTS = (
    *POLICY_FAULTS,
    *CAMERA_FAULTS,
    'target lost',
    'battery low',
    'pilot takes over',
    'human calls it off',
    'loop pauses',
    'autopilot restarts',
    'another vehicle',
    'mirrored path',
    'cut datagrams',
    'network gone',
    'streams reset',
    'requests lost',
    'slow port',
)
SETPOINT = mavlink.MAVLINK_MSG_ID_SET_POSITION_TARGET_LOCAL_NED
REQUESTS = (mavlink.MAVLINK_MSG_ID_COMMAND_LONG, mavlink.MAVLINK_MSG_ID_REQUEST_DATA_STREAM)
UNHEARD = ('autopilot restarts', 'loop pauses', 'network gone', 'slow port', *STREAM_FAULTS)
SLOW = (*UNHEARD, 'streams reset', 'requests lost')  # rightly
SLOW_PORT_BYTES_PER_S = 1200.0
RESETS: tuple[dict[int, float], ...] = ({}, {30: 1.0, 32: 1.0}, {24: 1.0, 74: 4.0})
HOME_M = 20.0  # further away the pilot brings it back


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
                figures.memory_mb.append(round(memory_mb('VmRSS'), 1))
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
        self.limits = Limits(battery_cells=4.0)
        self.now_s = 0.0
        self.autopilot = self._in_the_air(0.0, 0.0)
        self.stranger = SimulatedAutopilot(PointMass(), 'px4', system_id=2)
        self.down, self.up = FaultyWire(rng), FaultyWire(rng)
        self.socket, self._troubles = FaultySocket(rng), Troubles(lambda: self.now_s)
        self.transport = Reconnecting(self._open(), self._open, lambda: self.now_s)
        self.link = MavlinkLink(self.transport)
        self.session = CompanionSession(self.link, self.limits)
        self.policy = FaultyPolicy(rng, self.limits)
        self.active: dict[str, float] = {}  # fault -> its end
        self._next_fault_s = 2.0
        self._radio_good_s = self._streams_good_s = self._spoke_s = self._obeyed_s = 0.0
        self._may_stray = False
        self.checker = Checker(self.limits, figures)
        self.telemetry = TelemetryFaults(rng, kind, self.limits)
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

    def _open(self) -> UdpTransport:
        return UdpTransport('0.0.0.0', 14540, True, self._troubles, lambda *_: self.socket)

    # time

    def step(self) -> None:
        """Live for one step."""
        self.now_s += STEP_S
        self.figures.simulated_s += STEP_S
        self._change_faults()
        said = [] if 'autopilot restarts' in self.active else self.autopilot.transmit()
        said = self.telemetry.carry(said, self.active, self.now_s, self.down.faults.dead)
        if 'another vehicle' in self.active:
            said += self.stranger.transmit()
        arrived = self.down.carry(said)
        self.telemetry.arrive(arrived, self.now_s)
        self.socket.arrive(arrived)
        is_heard = not self.socket.is_gone and 'loop pauses' not in self.active
        if is_heard and any(packet in said for packet in arrived):
            self._spoke_s = self.now_s
        if 'loop pauses' not in self.active:
            self._companion_step()
        lost = REQUESTS if 'requests lost' in self.active else ()
        for packet in self.up.carry(self.socket.outbox):
            if message_id(packet) not in lost:
                self.autopilot.receive(packet)
            if message_id(packet) == SETPOINT:
                self._obeyed_s = self.now_s
        self.socket.outbox.clear()
        self._check_path()
        self.autopilot.advance()
        self.stranger.advance()
        self._pilot_step()

    def _check_path(self) -> None:
        """Nothing goes to a mirror unless the first path was silent."""
        silent_s = self.now_s - self._spoke_s
        if silent_s >= SILENT_S - STEP_S:
            self._may_stray = True
        elif 'mirrored path' not in self.active and not self.socket.astray:
            self._may_stray = False
        if self.socket.astray and not self._may_stray:
            self.figures.violations.append(f'{self.now_s:.2f} s: a mirrored path was answered')
        self.socket.astray.clear()

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
        self.checker.look(self.socket.outbox, self.now_s, decision, mode_is_ours)
        self._check_facts(decision)
        self._human_step()
        self._count(before, decision)

    def _policy_step(self) -> Proposal | None:
        if 'target lost' not in self.active:
            self.session.see(Sighting(self.now_s, 0.3, float(self.rng.uniform(1.0, 6.0))))
        self.session.note_rivals(SECOND_PUBLISHER if SECOND_PUBLISHER in self.active else '')
        return self.policy.propose(self.now_s, self.active)

    def _human_step(self) -> None:
        session = self.session
        if 'human calls it off' in self.active and session.has_vehicle:
            session.engage(False)
        elif session.stage in (Stage.STANDBY, Stage.HANDED_BACK) and self.rng.random() < 0.1:
            done, _ = session.engage(True)
            if done and SECOND_PUBLISHER in self.active:
                self.checker.violated(self.now_s, 'engaged though two command')

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

    def _check_facts(self, decision: Decision) -> None:
        """Nothing may move by what is not known, and nothing climbs or dives after a jump."""
        setpoint, checker = decision.setpoint, self.checker
        unknown = self.telemetry.unknown(self.now_s)
        if unknown and setpoint is not None and any(setpoint.as_tuple()):
            checker.violated(self.now_s, f'setpoint {setpoint.as_tuple()} though {unknown}')
        acted = self.policy.take_violation()
        if acted:
            checker.violated(self.now_s, acted)
        must_stand = self.policy.must_stand(self.now_s)
        if must_stand and setpoint is not None and moves(setpoint, PROFILES[self.kind]):
            checker.violated(self.now_s, f'setpoint {setpoint.as_tuple()} though {must_stand}')
        has_it, obeyed_s = self.session.has_vehicle, self._obeyed_s
        dived = self.telemetry.dived(self.now_s, self._height_m(), has_it, obeyed_s)
        if dived:
            checker.violated(self.now_s, dived)

    def _height_m(self) -> float:
        return float(self.autopilot.plant.truth().position_enu[2])

    def _change_faults(self) -> None:
        for name in [name for name, end_s in self.active.items() if end_s <= self.now_s]:
            del self.active[name]
            self._jumped(name)
            if name == 'autopilot restarts':
                east_m, north_m, _ = self.autopilot.plant.truth().position_enu.tolist()
                self.autopilot = self._in_the_air(east_m, north_m)
        if self.now_s >= self._next_fault_s:
            names = (*RADIO_FAULTS, *OTHER_FAULTS, *TELEMETRY_FAULTS)
            name = names[int(self.rng.integers(len(names)))]
            most_s = LONGEST_S if name in TELEMETRY_FAULTS else 4.0
            if name not in self.active:
                self.telemetry.begin(name)
                self.policy.camera.begin(name)
                self._jumped(name)
            self.active[name] = self.now_s + float(self.rng.uniform(0.3, most_s))
            self.figures.faults[name] += 1
            self._next_fault_s = self.now_s + float(self.rng.uniform(1.0, 5.0))
        radio = next((RADIO_FAULTS[n] for n in RADIO_FAULTS if n in self.active), LinkFaults())
        self.down.faults = self.up.faults = radio
        if WAY_UP_DEAD in self.active:
            self.up.faults = LinkFaults(dead=True)
        self.telemetry.tell_wrong(self.active, self.autopilot)
        self._change_port()
        self._listen_again(radio)

    def _jumped(self, name: str) -> None:
        if name in JUMPS:
            self.telemetry.jumped(self.now_s, self._height_m(), self.session.has_vehicle)

    def _change_port(self) -> None:
        active, port = self.active, self.autopilot.channel()
        self.socket.is_gone = 'network gone' in active
        self.socket.is_mirrored = 'mirrored path' in active
        self.socket.is_cut = 'cut datagrams' in active
        port.bytes_per_s = SLOW_PORT_BYTES_PER_S if 'slow port' in active else None
        if 'streams reset' in active and self.rng.random() < STEP_S:  # about once a second
            port.reset_rates(RESETS[int(self.rng.integers(len(RESETS)))])

    def _listen_again(self, radio: LinkFaults) -> None:
        is_good = radio == LinkFaults() and self._is_free_of(UNHEARD) and not self._may_stray
        vehicle = self.link.vehicle
        if not is_good or vehicle is None:
            self._radio_good_s = self.now_s
        rates = [rate for rate in self.link.report.rates if rate.need.is_flown_on]
        if not is_good or not self._is_free_of(SLOW) or all(rate.is_enough for rate in rates):
            self._streams_good_s = self.now_s
        slow_s = self.now_s - self._streams_good_s
        self.figures.longest_slow_s = max(self.figures.longest_slow_s, slow_s)
        self.figures.link_errors = self._troubles.counts.total()
        heard_s = self.now_s if vehicle is None else vehicle.heartbeat_received_s
        deaf_s = self.now_s - max(heard_s, self._radio_good_s)
        self.figures.longest_deaf_s = max(self.figures.longest_deaf_s, deaf_s)

    def _is_free_of(self, faults: tuple[str, ...]) -> bool:
        return not any(name in self.active for name in faults)

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
