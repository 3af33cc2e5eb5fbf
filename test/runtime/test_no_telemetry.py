# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing is reported to anyone: ONNX Runtime from 1.29 on does, unless it is told not to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = 'ORT_DISABLE_TELEMETRY'
COMMAND = 'from liquid_drone.cli.main import main; main({})'
RUN = 'from pathlib import Path\nfrom liquid_drone.runtime.runner import PolicyRunner\n'
WAYS = {
    'python': RUN + 'PolicyRunner(Path({bundle!r}))',
    'parity': COMMAND.format("['parity', {bundle!r}]"),
    'warmup': COMMAND.format("['warmup', {bundle!r}]"),
    'doctor': COMMAND.format("['doctor', '--json']"),
    'nodes': 'import liquid_drone.nodes\n' + RUN + 'PolicyRunner(Path({bundle!r}))',
}


def run(code: str, home: Path, **set_before: str) -> str:
    """Return what a program prints in a home of its own, without this process's variable."""
    free = {key: value for key, value in os.environ.items() if key not in (NAME, 'CI')}
    free |= {'HOME': str(home), 'XDG_CACHE_HOME': str(home / '.cache'), **set_before}
    command = [sys.executable, '-c', code]
    return subprocess.run(command, env=free, capture_output=True, text=True, timeout=150).stdout


@pytest.mark.parametrize('way', WAYS)
def test_no_identifier_is_left_in_the_home(way: str, tmp_path: Path, bundle: Path) -> None:
    """It left ``deviceid`` and a data base of events to send, at the first flight."""
    run(WAYS[way].format(bundle=str(bundle)), tmp_path)
    left = [path for path in tmp_path.rglob('*') if 'microsoft' in str(path.name).lower()]
    assert not left


@pytest.mark.parametrize(
    ('before', 'expected'), [({}, '1'), ({NAME: '1'}, '1'), ({NAME: '0'}, '0')]
)
def test_who_wants_it_has_it(before: dict[str, str], expected: str, tmp_path: Path) -> None:
    code = f'import os, liquid_drone; print(os.environ[{NAME!r}])'
    assert run(code, tmp_path, **before).strip() == expected
