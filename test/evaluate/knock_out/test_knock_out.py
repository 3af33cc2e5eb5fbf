# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A neuron that is knocked out is zero at every tick, and what is lost is counted by seed."""

from dataclasses import replace

import pytest
import torch

from liquid_drone.contract import COMMAND_NAMES, Training
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import Flown
from liquid_drone.evaluate.knock_out.effects import effect, neuron_names, table
from liquid_drone.evaluate.knock_out.silenced import load_wired, without_neuron
from liquid_drone.evaluate.plots.knock_out import draw_effects
from liquid_drone.evaluate.scoring import FlightScore
from liquid_drone.policy.config import CoreConfig, NetworkConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of


def network(**core):
    torch.manual_seed(0)
    return Network(NetworkConfig(core=CoreConfig(**core))).eval()


@pytest.mark.parametrize('neuron', [0, 8, 9, 14, 15, 18])
@pytest.mark.parametrize(
    'core', [{}, {'options': {'mode': 'pure'}}, {'preset': 'chahine2023'}], ids=str
)
def test_a_neuron_that_is_knocked_out_is_zero_and_all_others_live(neuron, core):
    whole = network(**core)
    for parameter in whole.cell.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    one = without_neuron(whole, neuron)
    features, state = torch.randn(5, 128), torch.zeros(5, 19)
    kept = state
    for _ in range(4):
        _, state = one.cell.step(features, state, torch.ones(5))
        _, kept = whole.cell.step(features, kept, torch.ones(5))
        assert not state[:, neuron].any()
        assert state.abs().sum(dim=0).count_nonzero() == 18
    assert kept[:, neuron].any()  # the original is left as it was
    if neuron < 15:  # what reads it answers otherwise
        assert not torch.equal(state[:, 15:], kept[:, 15:])


def test_a_cell_without_wiring_is_refused(tmp_path):
    gru = network(cell='gru')
    export(gru, 'gru', Training(target='red_backpack'), tmp_path / 'gru', retrainable=True)
    with pytest.raises(ConfigError, match='knocked out of a wired_cfc'):
        load_wired(str(tmp_path / 'gru'))


def score(seed, share, success=True):
    return FlightScore(seed, success, (), 45.0, share, 0, None, 2, 3, 4, None, 1)


def test_effects_are_paired_by_seed(tmp_path):
    whole = [Flown(score(1, 0.9), 'a'), Flown(score(2, 1.0), 'b')]
    without = [Flown(score(2, 0.4, False), 'c'), Flown(score(1, 0.8), 'd')]
    one = effect('motor 3', whole, without)
    assert (one.successes, one.flights) == (1, 2)
    assert (one.lost, one.worst, one.in_view) == pytest.approx((0.35, 0.6, 0.6))
    text = table(whole, [replace(one, name='inter 0', lost=0.0), one])
    assert text.index('motor 3') < text.index('inter 0')
    draw_effects([one], 'title', tmp_path / 'knock-out.png')
    assert (tmp_path / 'knock-out.png').stat().st_size > 1000
    with pytest.raises(ValueError, match='the same seeds'):
        effect('x', whole, without[:1])


def test_every_neuron_has_a_name_and_motor_neurons_their_command():
    network = Network(config_of('follow'))
    names = neuron_names(network.wiring, network.cell.state_size, True)
    assert len(set(names)) == 19
    assert names[-1] == f'{network.wiring.names[-1]} 3 ({COMMAND_NAMES[-1]})'
    assert neuron_names(None, 2, False) == ['state 0', 'state 1']
