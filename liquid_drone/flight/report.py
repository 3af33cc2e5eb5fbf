# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One decision as plain text facts: for logs, the topic ``mavlink/decision`` and recordings.

Keys: ``stage``, ``cause``, ``reason`` (codes: the names in :mod:`.engagement` and
:mod:`.reason`), ``obstacle`` (what keeps from engaging, a sentence), ``sent`` (true, false),
``proposal`` and ``setpoint`` (vx vy vz m/s FLU, yaw rate rad/s), ``mode``, ``armed``, ``landed``,
``battery`` (0..1), ``position_enu`` m, ``home_enu`` m, ``velocity_enu`` m/s, ``euler_enu`` (roll
pitch yaw, rad).
What is not known is an empty text.
"""

from collections.abc import Iterable, Mapping

from .companion import Decision
from .guard.state import Proposal
from .vehicle import NEVER, VehicleState

Facts = dict[str, str]


def facts(
    decision: Decision, vehicle: VehicleState | None, proposal: Proposal | None, sent: bool
) -> Facts:
    """Return what was decided, on what, and whether it was sent."""
    told = {
        'stage': decision.stage.name.lower(),
        'cause': decision.cause.name.lower(),
        'reason': decision.reason.code if decision.reason else '',
        'obstacle': decision.obstacle,
        'sent': _word(sent),
        'proposal': _text(proposal.command) if proposal else '',
        'setpoint': _text(decision.setpoint.as_tuple()) if decision.setpoint else '',
    }
    if decision.belief is not None:
        told['belief'] = _text((decision.belief.bearing_rad, decision.belief.distance_m))
    return told if vehicle is None else {**told, **_vehicle_facts(vehicle)}


def _vehicle_facts(vehicle: VehicleState) -> Facts:
    battery, known = vehicle.battery_remaining, vehicle.estimate_age_s(0.0) < float('inf')
    return {
        'mode': vehicle.mode_name,
        'armed': _word(vehicle.armed),
        'landed': _word(vehicle.landed),
        'battery': '' if battery is None else f'{battery:.2f}',
        'position_enu': _text(vehicle.position_enu) if known else '',
        'home_enu': _text(vehicle.home_enu) if vehicle.home_received_s > NEVER else '',
        'velocity_enu': _text(vehicle.velocity_enu) if known else '',
        'euler_enu': _text((vehicle.roll, vehicle.pitch, vehicle.yaw)) if known else '',
    }


def numbers(given: Mapping[str, str], key: str, count: int) -> tuple[float, ...] | None:
    """Return the numbers of a fact; None where it is unknown or something else."""
    try:
        found = tuple(float(part) for part in given.get(key, '').split())
    except ValueError:
        return None
    return found if len(found) == count else None


def _word(value: bool) -> str:
    return 'true' if value else 'false'


def _text(values: Iterable[float]) -> str:
    return ' '.join(f'{value:.5g}' for value in values)
