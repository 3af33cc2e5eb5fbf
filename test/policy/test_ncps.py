# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The same weights give what ncps gives: outputs and gradients, for each of its cells."""

import shutil
from pathlib import Path

import ncps.torch
import ncps.wirings
import numpy as np
import pytest
import torch

from liquid_drone.cli.main import main
from liquid_drone.errors import BundleError
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.foreign.bundle import Guest, guest_network
from liquid_drone.policy.foreign.ncps import Unsaid, from_ncps
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import load_weights_of, save_weights
from liquid_drone.runtime.runner import PolicyRunner

FEATURES, TICKS = 24, 64


def wired(mode):
    return ncps.torch.CfC(FEATURES, ncps.wirings.AutoNCP(19, 4), mode=mode)


CASES = {
    'cfc default': (lambda: ncps.torch.CfC(FEATURES, 19), Unsaid()),
    'cfc no_gate': (lambda: ncps.torch.CfC(FEATURES, 19, mode='no_gate'), Unsaid('no_gate')),
    'cfc pure': (lambda: ncps.torch.CfC(FEATURES, 19, mode='pure'), Unsaid()),
    'cfc deep': (
        lambda: ncps.torch.CfC(
            FEATURES, 7, activation='silu', backbone_units=20, backbone_layers=3
        ),
        Unsaid(backbone='silu'),
    ),
    'cfc no backbone': (lambda: ncps.torch.CfC(FEATURES, 7, backbone_layers=0), Unsaid()),
    'cfc projected': (lambda: ncps.torch.CfC(FEATURES, 19, proj_size=4), Unsaid()),
    'cfc mixed': (lambda: ncps.torch.CfC(FEATURES, 19, mixed_memory=True), Unsaid()),
    'wired default': (lambda: wired('default'), Unsaid()),
    'wired no_gate': (lambda: wired('no_gate'), Unsaid('no_gate')),
    'wired pure': (lambda: wired('pure'), Unsaid()),
    'ltc ncp': (lambda: ncps.torch.LTC(FEATURES, ncps.wirings.AutoNCP(19, 4)), Unsaid()),
    'ltc dense': (lambda: ncps.torch.LTC(FEATURES, 9), Unsaid()),
    'ltc random': (
        lambda: ncps.torch.LTC(
            FEATURES, ncps.wirings.Random(12, 3, 0.5), implicit_param_constraints=False
        ),
        Unsaid(softplus=False),
    ),
}


def both(name, batch):
    torch.manual_seed(3)
    make, unsaid = CASES[name]
    theirs = make()
    ours = from_ncps(theirs.state_dict(), unsaid)
    features = torch.randn(batch, TICKS, FEATURES, requires_grad=True)
    return theirs, ours, features


def run(imported, features, dt):
    outputs, state = imported.cell.sequence(features, imported.cell.zero_state(len(features)), dt)
    return outputs if imported.readout is None else imported.readout(outputs), state


