# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fused sequence gives the numbers and gradients of the plain one, whatever the shapes.

On a CUDA machine it runs there; with ``TRITON_INTERPRET=1`` and Triton, interpreted on a CPU
(Triton 3.6 interprets with numpy before 2.4 only).
"""

import importlib.util
import os
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from liquid_drone.policy.cells.scan import skewed_scan
from liquid_drone.policy.cells.scan_layout import ScanLayout
from liquid_drone.policy.cells.scan_triton import fused_scan, takes, why_not
from liquid_drone.policy.cells.wired import PRESETS, WiredCfC, WiredCfCOptions
from liquid_drone.policy.wiring import auto_ncp, fully_connected, random_wiring

TRITON = importlib.util.find_spec('triton') is not None
OLD_NUMPY = np.lib.NumpyVersion(np.__version__) < '2.4.0'
INTERPRETED = TRITON and OLD_NUMPY and os.environ.get('TRITON_INTERPRET') == '1'
DEVICE = torch.device('cuda' if torch.cuda.is_available() and not INTERPRETED else 'cpu')
needs_triton = pytest.mark.skipif(
    not TRITON or not (INTERPRETED or DEVICE.type == 'cuda'),
    reason='needs a CUDA device with Triton; or Triton, numpy < 2.4 and TRITON_INTERPRET=1',
)
pytestmark = pytest.mark.filterwarnings('ignore:Conversion of an array:DeprecationWarning')
TOLERANCE = {'atol': 1e-5, 'rtol': 1e-5}
OPTIONS = {
    'own': WiredCfCOptions(),
    'no gate': WiredCfCOptions(mode='no_gate'),
    'lecun': WiredCfCOptions(head='lecun_tanh', mode='no_gate'),
    **PRESETS,
}
WIRINGS = {
    '19 neurons': auto_ncp(16, 19, 4, 0.5, 3),
    '8 neurons': auto_ncp(5, 8, 2, 0.5, 3),
    'exactly 32': auto_ncp(7, 32, 4, 0.5, 5),
    '45 neurons': auto_ncp(6, 45, 3, 0.5, 1),
    'one layer, every neuron an output': fully_connected(3, 6, 6, 0),
    'random': random_wiring(4, 11, 3, 0.4, 2),
}


@pytest.fixture(autouse=True)
def fused() -> Iterator[None]:
    """On a CPU the interpreter must be asked for; on a GPU the choice is its own."""
    with fused_scan('always' if INTERPRETED else 'auto'):
        yield


def given(wiring, batch, ticks, seed=0):
    """Return features, state and irregular dt."""
    torch.manual_seed(seed)
    features = torch.randn(batch, ticks, wiring.sensory)
    state, dt = 0.3 * torch.randn(batch, wiring.neurons), torch.rand(batch, ticks) * 2 + 0.05
    return [tensor.to(DEVICE).requires_grad_() for tensor in (features, state, dt)]


def results(cell, leaves):
    """Return outputs, state after and every gradient; each output weighs differently."""
    outputs, after = cell(*leaves)
    weigh = torch.linspace(0.5, 1.5, outputs.numel(), device=DEVICE).view_as(outputs)
    loss = (weigh * outputs).square().sum() + (
        after * torch.arange(1.0, after.shape[1] + 1).to(after)
    ).sum()
    grads = torch.autograd.grad(loss / outputs.shape[0], [*leaves, *cell.parameters()])
    return [outputs, after, *grads]


def compare(wiring, options, batch, ticks):
    cell = WiredCfC(wiring, options, seed=1).to(DEVICE)
    leaves = given(wiring, batch, ticks)
    ours = results(cell, leaves)
    with fused_scan('never'):
        plain = results(cell, leaves)
    names = ['outputs', 'after', 'features', 'state', 'dt', *dict(cell.named_parameters())]
    for name, mine, other in zip(names, ours, plain, strict=True):
        scale = max(
            1.0, float(other.detach().abs().max())
        )  # gradients add up over samples and ticks
        torch.testing.assert_close(
            mine / scale, other / scale, **TOLERANCE, msg=lambda m, n=name: f'{n}: {m}'
        )


@needs_triton
@pytest.mark.parametrize('ticks', [1, 7, 64])
@pytest.mark.parametrize('batch', [1, 5, 32])
def test_fused_equals_plain_in_numbers_and_gradients(batch, ticks):
    """Wrong gradients would train, only worse."""
    compare(WIRINGS['19 neurons'], OPTIONS['own'], batch, ticks)


@needs_triton
@pytest.mark.parametrize('wiring', WIRINGS)
def test_any_wiring(wiring):
    """Neurons beyond the wiring fill the block up and must change nothing."""
    compare(WIRINGS[wiring], OPTIONS['own'], 3, 9)


@needs_triton
@pytest.mark.parametrize('name', OPTIONS)
def test_every_published_variant(name):
    compare(WIRINGS['19 neurons'], OPTIONS[name], 5, 7)


@needs_triton
def test_a_sample_alone_equals_the_sample_in_a_batch():
    """Neighbours must not see each other's time, features or state."""
    wiring = WIRINGS['19 neurons']
    cell = WiredCfC(wiring, seed=1).to(DEVICE)
    features, state, dt = given(wiring, 6, 10)
    together, after = cell(features, state, dt)
    with fused_scan('never'):
        for k in range(6):
            alone, last = cell(features[k : k + 1], state[k : k + 1], dt[k : k + 1])
            torch.testing.assert_close(together[k : k + 1], alone, **TOLERANCE)
            torch.testing.assert_close(after[k : k + 1], last, **TOLERANCE)


