# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Timing: the cases take turns, the table is Markdown, the command prints figures."""

import json

import pytest

from liquid_drone.bench.timing import table, take_turns
from liquid_drone.bench.vision import mflop_of, named_encoders
from liquid_drone.cli.main import main
from liquid_drone.errors import ConfigError
from liquid_drone.policy.config import CHAHINE_2023, NetworkConfig
from liquid_drone.policy.network import Network


def test_the_cases_take_turns_and_warm_up_at_each() -> None:
    """A burst of load must not fall on one case alone."""
    order: list[str] = []
    cases = {name: (lambda name=name: order.append(name)) for name in 'ab'}
    times = take_turns(cases, rounds=2, inner=2)
    assert ''.join(order) == 'aaabbb' * 2
    assert 0.0 < times['a'].best_s <= times['a'].median_s
    assert times['b'].runs == 2


def test_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match='rounds >= 1'):
        take_turns({}, rounds=0)


def test_the_table_is_markdown() -> None:
    lines = table(['cell', 'ms'], [['CfC', '1.25'], ['LSTM', '10.00']]).splitlines()
    assert lines[1] == '| :--- | ----: |'
    assert len({len(line) for line in lines}) == 1


def test_bench_policy_prints_figures(capsys: pytest.CaptureFixture[str]) -> None:
    cells = ['wired_cfc', 'ct_rnn, dopri5', 'ncps wired_cfc']
    assert main(['bench', 'policy', '--rounds', '1', '--json', '--cells', *cells]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == cells
    ours, adaptive, theirs = figures.values()
    assert min(ours[part]['best_s'] for part in ('train', 'step', 'bound')) > 0.0
    assert ours['parameters'] < theirs['parameters']  # no dead weights
    assert adaptive['step'] is None  # it cannot be exported


def test_an_unknown_case_of_bench_policy_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['bench', 'policy', '--cells', 'cfg']) == 2
    assert "unknown case 'cfg': expected one of wired_cfc, cfc" in capsys.readouterr().err


def test_bench_vision_prints_figures(capsys: pytest.CaptureFixture[str]) -> None:
    some = ['heatmap', 'small']
    assert main(['bench', 'vision', '--rounds', '1', '--json', '--encoders', *some]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == some
    assert all(cost['flight']['best_s'] > 0.0 for cost in figures.values())


def test_all_encoders_are_measured_where_none_is_named_and_no_other() -> None:
    every = [
        'default',
        'chahine2023',
        'small',
        'heatmap',
        'wide',
        'wide-scan',
        'wide-tapped-scan',
        'wide-sight',
        'pretrained',
    ]
    assert named_encoders([]) == every
    with pytest.raises(ConfigError, match='expected one of default, chahine2023'):
        named_encoders(['small', 'tiny'])
    network = Network(NetworkConfig(CHAHINE_2023))
    assert mflop_of(network) == pytest.approx(177.5, abs=0.1)  # as published


def test_bench_vision_times_training_in_each_precision_and_layout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ['bench', 'vision', '--training', '--rounds', '1', '--frames', '1', '--json']
    assert main(arguments) == 0
    cases = json.loads(capsys.readouterr().out)['cases']
    assert len(cases) == 8
    assert {case['precision'] for case in cases} == {'float32', 'bfloat16'}
    assert all(case['a_processor_second'] > 0.0 for case in cases)
