# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""ROS in the test's own process, in a domain that is shared with nothing else."""

import os
from collections.abc import Iterator

import pytest
import rclpy

from liquid_drone.nodes import graph


@pytest.fixture
def ros(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in graph.environment(graph.free_domain()).items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    rclpy.init()
    yield
    rclpy.shutdown()
