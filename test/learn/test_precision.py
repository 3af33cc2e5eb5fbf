# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Training takes the faster precision of the machine, and never one that gives no numbers."""

import logging
import math

import pytest
import torch

from liquid_drone.learn import precision
from liquid_drone.learn.precision import precision_of
from liquid_drone.learn.recipe import TrainConfig

CPU = torch.device('cpu')


@pytest.fixture(autouse=True)
def forgotten() -> None:
    precision.fastest.cache_clear()


@pytest.mark.parametrize(
    ('float32_s', 'bfloat16_s', 'taken'),
    [
        (1.0, 0.5, 'bfloat16'),
        (1.0, 10.0, 'float32'),
        (1.0, 0.9, 'float32'),
        (1.0, math.inf, 'float32'),
    ],
)
def test_the_faster_one_is_taken(monkeypatch, caplog, float32_s, bfloat16_s, taken):
    times = {'float32': float32_s, 'bfloat16': bfloat16_s}
    monkeypatch.setattr(precision, '_step_s', lambda _vision, _pixels, name: times[name])
    caplog.set_level(logging.INFO)
    assert precision_of(TrainConfig(), CPU) == taken
    assert taken in caplog.text


def test_an_order_is_followed_without_trying(monkeypatch):
    monkeypatch.setattr(precision, 'fastest', lambda _: pytest.fail('it was tried'))
    assert precision_of(TrainConfig(precision='bfloat16'), CPU) == 'bfloat16'


def test_this_machine_answers_alike_and_leaves_the_generator_alone(monkeypatch):
    monkeypatch.setattr(precision, 'FRAMES', 2)
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    assert precision.fastest(CPU) in ('float32', 'bfloat16')
    assert torch.equal(torch.rand(3), expected)


def test_a_precision_without_finite_numbers_takes_for_ever(monkeypatch):
    class Broken(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(float('nan')))

        def look(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return pixels * self.weight, pixels * self.weight

    assert precision._step_s(Broken(), torch.ones(2, 3, 4, 4), 'float32') == math.inf
