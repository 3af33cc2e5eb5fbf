# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whoever flies: the same bytes; a driver that is killed goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from liquid_drone.bench.scale.same_flights import ScaleBench, measure
from liquid_drone.cli.main import main
from liquid_drone.errors import SimulationError
from liquid_drone.evaluate import protocol
from liquid_drone.evaluate.failures import FAILED
from liquid_drone.evaluate.flights_file import FLIGHTS, Flown
from liquid_drone.evaluate.protocol import Trial, evaluate
from liquid_drone.evaluate.shards import status, write_run
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.workers.executor import ThisProcess

ROOT = Path(__file__).parents[2]
TASK = ROOT / 'config' / 'tasks' / 'follow.yaml'


@pytest.mark.slow
def test_one_process_two_and_merged_shards_give_the_same_bytes(tmp_path: Path) -> None:
    """With Ray too: test_ray_flights.py. 200 seeds: liquid-drone bench scale."""
    found = list(measure(ScaleBench(5, 0.3), ('one', 'local', 'shards'), tmp_path))
    assert len({one.digest for one in found}) == 1
    files = {(tmp_path / name / FLIGHTS).read_bytes() for name in ('one', 'local', 'shards')}
    assert len(files) == 1
    seeds = [json.loads(line)['score']['seed'] for line in files.pop().splitlines()]
    assert seeds == list(range(15_000, 15_005))


@pytest.mark.slow
def test_a_driver_that_is_killed_goes_on_and_counts_nothing_twice(tmp_path: Path) -> None:
    task = tmp_path / 'short.yaml'
    task.write_text(
        TASK.read_text().replace('45.0', '0.5').replace('settle_s: 10.0', 'settle_s: 0.2')
    )
    out = tmp_path / 'out'
    line = ['evaluate', '--expert', '--task', str(task), '--flights', '6', '--out', str(out)]
    command = [sys.executable, '-m', 'liquid_drone.cli.main', *line]
    driver = subprocess.Popen(
        command, env={**os.environ, 'PYTHONPATH': str(ROOT)}, stdout=subprocess.DEVNULL
    )
    while not (out / FLIGHTS).is_file() or not (out / FLIGHTS).read_bytes():
        assert driver.poll() is None
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    before = [text for text in (out / FLIGHTS).read_text().splitlines() if text.endswith('}')]
    assert before
    assert main([*line, '--processes', '1']) == 0
    after = (out / FLIGHTS).read_text().splitlines()
    assert set(before) <= set(after)
    assert [json.loads(text)['score']['seed'] for text in after] == list(range(15_000, 15_006))


def test_flights_that_fail_are_listed_with_their_cause_and_tried_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flown_at: dict[int, Flown]
) -> None:
    broken = {15_001, 15_003}
    trial, seeds = Trial(FlightSpec(), None), range(15_000, 15_005)

    def fly(_trial: Trial, seed: int) -> Flown:
        if seed in broken:
            raise SimulationError('the card is gone')
        return flown_at[seed]

    monkeypatch.setattr(protocol, 'fly_seed', fly)
    write_run(tmp_path, seeds, [''])
    with pytest.raises(SimulationError, match='2 of 5 failed 3 times: 15001'):
        evaluate(trial, seeds, tmp_path, ThisProcess())
    (told,) = status(tmp_path)
    assert told.missing == (15_001, 15_003)
    assert told.causes == dict.fromkeys(told.missing, 'the card is gone')
    assert 'seed 15001: the card is gone' in str(told)
    with (tmp_path / FAILED).open('a') as file:
        file.write('torn')
    broken.clear()
    evaluate(trial, seeds, tmp_path, ThisProcess())
    assert str(status(tmp_path)[0]) == 'flights: 5 done'
    rows = (tmp_path / FLIGHTS).read_text().splitlines()
    assert [json.loads(row)['score']['seed'] for row in rows] == list(seeds)
