# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: two runs never share a folder, and a run that was killed leaves it free."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liquid_drone.errors import OutputError
from liquid_drone.run_lock import only_run

HOLD = """
import sys, time
from pathlib import Path
from liquid_drone.run_lock import only_run
with only_run(Path(sys.argv[1])):
    print('held', flush=True)
    time.sleep(100)
"""


def test_the_second_is_refused_by_name_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, '-c', HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    with first, first.stdout:
        assert first.stdout.readline() == 'held\n'
        with pytest.raises(OutputError, match=f'in use by process {first.pid}, started 20'):
            only_run(tmp_path).__enter__()
        os.kill(first.pid, signal.SIGKILL)
    with only_run(tmp_path), pytest.raises(OutputError, match=f'process {os.getpid()}'):
        only_run(tmp_path).__enter__()
    with only_run(tmp_path):
        pass
