# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An interrupted command ends soon, in one sentence, leaves no process, and keeps its work."""

import interrupts
import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize('how', interrupts.HOW)
def test_an_interrupted_collecting_ends_in_one_sentence_and_goes_on(how, tmp_path):
    """SIGTERM used to end it without a word, and Ctrl-C when all flights in hand had ended."""
    folder = tmp_path / 'data'
    line, _ = interrupts.lines(folder)['collect']
    rng, before = np.random.default_rng(len(how)), {}
    for after_s in rng.uniform(0.0, 12.0, 2):
        ended = interrupts.interrupted(line, how, float(after_s))
        found = interrupts.finished(folder)
        assert before.items() <= found.items()
        before = found
        if ended.code == 130:
            assert ended.stderr.startswith(interrupts.SENTENCE)
            assert ended.stderr.count('\n') == 1
        else:  # it was through already
            assert (ended.code, ended.stderr) == (0, '')
