# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which flights may stand in one table."""

from dataclasses import replace
from pathlib import Path

import pytest
from support import fake_gpu

from liquid_drone.evaluate.flights_file import FLIGHTS, Flown, read_flights, to_line
from liquid_drone.evaluate.protocol import Trial, identity, keep_others_aside, settled
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.runtime import selection
from liquid_drone.sim.flight_spec import FlightSpec

FOLLOW = Path(__file__).parents[2] / 'models' / 'follow'
TRIAL = Trial(FlightSpec(renderer='tiny'), FOLLOW)


def test_auto_is_named_by_what_it_takes_before_any_flight(monkeypatch, tmp_path):
    fake_gpu.install(monkeypatch, tmp_path)
    quick = {'cpu': 2e-3, 'cuda': 1e-3}
    monkeypatch.setattr(selection, 'step_time_s', lambda one: quick[one.backend.provider])
    assert settled(replace(TRIAL, providers='auto')).providers == 'cuda'
    quick['cuda'] = 1.9e-3
    assert settled(replace(TRIAL, providers='auto')).providers == 'cpu'
    assert settled(TRIAL) is TRIAL
    expert = Trial(FlightSpec(), None, 'auto')
    assert settled(expert) is expert


@pytest.mark.parametrize(
    'other',
    [
        replace(TRIAL, providers='tensorrt'),
        replace(TRIAL, providers='tensorrt', precision='fp16'),
        Trial(FlightSpec(renderer='auto'), FOLLOW),
        Trial(FlightSpec(renderer='tiny'), None),
    ],
)
def test_provider_precision_renderer_and_pilot_tell_flights_apart(other):
    assert identity(other) != identity(TRIAL)
    assert identity(TRIAL)['renderer'] == 'tiny'


@pytest.mark.parametrize('other', [replace(TRIAL, bundle=None), replace(TRIAL, providers='cuda')])
def test_flights_of_another_bundle_are_kept_aside_where_a_command_names_the_folder(
    other, tmp_path
):
    """A second retraining in one work directory ended behind its training, and no report came."""
    score = FlightScore(15_000, True, (), 30.0, 0.9, 0.4, None, 1.0, 2.0, 3.0, 0.5, 1.2)
    line = to_line(Flown(score, 'abc'), identity(other))
    (tmp_path / FLIGHTS).write_text(line)
    assert keep_others_aside(other, tmp_path) is None
    kept = keep_others_aside(TRIAL, tmp_path)
    assert kept is not None
    assert kept.read_text() == line
    assert read_flights(tmp_path, identity(TRIAL)) == []
    assert keep_others_aside(TRIAL, tmp_path) is None
