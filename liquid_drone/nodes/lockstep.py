# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The mavlink node's pace in simulation: one decision for each camera frame, then word of it.

The simulator goes on only after a ``Header`` with the frame's stamp on ``~/decided``, so a run is
the same each time. A sighting counts from the decision after its frame's, as in the closed loop
without ROS, however the messages overtake each other. Where commands stop coming, decisions go on
by the simulated clock, without a proposal: a dead policy must not silence the guard. Nothing here
is used on a drone.
"""

import time

from geometry_msgs.msg import TwistStamped
from std_msgs.msg import Header

from .. import topics
from ..flight.companion import Decision
from ..flight.guard.limits import BelievedTarget, Sighting
from ..flight.guard.state import Proposal
from ..ros import conversions, qos
from ..ros.log import Seldom
from .pacing import PacedNode

WATCH_S = 0.02
FRAMES = {Sighting: conversions.OPTICAL_FRAME, BelievedTarget: conversions.BODY_FRAME}
TELEMETRY_LIMIT_S = 0.1  # sent before the image, so it is here already


class LockstepPacer:
    """Subscribes to commands and decides at their stamps; destroy it to stop."""

    def __init__(self, node: PacedNode) -> None:
        """Begin, on an active node with an open link."""
        self._node, self._seldom = node, Seldom()
        self._decided_ns = self._seen_ns = 0
        self._undecided = 0  # frames shown since the last decision
        self._policy_is_lost = False
        self._waiting: tuple[Decision, int] | None = None  # for the policy's reset
        self._open_ns = 0  # the frame that was decided on and is not told: its answer is not whole
        self._answered = Header()  # the newest
        self._waits: dict[type, Sighting | BelievedTarget] = {}  # not counted yet, by kind
        self._told = node.create_publisher(Header, '~/decided', qos.COMMAND)
        self._commands = node.create_subscription(
            TwistStamped, topics.COMMAND, self._on_command, qos.COMMAND
        )
        self._answers = node.create_subscription(
            Header, topics.ANSWERED, self._on_answered, qos.COMMAND
        )
        self._watch = node.create_timer(WATCH_S, self._on_watch, clock=node.steady)

    def destroy(self) -> None:
        """Stop deciding."""
        self._node.destroy_subscription(self._commands)
        self._node.destroy_subscription(self._answers)
        self._node.destroy_timer(self._watch)
        self._node.destroy_publisher(self._told)

    def guard_time_s(self, stamp_ns: int) -> float:
        """Return a stamp of the simulated clock in seconds."""
        return stamp_ns / conversions.SECOND_NS

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Keep a sighting or belief until its frame was decided on."""
        self._waits[type(sighting)] = sighting
        self._close()

    def _on_answered(self, message: Header) -> None:
        self._answered = message
        self._close()

    def _close(self) -> None:
        """End the frame that was decided on, once all that the policy says of it is here."""
        if not self._open_ns or not self._is_whole():
            return
        stamp_ns, self._open_ns = self._open_ns, 0
        for kind, found in list(self._waits.items()):
            if found.stamp_s <= self.guard_time_s(stamp_ns):
                self._node.see(self._waits.pop(kind))
        self._tell(stamp_ns)

    def _is_whole(self) -> bool:
        if self._policy_is_lost:
            return True
        if conversions.nanoseconds(self._answered.stamp) != self._open_ns:
            name = self._node.resolve_topic_name(topics.ANSWERED)
            return not self._node.count_publishers(
                name
            )  # another policy, which sends no such word
        return all(
            kind in self._waits and self._waits[kind].stamp_s == self.guard_time_s(self._open_ns)
            for kind, frame in FRAMES.items()
            if frame in self._answered.frame_id.split()
        )

    def _on_command(self, message: TwistStamped) -> None:
        stamp_ns = conversions.nanoseconds(message.header.stamp)
        if self._waiting is not None:
            return
        if stamp_ns == self._decided_ns:  # the frame was shown again: our word was lost
            if not self._open_ns:
                self._tell(stamp_ns)
            return
        self._policy_is_lost = False
        wrong = conversions.wrong_frame(
            topics.COMMAND, message.header.frame_id, conversions.BODY_FRAME
        )
        if wrong:
            if self._seldom.is_due(wrong):
                self._node.get_logger().error(wrong)
            self._decide(stamp_ns, None)
            return
        command = tuple(conversions.command_array(message).tolist())
        self._decide(stamp_ns, Proposal(stamp_ns / conversions.SECOND_NS, command))

    def _on_watch(self) -> None:
        """Go on without the policy: it fell two frames behind, or does not answer."""
        if self._waiting is not None:
            if not self._node.reset.is_pending:
                self._finish(*self._waiting)
            return
        now_ns = self._node.get_clock().now().nanoseconds
        if now_ns > max(
            self._seen_ns, self._decided_ns
        ):  # by whatever step: frames may be missing
            self._seen_ns, self._undecided = now_ns, self._undecided + 1
        if self._decided_ns and self._undecided >= (1 if self._policy_is_lost else 2):
            self._policy_is_lost = True
            self._decide(now_ns, None)

    def _decide(self, stamp_ns: int, proposal: Proposal | None) -> None:
        if not self._has_telemetry(stamp_ns):
            return
        decision = self._node.decide(stamp_ns / conversions.SECOND_NS, proposal)
        if decision is None:  # no vehicle yet: its next heartbeat comes as time goes on
            self._decided_ns, self._undecided = stamp_ns, 0
            self._tell(stamp_ns)
            return
        self._decided_ns, self._undecided = stamp_ns, 0
        if not decision.reset_policy:
            self._finish(decision, stamp_ns)
            return
        self._waiting = decision, stamp_ns
        self._node.reset.ask(self._on_reset)

    def _has_telemetry(self, stamp_ns: int) -> bool:
        """Take in the frame's telemetry; without any, the very first frame is not decided on."""
        link, deadline = self._node.link, time.monotonic() + TELEMETRY_LIMIT_S
        assert link is not None  # open while active
        if not self._node.values['exact_telemetry']:
            link.poll(stamp_ns / conversions.SECOND_NS)
            return True
        while True:
            vehicle = link.poll(stamp_ns / conversions.SECOND_NS)
            if (
                vehicle is not None
                and not 0 < round(vehicle.stamp_s * 1000) < stamp_ns // 1_000_000
            ):
                return True  # of this frame, or from an autopilot that sends no position yet
            if time.monotonic() > deadline:
                return self._decided_ns > 0
            time.sleep(0.001)

    def _on_reset(self, is_done: bool) -> None:
        if is_done:
            self._node.policy_was_reset()
        if self._waiting is not None:
            self._finish(*self._waiting)

    def _finish(self, decision: Decision, stamp_ns: int) -> None:
        self._waiting = None
        self._node.send(decision, stamp_ns, stamp_ns // 1_000_000)
        self._open_ns = stamp_ns
        self._close()

    def _tell(self, stamp_ns: int) -> None:
        self._told.publish(conversions.header(stamp_ns, ''))
