# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a belief is trained on the truth alone, hidden or not, and on nothing unknown."""

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.learn.losses import belief_losses

angles = st.floats(-math.pi, math.pi)


def batch_of(labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return labels, torch.ones_like(labels)


def one(*values: float) -> torch.Tensor:
    return torch.tensor(values)[None, None]


@given(angles, angles, st.floats(-1, 1))
def test_a_turn_of_the_whole_circle_is_no_error(bearing, other, far):
    truth = batch_of(one(1.0, bearing, far))
    around = belief_losses(one(0.0, other, far), *truth)
    once_more = belief_losses(one(0.0, other + 2.0 * math.pi, far), *truth)
    assert torch.allclose(around['belief'], once_more['belief'], atol=1e-4)
    same = belief_losses(one(0.0, bearing, far), *truth)
    assert same['belief'].item() < 1e-5 <= around['belief'].item() + 1e-4


@given(st.floats(-3, 3), angles, st.floats(-1, 1))
def test_nothing_unknown_costs_or_teaches(logit, bearing, far):
    belief = one(logit, bearing, far).requires_grad_()
    losses = belief_losses(belief, *batch_of(one(math.nan, math.nan, math.nan)))
    sum(losses.values()).backward()
    assert [loss.item() for loss in losses.values()] == [0.0, 0.0]
    assert not belief.grad.any()


def test_a_belief_is_right_only_near_a_target_that_is_there():
    sure = {
        (1.0, 0.0): one(8.0, 0.0, 0.0),
        (1.0, 0.5): one(-8.0, 0.0, 0.0),  # 29 degrees beside
        (0.0, 0.0): one(-8.0, 0.0, 0.0),  # nobody to follow
    }
    for (there, bearing), belief in sure.items():
        losses = belief_losses(belief, *batch_of(one(there, bearing, 0.0)))
        assert losses['believed'].item() < 0.01
        assert there or losses['belief'].item() == 0.0


def test_hidden_frames_count_as_often_as_asked_for():
    truth = torch.tensor([[[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]])
    labels, target = batch_of(truth)
    target[0, 1, 0] = 0.0  # the second one is hidden
    belief = torch.zeros(1, 2, 3)
    once, thrice = (
        belief_losses(belief, labels, target, weight)['belief'] for weight in (1.0, 3.0)
    )
    assert torch.allclose(thrice / once, torch.tensor(1.5))
