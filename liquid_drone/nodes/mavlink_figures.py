# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the mavlink node publishes on ``/diagnostics``: delays, rates of setpoints, its stage.

All times are those of the steady clock. Nothing is decided here.
"""

import math
import time
from typing import Any

from rclpy.node import Node

from ..flight import codes
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.engagement import Stage
from ..flight.health import health
from ..flight.mavlink.link import MavlinkLink
from ..flight.preflight.link_report import link_values
from ..flight.vehicle import VehicleState
from ..masking import masked
from ..ros.diagnostics import INACTIVE, Diagnostics
from ..ros.latency import Counter, Latency
from ..ros.log import Seldom

PAUSE_S = 1.0  # a longer one between two setpoints was meant


class SetpointFigures:
    """Delays from the stamp of a picture, and the pace of what is sent."""

    def __init__(self) -> None:
        """Begin with none."""
        self._until_guard = Latency('capture_to_guard')  # when the command is here
        self._until_wire = Latency('capture_to_setpoint')
        self._period, self._last_s = Latency('setpoint_period'), -math.inf
        self._sent = Counter()
        self._refused = 0  # commands since the last word
        self._offset_s: float | None = None  # arrival of commands minus stamp of their pictures

    def begin(self, now_s: float) -> None:
        """Forget all: the node is activated."""
        for latency in (self._until_guard, self._until_wire, self._period):
            latency.clear()
        self._sent.take(now_s)

    def heard(self, age_s: float, offset_s: float | None) -> None:
        """Note how old the picture was when its command came, and the difference of the clocks."""
        self._until_guard.add(age_s)
        self._offset_s = offset_s

    def refused(self) -> None:
        """Note a command that was answered already, or has no time."""
        self._refused += 1

    def answered(self, age_s: float) -> None:
        """Note how old the picture was when its setpoint was on the wire."""
        self._until_wire.add(age_s)

    def sent(self, now_s: float) -> None:
        """Note a setpoint."""
        self._sent.add()
        period_s, self._last_s = now_s - self._last_s, now_s
        if period_s < PAUSE_S:
            self._period.add(period_s)

    def silent(self) -> None:
        """Note that nothing was to be sent: the time until the next setpoint is no period."""
        self._last_s = -math.inf

    def values(self, now_s: float) -> dict[str, object]:
        """Return what is told each second."""
        offset_s = self._offset_s
        values: dict[str, object] = {
            'setpoints_per_second': self._sent.take(now_s),
            'commands_refused_per_second': self._refused,
            'stamp_offset_ms': 'unknown' if offset_s is None else round(1e3 * offset_s, 1),
        }
        self._refused = 0
        for latency in (self._until_guard, self._until_wire, self._period):
            values.update(latency.values())
        return values


class MavlinkDiagnostics:
    """The log's and the diagnostics' word on the companion."""

    def __init__(self, node: Node) -> None:
        """Make the publisher on a node."""
        self._node, self._seldom = node, Seldom()
        self._diagnostics = Diagnostics(node)

    def log_change(self, before: Decision | None, decision: Decision) -> None:
        """Log another stage, or another reason of the guard."""
        logger = self._node.get_logger()
        if before is None or before.stage is not decision.stage:
            cause = f' ({decision.cause.value})' if decision.cause.value else ''
            logger.info(f'{decision.stage.value}{cause}')
        elif before.reason is not (reason := decision.reason) and reason is not None:
            self._log_reason(reason.value)

    def _log_reason(self, words: str) -> None:
        if self._seldom.is_due(words):
            self._node.get_logger().info(words)

    def tell_inactive(self) -> None:
        """Publish that the node is not active."""
        self._diagnostics.tell(INACTIVE, {})

    def tell(
        self,
        session: CompanionSession | None,
        parameters: dict[str, Any],
        link: MavlinkLink,
        figures: SetpointFigures,
        rivals: str,
        odd: int,
    ) -> None:
        """Publish what there is, once a second.

        Args:
            session: with its last decision; None: not configured.
            parameters: of the node.
            link: to the autopilot.
            figures: of the setpoints.
            rivals: who else commands; empty: nobody.
            odd: things that arrived and were treated as not received.

        """
        vehicle, profile = link.vehicle, link.profile
        decision = None if session is None else session.decision
        stage = (decision.stage if decision else Stage.DISCONNECTED).value
        values: dict[str, object] = {
            'connection': masked(parameters['connection']),
            'stage': stage,
            'shadow': parameters['shadow'] if session is None else session.is_shadow,
            'follow_mode': '' if profile is None else profile.mode_name(profile.follow_mode),
            'obstacles': ' | '.join(session.obstacles()) if session is not None else '',
            **standing(decision, vehicle),
            **_distances(vehicle, parameters['limits.fence_radius_m']),
            **link_values(link),
            'command_age_limit_ms': round(1e3 * parameters['limits.command_age_s']),
            **figures.values(time.monotonic()),
            'rivals': rivals,
            'odd': odd,
        }
        obstacle = link.obstacle or (decision.obstacle if decision else '')
        self._diagnostics.tell(health(decision, rivals, rivals or obstacle), values)


def _distances(vehicle: VehicleState | None, fence_radius_m: float | None) -> dict[str, object]:
    """Return how far away home and the round fence are; nothing where home is not known."""
    away_m = codes.of_vehicle(vehicle)[-1]
    if not math.isfinite(away_m):
        return {}
    values: dict[str, object] = {'home_distance_m': round(away_m, 1)}
    if fence_radius_m is not None:
        values['fence_distance_m'] = round(fence_radius_m - away_m, 1)
    return values


def standing(decision: Decision | None, vehicle: VehicleState | None) -> dict[str, object]:
    """Return why it does what it does, and what the vehicle says of itself.

    Args:
        decision: the last one; None before the first.
        vehicle: None before it is heard.

    """
    values: dict[str, object] = {}
    if decision is not None:
        values['cause'] = decision.cause.value
        values['keeps_from_engaging'] = decision.obstacle
        values['waits_for'] = decision.trouble if decision.stage is Stage.READY else ''
        values['reason'] = decision.reason.value if decision.reason else ''
        values['reason_code'] = decision.reason.code if decision.reason else ''
    if vehicle is not None:
        values.update(mode=vehicle.mode_name, armed=vehicle.armed, landed=vehicle.landed)
        values['battery'] = vehicle.battery_remaining
        values['height_m'] = round(vehicle.height_m, 2)
    return values
