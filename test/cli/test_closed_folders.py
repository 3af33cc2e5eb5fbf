# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A folder below that nobody may look into is named: its flights were left out without a word."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CAPABILITIES = '-dac_override,-dac_read_search'  # what lets root look in everywhere
PROGRAM = [
    sys.executable,
    '-c',
    'import sys; from liquid_drone.cli.main import main; sys.exit(main())',
]
COMMANDS = (
    ['report', 'ROOT'],
    ['replay', '--failed', '--folder', 'ROOT'],
    ['validate', 'ROOT'],
    ['convert', 'ROOT', '--out', 'OUT'],
)


def as_a_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which('setpriv') or pytest.skip('root, without setpriv of util-linux')
    return [setpriv, f'--bounding-set={CAPABILITIES}', f'--inh-caps={CAPABILITIES}']


@pytest.mark.parametrize('where', ['theirs', 'open/theirs', 'open/open/theirs'])
@pytest.mark.parametrize('command', COMMANDS, ids=lambda words: words[0])
def test_a_closed_folder_is_named(command: list[str], where: str, tmp_path: Path) -> None:
    if command[0] == 'convert' and where != 'theirs':
        pytest.skip('episodes lie in the folder itself')
    root = tmp_path / 'root'
    closed = root / where
    closed.mkdir(parents=True)
    (root / 'ours').mkdir()
    words = [{'ROOT': str(root), 'OUT': str(tmp_path / 'out')}.get(word, word) for word in command]
    closed.chmod(0)
    try:
        done = subprocess.run(
            [*as_a_user(), *PROGRAM, *words], capture_output=True, text=True, timeout=150
        )
    finally:
        closed.chmod(0o700)
    assert done.returncode == 2, done.stdout
    assert 'Permission denied' in done.stderr
    assert str(closed) in done.stderr
    assert len(done.stderr.splitlines()) == 1
