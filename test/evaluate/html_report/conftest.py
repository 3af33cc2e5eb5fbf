# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import replace
from pathlib import Path

import pytest

from liquid_drone.evaluate.flights_file import FLIGHTS, Flown, to_line
from liquid_drone.evaluate.replay.finding import flights_below
from liquid_drone.evaluate.scoring import score

WHO = {'bundle_hash': '0123456789ab', 'target': 'red_backpack', 'task': 'follow'}
WHO |= {'autopilot': 'px4', 'weather': 'clear', 'vehicle': 'x500', 'renderer': 'tiny'}
WHO |= {'providers': 'cpu', 'scenario': 'f' * 32}


@pytest.fixture
def results(tmp_path, flight, task):
    """Two seasons of a world, a success and a failure in each; a failure left an episode."""
    good = flight(seconds=6.0)
    bad = flight(seconds=6.0, collision=lambda t: t > 4.0, target_pixels=lambda t: int(t < 3.0))
    task = replace(task, duration_s=6.0, settle_s=1.0)
    root = tmp_path / 'results'
    for season in ('summer', 'autumn'):
        folder = root / season
        folder.mkdir(parents=True)
        lines = []
        for seed, log in ((15000, good), (15001, bad)):
            flown = Flown(replace(score(log, task), seed=seed), log.trajectory_hash())
            lines.append(to_line(flown, {**WHO, 'world': 'forest', 'season': season}))
        (folder / FLIGHTS).write_text(''.join(lines))
    failed = next(one for one in flights_below(root) if not one.flown.score.success)
    bad.save(failed.folder / 'replays' / failed.id / 'episode')
    return root


@pytest.fixture
def hostile(results) -> Path:
    """The same, with names that would be markup."""
    path = results / 'summer' / FLIGHTS
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    named = [{**row, 'world': '<script>alert(1)</script>"&'} for row in rows]
    path.write_text(''.join(json.dumps(row) + '\n' for row in named))
    return results
