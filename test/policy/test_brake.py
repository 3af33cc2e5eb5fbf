# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: no command leads at a thing that is held near, and nothing else of it changes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.policy.brake import KEPT_M, RATE_PER_S, SLACK_M_S, braked
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export_core
from liquid_drone.policy.network import Core, Network
from liquid_drone.policy.surroundings import DIRECTIONS, HELD_M
from liquid_drone.request import RequestSpec

DT_S = 0.05
things = st.lists(
    st.tuples(st.floats(0.05, 6.0), st.floats(-math.pi, math.pi)), max_size=DIRECTIONS
)
speeds = st.floats(-3.0, 3.0)


def held(things: list[tuple[float, float]]) -> np.ndarray:
    """Return what surroundings hold of things (distance, bearing), (2 * DIRECTIONS,)."""
    rows = np.zeros((DIRECTIONS, 2))
    for row, (away_m, bearing) in zip(rows, things, strict=False):
        row[:] = max(1.0 - away_m / HELD_M, 0.0) * np.array([math.cos(bearing), math.sin(bearing)])
    return rows.ravel()


def flown(command: tuple[float, ...], around: np.ndarray) -> np.ndarray:
    one = torch.tensor([command], dtype=torch.float64)
    return braked(one, torch.from_numpy(around)[None])[0].numpy()


@settings(max_examples=100, deadline=None)
@given(things, speeds, speeds)
def test_the_speed_towards_each_thing_is_bounded_by_the_distance_that_is_left(things, vx, vy):
    out = flown((vx, vy, 0.4, -0.7), held(things))
    for away_m, bearing in things:
        if away_m < HELD_M:
            towards = out[0] * math.cos(bearing) + out[1] * math.sin(bearing)
            assert towards <= RATE_PER_S * max(away_m - KEPT_M, 0.0) + SLACK_M_S + 1e-5
    assert math.hypot(*out[:2]) <= math.hypot(vx, vy) + 1e-9
    assert tuple(out[2:]) == (0.4, -0.7)


@settings(max_examples=100, deadline=None)
@given(things, speeds, speeds)
def test_a_command_that_leads_away_from_all_things_is_let_through(things, vx, vy):
    apart = [
        (away_m, bearing)
        for away_m, bearing in things
        if vx * math.cos(bearing) + vy * math.sin(bearing)
        <= RATE_PER_S * max(away_m - KEPT_M, 0.0)
    ]
    assert flown((vx, vy, 0.0, 0.0), held(apart)) == pytest.approx((vx, vy, 0.0, 0.0), abs=1e-9)


@given(st.floats(0.1, 3.0), st.floats(-1.2, 1.2))
def test_who_flies_at_one_thing_slides_along_it(speed, bearing):
    out = flown((speed, 0.0, 0.0, 0.0), held([(KEPT_M, bearing)]))
    assert out[0] * math.cos(bearing) + out[1] * math.sin(bearing) == pytest.approx(0.0, abs=1e-5)
    assert math.hypot(*out[:2]) == pytest.approx(speed * abs(math.sin(bearing)), abs=1e-4)


@pytest.mark.parametrize('side_m', [0.0, 0.8, -1.5])
def test_a_drone_whose_core_flies_on_stops_before_a_wall(side_m):
    place, velocity = np.array([0.0, side_m]), np.zeros(2)
    wall = np.column_stack([np.full(201, 4.0), np.linspace(-10.0, 10.0, 201)])
    for _ in range(400):
        away = wall - place
        nearest = away[np.argsort(np.linalg.norm(away, axis=1))[:DIRECTIONS]]
        seen = [(float(np.hypot(*one)), math.atan2(one[1], one[0])) for one in nearest]
        command = flown((2.0, 0.3, 0.0, 0.0), held(seen))[:2]
        velocity += (command - velocity) * DT_S / 0.3  # a vehicle that lags
        place += velocity * DT_S
        assert place[0] < 4.0 - 0.4
    assert place[0] > 3.0
    assert abs(place[1] - side_m) > 0.5  # along it, it flies on


def test_the_gradient_of_what_is_left_of_a_command_flows_back():
    command = torch.tensor([[2.0, 1.0, 0.0, 0.0]], requires_grad=True)
    around = torch.from_numpy(held([(0.9, 0.0)])).float()[None]
    braked(command, around)[0, :2].sum().backward()
    assert command.grad is not None
    assert torch.isfinite(command.grad).all()
    assert command.grad[0, 1] == 1.0  # along it


def test_a_brake_needs_what_it_brakes_for():
    with pytest.raises(ValueError, match='surroundings: true'):
        NetworkConfig(brake=True)


def test_a_step_in_onnx_runtime_is_braked_and_the_state_knows_what_flew(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    torch.manual_seed(2)
    vision = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=80, scan=True)
    with_brake = {'belief': True, 'memory': True, 'surroundings': True, 'brake': True}
    network = Network(NetworkConfig(vision, CoreConfig(), RequestSpec(), **with_brake)).eval()
    core, rng = Core(network), np.random.default_rng(4)
    export_core(network, tmp_path / 'core.onnx')
    flies = onnxruntime.InferenceSession(
        tmp_path / 'core.onnx', providers=['CPUExecutionProvider']
    )
    state, brakes = np.zeros((1, network.state_size), np.float32), 0
    for _ in range(60):
        features = rng.normal(size=(1, 80)).astype(np.float32)
        columns = 80 - network.vision.dense
        features[:, network.vision.dense :] = rng.uniform(0.8, 1.0, columns)  # 2 m and nearer
        given = {
            'features': features, 'state': state, 'dt': np.full(1, DT_S, np.float32),
            'request': np.array([RequestSpec().defaults], np.float32),
        }  # fmt: skip
        command, after, _ = flies.run(None, given)
        with torch.no_grad():
            known = core(*(torch.from_numpy(one) for one in given.values()))
        assert np.abs(known[0].numpy() - command).max() < 1e-4
        assert np.abs(known[1].numpy() - after).max() < 1e-4
        assert after[0, -3:] == pytest.approx(command[0, [0, 1, 3]], abs=1e-6)
        # with everything in front as near as that, hardly any speed ahead is left
        assert command[0, 0] <= RATE_PER_S * (2.0 - KEPT_M) + 1e-4
        brakes += command[0, 0] < 0.05
        state = after
    assert brakes
