# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""No flag of ``doctor`` is left out without a word."""

import pytest

from liquid_drone.cli.main import main


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['--namespace', 'drone1'], 'add --graph'),
        (['--namespace', 'drone1', '--json'], 'add --graph'),
        (['--graph', '--connection', 'udpin:127.0.0.1:1'], 'give one of them'),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(['doctor', *words]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert not shown.out
