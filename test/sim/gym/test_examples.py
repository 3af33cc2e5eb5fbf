# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the documentation tells people to run does run."""

import subprocess
import sys
import textwrap
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


def test_the_page_about_gymnasium_runs() -> None:
    blocks = (DOCS / 'GYM.md').read_text(encoding='utf-8').split('```python\n')[1:]
    assert len(blocks) == 2
    for block in blocks:
        program = "if __name__ == '__main__':\n" + textwrap.indent(block.split('```')[0], '    ')
        subprocess.run([sys.executable, '-W', 'error', '-c', program], check=True)
