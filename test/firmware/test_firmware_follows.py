# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware follows the backpack through the forest for 45 s, in PyBullet, as ``fly`` does."""

import json
from pathlib import Path

import pytest
from rig import firmware_or_skip

from liquid_drone.cli.main import main


@pytest.mark.parametrize('kind', ['ardupilot', 'px4'])
@pytest.mark.parametrize('way', ['--no-ros', 'ros'])
def test_firmware_follows_the_backpack(kind: str, way: str, tmp_path: Path) -> None:
    firmware = firmware_or_skip(kind)
    if way == 'ros':
        pytest.importorskip('rclpy')
    options = [way] if way.startswith('--') else []
    line = ['fly', '--autopilot', kind, '--firmware', str(firmware.binary), '--no-video']
    assert main([*line, *options, '--json', '--out', str(tmp_path)]) == 0
    result = json.loads((tmp_path / 'result.json').read_text())
    assert result['autopilot'] == kind
    assert result['firmware'] == firmware.binary.name
    assert result['flown_s'] == pytest.approx(45.0, abs=1.0)
    assert result['in_view_share'] > 0.9
    assert result['lockstep_misses'] == 0
    assert (tmp_path / 'logs/firmware.log').stat().st_size > 0
