# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Collecting and training that are killed go on where they were: they lose the work in hand."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from liquid_drone.episodes.episode import find_episodes, load

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join((str(ROOT), str(ROOT / 'test' / 'support')))
RECIPE = """
name: killed
collect: {episodes: 4, frames: 16}
train: {steps: 400, windows: 2, length: 8, warmup_steps: 2}
dagger: {rounds: 1}
network: {vision: {convolutions: [[8, 5, 4], [8, 3, 4]], features: 16}}
"""
TRAIN = """
import sys
from pathlib import Path
from notebook import Notebook
from liquid_drone.learn import dagger, recipe
work = recipe.Workspace(Path(sys.argv[2]))
dagger.train_round(recipe.load_recipe(sys.argv[1]), work, 0, Notebook())
"""


def kill_when(command: list[str], ready: Callable[[], bool]) -> None:
    """Start a command and kill it with SIGKILL as soon as something is there."""
    environment = {**os.environ, 'PYTHONPATH': PATHS}
    process = subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT)
    deadline = time.monotonic() + 400.0
    while not ready() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, 'it ended before it could be killed'
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert ready()


def finish(command: list[str]) -> None:
    environment = {**os.environ, 'PYTHONPATH': PATHS}
    subprocess.run([sys.executable, *command], env=environment, cwd=ROOT, check=True, timeout=800)


@pytest.mark.slow
def test_killed_collecting_and_training_lose_only_what_was_in_hand(tmp_path):
    recipe, data = tmp_path / 'killed.yaml', tmp_path / 'data'
    recipe.write_text(RECIPE)
    there = data / 'episodes' / 'expert-0'
    line = ['-m', 'liquid_drone.cli.main', 'collect', '--recipe', str(recipe), '--data', str(data)]
    collect = [*line, '--processes', '1']
    kill_when(collect, lambda: len(find_episodes(there)) >= 2)
    kept = {path: (path / 'episode.json').stat().st_mtime_ns for path in find_episodes(there)}
    assert 2 <= len(kept) < 4
    finish(collect)
    assert len(find_episodes(there)) == 4
    assert all((path / 'episode.json').stat().st_mtime_ns == then for path, then in kept.items())
    assert all(len(load(path).jpegs) == 16 for path in find_episodes(there))

    train = ['-c', TRAIN, str(recipe), str(data)]
    partial = data / 'train' / 'round-0.partial'
    kill_when(train, partial.is_file)
    before = int(torch.load(partial, weights_only=True)['step'])
    assert before >= 1
    kill_when(train, lambda: int(torch.load(partial, weights_only=True)['step']) > before)
    finish(train)
    assert int(torch.load(data / 'train' / 'round-0.pt', weights_only=True)['step']) == 400
