# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A real bundle of an untrained network, exported once for all tests of the runtime."""

from pathlib import Path

import pytest
import torch

from liquid_drone.contract import Training
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.network import Network


@pytest.fixture(scope='session')
def network() -> Network:
    torch.manual_seed(0)
    return Network(NetworkConfig()).eval()


@pytest.fixture(scope='session')
def bundle(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('bundles') / 'untrained'
    training = Training('red_backpack', ('forest',), ('summer',), 'a test', 'none', 0)
    export(network, 'untrained', training, path)
    return path
