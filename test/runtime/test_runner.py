# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Running a bundle: PyTorch's answers, time as the contract says, bad bundles refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from liquid_drone.contract import CARD_FILE, CONTRACT_FILE, CORE_FILE, VISION_FILE, sha256_of
from liquid_drone.errors import BundleError, ImageError
from liquid_drone.policy.export import roll
from liquid_drone.runtime.core import CoreStep
from liquid_drone.runtime.runner import PolicyRunner


@pytest.fixture(scope='module')
def runner(bundle: Path) -> PolicyRunner:
    return PolicyRunner(bundle)


def images(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 18, 32, 3), dtype=np.uint8)
    return coarse.repeat(8, 1).repeat(8, 2)


def test_500_recurrent_steps_differ_by_less_than_1e_5(runner, network):
    """Export must not change the answer, also not slowly through the state."""
    frames = images(500)
    dt_s = np.random.default_rng(1).uniform(0.01, 0.2, 500)
    runner.reset()
    stamps = 10.0 + np.cumsum(dt_s)
    outputs = [runner.step(f, float(t)) for f, t in zip(frames, stamps, strict=True)]
    measured = torch.tensor([output.dt_s for output in outputs])
    commands, targets = roll(network, torch.from_numpy(frames), measured)
    got = np.stack([output.command for output in outputs])
    assert np.abs(got - commands.numpy()).max() < 1e-5
    bearings = np.array([output.target_bearing for output in outputs])
    assert np.abs(bearings - np.clip(targets[:, 1].numpy(), -1, 1)).max() < 1e-5


def test_a_repeated_stamp_is_not_stepped_twice(runner):
    first, second = images(2)
    runner.reset()
    runner.step(first, 1.0)
    once = runner.step(second, 1.05)
    assert runner.step(second, 1.05) is once
    assert runner.step(first, 1.05) is once


def test_dt_is_nominal_first_then_measured_and_clipped(runner):
    runner.reset()
    stamps = [5.0, 5.05, 5.15, 5.151, 5.9]
    got = [runner.step(images(1)[0], stamp).dt_s for stamp in stamps]
    assert got == pytest.approx([0.05, 0.05, 0.1, 0.005, 0.2])


@pytest.mark.parametrize('stamp', [10.0, 0.2])
def test_a_long_gap_or_a_step_back_in_time_forgets_the_past(runner, stamp):
    """After a pause the state is stale: the answer must be that of a fresh start."""
    before, after = images(2, seed=4)
    runner.reset()
    fresh = runner.step(after, 0.0)
    runner.reset()
    for k in range(20):
        runner.step(before, 1.0 + 0.05 * k)
    late = runner.step(after, stamp)
    assert np.array_equal(late.command, fresh.command)
    assert late.dt_s == 0.05


def test_the_state_matters(runner):
    """The past changes the answer, or there would be no point in a recurrent policy."""
    before, after = images(2, seed=4)
    runner.reset()
    fresh = runner.step(after, 0.0).command
    runner.reset()
    for k in range(20):
        runner.step(before, 1.0 + 0.05 * k)
    assert not np.array_equal(runner.step(after, 2.0).command, fresh)


def test_the_same_frames_give_the_same_bytes(bundle):
    runs = []
    for _ in range(2):
        runner = PolicyRunner(bundle)
        runner.warm_up()
        runs.append([runner.step(f, 1 + 0.05 * k).command for k, f in enumerate(images(10))])
    assert np.array_equal(runs[0], runs[1])


def test_a_wrong_image_is_refused(runner):
    with pytest.raises(ImageError, match='144, 256, 3'):
        runner.step(np.zeros((72, 128, 3), np.uint8), 0.0)
    with pytest.raises(ImageError, match='uint8'):
        runner.step(np.zeros((144, 256, 3), np.float32), 0.0)  # type: ignore[arg-type]


def test_graphs_suit_the_onnx_runtime_of_a_jetson(bundle):
    for file in (VISION_FILE, CORE_FILE):
        model = onnx.load(bundle / file)
        assert model.ir_version <= 9
        assert all(entry.version <= 20 for entry in model.opset_import)
        assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param  # batch is free
    assert '/' not in (bundle / CARD_FILE).read_text().split('made by')[1].split('\n')[0]


def test_a_missing_bundle_is_a_clear_error(tmp_path):
    with pytest.raises(BundleError, match='no policy bundle'):
        PolicyRunner(tmp_path / 'none')


def test_an_altered_graph_is_refused(bundle, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(bundle, copy)
    data = bytearray((copy / VISION_FILE).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / VISION_FILE).write_bytes(bytes(data))
    with pytest.raises(BundleError, match='sha256'):
        PolicyRunner(copy)


def test_a_graph_that_answers_differently_is_refused(bundle, tmp_path):
    """Hashes that fit are not enough: the answers must be those that training recorded."""
    copy = tmp_path / 'copy'
    shutil.copytree(bundle, copy)
    contract = json.loads((copy / CONTRACT_FILE).read_text())
    contract['parity']['commands'][7][0] += 0.1
    (copy / CONTRACT_FILE).write_text(json.dumps(contract))
    with pytest.raises(BundleError, match='parity'):
        PolicyRunner(copy)


def test_a_broken_graph_with_a_matching_hash_is_refused(bundle, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(bundle, copy)
    (copy / CORE_FILE).write_bytes(b'not a graph')
    contract = json.loads((copy / CONTRACT_FILE).read_text())
    contract['sha256'][CORE_FILE] = sha256_of(copy / CORE_FILE)
    (copy / CONTRACT_FILE).write_text(json.dumps(contract))
    with pytest.raises(BundleError, match='cannot open'):
        PolicyRunner(copy)


def test_a_graph_of_another_shape_is_refused(bundle, tmp_path):
    copy = tmp_path / 'copy'
    shutil.copytree(bundle, copy)
    contract = json.loads((copy / CONTRACT_FILE).read_text())
    contract['camera']['width'] = 320
    (copy / CONTRACT_FILE).write_text(json.dumps(contract))
    with pytest.raises(BundleError, match='does not fit its contract'):
        PolicyRunner(copy)


def test_an_answer_is_not_overwritten_by_the_next_step(bundle):
    """The core's buffers are bound once: what was handed out must not change under its reader."""
    core = CoreStep(bundle / CORE_FILE, 128, 19)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 1, 128)).astype(np.float32)
    command, state, _ = core(features[0], np.zeros((1, 19), np.float32), 0.05)
    kept = command.copy(), state.copy()
    other, *_ = core(features[1], state, 0.1)
    assert np.array_equal(command, kept[0])
    assert np.array_equal(state, kept[1])
    assert not np.array_equal(other, command)
