# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ROS asks of a package: licence headers, and ament's linters where they are installed."""

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


@pytest.mark.linter
def test_ament_flake8_finds_nothing() -> None:
    linter = pytest.importorskip(
        'ament_flake8.main', reason='ament_flake8 comes with a ROS 2 installation; ruff is asked'
    )
    config = str(Path(__file__).parent / 'ament_flake8.ini')
    paths = [str(ROOT / name) for name in (*FOLDERS, 'setup.py')]
    code, errors = linter.main_with_errors(argv=['--config', config, *paths])
    assert code == 0, '\n'.join(errors)


@pytest.mark.linter
def test_ament_pep257_finds_nothing() -> None:
    linter = pytest.importorskip(
        'ament_pep257.main', reason='ament_pep257 comes with a ROS 2 installation; ruff is asked'
    )
    paths = [str(ROOT / name) for name in ('liquid_drone', 'launch')]
    assert linter.main(argv=['--add-ignore', *STYLE, '--', *paths]) == 0
