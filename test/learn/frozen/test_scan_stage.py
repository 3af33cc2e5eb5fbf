# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A scan is learned once, on the maps of an encoder that stays; what is near counts more."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from support.noise_flight import clip

from liquid_drone.errors import ConfigError
from liquid_drone.learn.clips import CachedFrames, Clip
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.rounds import with_kept_encoder
from liquid_drone.learn.losses import NEAR_WEIGHT, losses_of
from liquid_drone.learn.recipe import Augmentation, Recipe, TrainConfig, Workspace
from liquid_drone.learn.scan import shards as scan_pictures
from liquid_drone.learn.scan.stage import make_scan_pictures, some_scan_pictures, train_scan
from liquid_drone.learn.watcher import Silent
from liquid_drone.policy.config import (
    WIDE_SCAN,
    WIDE_TAPPED_SCAN,
    CoreConfig,
    NetworkConfig,
    VisionConfig,
)
from liquid_drone.policy.network import REFERENCE_M, Network, Seen
from liquid_drone.policy.sighting import TOLD
from liquid_drone.policy.weights import config_of, load_weights_of
from liquid_drone.request import RequestSpec
from liquid_drone.workers.executor import ThisProcess

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, skip_share=0)
TRAIN = TrainConfig(precision='float32', device='cpu', warmup_steps=1, augmentation=PLAIN)
RECIPE = Recipe(
    'scans',
    frozen=FrozenEncoder('follow-memory', scan_steps=2, views=1, threshold=0.32),
    network=NetworkConfig(vision=WIDE_SCAN),
    train=TRAIN,
)


def posts(folder, number: int, frames: int = 24) -> Clip:
    """Return a flight past a dark post before a bright ground: nearer where it is wider."""
    rng, plain = np.random.default_rng(number), clip(folder, number, frames)
    pixels = np.full((frames, 72, 128, 3), 180, np.uint8)
    labels = np.zeros((frames, 17), np.float32)
    for frame in range(frames):
        column, near = int(rng.integers(1, 15)), float(rng.uniform(0.4, 0.95))
        half = round(6.0 * near)
        middle = 8 * column + 4
        pixels[frame, :, middle - half : middle + half] = 20
        labels[frame, 1 + column] = near
    np.save(plain.frames.file, pixels)
    return replace(plain, frames=CachedFrames(plain.frames.file, pixels.shape), auxiliary=labels)


def test_the_scan_alone_is_learned_and_found_again(tmp_path):
    work, told = Workspace(tmp_path), Silent()
    (tmp_path / 'train').mkdir()
    clips = [posts(tmp_path, number) for number in range(2)]
    network = Network(RECIPE.network)
    begun = {name: value.clone() for name, value in network.vision.scan.state_dict().items()}
    file = with_kept_encoder(RECIPE, work, network, clips, told)
    assert file == work.encoder
    kept = Network(replace(RECIPE.network, vision=replace(WIDE_SCAN, scan=False, features=128)))
    plain = replace(RECIPE, network=kept.config, frozen=replace(RECIPE.frozen, scan_steps=0))
    with_kept_encoder(plain, Workspace(tmp_path / 'none'), kept, [], told)
    after = network.vision.state_dict()
    for name, value in kept.vision.state_dict().items():
        assert torch.equal(after[name], value), name
    learned = network.vision.scan.state_dict()
    assert any(not torch.equal(learned[name], value) for name, value in begun.items())
    assert all(one.requires_grad for one in network.parameters())
    again = Network(RECIPE.network)
    with_kept_encoder(RECIPE, work, again, [], told)  # no flight is needed: it is not trained anew
    assert all(torch.equal(again.vision.state_dict()[name], one) for name, one in after.items())


