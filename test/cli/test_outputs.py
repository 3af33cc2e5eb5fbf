# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: no command replaces what is not its own; each says so before it begins."""

from pathlib import Path

import pytest

from liquid_drone.cli.main import main

COMMANDS = {
    'export': ['export', '--out', '{}'],
    'train': ['train', '--data', '{}/../data', '--out', '{}'],
    'retrain': ['retrain', '--target', 'dog', '--data', '{}/../data', '--out', '{}'],
    'import': ['import', '{}/table.md', '--out', '{}'],
    'evaluate': ['evaluate', '--out', '{}'],
    'fly': ['fly', '--no-ros', '--out', '{}'],
    'draw': ['draw', '--out', '{}'],
    'watch': ['watch', '--foxglove', '{}/result.json'],
    'inspect': ['inspect', 'target', 'dog', '--out', '{}/result.json'],
}
MINE = ('table.md', 'result.json', 'wiring.png')


@pytest.mark.parametrize('command', COMMANDS)
@pytest.mark.parametrize('link', [False, True])
def test_other_peoples_files_stay(
    command: str, link: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / 'place'
    place.mkdir()
    for name in MINE:
        (place / name).write_text('mine')
    if link:
        (tmp_path / 'link').symlink_to(place)
    given = tmp_path / 'link' if link else place
    assert main([word.format(given) for word in COMMANDS[command]]) == 2
    assert 'choose another --out' in capsys.readouterr().err
    assert {item.name: item.read_text() for item in place.iterdir()} == dict.fromkeys(MINE, 'mine')
