# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ROS asks of a package: licence headers, and ament's linters where they are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ('liquid_drone', 'launch', 'test')
HEADER = '# Copyright 2026 The liquid_drone authors\n# SPDX-License-Identifier: Apache-2.0\n'
# Ours are Google's sections, a summary on the first line, and sentences that need no imperative.
STYLE = ('D203', 'D205', 'D212', 'D213', 'D400', 'D401', 'D402', 'D406', 'D407', 'D413', 'D415')


def test_every_source_file_has_the_licence_header() -> None:
    # ament_copyright knows whole licence texts only, not SPDX tags, and so is not asked.
    files = [path for name in FOLDERS for path in (ROOT / name).rglob('*.py')]
    assert len(files) > 200
    without = [str(path) for path in files if not path.read_text().startswith(HEADER)]
    assert without == []


def lint(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run one of ament's linters in a process of its own.

    flake8 forks workers, and a fork of a process with ROS in it crashes in the garbage collector.
    """
    pytest.importorskip(
        f'{name}.main', reason=f'{name} comes with a ROS 2 installation; ruff is asked'
    )
    line = [sys.executable, '-c', f'import sys; from {name}.main import main; sys.exit(main())']
    return subprocess.run([*line, *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.linter
def test_ament_flake8_finds_nothing() -> None:
    config = 'test/package/ament_flake8.ini'
    result = lint('ament_flake8', '--config', config, *FOLDERS, 'setup.py')
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]


@pytest.mark.linter
def test_ament_pep257_finds_nothing() -> None:
    result = lint('ament_pep257', '--add-ignore', *STYLE, '--', 'liquid_drone', 'launch')
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
