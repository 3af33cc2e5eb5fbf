# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Step the guard alone: the policy commands 2 m/s, then its camera freezes.

The guard is pure functions over plain data: no simulator, no ROS, no MAVLink.

pip install liquid_drone
python examples/guard_alone.py
"""

from liquid_drone.flight.guard import guard
from liquid_drone.flight.guard.limits import Limits, Sighting
from liquid_drone.flight.guard.state import GuardInput, Proposal, Step, start
from liquid_drone.flight.vehicle import BatterySample, SystemStatus, VehicleState


def hovering(now_s: float) -> VehicleState:
    """Return the telemetry of a vehicle that hovers 3 m above home, all of it fresh."""
    times = ('heartbeat', 'attitude', 'estimator', 'landed', 'battery', 'home')
    full = dict.fromkeys(('battery', 'battery_before'), BatterySample(0.9, 16.0))
    return VehicleState(
        1, 393216, 'OFFBOARD', True, position_enu=(0.0, 0.0, 3.0), landed_told=False,
        mode_is_ours=True, status=SystemStatus.ACTIVE, status_before=SystemStatus.ACTIVE,
        received_s=now_s, answered_s=now_s, battery_most_v=16.0, **full,
        **{f'{name}_received_s': now_s for name in times},
    )  # fmt: skip


def main(frozen_from_s: float = 1.0, until_s: float = 3.0) -> list[Step]:
    """Decide 20 times a second; print each tenth of a second; return every decision."""
    state, steps, limits = start(0.0), [], Limits()
    for tick in range(1, round(until_s * 20)):
        now_s = tick / 20
        stamp_s = min(now_s, frozen_from_s)  # of the picture behind the command
        proposal, seen = Proposal(stamp_s, (2.0, 0.0, 0.0, 0.0)), Sighting(stamp_s, 0.0)
        given = GuardInput(now_s, hovering(now_s), limits, proposal, seen)
        steps.append(guard.step(state, given))
        state, setpoint, reason = steps[-1]
        if tick % 2 == 0:
            sent = 'nothing' if setpoint is None else f'{setpoint.vx_m_s:.2f} m/s'
            print(f'{now_s:.1f} s: sends {sent:9} ({reason.name.lower()})')
    return steps


if __name__ == '__main__':
    main()
