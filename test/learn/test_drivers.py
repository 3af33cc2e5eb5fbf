# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies a training flight."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from liquid_drone.contract import CommandSpec
from liquid_drone.evaluate.driver import PolicyDriver
from liquid_drone.learn.drivers import DisturbedExpert, MixedDriver
from liquid_drone.learn.flights.config import Disturbance

IMAGE = np.zeros((144, 256, 3), np.uint8)
LABEL = np.array([1.0, -0.5, 0.1, 0.3], dtype=np.float32)
COMMAND = CommandSpec()


@dataclass
class Answer:
    command: np.ndarray
    target_probability: float = 0.25
    target_bearing: float = -0.5
    target_elevation: float = 0.125


@dataclass
class StubbornPolicy:
    """Always gives the same answer and counts what it saw."""

    seen: list[float] = field(default_factory=list)
    resets: int = 0

    def reset(self) -> None:
        self.resets += 1

    def step(self, image: np.ndarray, stamp_s: float) -> Answer:
        self.seen.append(stamp_s)
        return Answer(np.full(4, 9.0, dtype=np.float32))


def fly_with(driver, count):
    return np.stack([driver.step(IMAGE, 0.05 * k, LABEL).command for k in range(count)])


def test_a_clean_expert_flies_its_label():
    expert = DisturbedExpert(np.random.default_rng(0), Disturbance(), COMMAND, clean=True)
    assert np.array_equal(fly_with(expert, 5), np.tile(LABEL, (5, 1)))


def test_disturbances_are_strong_slow_and_within_the_limits():
    """White noise would be averaged away by the drone: it must last long enough to move it."""
    how = Disturbance(strength=(0.5, 0.5), clean_share=0.0)
    expert = DisturbedExpert(np.random.default_rng(0), how, COMMAND)
    flown = fly_with(expert, 4000)
    assert (np.abs(flown) <= np.array(COMMAND.limits) + 1e-6).all()
    noise = flown[:, 3] - LABEL[3]
    assert 0.3 < noise.std() / COMMAND.limits[3] < 0.6
    assert np.corrcoef(noise[:-1], noise[1:])[0, 1] > 0.85


def test_a_disturbance_is_its_seed():
    flown = [
        fly_with(DisturbedExpert(np.random.default_rng(seed), Disturbance(), COMMAND), 50)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(flown[0], flown[1])
    assert not np.array_equal(flown[0], flown[2])


def test_the_policy_alone_is_never_corrected():
    policy = StubbornPolicy()
    assert (fly_with(PolicyDriver(policy), 10) == 9.0).all()
    assert policy.resets == 1


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
def test_turns_are_shared_as_told_and_the_policy_sees_every_frame(share):
    """The policy's state must be that of a whole flight, also while the expert has the turn."""
    rng, policy = np.random.default_rng(0), StubbornPolicy()
    how = Disturbance(strength=(0.0, 0.0))
    mixed = MixedDriver(policy, DisturbedExpert(rng, how, COMMAND), rng, share)
    flown = fly_with(mixed, 6000)
    by_expert = (flown == LABEL).all(axis=1)
    assert by_expert.mean() == pytest.approx(share, abs=0.1)
    assert len(policy.seen) == 6000


def test_it_is_turned_away_now_and_then_and_keeps_its_label():
    """Pictures without the target come from here; the recorded label is the caller's own."""
    how = Disturbance(strength=(0.0, 0.0), glance_share=1.0, glance_every_s=4.0)
    flown = fly_with(DisturbedExpert(np.random.default_rng(2), how, COMMAND), 4000)
    away = flown[:, 0] == 0.0
    assert 0.1 < away.mean() < 0.4
    assert (np.abs(flown[away, 3]) >= 0.6 * COMMAND.limits[3] - 1e-6).all()
    assert {-1.0, 1.0} == set(np.sign(flown[away, 3]))
    assert np.array_equal(flown[~away], np.tile(LABEL, (int((~away).sum()), 1)))


def test_what_the_policy_sees_is_reported_also_while_the_expert_flies():
    rng = np.random.default_rng(0)
    expert = DisturbedExpert(rng, Disturbance(), COMMAND)
    mixed = MixedDriver(StubbornPolicy(), expert, rng, 1.0)
    output = mixed.step(IMAGE, 0.0, LABEL)
    assert not np.array_equal(output.command, np.full(4, 9.0))
    assert (output.target_probability, output.target_bearing) == (0.25, -0.5)
    assert np.isnan(expert.step(IMAGE, 0.0, LABEL).target_probability)
