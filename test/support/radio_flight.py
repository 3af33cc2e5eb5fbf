# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A session that follows a target with a simulated autopilot in memory, frame by frame."""

from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.mavlink.link import MavlinkLink
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot


def follow_for(
    for_s: float, autopilot: SimulatedAutopilot, link: MavlinkLink, session: CompanionSession
) -> Stage:
    """Follow a target that is seen ahead; return the stage after the last frame."""
    for _ in range(round(for_s / 0.05)):
        stamp_ns = autopilot.now_ns
        now_s = stamp_ns / 1e9
        link.poll(now_s)
        session.see(Sighting(now_s - 1e-3, 0.1))
        decision = session.decide(now_s, Proposal(now_s, (0.8, 0.0, 0.0, 0.0)))
        if decision is not None and decision.reset_policy:
            session.policy_was_reset()
        if decision is not None and decision.setpoint is not None:
            link.send_setpoint(decision.setpoint, stamp_ns // 1_000_000)
        autopilot.advance(12)
    return session.stage
