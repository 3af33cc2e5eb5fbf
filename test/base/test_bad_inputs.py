# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: no reader ends in a traceback, a hang or a memory that is full, whatever it is given.

A part of the cases; all of them: ``python test/support/bad_inputs.py``.
"""

import importlib.util

import bad_inputs
import pytest

CHEAP = ('task', 'calibration', 'evaluation', 'photograph, PNG', 'graph', 'weights')
NEEDED = ('torch', 'pybullet', 'rosbags', 'PIL')


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason="needs pip install 'liquid_drone[sim,train,cpu]'",
)
@pytest.mark.parametrize('name', CHEAP)
def test_a_bad_input_is_read_right_or_refused(name: str) -> None:
    (reader,) = (reader for reader in bad_inputs.READERS if reader.name == name)
    tried = bad_inputs.run(reader, cuts=3, every=37)
    assert not tried.wrong
    assert tried.counts['refused'] > 0
