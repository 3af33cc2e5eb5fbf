# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The autopilot's side as a lifecycle node: proposed velocities in, guarded MAVLink setpoints out.

What is sent is decided by :class:`~liquid_drone.flight.companion.Companion`, with the guard in it,
at a steady rate (or frame by frame in lock-step with the simulator). A human engages it with
``~/engage``; the pilot's mode switch starts and ends it. It never arms, never takes the mode and
resends nothing.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from rclpy.clock import Clock, ClockType
from rclpy.timer import Timer
from std_srvs.srv import SetBool

from .. import topics
from ..errors import ConfigError
from ..flight import report
from ..flight.companion import Companion, Decision
from ..flight.engagement import Stage
from ..flight.guard.guard import Proposal
from ..flight.guard.limits import Sighting
from ..flight.mavlink.link import MavlinkLink
from ..ros import conversions, process, qos
from ..ros.lifecycle import ManagedNode, transition
from .lockstep import Lockstep
from .mavlink_figures import SetpointFigures, standing
from .mavlink_parameters import PARAMETERS, limits_from
from .policy_reset import PolicyReset
from .sightings import Sightings
from .vehicle_topics import VehicleTopics

HAND_BACK_LIMIT_S = 4.0  # once told to stop; launch grows impatient after 5
LATE = 1.05  # periods: so long a command that comes a little late is waited for