@pytest.mark.parametrize(
    'behind',
    [{'core': CoreConfig(wiring_seed=7)}, {'core': CoreConfig(cell='mlp')}, {'belief': True},
     {'core': CoreConfig(cell='lstm'), 'request': RequestSpec()},
     {'belief': True, 'memory': True}],
)  # fmt: skip
def test_what_a_scan_learns_is_its_own_labels_whatever_is_behind_it(tmp_path, behind):
    """A core that has learned nothing once taught it to move that core's commands."""
    begun, learned = Network(RECIPE.network).vision.state_dict(), []
    for number, given in enumerate(({}, behind)):
        network = Network(replace(RECIPE.network, **given))
        network.vision.load_state_dict(begun)
        flight = posts(tmp_path, 3)
        flight = replace(flight, label=np.full_like(flight.label, 0.4 * number))
        train_scan(network, [flight], TRAIN, 2, tmp_path / f'{number}.pt')
        learned.append(network.vision.scan.state_dict())
    for name, value in learned[0].items():
        assert torch.equal(learned[1][name], value), name


SMALL_SIGHT = VisionConfig(
    convolutions=((8, 5, 2), (16, 3, 2), (8, 3, 2)), features=16 + 16 + TOLD * 16, scan=True,
    scan_after=2, scan_convolutions=((16, 3, 2),), scan_columns=((16, 3),), sight=True,
)  # fmt: skip


def people(folder, number: int, frames: int = 24) -> Clip:
    """Return a flight with the target, a post, in two of three pictures."""
    plain = posts(folder, number, frames)
    columns = plain.auxiliary[:, 1:].argmax(axis=1)
    across = 1.0 - (2.0 * columns + 1.0) / 16.0  # 1 at the left edge
    bearing = np.arctan(np.tan(np.radians(40.0)) * across)
    depth_m = 10.0 * (1.0 - plain.auxiliary[:, 1:].max(axis=1))
    place = np.log(depth_m / np.cos(bearing) / REFERENCE_M)
    is_there = np.arange(frames) % 3 > 0
    pixels = np.asarray(plain.frames)
    pixels[~is_there] = 180
    np.save(plain.frames.file, pixels)
    target = np.column_stack([is_there, -across, np.zeros(frames)]).astype(np.float32)
    belief = np.column_stack([np.ones(frames), bearing, place]).astype(np.float32)
    return replace(plain, target=target, belief=belief)


def test_a_sight_is_learned_beside_the_scan(tmp_path):
    """Its loss falls, it tells pictures with and without the target apart; the rest stays."""
    torch.manual_seed(0)
    network = Network(replace(RECIPE.network, vision=SMALL_SIGHT, belief=True, memory=True))
    begun = {name: value.clone() for name, value in network.state_dict().items()}
    config, losses = replace(TRAIN, auxiliary_weight=1.0), list[float]()
    flights = [people(tmp_path, number, 120) for number in range(2)]
    train_scan(
        network, flights, config, 40, tmp_path / 'sight.pt',
        report=lambda step, told: losses.append(told['sight']),
    )  # fmt: skip
    assert losses[-1] < losses[0] - 1.0
    for name, value in network.state_dict().items():
        if not name.startswith(('vision.scan.', 'vision.sight.')):
            assert torch.equal(value, begun[name]), name
    unseen = people(tmp_path, 9, 60)
    pixels = torch.from_numpy(np.asarray(unseen.frames)).float()[None]
    with torch.no_grad():
        table, _ = network(pixels, torch.full((1, 60), 0.05)).sight
    looks = table[0, :, 0].amax(dim=1)
    is_there = torch.from_numpy(unseen.target[:, 0] > 0.5)
    assert float(looks[is_there].median()) > float(looks[~is_there].median()) + 1.0


def test_a_bundle_without_a_scan_needs_one_to_be_learned(tmp_path):
    none = replace(RECIPE, frozen=replace(RECIPE.frozen, scan_steps=0))
    with pytest.raises(ConfigError, match='expected scan_steps'):
        with_kept_encoder(none, Workspace(tmp_path), Network(none.network), [], Silent())


