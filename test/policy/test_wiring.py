# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Wirings: nobody is left out, the seed decides, published draws are reproduced."""

import ncps.wirings
import numpy as np
import pytest

from liquid_drone.errors import ConfigError
from liquid_drone.policy.wiring import (
    FanOut,
    auto_ncp,
    auto_ncp_of_ncps,
    fully_connected,
    ncp,
    random_wiring,
)


def test_the_wiring_has_19_neurons_and_no_orphan():
    wiring = auto_ncp(128, 19, 4, 0.5, 22224)
    assert wiring.layers == (9, 6, 4)
    for mask in wiring.masks:
        assert mask.any(axis=0).all()  # every neuron hears something
    assert wiring.masks[0].any(axis=1).all()  # every feature is heard


def test_the_wiring_is_its_seed():
    first, again, other = (auto_ncp(32, 19, 4, 0.5, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, again.masks, strict=True))
    assert not np.array_equal(first.masks[0], other.masks[0])


@pytest.mark.parametrize(('neurons', 'sparsity'), [(5, 0.5), (19, 0.0), (19, 1.0)])
def test_a_wiring_that_cannot_be_is_refused(neurons, sparsity):
    with pytest.raises(ConfigError):
        auto_ncp(32, neurons, 4, sparsity, 0)


@pytest.mark.parametrize(('neurons', 'sparsity', 'seed'), [(19, 0.5, 22222), (40, 0.7, 3)])
def test_the_published_wiring_is_drawn_from_the_same_seed(neurons, sparsity, seed):
    """Published weights come without their wiring: only the same draws make them fit."""
    theirs = ncps.wirings.AutoNCP(neurons, 4, sparsity, seed)
    theirs.build(32)
    order = theirs._inter_neurons + theirs._command_neurons + theirs._motor_neurons
    ours = auto_ncp_of_ncps(32, neurons, 4, sparsity, seed)
    assert np.array_equal(ours.synapses, theirs.adjacency_matrix[np.ix_(order, order)])
    assert np.array_equal(ours.inputs, theirs.sensory_adjacency_matrix[:, order])


def test_the_wiring_of_2023_has_the_published_number_of_synapses():
    masks = ncp(128, 18, 12, 4, FanOut(), 22224).masks
    assert [int(mask.sum()) for mask in masks] == [768, 72, 24]


def test_signs_go_with_synapses_and_the_graph_lists_each_once():
    for wiring in (auto_ncp(32, 19, 4, 0.5, 1), random_wiring(8, 12, 4, 0.6, 1)):
        graph = wiring.graph()
        edges = graph['from_sensory'] + graph['from_neurons']
        assert len(edges) == np.count_nonzero(wiring.inputs) + np.count_nonzero(wiring.synapses)
        assert {sign for _, _, sign in edges} == {-1, 1}


def test_random_and_full_are_as_dense_as_asked():
    assert np.count_nonzero(random_wiring(10, 20, 4, 0.75, 0).synapses) == 100
    assert fully_connected(10, 20, 4, 0).synapses.all()


def test_a_fan_out_beyond_its_layer_is_refused():
    with pytest.raises(ConfigError, match=r'fan-out inter must be 1\.\.3'):
        ncp(8, 6, 3, 2, FanOut(2, 4, 1, 2), 0)
