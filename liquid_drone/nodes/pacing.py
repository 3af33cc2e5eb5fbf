# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""When the mavlink node decides, on a drone: at once on each command, else at a steady rate.

Telemetry and guard go on where no command comes: a silent policy must not silence the guard.
The pace of simulation stands in :mod:`.lockstep`.
"""

import math
import os
from collections.abc import Callable
from typing import Any, Protocol

from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock
from rclpy.timer import Timer

from .. import topics
from ..errors import ImageError
from ..flight.companion import Decision
from ..flight.engagement import LONGEST_SILENCE_S
from ..flight.guard.limits import BelievedTarget, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.link import MavlinkLink
from ..ros import conversions, qos
from ..ros.log import Seldom
from ..ros.stamps import StampGate, steady_s
from .mavlink_figures import SetpointFigures
from .policy_reset import PolicyReset

MOST_AHEAD_S = 0.2  # that a camera's clock may be ahead and still be explained
LEAST_PERIOD_S = 0.015  # of setpoints: more than 88 a second are all that 57600 baud hold
MEANT_S = 1.0  # after a pause, for what was asked meanwhile to be answered
LATE = 1.05  # periods: so long a command that comes a little late is waited for


class PacedNode(Protocol):
    """What a pacer needs of the mavlink node."""

    link: MavlinkLink | None
    steady: Clock
    reset: PolicyReset
    figures: SetpointFigures
    values: dict[str, Any]

    create_publisher: Any
    create_subscription: Any
    create_timer: Any
    destroy_publisher: Any
    destroy_subscription: Any
    destroy_timer: Any
    get_clock: Any
    get_logger: Any
    count_publishers: Any
    resolve_topic_name: Any

    def decide(self, now_s: float, proposal: Proposal | None) -> Decision | None:
        """Decide once on the telemetry so far; None before there is a vehicle."""

    def send(self, decision: Decision, stamp_ns: int, time_boot_ms: int) -> bool:
        """Send what was decided, if anything; tells whether a setpoint left."""

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Pass on that the target was seen, or where it is believed."""

    def policy_was_reset(self) -> None:
        """Pass on that the policy starts afresh."""


