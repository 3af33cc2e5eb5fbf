# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A policy that starts afresh in flight starts afresh at the same frame when it is shown again."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.episodes.policy_start import flown_since_start
from liquid_drone.evaluate import closed_loop
from liquid_drone.runtime.runner import PolicyOutput, PolicyRunner
from liquid_drone.sim.flight_log import FlightLog
from liquid_drone.sim.flight_spec import AutopilotChoice, FlightSpec, StartChoice
from liquid_drone.sim.session import Session

STRETCHES = st.lists(
    st.tuples(
        st.integers(0, 5),  # frames of somebody else
        st.integers(0, 4),  # in the companion's mode, which it does not know yet
        st.integers(0, 6),  # that the policy flew
        st.booleans(),  # setpoints come while it waits: zeros
    ),
    max_size=5,
)


@given(STRETCHES)
def test_each_stretch_begins_with_the_frame_before_the_setpoint_moves(
    stretches: list[tuple[int, int, int, bool]],
) -> None:
    following, setpoints, expected = list[bool](), list[list[float]](), list[bool]()
    for others, waits, flies, sends in stretches:
        still = [0.0 if sends else np.nan] * 4
        following += [False] * (others + 1) + [True] * (waits + flies)
        setpoints += [[0.3, 0.0, 0.0, 0.0]] * (others + 1) + [still] * waits
        setpoints += [still, *[[0.1, 0.0, 0.0, 0.2]] * (flies - 1)][:flies]
        is_told = flies > 1  # else no setpoint moved
        expected += [False] * (others + 1) + [not is_told] * waits + [True] * flies
    flags, received = np.array(following, np.bool_), np.array(setpoints).reshape(-1, 4)
    assert flown_since_start(flags, received).tolist() == expected


class WatchedRunner(PolicyRunner):
    """Notes what it was shown, and after how many frames it started afresh."""

    def __init__(self, bundle: Path) -> None:
        self.shown: dict[int, np.ndarray] = {}
        self.begun: list[int] = []
        super().__init__(bundle, check_parity=False)

    def reset(self) -> None:
        self.begun.append(len(self.shown))
        super().reset()

    def step(self, image: np.ndarray, stamp_s: float) -> PolicyOutput:
        self.shown[round(stamp_s * 1e9)] = image.copy()
        return super().step(image, stamp_s)


def fly(bundle: str, autopilot: AutopilotChoice, start: StartChoice) -> tuple[FlightLog, int]:
    """Fly a second; return the log with pictures that lost nothing, and the row of the start."""
    runner = WatchedRunner(resources.bundle(bundle))
    spec = FlightSpec(seed=10_007, duration_s=1.0, autopilot=autopilot, start=start, land=False)
    session = Session(spec)
    try:
        log = closed_loop.fly(session, runner)
    finally:
        session.close()
    for index, stamp_ns in enumerate(log.rows['exposed_ns']):
        png = cv2.imencode('.png', runner.shown[stamp_ns][:, :, ::-1])[1]
        log.jpegs[index] = png.tobytes() if log.jpegs[index] else b''
    return log, runner.begun[-1]


@pytest.mark.parametrize('autopilot', ['px4', 'ardupilot'])
@pytest.mark.parametrize('start', ['hover', 'ground'])
def test_the_flown_command_is_the_one_that_is_replayed(
    autopilot: AutopilotChoice, start: StartChoice
) -> None:
    dynamics = pytest.importorskip('liquid_drone.evaluate.neuron_dynamics')
    from liquid_drone.policy.network import Network
    from liquid_drone.policy.weights import config_of, load_weights_of

    log, begun = fly('follow-memory', autopilot, start)
    network = load_weights_of(Network(config_of('follow-memory')), 'follow-memory').eval()
    shown = dynamics.show(network, log)
    assert shown.rows[0] == begun > np.argmax(log.column('following'))
    flown = log.column('command')[shown.rows]
    np.testing.assert_allclose(dynamics.replay(network, log).commands, flown, atol=1e-5)


def test_a_recording_of_it_begins_there_too(tmp_path: Path) -> None:
    pytest.importorskip('rclpy', reason='the node that replays imports it')
    from liquid_drone.nodes.replay_bag import Bag

    log, begun = fly('follow', 'px4', 'hover')
    log.save(tmp_path / 'episode')
    found = Bag(tmp_path / 'episode').commands()
    stamps = log.rows['exposed_ns']
    assert found.begins == {stamps[begun]}
    assert sorted(found.commands) == stamps[begun : begun + len(found.commands)]
