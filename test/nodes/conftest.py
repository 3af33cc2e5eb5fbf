# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""ROS in the test's own process, in a domain that is shared with nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import rclpy
import torch

from liquid_drone.contract import Training
from liquid_drone.nodes import graph
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.network import Network


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in graph.environment(graph.free_domain()).items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    rclpy.init()
    yield
    rclpy.shutdown()


@pytest.fixture(scope='session')
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a real bundle of an untrained network."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('bundles') / 'untrained'
    training = Training('red_backpack', ('forest',), ('summer',), 'a test', 'none', 0)
    export(Network(NetworkConfig()).eval(), 'untrained', training, path)
    return path
