# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the mavlink node says on ``/diagnostics``: delays and rates of setpoints, how it stands.

All times are those of the steady clock. Nothing is decided here.
"""

import math

from ..flight.companion import Decision
from ..flight.vehicle import VehicleState
from ..ros.latency import Counter, Latency

PAUSE_S = 1.0  # a longer one between two setpoints was meant


class SetpointFigures:
    """Delays from the stamp of a picture, and the pace of what is sent."""

    def __init__(self) -> None:
        """Begin with none."""
        self._until_guard = Latency('capture_to_guard')  # when the command is here
        self._until_wire = Latency('capture_to_setpoint')
        self._period, self._last_s = Latency('setpoint_period'), -math.inf
        self._sent = Counter()

    def begin(self, now_s: float) -> None:
        """Forget all: the node is activated."""
        for latency in (self._until_guard, self._until_wire, self._period):
            latency.clear()
        self._sent.take(now_s)

    def heard(self, age_s: float) -> None:
        """Note how old the picture was when its command came."""
        self._until_guard.add(age_s)

    def answered(self, age_s: float) -> None:
        """Note how old the picture was when its setpoint was on the wire."""
        self._until_wire.add(age_s)

    def sent(self, now_s: float) -> None:
        """Note a setpoint."""
        self._sent.add()
        period_s, self._last_s = now_s - self._last_s, now_s
        if period_s < PAUSE_S:
            self._period.add(period_s)

    def values(self, now_s: float) -> dict[str, object]:
        """Return what is told each second."""
        values: dict[str, object] = {'setpoints_per_second': self._sent.take(now_s)}
        for latency in (self._until_guard, self._until_wire, self._period):
            values.update(latency.values())
        return values


def standing(
    decision: Decision | None, vehicle: VehicleState | None, trip_s: float | None
) -> dict[str, object]:
    """Return why it does what it does, and what the vehicle says of itself.

    Args:
        decision: the last one; None before the first.
        vehicle: None before it is heard.
        trip_s: measured time of a message there and back, in s; None before the first answer.

    """
    values: dict[str, object] = {}
    if trip_s is not None:
        values['link_trip_ms'] = round(1e3 * trip_s, 1)
    if decision is not None:
        values['cause'] = decision.cause.value
        values['reason'] = decision.reason.value if decision.reason else ''
        values['reason_code'] = decision.reason.code if decision.reason else ''
    if vehicle is not None:
        values.update(mode=vehicle.mode_name, armed=vehicle.armed, landed=vehicle.landed)
        values['battery'] = vehicle.battery_remaining
        values['height_m'] = round(vehicle.height_m, 2)
    return values
