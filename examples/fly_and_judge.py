# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly a policy once in simulation, judge the flight, keep its episode.

The closed loop runs in this process: camera, policy, guard, MAVLink, autopilot, physics.

pip install 'liquid_drone[cpu,sim]'
python examples/fly_and_judge.py
"""

from pathlib import Path

from liquid_drone import resources
from liquid_drone.evaluate import closed_loop
from liquid_drone.evaluate.scoring import FlightScore, score
from liquid_drone.runtime.selection import open_policy
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import judged_task, scenario_of
from liquid_drone.sim.session import Session


def main(duration_s: float = 20.0, out: Path = Path('out/example')) -> FlightScore:
    """Fly seed 10,007 in the summer forest, from a hover; return its score."""
    flight = FlightSpec(seed=10_007, duration_s=duration_s, start='hover', land=False)
    session = Session(flight)
    try:
        log = closed_loop.fly(session, open_policy(resources.bundle('follow')))
    finally:
        session.close()
    log.save(out / 'episode')
    result = score(log, judged_task(flight, scenario_of(flight).task))
    print(f'success: {result.success}, failures: {result.failures or "none"}')
    print(f'target in view {result.in_view_share:.0%}, trajectory {log.trajectory_hash()}')
    return result


if __name__ == '__main__':
    main()
