# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what left the picture is known as long as it is near, however the drone moves."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.learn.auxiliary_labels import nearness
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export_core
from liquid_drone.policy.network import Core, Network
from liquid_drone.policy.surroundings import DIRECTIONS, HELD_M, STATE, Surroundings
from liquid_drone.request import RequestSpec

DT_S, FOV_RAD = 0.05, math.radians(80.0)
seeds = st.integers(0, 10_000)


def flight(seed: int, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where a drone is, x, y and yaw (T, 3), and how it moves in its heading (T, 3)."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, [0.15, 0.15, 0.12], (ticks, 3))
    motion = (np.cumsum(steps, axis=0) + np.array([1.0, 0.0, 0.0])).clip(-1.5, 1.5)
    pose, rows = np.zeros(3), []
    for vx, vy, turn in motion:
        cosine, sine = math.cos(pose[2]), math.sin(pose[2])
        pose = pose + DT_S * np.array([vx * cosine - vy * sine, vx * sine + vy * cosine, turn])
        rows.append(pose)
    return np.array(rows), motion


def away(poses: np.ndarray, post: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the surface of a post (x, y, radius) is, and its bearing, (T,) each."""
    ahead, left = post[0] - poses[:, 0], post[1] - poses[:, 1]
    bearing = (np.arctan2(left, ahead) - poses[:, 2] + math.pi) % (2 * math.pi) - math.pi
    return np.hypot(ahead, left) - post[2], bearing


def told(poses: np.ndarray, motion: np.ndarray, posts: np.ndarray) -> np.ndarray:
    """Return how far the nearest thing in each direction is told to be (T, D), 5 m: nothing."""
    scan = np.stack([nearness(pose, pose[2], posts, FOV_RAD) for pose in poses])
    near, _ = Surroundings(16, FOV_RAD).sequence(
        torch.from_numpy(scan).float()[None],
        torch.from_numpy(motion).float()[None],
        torch.full((1, len(poses)), DT_S),
        torch.zeros(1, STATE),
    )
    return HELD_M * (1.0 - near[0].numpy())


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(1.0, 4.0), st.floats(-0.6, 0.6), st.floats(0.05, 0.4))
def test_a_post_that_was_seen_is_told_for_as_long_as_it_is_near(seed, ahead, bearing, radius):
    poses, motion = flight(seed, 200)
    distance_m = ahead + radius
    post = np.array([distance_m * math.cos(bearing), distance_m * math.sin(bearing), radius])
    distances, bearings = away(poses, post)
    if distances.min() < 0.1:
        return  # it flies into it
    lost = int(np.argmax(distances > 4.0)) or len(poses)  # from then on it may be forgotten
    distances, bearings = distances[:lost], bearings[:lost]
    told_m = told(poses, motion, post[None])[:lost]
    # what is carried is the side of it that was seen, of which the column is known
    assert np.abs(told_m.min(axis=1) - distances).max() < 0.4 + 2.0 * radius
    which = told_m.argmin(axis=1) * (2 * math.pi / DIRECTIONS)
    off = np.abs((which - bearings + math.pi) % (2 * math.pi) - math.pi)
    far = distances > 1.0
    assert off[far].max(initial=0.0) < math.pi / DIRECTIONS + (0.3 + 2.0 * radius) / 1.0


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_nothing_is_told_where_nothing_stands(seed):
    poses, motion = flight(seed, 200)
    rng = np.random.default_rng(seed)
    posts = np.column_stack([rng.uniform(-12.0, 12.0, (40, 2)), rng.uniform(0.05, 0.4, 40)])
    told_m = told(poses, motion, posts)
    for tick, direction in np.argwhere(told_m < 4.0):
        distance_m, (x, y, yaw) = told_m[tick, direction], poses[tick]
        angle = yaw + direction * (2 * math.pi / DIRECTIONS)
        there = np.array([x + distance_m * math.cos(angle), y + distance_m * math.sin(angle), 0])
        off_m = away(there[None], posts.T)[0].min()
        assert off_m < 0.6 + distance_m * math.sin(math.pi / DIRECTIONS)


def test_what_is_gone_from_the_picture_is_gone():
    poses, motion = flight(3, 40)
    surroundings, moved = Surroundings(16, FOV_RAD), torch.from_numpy(motion).float()[None]
    dt_s, nothing = torch.full((1, 40), DT_S), torch.zeros(1, STATE)
    post = np.array([[2.5, 0.0, 0.2]])
    scan = np.stack([nearness(pose, pose[2], post, FOV_RAD) for pose in poses])
    scan[20:] = 0.0  # a cart that has driven on
    seen = torch.from_numpy(scan).float()[None]
    near, _ = surroundings.sequence(seen, moved, dt_s, nothing)
    assert near[0, 10].max() > 0.3
    assert near[0, 20:].max() == 0.0


def network_with_surroundings() -> Network:
    torch.manual_seed(2)
    vision = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=80, scan=True)
    config = NetworkConfig(
        vision, CoreConfig(), RequestSpec(), belief=True, memory=True, surroundings=True
    )
    return Network(config).eval()


def test_a_step_in_flight_is_what_was_taught_in_onnx_runtime_too(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    network, ticks = network_with_surroundings(), 60
    core, rng = Core(network), np.random.default_rng(4)
    export_core(network, tmp_path / 'core.onnx')
    flies = onnxruntime.InferenceSession(
        tmp_path / 'core.onnx', providers=['CPUExecutionProvider']
    )
    features = rng.normal(size=(ticks, 2, 80)).astype(np.float32)
    columns = 80 - network.vision.dense
    scans = rng.uniform(0.3, 1.0, (ticks, 2, columns)) * (rng.random((ticks, 2, columns)) < 0.2)
    features[..., network.vision.dense :] = scans
    dt_s = rng.uniform(0.02, 0.12, (ticks, 2)).astype(np.float32)
    asked = np.array([RequestSpec().defaults] * 2, np.float32)
    state, flown = np.zeros((2, network.state_size), np.float32), [np.zeros((2, 4), np.float32)]
    for tick in range(ticks):
        given = {'features': features[tick], 'state': state, 'dt': dt_s[tick], 'request': asked}
        command, after, _ = flies.run(None, given)
        with torch.no_grad():
            known = core(*(torch.from_numpy(one) for one in given.values()))
        assert np.abs(known[0].numpy() - command).max() < 1e-4
        assert np.abs(known[1].numpy() - after).max() < 1e-4
        flown.append(command / network.limits.numpy())
        state = after
    sequence = torch.from_numpy(features).transpose(0, 1)
    moved = torch.from_numpy(np.stack(flown[:-1], axis=1))
    with torch.no_grad():
        whole = network(sequence, torch.from_numpy(dt_s.T.copy()), flown=moved)
    around = slice(-STATE - 3, -3)
    assert np.abs(state[:, around]).max() > 0.1
    assert np.abs(whole.state.numpy()[:, around] - state[:, around]).max() < 1e-3


@pytest.mark.parametrize(
    'given', [{}, {'belief': True, 'memory': True}, {'vision': VisionConfig.NAMED['wide-scan']}]
)
def test_they_need_a_scan_and_a_memory(given):
    with pytest.raises(ValueError, match='expected memory: true and a vision with a scan'):
        NetworkConfig(surroundings=True, **given)
