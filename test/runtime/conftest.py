# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.network import Network


@pytest.fixture(scope='session')
def network() -> Network:
    """Return the untrained network of the bundle that all rooms share, weight for weight."""
    torch.manual_seed(0)
    return Network(NetworkConfig()).eval()
