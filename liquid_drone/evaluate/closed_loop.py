# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly a policy in one process: real MAVLink bytes, companion, guard and autopilot, but no ROS.

Frame by frame it does what the nodes do in lock-step, in the same order, so that both give the
same flight to the last bit. It waits for no clock.
"""

import math
from collections.abc import Callable

from ..arrays import Command
from ..flight.companion_session import CompanionSession
from ..flight.guard.limits import SIMULATION_LIMITS, Limits, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.link import MavlinkLink
from ..flight.mavlink.transport.memory import MemoryTransport
from ..runtime.runner import PolicyOutput, PolicyRunner
from ..sim.autopilots import FlownAutopilot
from ..sim.flight_log import FlightLog
from ..sim.session import FlightProgress, Session

SEEN_PROBABILITY = 0.5  # the policy node's target_threshold


def fly(
    session: Session,
    runner: PolicyRunner,
    on_progress: Callable[[FlightProgress], None] = lambda _: None,
    limits: Limits = SIMULATION_LIMITS,
) -> FlightLog:
    """Fly a session to its end and return its log; the runner starts afresh."""
    runner.reset()
    cockpit = Cockpit(session, runner, limits)
    try:
        while not session.done:
            cockpit.frame()
            on_progress(session.progress())
    finally:
        cockpit.close()
    log = session.log
    log.meta.update(
        through='process',
        lockstep_misses=0,
        bundle=str(runner.bundle),
        bundle_hash=runner.contract.bundle_hash(),
        provider=runner.provider,
    )
    return log


class Cockpit:
    """The companion's side of one flight: policy, companion and link."""

    def __init__(self, session: Session, runner: PolicyRunner, limits: Limits) -> None:
        """Take the seat; the companion engages by itself as soon as it may."""
        self._session, self._runner = session, runner
        self._link = _link_to(session.flown)
        self._companion = CompanionSession(self._link, limits, engages_itself=True)
        self._command: Command | None = None

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def frame(self) -> None:
        """Fly one camera frame."""
        frame = self._session.begin()
        now_s = frame.stamp_ns / 1e9
        self._link.poll(now_s)
        if not frame.fresh:  # no picture came: nobody decides, the last setpoint stands
            self._session.finish(self._command)
            return
        output = self._runner.step(frame.image, now_s)
        self._command = output.command
        a, b, c, d = self._command.tolist()
        decision = self._companion.decide(now_s, Proposal(now_s, (a, b, c, d)))
        if decision is not None and decision.reset_policy:
            self._runner.reset()
            self._companion.policy_was_reset()
        self._tell_target(output, now_s)
        if decision is not None and decision.setpoint is not None:
            self._link.send_setpoint(decision.setpoint, frame.stamp_ns // 1_000_000)
        self._session.finish(self._command)

    def _tell_target(self, output: PolicyOutput, now_s: float) -> None:
        """Pass on where the target is seen, as the policy node does."""
        if output.target_probability < SEEN_PROBABILITY:
            return
        fov_rad = math.radians(self._runner.contract.camera.horizontal_fov_deg)
        right = output.target_bearing * math.tan(fov_rad / 2)  # 1 m ahead
        self._companion.see(Sighting(now_s, -math.atan2(right, 1.0)))


def _link_to(flown: FlownAutopilot) -> MavlinkLink:
    """Open the companion's link: in memory, or UDP where firmware flies."""
    if flown.in_memory is None:
        return MavlinkLink.open(flown.connection)
    return MavlinkLink(MemoryTransport(flown.in_memory.transmit, flown.in_memory.receive))
