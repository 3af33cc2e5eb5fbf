# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Published Keras files: the layout is read, the answers are those of the published equations.

The files here are made by the test, with the names and shapes of the published ones and random
numbers; the expected answers are computed in numpy, the way the authors' cells compute them. That
the real files give what the authors' own code gives was checked apart: see docs/LIQUID.md.
"""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from liquid_drone.cli.main import main
from liquid_drone.errors import BundleError
from liquid_drone.policy.foreign.keras import KerasUnsaid, from_keras
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import config_of, load_weights_of
from liquid_drone.policy.wiring import FanOut, ncp
from liquid_drone.runtime.runner import PolicyRunner

RNG = np.random.default_rng(4)
ENCODER = ((5, 3, 24), (5, 24, 36), (5, 36, 48), (3, 48, 64), (3, 64, 16))
Arrays = dict[str, np.ndarray]


def draw(*shape: int, scale: float = 0.3) -> np.ndarray:
    return (RNG.normal(size=shape) * scale).astype(np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def encoder(first: int = 9) -> Arrays:
    """The CNN; numbers beyond 9 sort wrongly as text."""
    found: Arrays = {}
    for k, (size, channels, out) in enumerate(ENCODER):
        name = f'time_distributed_{first + k}/time_distributed_{first + k}'
        found |= {f'{name}/kernel': draw(size, size, channels, out, scale=0.05)}
        found |= {f'{name}/bias': draw(out)}
    name = f'time_distributed_{first + 6}/time_distributed_{first + 6}'
    return found | {f'{name}/kernel': draw(1248, 128, scale=0.05), f'{name}/bias': draw(128)}


def readout(inputs: int) -> Arrays:
    return {'dense_3/dense_3/kernel': draw(inputs, 4), 'dense_3/dense_3/bias': draw(4)}


def write(path: Path, arrays: Arrays, seed: int | None = 22224) -> Path:
    if seed is not None:
        said = {path.name: f'CTRNNParams(seq_len=64, rnn_sizes=[196], wiredcfc_seed={seed})'}
        (path.parent / 'params.json').write_text(json.dumps(said))
    with h5py.File(path, 'w') as content:
        for name, value in arrays.items():
            content[f'{name}:0'] = value
    return path


def wired() -> Arrays:
    found = encoder() | readout(4)
    for layer, (sources, size) in enumerate(((128, 18), (18, 12), (12, 4))):
        name = 'rnn/rnn/wired_cfc_cell/cfc_cell' + (f'_{layer}' if layer else '')
        for part in ('ff1', 'ff2'):
            found |= {f'{name}/{part}_weight': draw(sources + size, size)}
            found |= {f'{name}/{part}_bias': draw(size)}
        for part in ('time_a', 'time_b'):
            found |= {f'{name}/{part}/kernel': draw(sources + size, size)}
            found |= {f'{name}/{part}/bias': draw(size)}
    return found


def ltc(features: int, neurons: int, outputs: int, kind: str) -> Arrays:
    found = encoder()
    shapes = {
        'gleak': (neurons,), 'vleak': (neurons,), 'cm': (neurons,),
        'w': (neurons, neurons), 'sigma': (neurons, neurons), 'mu': (neurons, neurons),
        'erev': (neurons, neurons), 'sensory_w': (features, neurons),
        'sensory_sigma': (features, neurons), 'sensory_mu': (features, neurons),
        'sensory_erev': (features, neurons), 'input_w': (features,), 'input_b': (features,),
        'output_w': (outputs,), 'output_b': (outputs,),
    }  # fmt: skip
    for name, shape in shapes.items():
        value = draw(*shape, scale=1.0)
        positive = name in ('gleak', 'cm', 'w', 'sensory_w')
        found[f'{kind}/{kind}/ltc_cell/{name}'] = np.abs(value) + 0.1 if positive else value
    return found


def step_wired(arrays: Arrays, features: np.ndarray, state: list[np.ndarray]):
    """One tick as WiredCfcCell of keras-ncp 2.0.5 computes it."""
    now, after = features, []
    wiring = ncp(128, 18, 12, 4, FanOut(), 22224)
    for layer, signs in enumerate(wiring.signs):
        name = 'rnn/rnn/wired_cfc_cell/cfc_cell' + (f'_{layer}' if layer else '')
        size = signs.shape[1]
        x = np.concatenate([now, state[layer]])
        mask = np.concatenate([signs, np.ones((size, size))])
        f, q = (
            x @ (arrays[f'{name}/{part}_weight'] * mask) + arrays[f'{name}/{part}_bias']
            for part in ('ff1', 'ff2')
        )
        a, b = (
            x @ arrays[f'{name}/{part}/kernel'] + arrays[f'{name}/{part}/bias']
            for part in ('time_a', 'time_b')
        )
        gate = sigmoid(-a + b)
        now = f * (1.0 - gate) + gate * q
        after.append(now)
    return now, after


def step_ltc(arrays: Arrays, wiring, features: np.ndarray, voltage: np.ndarray):
    """One tick as LTCCell of keras-ncp computes it: motor neurons first, 6 unfolds."""
    p = {name.split('/')[-1]: value for name, value in arrays.items() if 'ltc' in name}
    seen = (features * p['input_w'] + p['input_b'])[:, None]
    inter, command, motor = wiring.layers
    order = [*range(motor + command, motor + command + inter), *range(motor, motor + command)]
    order += range(motor)  # theirs, of each of ours
    masks = np.zeros_like(wiring.inputs), np.zeros_like(wiring.synapses)
    masks[0][:, order], masks[1][np.ix_(order, order)] = wiring.inputs, wiring.synapses

    def currents(v, prefix, mask):
        w = p[f'{prefix}w'] * sigmoid(p[f'{prefix}sigma'] * (v - p[f'{prefix}mu']))
        w = w * np.abs(mask)
        return (w * p[f'{prefix}erev']).sum(0), w.sum(0)

    sensory, inertia = currents(seen, 'sensory_', masks[0]), p['cm'] * 6.0
    for _ in range(6):
        inner = currents(voltage[:, None], '', masks[1])
        up = inertia * voltage + p['gleak'] * p['vleak'] + inner[0] + sensory[0]
        voltage = up / (inertia + p['gleak'] + inner[1] + sensory[1] + 1e-8)
    return voltage[:4] * p['output_w'] + p['output_b'], voltage


def features_and_answers(network: Network, ticks: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (ticks, 144, 256, 3), dtype=np.uint8)
    dt_s = torch.full((1, ticks), network.time.nominal_s)
    with torch.no_grad():
        features, _ = network.vision(torch.from_numpy(images))
        outputs, _ = network.cell.sequence(
            features[None], network.cell.zero_state(1), network.ticks(dt_s)
        )
        commands = network.read(outputs)[0] * network.limits
    return features.numpy(), commands.numpy()


def test_a_wired_cfc_is_the_published_one(tmp_path):
    arrays = wired()
    network = from_keras(write(tmp_path / 'model.hdf5', arrays)).eval()
    features, got = features_and_answers(network)
    state, expected = [np.zeros(size) for size in (18, 12, 4)], []
    for now in features:
        out, state = step_wired(arrays, now, state)
        out = out @ arrays['dense_3/dense_3/kernel'] + arrays['dense_3/dense_3/bias']
        expected.append(out)
    np.testing.assert_allclose(got, expected, atol=1e-5, rtol=1e-5)


def test_an_ncp_is_the_published_one_with_its_own_order_of_neurons(tmp_path):
    arrays = ltc(128, 34, 4, 'rnn')
    network = from_keras(write(tmp_path / 'model.hdf5', arrays, None), KerasUnsaid(seed=7)).eval()
    features, got = features_and_answers(network)
    wiring, voltage, expected = ncp(128, 18, 12, 4, FanOut(), 7), np.zeros(34), []
    for now in features:
        out, voltage = step_ltc(arrays, wiring, now, voltage)
        expected.append(out)
    np.testing.assert_allclose(got, expected, atol=1e-4, rtol=1e-4)
    assert np.abs(got).max() > 0.01


def test_the_eye_is_the_published_one(tmp_path):
    """Keras flattens rows, columns, channels; kernels are HWIO; pixels are normalised first."""
    arrays = wired()
    network = from_keras(write(tmp_path / 'model.hdf5', arrays)).eval()
    image = np.random.default_rng(1).integers(0, 256, (144, 256, 3), dtype=np.uint8)
    mean = np.array((0.41718618, 0.48529191, 0.38133072))
    x = (image / 255.0 - mean) / np.sqrt((0.057, 0.05, 0.061))
    for k, stride in enumerate((2, 2, 2, 1, 2)):
        name = f'time_distributed_{9 + k}/time_distributed_{9 + k}'
        kernel, size = arrays[f'{name}/kernel'], ENCODER[k][0]
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(0, 1))
        windows = windows[::stride, ::stride]  # (rows, columns, channels, size, size)
        x = np.einsum('rcihw,hwio->rco', windows, kernel, optimize=True) + arrays[f'{name}/bias']
        x = np.maximum(x, 0.0)
    name = 'time_distributed_15/time_distributed_15'
    expected = x.reshape(-1) @ arrays[f'{name}/kernel'] + arrays[f'{name}/bias']
    with torch.no_grad():
        got, target = network.vision(torch.from_numpy(image)[None])
    np.testing.assert_allclose(got[0].numpy(), expected, atol=1e-4, rtol=1e-4)
    assert target[0, 0] > 5.0  # it has no target head: always "in the image"


@pytest.mark.parametrize('kind', ['lstm', 'cfc', 'ltc'])
def test_the_other_kinds_are_built(kind, tmp_path):
    arrays, size = encoder() | readout(9), 9
    if kind == 'lstm':
        name = 'lstm_2/lstm_2/lstm_cell_2'
        arrays |= {f'{name}/kernel': draw(128, 36), f'{name}/recurrent_kernel': draw(9, 36)}
        arrays |= {f'{name}/bias': draw(36)}
    elif kind == 'ltc':
        arrays |= ltc(128, size, size, 'rnn')  # dense: no wiring, no seed
    else:
        arrays |= {'rnn/dense_10/kernel': draw(20, 20), 'rnn/dense_10/bias': draw(20)}
        arrays |= {'rnn/dense_9/kernel': draw(137, 20), 'rnn/dense_9/bias': draw(20)}
        for k in range(4):
            name = f'rnn/rnn/cfc_cell/dense_{k + 11}'
            arrays |= {f'{name}/kernel': draw(20, 9), f'{name}/bias': draw(9)}
    network = from_keras(write(tmp_path / 'model.hdf5', arrays, None)).eval()
    rebuilt = Network(network.config, command=network.command)  # so that training may go on
    rebuilt.load_state_dict(network.state_dict())
    _, got = features_and_answers(network)
    _, again = features_and_answers(rebuilt.eval())
    assert np.array_equal(got, again)


def test_a_file_becomes_a_bundle_that_runs_and_can_be_trained_on(tmp_path, capsys):
    file, bundle = write(tmp_path / 'model.hdf5', wired()), tmp_path / 'published'
    assert main(['import', str(file), '--out', str(bundle)]) == 0
    assert 'wired_cfc, 34 neurons' in capsys.readouterr().out
    runner = PolicyRunner(bundle)
    output = runner.step(np.zeros((144, 256, 3), np.uint8), 0.0)
    assert np.isfinite(output.command).all()
    assert output.target_probability > 0.99
    network = load_weights_of(Network(config_of(str(bundle))), str(bundle))
    assert network.wiring is not None
    assert network.wiring.layers == (18, 12, 4)
    assert 'trained elsewhere' in (bundle / 'card.md').read_text()


def test_what_is_not_read_is_named(tmp_path, capsys):
    mixed = encoder() | {'rnn/rnn/mixed_cfc_cell/bias': draw(4)} | readout(4)
    with pytest.raises(BundleError, match='of a kind that is read'):
        from_keras(write(tmp_path / 'mixed.hdf5', mixed))
    short = {name: value for name, value in wired().items() if 'time_a' not in name}
    with pytest.raises(BundleError, match='time_a/kernel'):
        from_keras(write(tmp_path / 'short.hdf5', short))
    (tmp_path / 'params.json').write_text('{}')
    with pytest.raises(BundleError, match='give the seed with --seed'):
        from_keras(write(tmp_path / 'unsaid.hdf5', wired(), None))
    (tmp_path / 'text').write_text('hello')
    assert main(['import', str(tmp_path / 'text'), '--out', str(tmp_path / 'x')]) == 2
    assert 'neither HDF5 nor a state dict' in capsys.readouterr().err


BESIDE = {
    'texts': lambda file: file.create_dataset('a', data=['x', 'y'], dtype=h5py.string_dtype()),
    'lists': lambda file: file.create_dataset('a', (3,), h5py.vlen_dtype(np.int32)),
    'records': lambda file: file.create_dataset('a', data=np.zeros(3, [('x', 'f4')])),
    'complex': lambda file: file.create_dataset('a', data=np.zeros(3, complex)),
    'nothing': lambda file: file.create_dataset('a', dtype='f4', data=h5py.Empty('f4')),
    'big-endian': lambda file: file.create_dataset('a', data=np.zeros(3, '>f8')),
    'opaque': lambda file: file.create_dataset('a', data=np.zeros(3, 'V7')),
    'wide': lambda file: file.create_dataset('a', data=np.zeros(3, np.longdouble)),
}
REFUSED = {
    'huge': lambda file: file.create_dataset('a', (10**6, 10**6), 'f4', chunks=(10, 10)),
    'packed': lambda file: file.create_dataset('a', (2 * 10**8,), 'f4', compression='gzip'),
    'nan': lambda file: file.create_dataset('a', data=[np.nan]),
    'inf': lambda file: file.create_dataset('a', data=[np.inf]),
}


@pytest.mark.parametrize('what', [*BESIDE, *REFUSED])
def test_whatever_else_a_file_holds_is_left_out_or_refused(what: str, tmp_path: Path) -> None:
    """Of numbers in any byte order; a size is asked before anything is read."""
    path = write(tmp_path / 'it.h5', wired())
    with h5py.File(path, 'a') as file:
        (BESIDE | REFUSED)[what](file)
    if what in BESIDE and what != 'wide':
        from_keras(path)
        return
    with pytest.raises(BundleError, match=r'bytes of weights|not finite|cannot be read as HDF5'):
        from_keras(path)


def test_weights_in_another_byte_order_are_the_same(tmp_path: Path) -> None:
    arrays = wired()
    turned = {name: value.astype(value.dtype.newbyteorder('>')) for name, value in arrays.items()}
    ours = []
    for each in (arrays, turned):
        torch.manual_seed(0)  # the target head is in no such file
        ours.append(from_keras(write(tmp_path / f'{len(ours)}.h5', each)).state_dict())
    for name, value in ours[0].items():
        torch.testing.assert_close(value, ours[1][name], rtol=0.0, atol=0.0, equal_nan=True)