@needs_triton
@pytest.mark.filterwarnings('ignore:overflow encountered in exp:RuntimeWarning')  # numpy's
def test_large_numbers_saturate_and_do_not_overflow():
    """exp(1000) is infinite: a tanh written with it must still be 1."""
    wiring = WIRINGS['19 neurons']
    cell = WiredCfC(wiring, seed=1).to(DEVICE)
    features, state, dt = given(wiring, 2, 5)
    with torch.no_grad():
        features *= 1e4
    found = results(cell, [features, state, dt])
    assert all(tensor.isfinite().all() for tensor in found)
    assert found[0].abs().max() <= 1.0 + 1e-6


@needs_triton
def test_gradients_come_whatever_the_layout_of_what_asks():
    """sum() asks with an expanded tensor, and the state may be left unused."""
    wiring = WIRINGS['19 neurons']
    cell = WiredCfC(wiring, seed=1).to(DEVICE)
    leaves = given(wiring, 3, 4)
    leaves[0] = leaves[0].transpose(0, 1).contiguous().transpose(0, 1)
    ours = torch.autograd.grad(cell(*leaves)[0].sum(), leaves)
    with fused_scan('never'):
        plain = torch.autograd.grad(cell(*leaves)[0].sum(), leaves)
    for mine, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(mine, other, **TOLERANCE)


@pytest.mark.skipif(DEVICE.type != 'cuda', reason='needs a CUDA device')
def test_on_a_gpu_the_same_call_runs_fused():
    """Without it everything above would compare the plain sequence with itself."""
    assert why_not(DEVICE) is None
    wiring = WIRINGS['19 neurons']
    cell = WiredCfC(wiring).to(DEVICE)
    outputs, _ = cell(*given(wiring, 2, 3))
    assert '_Fused' in type(outputs.grad_fn).__name__


def scanned(neurons=8, device='cpu', dtype=torch.float32):
    """Return a layout and the arguments of a scan."""
    layout = ScanLayout((neurons - 2, 2), 2, 'tanh', no_gate=False)
    inter = 4 * (neurons - 2)
    shapes = ((3, 5, inter), (4, neurons), (4 * neurons, neurons), (3, 5), (3, neurons))
    return layout, [torch.rand(shape, device=device, dtype=dtype) for shape in shapes]


def test_on_a_cpu_nothing_changes():
    """Triton must not even be looked for: a laptop has none."""
    layout, tensors = scanned()
    with fused_scan('auto'):
        assert not takes(layout, *tensors)
        outputs, _ = skewed_scan(layout, tensors[0].requires_grad_(), *tensors[1:])
    assert '_Skewed' in type(outputs.grad_fn).__name__
    assert why_not(torch.device('cpu')) == 'expected a CUDA device, got cpu'


@pytest.mark.parametrize(
    ('neurons', 'dtype', 'expected'),
    [(64, torch.float32, True), (65, torch.float32, False), (8, torch.float64, False)],
)
def test_what_the_kernel_cannot_hold_runs_as_before(neurons, dtype, expected):
    layout, tensors = scanned(neurons, dtype=dtype)
    with fused_scan('always'):
        assert takes(layout, *tensors) is expected
    with fused_scan('never'):
        assert not takes(layout, *tensors)