class Pacer(Protocol):
    """Decides when; made on activation, destroyed on deactivation."""

    def guard_time_s(self, stamp_ns: int) -> float:
        """Turn a ROS stamp into seconds of the clock that decisions are made by."""

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Take a sighting, and pass it on when it may count."""

    def destroy(self) -> None:
        """Stop deciding."""


class Pauses:
    """Knows when steps paused: a request that arrives then may have been made long before."""

    def __init__(self) -> None:
        """Begin without a step."""
        self._step_s = self._resumed_s = -math.inf

    def note_step(self, now_s: float) -> None:
        """Note a step by the steady clock."""
        if LONGEST_SILENCE_S < now_s - self._step_s < math.inf:
            self._resumed_s = now_s
        self._step_s = now_s

    def may_be_old(self) -> bool:
        """Tell whether a request that is carried out now may have waited for longer than meant."""
        now_s = steady_s()
        is_paused = LONGEST_SILENCE_S < now_s - self._step_s < math.inf
        return is_paused or now_s - self._resumed_s < MEANT_S


class SteadyPacer:
    """By the steady clock; destroy it to stop."""

    def __init__(self, node: PacedNode) -> None:
        """Begin, on an active node with an open link."""
        self._node = node
        self._stamps = StampGate('the command', None)  # its age is the guard's to judge
        self._seldom = Seldom()
        self._proposal: Proposal | None = None
        self._proposal_ns = self._sent_ns = 0  # ROS stamp of the image behind it; of the last sent
        self._acted_s = -math.inf
        self._period_s = 1.0 / node.values['rate_hz']
        self._commands = node.create_subscription(
            TwistStamped, topics.COMMAND, self._on_command, qos.COMMAND
        )
        self._timer: Timer = node.create_timer(self._period_s, self._on_tick, clock=node.steady)
        self._undo_priority = _come_first(node)

    def destroy(self) -> None:
        """Stop deciding."""
        self._node.destroy_subscription(self._commands)
        self._node.destroy_timer(self._timer)
        self._undo_priority()

    def guard_time_s(self, stamp_ns: int) -> float:
        """Move a stamp from ROS time to the steady clock.

        One that is ahead by as much as clocks may differ counts from now: from its arrival. One
        from further ahead stays in the future, where the guard refuses it.
        """
        now_ns = self._node.get_clock().now().nanoseconds
        return steady_s() - self._stamps.age_s(stamp_ns, now_ns, MOST_AHEAD_S)

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Pass it on at once."""
        self._node.see(sighting)

    def _on_command(self, message: TwistStamped) -> None:
        """Act at once on a proposal, once for each picture; of a fast camera's on the newest."""
        is_soon = 0.0 <= steady_s() - self._acted_s < LEAST_PERIOD_S
        if self._take(message) and not is_soon:
            self.act()
            self._expect(LATE)

    def _take(self, message: TwistStamped) -> bool:
        """Take a proposal, unless it was taken already or has no time."""
        node, stamp_ns = self._node, conversions.nanoseconds(message.header.stamp)
        wrong = conversions.wrong_frame(
            topics.COMMAND, message.header.frame_id, conversions.BODY_FRAME
        )
        try:
            admission = self._stamps.admit(stamp_ns, node.get_clock().now().nanoseconds)
        except ImageError as error:
            wrong = wrong or f'not taken: {error}'
        if wrong:
            self._complain(wrong)
            node.figures.refused()
            return False
        if admission.is_repeated:
            node.figures.refused()
            return False
        self._proposal_ns = stamp_ns
        node.figures.heard(admission.age_s, self._stamps.offset_s)
        self._judge_age(stamp_ns, admission.age_s)
        command = tuple(conversions.command_array(message).tolist())
        self._proposal = Proposal(self.guard_time_s(stamp_ns), command)
        return True

    def _judge_age(self, stamp_ns: int, age_s: float) -> None:
        """Say why commands come and are not fresh: to the guard they are as good as none."""
        limit_s = self._node.values['limits.command_age_s']
        if age_s > limit_s:
            why = 'the policy is slow, or its camera has another clock (set the clocks: chrony)'
            if not stamp_ns:
                why = 'it has no stamp: header.stamp is the time of the picture that it answers'
            self._complain(
                f'{topics.COMMAND} is {age_s:.3g} s old when it comes, at most {limit_s:g}: {why}'
            )

    def _complain(self, sentence: str) -> None:
        if self._seldom.is_due(sentence):
            self._node.get_logger().error(sentence)

    def _on_tick(self) -> None:
        """Act where no proposal came for a period."""
        self.act()
        self._expect(1.0)

    def _expect(self, periods: float) -> None:
        """Set when to act without a proposal: a period after the last time, or a little later."""
        period_ns = round(periods * self._period_s * conversions.SECOND_NS)
        if periods == 1.0 and self._timer.timer_period_ns == period_ns:
            return  # goes on by itself, and without drift
        self._timer.timer_period_ns = period_ns
        self._timer.reset()

    def act(self) -> None:
        """Decide and send now, on the newest proposal."""
        node, now_s = self._node, steady_s()
        self._acted_s = now_s
        assert node.link is not None  # open while active
        node.link.poll(now_s)
        decision = node.decide(now_s, self._proposal)
        if decision is None:
            return
        if decision.reset_policy:
            node.reset.ask(self._on_reset)
        stamp_ns = self._proposal_ns or node.get_clock().now().nanoseconds
        node.send(decision, stamp_ns, round(now_s * 1000) % 2**32)
        is_first = self._proposal_ns != self._sent_ns
        if decision.setpoint is not None and self._proposal is not None and is_first:
            self._sent_ns = self._proposal_ns
            node.figures.answered(steady_s() - self._proposal.stamp_s)

    def _on_reset(self, is_done: bool) -> None:
        if is_done:
            self._node.policy_was_reset()


def _come_first(node: PacedNode) -> Callable[[], None]:
    """Let this thread's setpoints wait for no picture that is drawn or thought about."""
    priority = node.values['realtime_priority']
    if not priority:
        return lambda: None
    flag = os.SCHED_RESET_ON_FORK  # who asked for it and is not root cannot take it back
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | flag, os.sched_param(priority))
    except PermissionError:
        node.get_logger().info(
            'the system allows no real-time priority (rtprio in limits.conf, LimitRTPRIO= of '
            'systemd): under full load setpoints may come late'
        )
        return lambda: None
    return lambda: os.sched_setscheduler(0, os.SCHED_OTHER | flag, os.sched_param(0))
