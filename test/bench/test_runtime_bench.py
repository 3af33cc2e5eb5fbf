# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The runtime's benchmark: each case is there or says why not; a soak sees what goes wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from liquid_drone import resources
from liquid_drone.bench import machine, runtime
from liquid_drone.bench.runtime_soak import FRAMES, soak
from liquid_drone.cli.main import main
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.runtime import libraries
from liquid_drone.runtime.runner import PolicyOutput, PolicyRunner

FOLLOW = resources.bundle('follow')


def test_every_case_has_figures_or_a_reason_and_is_compared(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(libraries, 'why_not', lambda name: None if name == 'cpu' else 'no card')
    monkeypatch.setattr(runtime, '_over_ncps', lambda *_: 'no ncps')
    quick = ['bench', 'runtime', 'follow', '--steps', '5', '--seconds', '0.1']
    assert main([*quick, '--json']) == 0
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found['machine']['cores'] >= 1
    cpu = found['cases']['cpu fp32']
    assert cpu['provider'] == 'cpu fp32'
    for key in ('step_ms', 'paced_ms', 'vision_ms', 'core_ms'):
        assert 0.0 < cpu[key]['p50'] <= cpu[key]['p95'] <= cpu[key]['p99']
    assert cpu['start_s']['total'] >= cpu['start_s']['import'] > 0.0
    assert cpu['memory_mb'] > 20.0
    assert found['cases']['tensorrt fp16'] == {'reason': 'no card'}
    assert 'liquid-drone quantize' in found['ratios']['fp32_over_int8']
    (tmp_path / 'before.json').write_text(text)
    before = runtime.earlier(tmp_path / 'before.json')
    assert runtime.times_of(found, before) == {'cpu fp32': 1.0}


def test_a_bundle_that_does_not_open_and_a_file_that_is_none_are_errors(tmp_path):
    with pytest.raises(BundleError, match='no policy bundle'):
        runtime.measure(runtime.RuntimeBench(tmp_path / 'none'))
    (tmp_path / 'other.json').write_text('{"cases": 3}')
    with pytest.raises(ConfigError, match='--json prints'):
        runtime.earlier(tmp_path / 'other.json')


def sensors(folder: Path, **files: str) -> Path:
    chip = folder / 'hwmon0'
    chip.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (chip / name).write_text(content + '\n')
    return folder


def test_power_is_the_whole_boards_rail_else_the_sum_else_unknown(tmp_path):
    assert machine.watts(tmp_path / 'none') is None
    rails = {'in1_label': 'VDD_IN', 'in1_input': '5000', 'curr1_input': '1200'}
    part = {'in2_label': 'VDD_CPU', 'in2_input': '5000', 'curr2_input': '400'}
    assert machine.watts(sensors(tmp_path / 'orin', **rails, **part)) == pytest.approx(6.0)
    assert machine.watts(sensors(tmp_path / 'parts', **part)) == pytest.approx(2.0)
    assert machine.watts(sensors(tmp_path / 'chip', power1_input='3500000')) == pytest.approx(3.5)
    assert machine.watts(sensors(tmp_path / 'torn', power1_input='', **part)) == pytest.approx(2.0)


class Failing(PolicyRunner):
    """Answers otherwise from a step on."""

    fault, count = 'none', 0

    def step(self, image: np.ndarray, stamp_s: float) -> PolicyOutput:
        output = super().step(image, stamp_s)
        self.count += 1
        if self.fault == 'nan' and self.count == FRAMES + 7:
            return output._replace(command=np.full(4, np.nan, np.float32))
        if self.fault == 'drift' and self.count > FRAMES + 7:
            return output._replace(command=output.command + np.float32(1e-6))
        return output


@pytest.mark.parametrize('fault', ['none', 'nan', 'drift'])
def test_a_soak_sees_an_answer_that_is_lost_or_changes(fault):
    runner = Failing(FOLLOW)
    runner.fault = fault
    report = soak(runner, 60)
    assert report.is_good is (fault == 'none')
    assert report.not_finite == (fault == 'nan')
    assert report.is_same is (fault != 'drift')
    assert report.memory_after_mb - report.memory_before_mb < 8.0
