# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whole flights through rclpy and MAVLink over UDP: three processes, also with one killed.

All times are simulated, of the log's frames, unless said otherwise.
"""

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bringup import local_graph
from liquid_drone.bringup.local_graph import Graph, GraphFlight
from liquid_drone.nodes.simulator_node import LANDING_LIMIT_S, SimulatorNode
from liquid_drone.ros.process import StopRequest
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.flight_spec import FlightSpec, SimulatorRun
from liquid_drone.sim.session import FlightProgress

pytestmark = pytest.mark.e2e
SEED = 9_001  # of the training split


def fly(bundle: Path, out: Path, run: SimulatorRun = SimulatorRun(), **names: Any) -> FlightLog:
    flight = FlightSpec(seed=SEED, duration_s=4.0, **names)
    return local_graph.fly_through_ros(GraphFlight(bundle, flight, run), out)


def fly_and_kill(victim: str, bundle: Path, out: Path) -> FlightLog:
    """Fly from a hover and end one node after 3 s, as a crash does."""
    path = out / 'episode'
    graph = GraphFlight(bundle, FlightSpec(seed=SEED, duration_s=60.0, start='hover'))
    with Graph(local_graph.commands(graph, path), out / 'logs') as running:

        def on_progress(progress: FlightProgress) -> None:
            is_alive = running.processes[victim].poll() is None
            if is_alive and progress.following_s > 3.0:
                running.kill(victim)

        running.watch(on_progress)
    return FlightLog.load(path)


def seconds(log: FlightLog) -> np.ndarray:
    return log.column('stamp_ns') / 1e9


def last_frame_with(log: FlightLog, column: str) -> int:
    return int(np.flatnonzero(np.isfinite(log.column(column)[:, 0]))[-1])


def test_a_flight_from_the_ground_takes_off_follows_and_lands(
    bundle: Path, tmp_path: Path
) -> None:
    log = fly(bundle, tmp_path)
    height = log.column('position_enu')[:, 2]
    following = log.column('following')
    assert log.meta['through'] == 'ros'
    assert log.meta['lockstep_misses'] == 0
    assert log.meta['provider'] == 'cpu fp32'
    assert height.max() > 1.5
    assert height[-1] < 0.2
    assert following.sum() * 0.05 == pytest.approx(4.0, abs=0.3)
    assert np.isfinite(log.column('command')).all(axis=1).mean() > 0.99


def test_a_killed_policy_is_answered_by_a_hold(bundle: Path, tmp_path: Path) -> None:
    log = fly_and_kill('policy', bundle, tmp_path)
    times, last = seconds(log), last_frame_with(log, 'command')
    setpoint, velocity = log.column('setpoint'), log.column('velocity_enu')
    told = np.isfinite(setpoint[:, 0])
    # 0.5 s after the last image that the policy answered, the drone is told to stand ...
    standing = told & (times > times[last] + 0.5)
    assert standing.any()
    assert np.abs(setpoint[standing][:, [0, 1, 3]]).max() < 1e-6
    # ... and a second later it does, but for the slow creep of PX4's velocity mode
    at_rest = np.searchsorted(times, times[last] + 1.5)
    assert np.linalg.norm(velocity[at_rest]) < 0.5
    # then the companion falls silent, and the autopilot's own failsafe lands
    assert times[last_frame_with(log, 'setpoint')] == pytest.approx(times[last] + 1.5, abs=0.1)
    assert log.column('position_enu')[-1, 2] < 0.2


def test_a_killed_mavlink_node_is_answered_by_the_autopilots_failsafe(
    bundle: Path, tmp_path: Path
) -> None:
    log = fly_and_kill('mavlink', bundle, tmp_path)
    times, last = seconds(log), last_frame_with(log, 'setpoint')
    following, velocity = log.column('following'), log.column('velocity_enu')
    after = np.searchsorted(times, times[last] + 1.2)  # COM_OF_LOSS_T and one supervision
    assert not following[after:].any()
    holding = np.searchsorted(times, times[last] + 4.0)
    assert np.linalg.norm(velocity[holding]) < 0.2
    assert log.column('position_enu')[-1, 2] < 0.2  # landed by the failsafe
    assert times[-1] < times[last] + 20.0


@given(st.floats(0.0, 3.0) | st.floats(5.0, 1000.0), st.sampled_from(['log', 'json', 'none']))
def test_only_a_launch_that_grows_impatient_ends_a_landing_in_the_air(
    since_s: float, progress: str
) -> None:
    """A busy machine was not down after 4 s, and Ctrl-C of ``fly`` ended it where it was."""
    node: Any = SimpleNamespace(
        how=SimulatorRun(progress=progress),
        session=SimpleNamespace(done=False),
        _stopping_s=time.monotonic() - since_s,
        _frame=object(),
        _may_go_on=lambda: False,
    )
    node._landing_limit_s = SimulatorNode._landing_limit_s.fget(node)
    stop = StopRequest()
    stop.requested = True
    assert SimulatorNode.turn(node, stop) is (progress == 'json' or since_s < LANDING_LIMIT_S)
    stop.urgent = True
    assert not SimulatorNode.turn(node, stop)


def test_ctrl_c_lands_and_gives_the_log(bundle: Path, tmp_path: Path) -> None:
    has_pressed = False

    def press(progress: FlightProgress) -> None:
        nonlocal has_pressed
        if progress.following_s > 1.0 and not has_pressed:
            has_pressed = True
            os.kill(os.getpid(), signal.SIGINT)

    graph = GraphFlight(bundle, FlightSpec(seed=SEED, start='hover'))
    log = local_graph.fly_through_ros(graph, tmp_path, press)
    assert has_pressed
    assert log.column('position_enu')[-1, 2] < 0.3
    assert len(log) < 40 * 20  # the task alone takes 45 s
