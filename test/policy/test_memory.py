# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the memory of a core knows where a hidden target is, in flight as in training."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from liquid_drone.contract import Training
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.memory import FILTER_STATE, MEASURED, Measurement, TargetMemory
from liquid_drone.policy.network import Core, Network
from liquid_drone.request import RequestSpec
from liquid_drone.runtime.runner import PolicyRunner

SEEN, HIDDEN = 8.0, -12.0  # logits
DT_S = 0.05
seeds = st.integers(0, 10_000)


def told(places: np.ndarray, seen: np.ndarray) -> Tensor:
    """Return features (1, T, 5) that say outright where the target is, exact to a few per cent."""
    bearing = np.arctan2(places[:, 1], places[:, 0])
    log_range = np.log(np.hypot(places[:, 0], places[:, 1]) / 4.0)
    spread = np.full(len(places), math.log(0.02))
    logit = np.where(seen, SEEN, HIDDEN)
    columns = np.stack([logit, bearing, log_range, spread, spread], axis=1)
    return torch.from_numpy(columns).float()[None]


class Outright(nn.Module):
    """Takes the features for what is measured."""

    def hear(self, features: Tensor) -> Tensor:
        return features

    def take(self, heard: Tensor, expected: Tensor) -> Tensor:
        return heard


def plain_memory() -> TargetMemory:
    memory = TargetMemory(Measurement(MEASURED))
    memory.measure = Outright()  # type: ignore[assignment]
    with torch.no_grad():
        memory.log_lag_s.fill_(-5.0)  # a drone that does at once what it is told
        memory.log_fade_s.fill_(5.0)
    return memory


def walk(seed: int, ticks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a target's places in the body's heading (T, 2), and the drone's motion (T, 3)."""
    rng = np.random.default_rng(seed)
    place, velocity = rng.uniform([3.0, -3.0], [9.0, 3.0]), rng.uniform(-1.0, 1.0, 2)
    own, yaw, heading = np.zeros(2), 0.0, []
    motion = np.cumsum(rng.normal(0.0, 0.05, (ticks, 3)), axis=0).clip(-0.8, 0.8)
    for tick in range(ticks):
        vx, vy, turn = motion[tick]
        own = own + DT_S * np.array(
            [vx * math.cos(yaw) - vy * math.sin(yaw), vx * math.sin(yaw) + vy * math.cos(yaw)]
        )
        yaw += turn * DT_S
        place = place + velocity * DT_S
        away = place - own
        cosine, sine = math.cos(yaw), math.sin(yaw)
        heading.append([cosine * away[0] + sine * away[1], cosine * away[1] - sine * away[0]])
    return np.array(heading), motion


def remembered(memory: TargetMemory, places: np.ndarray, motion: np.ndarray, seen: np.ndarray):
    dt_s = torch.full((1, len(places)), DT_S)
    with torch.no_grad():
        found = memory.sequence(
            told(places, seen),
            torch.from_numpy(motion).float()[None],
            dt_s,
            torch.zeros(1, FILTER_STATE),
        )
    bearing, distance = found.belief[0, :, 1], 4.0 * torch.exp(found.belief[0, :, 2])
    guess = torch.stack([distance * torch.cos(bearing), distance * torch.sin(bearing)], dim=1)
    return guess.numpy(), found


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(10, 80))
def test_a_hidden_target_goes_on_however_the_drone_moves(seed, hidden):
    places, motion = walk(seed, 80 + hidden)
    seen = np.arange(len(places)) < 80
    guess, _ = remembered(plain_memory(), places, motion, seen)
    off = np.hypot(*(guess - places).T)
    assert off[79] < 0.15
    assert off[-1] < 0.15 + 0.15 * hidden * DT_S  # what it does not know of the speed


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_it_is_less_sure_the_longer_it_sees_nothing(seed):
    places, motion = walk(seed, 120)
    _, found = remembered(plain_memory(), places, motion, np.arange(120) < 60)
    doubt, logit = found.inputs[0, :, -1], found.belief[0, :, 0]
    assert (np.diff(doubt[60:].numpy()) > 0.0).all()
    # between these two a target that is thought to go away may be as sure: its bearing turns less
    assert logit[59] > max(logit[80], logit[119])


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(-math.pi, math.pi))
def test_somebody_else_for_a_moment_is_not_the_target(seed, angle):
    places, motion = walk(seed, 90)
    strange = places.copy()
    strange[80:83] += 3.0 * np.array([math.cos(angle), math.sin(angle)])
    seen = np.ones(90, bool)
    guess, _ = remembered(plain_memory(), strange, motion, seen)
    assert np.hypot(*(guess[82] - places[82])) < 1.0


def test_what_was_never_seen_is_taken_as_it_is_seen_first():
    places, motion = walk(3, 1)
    guess, found = remembered(plain_memory(), places, motion, np.ones(1, bool))
    # at the first look what is seen may be anybody, and still counts for more than nothing
    assert np.hypot(*(guess[0] - places[0])) < 0.6 * np.hypot(*(places[0] - [4.0, 0.0])) + 0.1
    assert torch.isfinite(found.state).all()


def network_of(cell: str) -> Network:
    torch.manual_seed(2)
    vision = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=16)
    return Network(
        NetworkConfig(vision, CoreConfig(cell=cell), RequestSpec(), belief=True, memory=True)
    ).eval()


@pytest.mark.parametrize('cell', ['wired_cfc', 'mlp', 'lstm'])
def test_a_step_in_flight_is_what_was_taught(cell):
    network, ticks = network_of(cell), 12
    core, rng = Core(network), torch.Generator().manual_seed(4)
    features = torch.randn(2, ticks, 16, generator=rng)
    dt_s = torch.rand(2, ticks, generator=rng) * 0.1 + 0.02
    state, flown, beliefs = torch.zeros(2, network.state_size), [torch.zeros(2, 4)], []
    with torch.no_grad():
        for tick in range(ticks):
            asked = torch.tensor([RequestSpec().defaults] * 2)
            command, state, belief = core(features[:, tick], state, dt_s[:, tick], asked)
            flown.append(command / network.limits)
            beliefs.append(belief)
        whole = network(features, dt_s, flown=torch.stack(flown[:-1], dim=1))
    assert whole.belief is not None
    assert torch.allclose(torch.stack(beliefs, 1)[..., :2], whole.belief[..., :2], atol=1e-4)
    assert torch.allclose(state[:, :-3], whole.state[:, :-3], atol=1e-4)
    assert torch.allclose(state[:, -3:], (flown[-1] * network.limits)[:, [0, 1, 3]], atol=1e-5)


def test_a_bundle_with_a_memory_answers_as_pytorch_does(tmp_path):
    network = network_of('wired_cfc')
    export(network, 'remembers', Training('dog', ('forest',), ('summer',)), tmp_path / 'bundle')
    runner = PolicyRunner(tmp_path / 'bundle')
    assert runner.contract.state_size == network.cell.state_size + 16
    assert runner.check_parity() < 1e-4


def test_without_a_belief_there_is_no_memory():
    with pytest.raises(ValueError, match='belief: true'):
        NetworkConfig(memory=True)
