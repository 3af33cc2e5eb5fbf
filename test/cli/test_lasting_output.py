# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: stdout that is full or closed ends no command, and changes no exit code."""

import subprocess
import sys

import pytest

PRINTS = """
import sys
from liquid_drone.cli.lasting_output import lasting_output
from liquid_drone.cli.progress import TerminalWatcher
def main():
    with lasting_output():
        watcher = TerminalWatcher()
        watcher.begin('flights', 3, 'frames')
        for _ in range(3):
            watcher.note('x' * 100_000)
            watcher.advance(1, 1)
        watcher.end()
        print('done')
    return 7
sys.exit(main())
"""


@pytest.mark.parametrize('redirect', ['>/dev/full', '>&-', '| head -c 1', '>/dev/full 2>&1'])
def test_a_stdout_that_fails_ends_nothing(redirect: str) -> None:
    script = f'set -o pipefail; "$0" -c "$1" {redirect}'
    command = ['bash', '-c', script, sys.executable, PRINTS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 7
    assert 'Traceback' not in done.stderr
    if redirect in ('>/dev/full', '| head -c 1'):
        assert 'stdout cannot be written' in done.stderr
