# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: contract format 2 in PyTorch, in its graphs and in the runner gives one answer."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from liquid_drone.contract import (
    CORE_FILE,
    CameraSpec,
    ParityVectors,
    load_contract,
    parity_inputs,
    save_contract,
)
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.files import sha256_of
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.export import roll_vectors
from liquid_drone.policy.network import Core, Network
from liquid_drone.policy.weights import load_weights_of
from liquid_drone.request import FlightRequest, RequestSpec
from liquid_drone.runtime.runner import PolicyRunner

VISION = VisionConfig(convolutions=((4, 5, 4), (4, 3, 4)), features=16)
OPTIONS = {'time_constants_s': [0.1, 10.0]}


def network_of(cell: str = 'wired_cfc', belief: bool = True, readout: str = '') -> Network:
    torch.manual_seed(3)
    options = OPTIONS if cell == 'wired_cfc' else {}
    core = CoreConfig(cell=cell, options=options, readout=readout)  # type: ignore[arg-type]
    return Network(NetworkConfig(VISION, core, RequestSpec(), belief)).eval()


def pictures(count: int) -> np.ndarray:
    return parity_inputs(ParityVectors(7, (0.05,) * count, (), ()), CameraSpec())


def test_the_contract_says_what_may_be_asked_for(asking_bundle):
    contract = load_contract(asking_bundle)
    assert contract.format_version == 2
    assert contract.request == RequestSpec()
    assert contract.belief
    assert len(contract.parity.requests) == len(contract.parity.beliefs) == 12
    assert len(set(contract.parity.requests)) == 12


def test_the_graphs_answer_as_pytorch_does(asking_bundle):
    runner = PolicyRunner(asking_bundle)
    assert runner.check_parity() < 1e-4
    for mine, its in zip(
        roll_vectors(load_weights_of(network_of(), str(asking_bundle)), runner.contract.parity),
        runner.replay(runner.contract.parity),
        strict=True,
    ):
        assert np.allclose(mine.numpy(), its, atol=1e-4)


@pytest.mark.parametrize('field', ['requests', 'beliefs'])
def test_altered_inputs_or_beliefs_are_found(asking_bundle, tmp_path, field):
    contract = load_contract(asking_bundle)
    rows = np.array(getattr(contract.parity, field)) * 0.5 + 0.9
    parity = dataclasses.replace(contract.parity, **{field: tuple(map(tuple, rows.tolist()))})
    for file in asking_bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    save_contract(dataclasses.replace(contract, parity=parity), tmp_path)
    with pytest.raises(BundleError, match='differs from its parity vectors'):
        PolicyRunner(tmp_path)


def test_another_request_is_another_command_and_comes_smoothly(asking_bundle):
    runner, frames = PolicyRunner(asking_bundle), pictures(40)
    near = [runner.step(frame, 1.0 + 0.05 * k) for k, frame in enumerate(frames)]
    assert near[0].request == pytest.approx(RequestSpec().defaults)
    runner.reset()
    assert runner.ask(FlightRequest(7.0, 30.0)) == pytest.approx(
        (7.0, 4.2, 1.8)
    )  # held to the slope
    far = [runner.step(frame, 1.0 + 0.05 * k) for k, frame in enumerate(frames)]
    assert far[0].request == pytest.approx((3.25, 1.15, 1.8))
    assert not np.allclose(near[-1].command, far[-1].command)
    runner.reset()
    assert runner.step(frames[0], 9.0).request == pytest.approx((7.0, 4.2, 1.8))


def test_the_command_is_never_faster_than_asked_for():
    core, network = Core(network_of()), network_of()
    rng = np.random.default_rng(0)
    features = torch.from_numpy(10.0 * rng.normal(size=(200, 16))).float()
    speeds = torch.from_numpy(rng.uniform(0.8, 2.0, size=(200, 1))).float()
    request = torch.cat([torch.full((200, 1), 4.0), torch.ones(200, 1), speeds], dim=1)
    state = torch.from_numpy(rng.uniform(-1, 1, (200, network.cell.state_size))).float()
    command, _, belief = core(features, state, torch.full((200,), 0.05), request)
    assert bool((command[:, :2].norm(dim=1) <= speeds[:, 0] + 1e-4).all())
    assert bool((command[:, :2].norm(dim=1) > 0.5).any())
    assert bool((belief[:, 1].abs() <= math.pi + 1e-6).all())
    assert bool((belief[:, 2] > 0.0).all())


def test_a_belief_is_given_in_rad_and_metres(asking_bundle):
    runner = PolicyRunner(asking_bundle)
    belief = runner.step(pictures(1)[0], 1.0).belief
    assert 0.0 <= belief.probability <= 1.0
    assert -math.pi <= belief.bearing_rad <= math.pi
    assert 0.3 < belief.distance_m < 50.0


@pytest.mark.parametrize(
    ('cell', 'readout'),
    [('wired_cfc', 'motor'), ('wired_cfc', 'all'), ('lstm', ''), ('mlp', ''), ('mixed_cfc', '')],
)
def test_a_sequence_is_the_steps_with_any_cell(cell, readout):
    network = network_of(cell, readout=readout)
    core, spec = Core(network), RequestSpec()
    features = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(1))
    rng = np.random.default_rng(2)
    request = torch.tensor([[spec.complete(spec.draw(rng)) for _ in range(6)] for _ in range(2)])
    dt_s = torch.full((2, 6), 0.05)
    with torch.no_grad():
        seen = network(features, dt_s, None, request)
        state = network.cell.zero_state(2)
        for tick in range(6):
            _, state, belief = core(features[:, tick], state, dt_s[:, tick], request[:, tick])
            assert torch.allclose(seen.belief[:, tick, 0], belief[:, 0], atol=1e-5)
    assert torch.allclose(seen.state, state, atol=1e-5)


def test_a_bundle_without_a_request_says_so(bundle):
    runner = PolicyRunner(bundle)
    assert runner.ask(FlightRequest()) is None
    with pytest.raises(ConfigError, match='takes no request'):
        runner.ask(FlightRequest(4.0))
    assert runner.step(np.zeros((144, 256, 3), np.uint8), 1.0).belief is None


def test_a_core_without_the_promised_request_is_refused(asking_bundle, bundle, tmp_path):
    contract = load_contract(asking_bundle)
    for file in asking_bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / CORE_FILE).write_bytes((bundle / CORE_FILE).read_bytes())
    hashes = {**contract.sha256, CORE_FILE: sha256_of(tmp_path / CORE_FILE)}
    save_contract(dataclasses.replace(contract, sha256=hashes), tmp_path)
    with pytest.raises(BundleError, match='does not fit its contract'):
        PolicyRunner(tmp_path)