class MavlinkNode(ManagedNode):
    """A shell around :class:`MavlinkLink` and :class:`Companion`."""

    def __init__(self) -> None:
        super().__init__('mavlink', PARAMETERS)
        self.link: MavlinkLink | None = None
        self.companion: Companion | None = None
        self.decision: Decision | None = None
        self._undo: list[Callable[[], Any]] = []  # what deactivation has to do
        self._proposal: Proposal | None = None
        self._decided_on: Proposal | None = None
        self._proposal_ns = self._sent_ns = 0  # ROS stamp of the image behind it; of the last sent
        self._timer: Timer | None = None
        self._figures = SetpointFigures()
        self._topics: VehicleTopics | None = None
        self._stopping_s = 0.0  # since when it has been told to end
        self._wants_engaging = False
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._setpoints = self.create_publisher(TwistStamped, '~/setpoint', qos.COMMAND)
        self._decisions = self.create_publisher(DiagnosticArray, '~/decision', qos.STATUS)
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, qos.STATUS)
        self.reset = PolicyReset(self)
        self.create_service(SetBool, '~/engage', self._on_engage)
        self.create_timer(1.0, self._on_second, clock=self.steady)

    # lifecycle

    @transition
    def on_configure(self) -> None:
        """Open the connection."""
        self.values = values = self.read_parameters()
        self._check_simulation_only()
        self._limits = limits_from(values)
        self.link = self._open_link()
        self._topics = self._topics or VehicleTopics(self, values['publish_tf'])
        self._wants_engaging = values['engage_at_start']
        self.get_logger().info(f'listening for the autopilot on {values["connection"]}')

    def _open_link(self) -> MavlinkLink:
        values, key = self.values, self.values['signing_key_file']
        if values['shadow']:
            self.get_logger().warning('shadow mode: no setpoint is sent')
        return MavlinkLink.open(
            values['connection'],
            values['autopilot'],
            values['system_id'] or None,
            Path(key) if key else None,
            values['shadow'],
        )

    def _check_simulation_only(self) -> None:
        simulated = self.get_parameter('use_sim_time').value
        for name in ('lockstep', 'engage_at_start'):
            if self.values[name] and not simulated:
                raise ConfigError(
                    f"parameter '{name}' is for simulation only and needs use_sim_time; "
                    'on a drone a human engages it: ros2 service call .../engage'
                )

    @transition
    def on_activate(self) -> None:
        """Begin to listen to the policy and to decide."""
        self._proposal = self.decision = None
        self._figures.begin(time.monotonic())
        self._undo = [Sightings(self, self._stamp_s, self._on_sighting).destroy]
        if self.values['lockstep']:
            self._undo += [Lockstep(self).destroy]
        else:
            subscription = self.create_subscription(
                TwistStamped, topics.COMMAND, self._on_command, qos.COMMAND
            )
            period_s = 1.0 / self.values['rate_hz']
            self._timer = timer = self.create_timer(period_s, self._on_tick, clock=self.steady)
            self._undo += [
                lambda: self.destroy_subscription(subscription),
                lambda: self.destroy_timer(timer),
            ]
            self._come_first()

    def _come_first(self) -> None:
        """Let this thread's setpoints wait for no picture that is drawn or thought about."""
        priority = self.values['realtime_priority']
        if not priority:
            return
        try:
            policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, policy, os.sched_param(priority))
            usual = os.sched_param(0)
            self._undo.append(lambda: os.sched_setscheduler(0, os.SCHED_OTHER, usual))
        except PermissionError:
            self.get_logger().info(
                'the system allows no real-time priority (rtprio in limits.conf, LimitRTPRIO= of '
                'systemd): under full load setpoints may come late'
            )

    @transition
    def on_deactivate(self) -> None:
        """Fall silent: the autopilot's own failsafe acts."""
        self._fall_silent()

    # deciding; lockstep.py calls these too

    def decide(self, now_s: float, proposal: Proposal | None) -> Decision | None:
        """Decide once on what is known; None before there is a vehicle."""
        assert self.link is not None  # open while active
        vehicle, profile = self.link.vehicle, self.link.profile
        if self.companion is None:
            if vehicle is None or profile is None:
                return None
            self.companion = Companion(profile, self._limits, self.values['shadow'])
            self.get_logger().info(f'{profile.name} vehicle {vehicle.system_id} found')
        decision = self.companion.step(now_s, vehicle, proposal)
        self._decided_on = proposal
        if self._wants_engaging and decision.stage is Stage.STANDBY:
            self._wants_engaging = not self.companion.engage(True)[0]
        self._say(decision)
        self.decision = decision
        return decision

    def send(self, decision: Decision, stamp_ns: int, time_boot_ms: int) -> None:
        """Send what was decided, if anything; show it on ``~/setpoint`` and ``~/decision``."""
        if self.link is None:
            return
        is_sent, setpoint = False, decision.setpoint
        if setpoint is not None:
            is_sent = self.link.send_setpoint(setpoint, time_boot_ms)
        if is_sent:
            self._figures.sent(time.monotonic())
        if setpoint is not None:
            self._setpoints.publish(conversions.command_message(setpoint.as_tuple(), stamp_ns))
        if self._topics is not None:  # nothing is told before the setpoint is on the wire
            self._topics.tell(
                self.link.vehicle,
                decision.stage.value,
                lambda: self.get_clock().now().nanoseconds,
            )
        told = report.facts(decision, self.link.vehicle, self._decided_on, is_sent)
        now_ns, name = self.get_clock().now().nanoseconds, self.get_fully_qualified_name()
        is_good = decision.reason is None or not decision.reason.is_stop
        summary = decision.stage.value
        self._decisions.publish(
            conversions.diagnostics_message(now_ns, name, is_good, summary, dict(told))
        )

    def policy_was_reset(self) -> None:
        """Pass on that the policy starts afresh."""
        if self.companion is not None:
            self.companion.policy_was_reset()

    def _say(self, decision: Decision) -> None:
        before = self.decision
        if before is None or before.stage is not decision.stage:
            cause = f' ({decision.cause.value})' if decision.cause.value else ''
            self.get_logger().info(f'{decision.stage.value}{cause}')
        elif before.reason is not decision.reason and decision.reason is not None:
            self.get_logger().info(decision.reason.value, throttle_duration_sec=1.0)

    # callbacks

    def _on_command(self, message: TwistStamped) -> None:
        """Act at once on a proposal."""
        self._proposal_ns = conversions.nanoseconds(message.header.stamp)
        stamp_s = self._steady_s(self._proposal_ns)
        self._figures.heard(time.monotonic() - stamp_s)
        self._proposal = Proposal(stamp_s, tuple(conversions.command_array(message).tolist()))
        self._act()
        self._expect(LATE)

    def _steady_s(self, stamp_ns: int) -> float:
        """Move a stamp from ROS time to the steady clock."""
        age_ns = self.get_clock().now().nanoseconds - stamp_ns
        return time.monotonic() - max(0, age_ns) / conversions.SECOND_NS

    def _stamp_s(self, stamp_ns: int) -> float:
        """Return a stamp by the clock that decisions are made by."""
        return (
            stamp_ns / conversions.SECOND_NS
            if self.values['lockstep']
            else self._steady_s(stamp_ns)
        )

    def _on_sighting(self, sighting: Sighting) -> None:
        if self.companion is not None:
            self.companion.see(sighting)

    def _on_tick(self) -> None:
        """Act where no proposal came for a period: telemetry goes on, and so does the guard."""
        self._act()
        self._expect(1.0)

    def _expect(self, periods: float) -> None:
        """Set when to act without a proposal: a period after the last time, or a little later."""
        assert self._timer is not None  # made on activation
        period_ns = round(periods * conversions.SECOND_NS / self.values['rate_hz'])
        if periods == 1.0 and self._timer.timer_period_ns == period_ns:
            return  # goes on by itself, and without drift
        self._timer.timer_period_ns = period_ns
        self._timer.reset()

    def _act(self) -> None:
        assert self.link is not None  # open while active
        now_s = time.monotonic()
        self.link.poll(now_s)
        decision = self.decide(now_s, self._proposal)
        if decision is None:
            return
        if decision.reset_policy:
            self.reset.ask(self._on_reset)
        stamp_ns = self._proposal_ns or self.get_clock().now().nanoseconds
        self.send(decision, stamp_ns, round(now_s * 1000) % 2**32)
        is_first = self._proposal_ns != self._sent_ns
        if decision.setpoint is not None and self._proposal is not None and is_first:
            self._sent_ns = self._proposal_ns
            self._figures.answered(time.monotonic() - self._proposal.stamp_s)

    def _on_reset(self, is_done: bool) -> None:
        if is_done:
            self.policy_was_reset()

    def _on_engage(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if self.companion is None:
            response.success, response.message = False, 'cannot engage: no vehicle yet'
            return response
        response.success, response.message = self.companion.engage(request.data)
        self.get_logger().info(f'engage {request.data}: {response.message}')
        return response

    def _on_second(self) -> None:
        if self.link is None:
            return
        vehicle, decision = self.link.vehicle, self.decision
        stamp_ns = self.get_clock().now().nanoseconds
        if vehicle is not None and self._topics is not None:
            self._topics.tell_battery(vehicle, stamp_ns)
        stage = (decision.stage if decision else Stage.DISCONNECTED).value
        values: dict[str, object] = {
            'connection': self.values['connection'],
            'stage': stage,
            'shadow': self.values['shadow'],
            **standing(decision, vehicle, self.link.trip_s),
            **self._figures.values(time.monotonic()),
        }
        name, is_good = self.get_fully_qualified_name(), vehicle is not None
        self._diagnostics.publish(
            conversions.diagnostics_message(stamp_ns, name, is_good, stage, values)
        )

    # letting go

    def turn(self, stop: process.StopRequest) -> bool:
        """Go on until told to stop; in the air the drone is brought to a stand first."""
        if not stop.requested:
            return True
        if self.companion is None or self.values['lockstep'] or stop.urgent:
            return False
        if not self._stopping_s:
            self._stopping_s = time.monotonic()
            self.companion.engage(False)
        is_ours = self.companion.has_vehicle  # holding and searching too
        return is_ours and time.monotonic() - self._stopping_s < HAND_BACK_LIMIT_S

    def _fall_silent(self) -> None:
        for undo in self._undo:
            undo()
        self._undo = []

    def release(self) -> None:
        """Fall silent and close the connection."""
        self._fall_silent()
        self.companion = self.decision = None
        if self.link is not None:
            self.link.close()
            self.link = None


def main() -> None:
    """Run the node."""
    process.exit_with(MavlinkNode)


if __name__ == '__main__':
    main()
