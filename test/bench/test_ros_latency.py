# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the benchmark runs the real graph, in three processes and in one, losing no picture.

It also shows that camera, policy and mavlink work together at 640x480.
"""

import shutil
from pathlib import Path

import pytest

from liquid_drone.bench import ros_latency
from liquid_drone.bench.ros_latency import BenchConfig


@pytest.mark.e2e
@pytest.mark.parametrize(
    ('one_process', 'name'), [(False, "my drone: [1e3] #it's"), (True, 'plain'), (True, 'a  b')]
)
def test_pictures_of_640x480_become_setpoints(
    bundle: Path, one_process: bool, name: str, tmp_path: Path
) -> None:
    """Also of a bundle whose place has spaces and what YAML would take for its own."""
    bundle = Path(shutil.copytree(bundle, tmp_path / name))
    figures = ros_latency.without_simulator(
        BenchConfig(bundle, seconds=4.0, rate_hz=10.0, one_process=one_process)
    )
    assert figures.pictures_hz > 5.0
    assert figures.commands_hz > 0.8 * figures.pictures_hz
    assert 0.0 < figures.to_command_ms['p50'] <= figures.to_setpoint_ms['max']
    assert set(figures.cpu_percent) == (
        {'drone'} if one_process else {'camera', 'policy', 'mavlink'}
    )