@pytest.mark.parametrize('batch', [1, 32])
@pytest.mark.parametrize('name', CASES)
def test_outputs_and_gradients_are_those_of_ncps(name, batch):
    theirs, ours, features = both(name, batch)
    expected = theirs(features)[0]
    got = run(ours, features, torch.ones(batch, TICKS))[0]
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(got)
    (grad,) = torch.autograd.grad((expected * weight).sum(), features, retain_graph=True)
    (ours_grad,) = torch.autograd.grad((got * weight).sum(), features)
    torch.testing.assert_close(ours_grad, grad, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('batch', [1, 32])
def test_gradients_of_the_weights_are_those_of_ncps(batch):
    """Every stored weight of the wired cell, and only those that ncps does not mask."""
    theirs, ours, features = both('wired default', batch)
    theirs(features)[0].square().mean().backward()
    run(ours, features, torch.ones(batch, TICKS))[0].square().mean().backward()
    grads = {name: value.grad for name, value in theirs.named_parameters() if value.requires_grad}
    names, start = ('ff1', 'ff2', 'time_a', 'time_b'), 0
    for index, (source, own) in enumerate(
        zip(ours.cell.sources, ours.cell.recurrent, strict=True)
    ):
        layer = [grads[f'rnn_cell.layer_{index}.{part}.weight'].T for part in names]
        dense = torch.stack(layer)  # (4, sources + size, size)
        sources, size = source.shape[1], own.shape[2]
        expected = dense[:, :sources].reshape(-1)[source.positions]
        torch.testing.assert_close(source.values.grad, expected, atol=1e-5, rtol=1e-5)
        expected = dense[:, sources:].reshape(-1)
        torch.testing.assert_close(own.values.grad, expected, atol=1e-5, rtol=1e-5)
        bias = torch.stack([grads[f'rnn_cell.layer_{index}.{part}.bias'] for part in names])
        mine = ours.cell.bias.grad[:, start : start + size]
        torch.testing.assert_close(mine, bias, atol=1e-5, rtol=1e-5)
        start += size


@pytest.mark.parametrize('name', [name for name in CASES if name != 'cfc mixed'])
def test_irregular_time_in_a_batch_is_that_of_ncps_sample_by_sample(name):
    """In a batch ncps raises, or mixes the samples up: alone it is right."""
    theirs, ours, features = both(name, 5)
    dt = torch.rand(5, TICKS) * 2.0 + 0.1
    got = run(ours, features, dt)[0]
    for row in range(5):
        alone = theirs(features[row : row + 1], timespans=dt[row : row + 1])[0]
        torch.testing.assert_close(got[row : row + 1], alone, atol=1e-5, rtol=1e-5)


def test_a_part_of_a_larger_model_is_found_by_its_prefix():
    model = torch.nn.ModuleDict({'rnn': wired('default')})
    assert from_ncps(model.state_dict(), Unsaid(prefix='rnn.')).cell.state_size == 19
    with pytest.raises(BundleError, match='give the prefix'):
        from_ncps(model.state_dict())


def test_another_state_dict_is_refused():
    with pytest.raises(BundleError, match='not the state dict of an ncps CfC or LTC'):
        from_ncps(torch.nn.LSTM(3, 4).state_dict())


@pytest.fixture(scope='module')
def encoder(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that all rooms share, with its weights."""
    path = Path(shutil.copytree(bundle, tmp_path_factory.mktemp('encoder') / 'ours'))
    torch.manual_seed(0)
    save_weights(Network(NetworkConfig()).eval(), path)
    return path


@pytest.mark.parametrize('cell', ['wired', 'dense'])
def test_a_state_dict_becomes_a_bundle_behind_one_of_our_encoders(cell, encoder, tmp_path, capsys):
    """Outputs are shares of the command's limits; the CNN is that of the bundle named."""
    torch.manual_seed(1)
    wiring = ncps.wirings.AutoNCP(19, 4)
    model = torch.nn.ModuleDict({'rnn': ncps.torch.CfC(128, wiring if cell == 'wired' else 9)})
    line = ['import', str(tmp_path / 'cell.pt'), '--prefix', 'rnn.', '--encoder', str(encoder)]
    if cell == 'dense':
        model['head'] = torch.nn.Linear(9, 4)
        line += ['--readout', 'head']
    torch.save(model.state_dict(), tmp_path / 'cell.pt')
    network = load_weights_of(Network(NetworkConfig()), str(encoder))
    assert main([*line, '--out', str(tmp_path / 'guest')]) == 0
    runner = PolicyRunner(tmp_path / 'guest')
    images = np.random.default_rng(0).integers(0, 256, (5, 144, 256, 3), dtype=np.uint8)
    with torch.no_grad():
        features, _ = network.vision(torch.from_numpy(images))
        expected = model['rnn'](features[None])[0]
        expected = expected if cell == 'wired' else model['head'](expected)
    expected = expected[0].clamp(-1, 1) * torch.tensor(runner.contract.command.limits)
    for k, image in enumerate(images):
        got = runner.step(image, 1.0 + 0.05 * k).command
        np.testing.assert_allclose(got, expected[k].numpy(), atol=1e-4)


WRAPPED = {  # names as they are saved by what trained the model
    'as it is': '{}.{}',
    'torch.compile': '_orig_mod.{}.{}',
    'DataParallel': 'module.{}.{}',
    'both': 'module._orig_mod.{}.{}',
    'the part compiled': '{}._orig_mod.{}',
    'the part in parallel': '{}.module._orig_mod.{}',
}


@pytest.mark.parametrize('kind', [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize('cell', ['wired', 'dense', 'ltc'])
def test_what_training_wraps_around_weights_is_taken_off(kind, cell, encoder, tmp_path):
    """As torch.compile, parallel training, Lightning leave them (its 3629, 17415, 20233)."""
    torch.manual_seed(1)
    wiring = ncps.wirings.AutoNCP(19, 4)
    cells = {
        'wired': lambda: ncps.torch.CfC(128, wiring),
        'dense': lambda: ncps.torch.CfC(128, 9),
        'ltc': lambda: ncps.torch.LTC(128, wiring),
    }
    parts = {'rnn': cells[cell](), 'head': torch.nn.Linear(9 if cell == 'dense' else 4, 4)}
    states = {name: part.to(kind).state_dict() for name, part in parts.items()}
    networks = []
    for number, words in enumerate(WRAPPED.values()):
        saved = {
            words.format(name, key): value
            for name, state in states.items()
            for key, value in state.items()
        }
        held = {'epoch': 3, 'state_dict': saved, 'optimizer_states': [{'state': {}}]}
        file = tmp_path / f'{number}.pt'
        torch.save(held if number % 2 else saved, file)
        own = '_orig_mod.' if number == 1 else ''  # a prefix may be written as it is there
        guest = Guest(Unsaid(prefix=f'{own}rnn.'), str(encoder), f'{own}head')
        found = guest_network(file, guest).state_dict()
        networks.append({k: v for k, v in found.items() if not k.startswith('auxiliary')})
    for network in networks[1:]:
        assert all(map(torch.equal, network.values(), networks[0].values()))
    head = states['head']['weight'].float()
    assert any(one.shape == head.shape and torch.equal(one, head) for one in network.values())


def test_a_checkpoint_with_two_models_and_one_without_a_prefix_are_told(encoder, tmp_path):
    model = torch.nn.ModuleDict({'policy': ncps.torch.CfC(128, 9)})
    state = model.state_dict()
    torch.save({'model': state, 'ema': state, 'step': 1}, tmp_path / 'two.pt')
    torch.save({'epoch': 1, 'optimizer': {}}, tmp_path / 'none.pt')
    torch.save(state, tmp_path / 'within.pt')
    expected = {
        'two.pt': r'holds several state dicts \(model, ema\)',
        'none.pt': 'holds dict, expected the tensors of a state dict',
        'within.pt': r'a larger model: --prefix policy\.$',
    }
    for name, words in expected.items():
        with pytest.raises(BundleError, match=words):
            guest_network(tmp_path / name, Guest(encoder=str(encoder)))


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_of_a_training_that_diverged_are_told(value, encoder, tmp_path, capsys):
    """A state dict of which numbers are none."""
    state = ncps.torch.CfC(128, 9, proj_size=4).state_dict()
    state['fc.weight'][0] = value
    torch.save(state, tmp_path / 'diverged.pt')
    line = ['import', str(tmp_path / 'diverged.pt'), '--encoder', str(encoder)]
    assert main([*line, '--out', str(tmp_path / 'none')]) == 2
    told = capsys.readouterr().err
    assert 'not finite' in told
    assert 'its training diverged' in told
    assert 'as are the weights readout.weight' in told
    assert not (tmp_path / 'none').exists()


def test_a_cell_that_does_not_fit_is_told(encoder, tmp_path, capsys):
    torch.save(ncps.torch.CfC(128, 9).state_dict(), tmp_path / 'nine.pt')
    torch.save(ncps.torch.CfC(20, 9, proj_size=4).state_dict(), tmp_path / 'narrow.pt')
    words = {'nine.pt': 'gives 9 numbers, a command has 4', 'narrow.pt': 'takes 20 features'}
    for file, expected in words.items():
        line = [
            'import',
            str(tmp_path / file),
            '--encoder',
            str(encoder),
            '--out',
            str(tmp_path / 'x'),
        ]
        assert main(line) == 2
        assert expected in capsys.readouterr().err
