# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a training begins with all that a bundle has in common with it, and with no more."""

import pytest
import torch

from liquid_drone.errors import BundleError
from liquid_drone.policy.config import SMALL, CoreConfig, NetworkConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, load_weights_of, start_from
from liquid_drone.request import RequestSpec

CORES = [
    NetworkConfig(request=RequestSpec()),
    NetworkConfig(belief=True, memory=True),
    NetworkConfig(core=CoreConfig(cell='lstm')),
]


def test_the_same_network_begins_with_everything():
    network = start_from(Network(config_of('follow-compact')), 'follow-compact').state_dict()
    whole = load_weights_of(Network(config_of('follow-compact')), 'follow-compact').state_dict()
    assert all(torch.equal(network[name], value) for name, value in whole.items())


@pytest.mark.parametrize('config', CORES)
def test_another_core_begins_with_the_whole_encoder_alone(config):
    torch.manual_seed(1)
    network = Network(config)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    its = load_weights_of(Network(config_of('follow-compact')), 'follow-compact').state_dict()
    for name, value in start_from(network, 'follow-compact').state_dict().items():
        taken = name.startswith(('vision.', 'auxiliary.'))
        assert torch.equal(value, its[name] if taken else before[name]), name


def test_another_encoder_is_refused():
    with pytest.raises(BundleError, match='has the shape'):
        start_from(Network(NetworkConfig(vision=SMALL)), 'follow-compact')
