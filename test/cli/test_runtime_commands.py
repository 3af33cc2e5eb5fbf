# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a pilot runs before the first flight: is the network the same here, and is it warm."""

import json

import pytest

from liquid_drone.cli.main import main
from liquid_drone.runtime import libraries


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, 'why_not', lambda name: None if name == 'cpu' else 'no card')


def test_parity_prints_a_line_a_rung_and_why_it_was_not_run(capsys):
    assert main(['parity', 'follow', '--json']) == 0
    rungs = json.loads(capsys.readouterr().out)
    assert [rung['verdict'] for rung in rungs] == ['passed', 'passed', *['not run'] * 4]
    assert rungs[-1]['reason'] == 'no card'
    assert main(['parity']) == 0
    assert capsys.readouterr().out.count('\n') == len(rungs)


def test_warmup_says_where_it_runs_and_an_order_that_fails_says_why(capsys):
    assert main(['warmup', 'follow']) == 0
    assert 'follow is warm on cpu fp32' in capsys.readouterr().out
    assert main(['warmup', 'follow', '--providers', 'cuda']) == 2
    assert "'cuda' cannot be had here: no card" in capsys.readouterr().err
    assert main(['fly', '--no-ros', '--providers', 'tensorrt', '--no-video']) == 2
    assert 'no card' in capsys.readouterr().err
