# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Faded weights cost no time in flight, and change no answer."""

import time

import numpy as np
import onnx
import torch
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.policy.config import NetworkConfig
from liquid_drone.policy.export import export_vision
from liquid_drone.policy.faded_weights import FADED, store_faded_as_zero
from liquid_drone.policy.network import Network
from liquid_drone.runtime.providers import open_session


def network(fade, share=0.1, seed=0):
    """Return a network, of whose filters this share has faded, each as far as it came."""
    torch.manual_seed(3)
    made = Network(NetworkConfig())
    rng = torch.Generator().manual_seed(seed)
    for weight in made.vision.parameters() if fade else ():
        if weight.dim() == 4:
            died = torch.rand(weight.shape[0], generator=rng) < share
            power = -45.0 * torch.rand(weight.shape, generator=rng)
            weight.data = torch.where(
                died[:, None, None, None], weight.data * (10.0**power).float(), weight.data
            )
    return made


@given(
    powers=st.lists(st.floats(-45, 5), min_size=1, max_size=50),
    kind=st.sampled_from([np.float32, np.float16, np.int64]),
)
def test_only_faded_single_precision_becomes_zero(powers, kind):
    with np.errstate(over='ignore'):
        values = (10.0 ** np.asarray(powers)).astype(kind)
    weight = onnx.numpy_helper.from_array(values, 'weight')
    model = onnx.helper.make_model(onnx.helper.make_graph([], 'graph', [], [], [weight]))
    store_faded_as_zero(model)
    stored = onnx.numpy_helper.to_array(model.graph.initializer[0])
    faded = (values < FADED) if kind is np.float32 else np.zeros(values.shape, bool)
    assert np.array_equal(stored, np.where(faded, kind(0), values))
    assert stored.dtype == kind


def milliseconds(session, image):
    taken = []
    for _ in range(15):
        begun = time.process_time()
        session.run(None, {'image': image})
        taken.append(time.process_time() - begun)
    return 1e3 * float(np.median(taken))


def test_dead_filters_cost_no_time_and_change_no_answer(tmp_path):
    times = {}
    for fade in (False, True):
        graph = tmp_path / f'{fade}.onnx'
        made = network(fade).eval()
        export_vision(made, graph)
        session = open_session(graph)
        shape = (1, made.camera.height, made.camera.width, 3)
        image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
        with torch.no_grad():
            wanted = made.vision(torch.from_numpy(image))
        for got, own in zip(session.run(None, {'image': image}), wanted, strict=True):
            assert np.allclose(got, own.numpy(), atol=1e-4)
        times[fade] = milliseconds(session, image)
    assert times[True] < 3.0 * times[False] + 0.5