@pytest.mark.parametrize(
    ('frozen', 'vision', 'said'),
    [({'bundle': 'follow', 'scan_steps': 2}, {}, 'no scan'),
     ({'bundle': 'follow', 'scan_steps': 2, 'encoder_steps': 2}, WIDE_SCAN, 'no encoder_steps'),
     ({'scan_steps': 2}, WIDE_SCAN, 'a bundle')],
)  # fmt: skip
def test_scan_steps_that_would_do_nothing_are_refused(frozen, vision, said):
    network = NetworkConfig(vision=vision) if vision else NetworkConfig()
    with pytest.raises(ValueError, match=said):
        Recipe('scans', frozen=FrozenEncoder(**frozen), network=network)


def test_a_scan_that_a_bundle_has_is_kept_and_not_learned_anew(tmp_path):
    recipe = replace(RECIPE, frozen=FrozenEncoder('follow', views=1))
    network = Network(recipe.network)
    with_kept_encoder(recipe, Workspace(tmp_path), network, [], Silent())
    shipped = load_weights_of(Network(config_of('follow')), 'follow')
    for name, value in shipped.vision.scan.state_dict().items():
        assert torch.equal(network.vision.scan.state_dict()[name], value)
    again = replace(recipe, frozen=replace(recipe.frozen, scan_steps=2))
    with pytest.raises(ConfigError, match='expected no scan_steps'):
        with_kept_encoder(again, Workspace(tmp_path), network, [], Silent())


def test_a_scan_with_other_layers_than_the_bundle_s_learns_anew_from_pictures_too(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(scan_pictures, 'PER_WORLD', 4)
    frozen = FrozenEncoder('follow', scan_steps=2, scan_pictures=8, views=1)
    network = NetworkConfig(vision=WIDE_TAPPED_SCAN)
    recipe, flights = replace(RECIPE, frozen=frozen, network=network), [posts(tmp_path, 1)]
    learned = []
    for name, pictures in (('with', 8), ('without', 0)):
        work = Workspace(tmp_path / name)
        (work.root / 'train').mkdir(parents=True)
        torch.manual_seed(1)
        mine, kept = Network(network), replace(frozen, scan_pictures=pictures)
        asked = replace(recipe, frozen=kept)
        if pictures:
            make_scan_pictures(asked, work, ThisProcess(), Silent())
            assert len(some_scan_pictures(asked, work, 100)) == 8
            assert len(some_scan_pictures(asked, work, 4)) == 4
        else:
            assert some_scan_pictures(asked, work, 4) is None
        begun = {key: value.clone() for key, value in mine.vision.scan.state_dict().items()}
        with_kept_encoder(asked, work, mine, flights, Silent())
        shipped = load_weights_of(Network(config_of('follow')), 'follow').vision.state_dict()
        for key, value in mine.vision.state_dict().items():
            if not key.startswith('scan.'):
                assert torch.equal(value, shipped[key]), key
        learned.append(mine.vision.scan.state_dict())
        assert any(not torch.equal(begun[key], learned[-1][key]) for key in begun)
    assert any(not torch.equal(learned[0][key], learned[1][key]) for key in learned[0])


def test_scan_pictures_without_a_scan_to_train_are_refused():
    with pytest.raises(ValueError, match='expected scan_steps, too'):
        FrozenEncoder('follow', scan_pictures=200)


def test_what_is_near_counts_more_in_a_scan_and_not_in_wide_sectors():
    class Batch:
        label = torch.zeros(1, 1, 4)
        target = torch.full((1, 1, 3), torch.nan)
        auxiliary = torch.zeros(1, 1, 17)

    def loss(width: int, near: float) -> float:
        Batch.auxiliary = torch.zeros(1, 1, 17)
        Batch.auxiliary[..., 1] = near
        guessed = Batch.auxiliary[..., :width].clone()
        guessed[..., 1] -= 0.1
        seen = Seen(torch.zeros(1, 1, 4), torch.zeros(1, 1, 3), guessed, torch.zeros(1, 1))
        return losses_of(seen, Batch, torch.ones(4))['auxiliary'].item()  # type: ignore[arg-type]

    assert loss(17, 1.0) == pytest.approx((1.0 + NEAR_WEIGHT) * loss(17, 0.0))
    assert loss(9, 1.0) == pytest.approx(loss(9, 0.0))
