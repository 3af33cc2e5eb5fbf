# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An INT8 variant is another bundle: its own answers, its own hash, the same core."""

import dataclasses
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.contract import (
    CORE_FILE,
    MOST_TOLERANCE,
    VISION_FILE,
    load_contract,
    parity_inputs,
    save_contract,
)
from liquid_drone.errors import BundleError, ConfigError
from liquid_drone.evaluate import int8_bundle, parity_ladder
from liquid_drone.evaluate.trained_places import places_of
from liquid_drone.runtime import libraries, selection
from liquid_drone.runtime.providers import Backend
from liquid_drone.runtime.runner import PolicyRunner

FOLLOW = resources.bundle('follow')
COMPACT = resources.bundle('follow-compact')
# what stays, and how much smaller the graph is: of one with a heatmap, stored in half precision,
# and of one with a linear head
HEATMAP = {f'heatmap.{name}.weight' for name in ('score.0', 'score.2', 'fitted', 'added')}
KEPT = {FOLLOW: HEATMAP | {'trunk.0.weight'}, COMPACT: {'trunk.0.weight', 'target.weight'}}
SMALLER = {FOLLOW: 1.5, COMPACT: 3.0}


def pictures(count: int = int8_bundle.FEWEST) -> list[np.ndarray]:
    """Blurred noise: of every brightness, as a camera's pictures are."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, size=(count, 18, 32, 3), dtype=np.uint8)
    return [cv2.resize(image, (256, 144), interpolation=cv2.INTER_LINEAR) for image in coarse]


@pytest.fixture(scope='module')
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    folder = tmp_path_factory.mktemp('int8')
    made = {bundle: folder / f'{bundle.name}-int8' for bundle in (FOLLOW, COMPACT)}
    for bundle, out in made.items():
        int8_bundle.make(bundle, pictures(), out)
    return made


@pytest.fixture(scope='module')
def variant(variants: dict[Path, Path]) -> Path:
    return variants[FOLLOW]


@pytest.mark.parametrize('bundle', [FOLLOW, COMPACT], ids=['heatmap', 'linear'])
def test_it_is_another_bundle_with_the_same_core(variants, bundle):
    variant = variants[bundle]
    origin, made = load_contract(bundle), load_contract(variant)
    assert made.precision == 'int8'
    assert made.name == f'{bundle.name}-int8'
    assert made.bundle_hash() != origin.bundle_hash()
    assert made.sha256[CORE_FILE] == origin.sha256[CORE_FILE]
    assert made.evaluation == {}  # what the FP32 bundle flew says nothing of this one
    assert 'INT8' in (variant / 'card.md').read_text()
    sizes = [(folder / VISION_FILE).stat().st_size for folder in (bundle, variant)]
    assert sizes[0] > SMALLER[bundle] * sizes[1]


@pytest.mark.parametrize('bundle', [FOLLOW, COMPACT], ids=['heatmap', 'linear'])
def test_it_answers_nearly_as_its_origin_and_says_what_it_is(variants, bundle):
    runner, origin = PolicyRunner(variants[bundle]), PolicyRunner(bundle)
    assert runner.provider == 'cpu int8'
    assert runner.check_parity() == 0.0  # on the machine that made it
    assert runner.tolerance == MOST_TOLERANCE['int8']
    for step, image in enumerate(pictures(24)[-8:]):
        stamp_s = 0.05 * step
        near = runner.step(image, stamp_s).command - origin.step(image, stamp_s).command
        assert np.abs(near).max() < 0.2  # of 2 m/s; the forest gives 0.03, noise more


@pytest.mark.parametrize('bundle', [FOLLOW, COMPACT], ids=['heatmap', 'linear'])
def test_the_first_convolution_and_the_target_head_stay_in_single_precision(variants, bundle):
    graph = onnx.load(variants[bundle] / VISION_FILE).graph
    kinds = {init.name: init.data_type for init in graph.initializer}
    weights = [node.input[1] for node in graph.node if node.op_type in ('Conv', 'Gemm')]
    assert {name for name in weights if kinds.get(name) == onnx.TensorProto.FLOAT} == KEPT[bundle]
    made = {init.name: onnx.numpy_helper.to_array(init) for init in graph.initializer}
    stored = [value for value in made.values() if value.dtype == np.int8 and value.ndim > 1]
    assert stored
    assert all(np.abs(value.astype(int)).max() <= 64 for value in stored)  # no 16-bit sum is full


def test_a_graph_that_answers_otherwise_is_refused(variant, tmp_path):
    wrong = shutil.copytree(variant, tmp_path / 'wrong')
    contract = load_contract(wrong)
    assert contract.parity is not None
    off = tuple((row[0] + 0.2, *row[1:]) for row in contract.parity.commands)
    parity = dataclasses.replace(contract.parity, commands=off)
    save_contract(dataclasses.replace(contract, parity=parity), wrong)
    with pytest.raises(BundleError, match=r'on cpu int8 differs .* more than 0\.1'):
        PolicyRunner(wrong)


def test_a_gpu_is_refused_by_order_and_left_out_by_auto(variant, monkeypatch, caplog):
    monkeypatch.setattr(libraries, 'why_not', lambda _: None)
    with pytest.raises(ConfigError, match=r"INT8, which is for the processor alone.*'cuda'"):
        PolicyRunner(variant, Backend('cuda'))
    caplog.set_level('INFO')
    assert selection.open_policy(variant).provider == 'cpu int8'
    assert 'INT8' in caplog.text


def test_what_cannot_be_quantised_is_refused(variant, tmp_path):
    with pytest.raises(BundleError, match='not an FP32 bundle'):
        int8_bundle.make(variant, pictures(), tmp_path / 'twice')
    with pytest.raises(ConfigError, match='got 3'):
        int8_bundle.make(FOLLOW, pictures(3), tmp_path / 'few')
    imported = dataclasses.replace(
        load_contract(FOLLOW), training=type(load_contract(FOLLOW).training)()
    )
    with pytest.raises(ConfigError, match='--footage'):
        places_of(imported)


def test_the_ladder_has_its_rung_and_flies_it(variant, monkeypatch):
    monkeypatch.setattr(libraries, 'why_not', lambda name: None if name == 'cpu' else 'no card')
    flown = []

    def fly(trial, seed):
        flown.append((trial.bundle, seed))
        score = type('Score', (), {'success': seed % 2 == 0})
        return type('Flown', (), {'score': score})

    monkeypatch.setattr(parity_ladder, 'fly_seed', fly)
    rungs = {rung.name: rung for rung in parity_ladder.climb(FOLLOW, variant, flights=4)}
    assert rungs['cpu int8'].verdict == 'passed'
    assert 0.0 < rungs['cpu int8'].difference < parity_ladder.QUANTISED_TOLERANCE
    assert rungs['cpu int8'].flights.count == rungs['cpu fp32'].flights.count == 2
    seeds = [10_000, 10_001, 10_002, 10_003]
    assert flown == [(bundle, seed) for bundle in (FOLLOW, variant) for seed in seeds]
    missing = {rung.name: rung for rung in parity_ladder.climb(FOLLOW, variant / 'gone')}
    assert 'liquid-drone quantize' in missing['cpu int8'].reason


def test_the_command_takes_pictures_of_ones_own(tmp_path, capsys):
    folder = tmp_path / 'photos'
    folder.mkdir()
    for index, image in enumerate(pictures()):
        cv2.imwrite(str(folder / f'{index:02}.png'), image)
    out = tmp_path / 'mine'
    assert main(['quantize', 'follow', '--footage', str(folder), '--out', str(out)]) == 0
    assert 'ranges from 16 pictures' in capsys.readouterr().out
    runner, parity = PolicyRunner(out), load_contract(FOLLOW).parity
    assert parity is not None
    features, target = runner.vision(parity_inputs(parity, runner.contract.camera)[:3])
    assert features.shape == (3, 144)  # a batch, as attention needs it
    assert np.isfinite(target).all()
