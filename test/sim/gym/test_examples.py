# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the documentation tells people to run does run."""

import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium
import pytest

DOCS = Path(__file__).parents[3] / 'docs'


@pytest.mark.parametrize('task', ['Follow', 'Reach'])
def test_stable_baselines_finds_nothing_wrong(task: str) -> None:
    from stable_baselines3.common.env_checker import check_env

    made = gymnasium.make(f'liquid_drone.sim.gym.env:liquid_drone/{task}-v0')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        check_env(made.unwrapped)
    made.close()


def test_the_page_about_gymnasium_runs(tmp_path: Path) -> None:
    """As a script, which the processes that it starts read again."""
    blocks = (DOCS / 'GYM.md').read_text(encoding='utf-8').split('```python\n')[1:]
    assert len(blocks) == 2
    for block in blocks:
        script = tmp_path / 'script.py'
        script.write_text(block.split('```')[0], encoding='utf-8')
        subprocess.run([sys.executable, '-W', 'error', script], check=True)
