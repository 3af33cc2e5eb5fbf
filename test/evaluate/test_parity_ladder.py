# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Each rung says how far it is from PyTorch, or why it was not run."""

import shutil

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.contract import largest_difference
from liquid_drone.evaluate.parity_ladder import Rung, climb
from liquid_drone.policy.weights import WEIGHTS_FILE
from liquid_drone.runtime import libraries


def test_the_shipped_policy_is_the_same_in_pytorch_and_on_the_cpu(monkeypatch):
    monkeypatch.setattr(
        libraries, 'why_not', lambda name: None if name == 'cpu' else f'no {name} here'
    )
    rungs = list(climb(resources.bundle('follow')))
    assert [rung.verdict for rung in rungs] == ['passed', 'passed', *['not run'] * 4]
    assert all(rung.difference is not None and rung.difference < 1e-4 for rung in rungs[:2])
    assert rungs[1].step_ms is not None
    assert 'no INT8 variant' in rungs[2].reason
    assert rungs[3].reason == 'no cuda here'


def test_a_bundle_without_weights_leaves_the_first_rung_out(tmp_path):
    copy = tmp_path / 'follow'
    shutil.copytree(resources.bundle('follow'), copy)
    (copy / WEIGHTS_FILE).unlink()
    first = next(climb(copy))
    assert first.verdict == 'not run'
    assert WEIGHTS_FILE in first.reason


@pytest.mark.parametrize(('difference', 'verdict'), [(1e-3, 'passed'), (0.1, 'failed')])
def test_the_verdict_is_the_tolerances(difference, verdict):
    assert Rung('cuda fp32', difference, 2e-3).verdict == verdict


def test_answers_that_are_not_finite_are_infinitely_far():
    assert largest_difference([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert largest_difference([0.5], [0.25]) == 0.25  # absolute below 1
    assert largest_difference([110.0], [100.0]) == pytest.approx(0.1)
    assert largest_difference([np.nan], [1.0]) == np.inf
