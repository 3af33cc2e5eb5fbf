# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A point that flies at the wall clock's pace with the real autopilot fake, link and companion.

What a page needs to be tried: a thread that decides 20 times a second, shows pictures, and obeys
what is asked for. The proposal is scripted, since no policy is needed here.
"""

import contextlib
import math
import threading
import time

import numpy as np

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, BelievedTarget, Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.flight.mavlink.transport.memory import MemoryTransport
from liquid_drone.image import encode_jpeg
from liquid_drone.operator.companion_desk import CompanionDesk
from liquid_drone.operator.flight_view import FlightView
from liquid_drone.operator.requests import RequestQueue
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass

FRAME_S = 0.05


class FlownPage:
    """Use it as a context; while :attr:`is_frozen` it decides nothing, as a hung process."""

    def __init__(self, kind: str = 'px4', pilot_switches: bool = True) -> None:
        self.view, self.requests = FlightView(), RequestQueue()
        plant = PointMass(position_enu=np.array([0.0, 0.0, 3.0]))
        self.autopilot = SimulatedAutopilot(plant, kind, airborne=True)
        transport = MemoryTransport(self.autopilot.transmit, self.autopilot.receive)
        self.link = MavlinkLink(transport)
        self.session = CompanionSession(self.link, SIMULATION_LIMITS)
        self.desk = CompanionDesk(self.session, self.link, self.view, self.requests)
        self.is_frozen, self.pilot_switches = False, pilot_switches
        self.takes_over = False  # the pilot, once
        self.belief: tuple[float, float] | None = None  # metres ahead and left
        self.view.set('fov_deg', 80.0)
        self.periods_s: list[float] = []
        self._stop, self._image = threading.Event(), np.zeros((288, 512, 3), np.uint8)
        self._thread = threading.Thread(target=self._fly, daemon=True)

    def __enter__(self) -> 'FlownPage':
        self._thread.start()
        with contextlib.ExitStack() as begun:
            begun.callback(self.__exit__)
            assert self.wait(lambda: self.session.stage is Stage.STANDBY)
            assert self.wait(lambda: not self.session.obstacles())
            begun.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10.0)
        self.link.close()

    @property
    def stage(self) -> Stage:
        return self.session.stage

    @staticmethod
    def wait(is_true, limit_s: float = 30.0) -> bool:  # type: ignore[no-untyped-def]
        end_s = time.monotonic() + limit_s
        while not is_true() and time.monotonic() < end_s:
            time.sleep(0.02)
        return bool(is_true())

    def _fly(self) -> None:
        next_s = before_s = time.monotonic()
        while not self._stop.is_set():
            if not self.is_frozen:
                self._step()
            next_s += FRAME_S
            time.sleep(max(0.0, next_s - time.monotonic()))
            now_s = time.monotonic()
            self.periods_s.append(now_s - before_s)
            before_s = now_s

    def _step(self) -> None:
        stamp_ns = self.autopilot.now_ns
        now_s = stamp_ns / 1e9
        self.link.poll(now_s)
        bearing = 0.4 * math.sin(now_s / 3.0)
        proposal = Proposal(now_s, (0.5, 0.0, 0.0, 0.2))
        self.desk.obey()
        decision = self.session.decide(now_s, proposal)
        if decision is not None and decision.reset_policy:
            self.session.policy_was_reset()
        self.session.see(Sighting(now_s, -bearing))
        if self.belief is not None:
            self.session.see(BelievedTarget.at(now_s, *self.belief))
        is_sent = decision is not None and decision.setpoint is not None
        if decision is not None and decision.setpoint is not None:
            is_sent = self.link.send_setpoint(decision.setpoint, stamp_ns // 1_000_000)
        self.view.hear_target(bearing, 0.1, -bearing)
        self.view.set('probability', 0.9)
        self._image = np.roll(self._image, 3, axis=1)
        self._image[::16] = (90, 140, 90)
        self._image[:, 0] = (200, int(stamp_ns // 50_000_000 % 255), 80)
        self.view.hear_picture(encode_jpeg(self._image))
        self.desk.show(now_s, decision, proposal, is_sent)
        if self.takes_over:
            self.takes_over = False
            self.autopilot.pilot_mode(Mode.HOLD)
        if self.pilot_switches and self.stage is Stage.READY and self.autopilot.has_stream:
            self.autopilot.pilot_mode(Mode.FOLLOW)
        self.autopilot.advance(12)
