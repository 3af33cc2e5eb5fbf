# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A core learns behind an encoder that stays bit for bit as it is, on features as it sees them."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import BundleError, ConfigError, EpisodeError
from liquid_drone.learn.augmentation.config import Augmentation
from liquid_drone.learn.behaviour_cloning import answered
from liquid_drone.learn.clips import CachedFrames, Clip
from liquid_drone.learn.frozen.config import FrozenEncoder
from liquid_drone.learn.frozen.core_batches import core_batch
from liquid_drone.learn.frozen.core_training import (
    NEAR,
    core_losses,
    held_out_loss,
    train_core,
)
from liquid_drone.learn.frozen.memory_training import remembering, train_memory
from liquid_drone.learn.frozen.views import FlightViews, open_views
from liquid_drone.learn.losses import command_weights
from liquid_drone.learn.recipe import Recipe, TrainConfig, check_whole
from liquid_drone.policy.config import CoreConfig, NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network
from liquid_drone.policy.weights import keep_encoder_of
from liquid_drone.request import RequestSpec
from liquid_drone.schema import build

PLAIN = Augmentation(brightness=0, contrast=0, colour=0, noise=0, flip=False, skip_share=0)
CONFIG = TrainConfig(steps=30, windows=4, length=8, warmup_steps=2, augmentation=PLAIN)
CONFIG = replace(CONFIG, precision='float32', device='cpu', learning_rate=3e-3)
SMALL = VisionConfig(convolutions=((8, 5, 4), (8, 3, 4)), features=12)


def clip(tmp_path, number, frames=20, seen_from=0):
    """Return a flight in which the command follows the brightness of the picture."""
    rng = np.random.default_rng(number)
    bright = rng.uniform(40, 200, size=frames)
    pixels = np.broadcast_to(bright[:, None, None, None], (frames, 72, 128, 3)).astype(np.uint8)
    file = tmp_path / f'{number}.frames.npy'
    np.save(file, pixels)
    label = np.stack([(bright - 120) / 100 * sign for sign in (1, -1, 0.5, -0.5)], axis=1)
    target = np.zeros((frames, 3), np.float32)
    target[seen_from:, 0] = 1.0
    aside = np.linspace(-0.5, 0.5, frames)
    belief = np.stack([np.ones(frames), aside, aside], axis=1).astype(np.float32)
    more = belief, np.full((frames, 3), np.nan, np.float32), label.astype(np.float32) / 2.0
    stamps = np.arange(frames) * 0.05
    nothing = np.full((frames, 9), np.nan, np.float32)
    return Clip(
        CachedFrames(file, pixels.shape), stamps, label.astype(np.float32), target, nothing, *more
    )


def network(cell='gru'):
    torch.manual_seed(0)
    return Network(NetworkConfig(vision=SMALL, core=CoreConfig(cell=cell)))


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_views_are_what_the_encoder_sees_and_are_computed_once(tmp_path, monkeypatch, precision):
    clips, one = [clip(tmp_path, 1), clip(tmp_path, 2, 13)], network()
    config = replace(CONFIG, precision=precision)
    found = open_views(one, clips, config, 2, tmp_path / 'views', 'key')
    assert [flight.features.shape for flight in found] == [(2, 20, 12), (2, 13, 12)]
    pixels = torch.from_numpy(clips[1].frames[:]).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        seen = one.vision.look(pixels)[0].numpy()
    assert found[1].features[0].astype(np.float32) == pytest.approx(seen, abs=0.05, rel=0.02)
    monkeypatch.setattr('liquid_drone.learn.frozen.views._features', None)
    again = open_views(one, clips, CONFIG, 2, tmp_path / 'views', 'key')
    assert all(np.array_equal(a.features, b.features) for a, b in zip(found, again, strict=True))
    with pytest.raises(TypeError):  # another encoder: computed anew
        open_views(one, clips, CONFIG, 2, tmp_path / 'views', 'other')


def test_a_mirrored_view_has_mirrored_commands(tmp_path):
    config = replace(CONFIG, augmentation=replace(PLAIN, flip=True))
    (flight,) = open_views(network(), [clip(tmp_path, 1)], config, 8, tmp_path, 'key')
    plain = clip(tmp_path, 1).label
    turned = [not np.allclose(view, plain) for view in flight.label]
    assert 0 < sum(turned) < 8
    assert flight.label[turned.index(True)] == pytest.approx(plain * [1, -1, 1, -1])
    truth = clip(tmp_path, 1).belief
    assert flight.belief[turned.index(True)] == pytest.approx(truth * [1, -1, 1])


@pytest.mark.parametrize('first', [0, 1, 7, 20])
def test_which_way_to_look_for_a_target_is_not_taught_both_ways(tmp_path, first):
    config = replace(CONFIG, augmentation=replace(PLAIN, flip=True))
    one = clip(tmp_path, 1, seen_from=first)
    (flight,) = open_views(network(), [one], config, 8, tmp_path, 'key')
    turned = [not np.array_equal(view, one.label) for view in flight.label]
    assert 0 < sum(turned) < 8
    for view in (view for view, is_turned in zip(flight.label, turned, strict=True) if is_turned):
        assert np.isnan(view[:first]).all()
        assert np.array_equal(view[first:], one.label[first:] * np.float32([1, -1, 1, -1]))


@pytest.mark.parametrize('cell', ['wired_cfc', 'lstm', 'mlp'])
def test_the_core_learns_and_the_encoder_stays(tmp_path, cell):
    clips, one = [clip(tmp_path, n) for n in range(6)], network(cell)
    flights = open_views(one, clips, CONFIG, 1, tmp_path / 'views', 'key')
    weight = command_weights(flights)
    before = held_out_loss(one, flights[4:], weight)
    encoder = {name: value.clone() for name, value in one.vision.state_dict().items()}
    after = train_core(one, flights[:4], CONFIG, tmp_path / 'round.pt')
    assert held_out_loss(after, flights[4:], weight) < 0.8 * before
    for name, value in after.vision.state_dict().items():
        assert torch.equal(value, encoder[name]), name
    assert (tmp_path / 'round.pt').is_file()


UNLABELLED = st.lists(st.integers(0, 12), min_size=1, max_size=4)  # frames without, of 12


@settings(max_examples=15, deadline=None)
@given(unlabelled=UNLABELLED)
def test_a_held_out_flight_counts_by_its_labels(unlabelled, tmp_path_factory):
    """One without any counted as learned without an error: the draw with most of them was best."""
    folder, one = tmp_path_factory.mktemp('held'), network()
    flights = open_views(
        one, [clip(folder, n, 12) for n in range(len(unlabelled))], CONFIG, 2, folder, 'key'
    )
    weight = command_weights(flights)
    alone = [held_out_loss(one, [flight], weight) for flight in flights]
    for flight, first in zip(flights, unlabelled, strict=True):
        flight.label[:, :first] = np.nan
    left = [flight for flight, first in zip(flights, unlabelled, strict=True) if first < 12]
    if not left:
        with pytest.raises(EpisodeError, match=r'none of [1-4] flights has a label'):
            held_out_loss(one, flights, weight)
        return
    found = held_out_loss(one, flights, weight)
    assert found == pytest.approx(held_out_loss(one, left, weight))
    if set(unlabelled) <= {0, 12}:
        whole = [loss for loss, first in zip(alone, unlabelled, strict=True) if not first]
        assert found == pytest.approx(sum(whole) / len(whole))


def test_a_core_learns_where_the_target_is_and_long_windows_carry_their_state(tmp_path):
    torch.manual_seed(0)
    core = CoreConfig(cell='wired_cfc', options={'time_constants_s': [0.1, 10.0]})
    one = Network(NetworkConfig(SMALL, core, RequestSpec(), belief=True))
    flights = open_views(one, [clip(tmp_path, n) for n in range(3)], CONFIG, 1, tmp_path, 'key')
    config, losses = replace(CONFIG, length=8, burn_in=6, steps=60), []
    train_core(one, flights, config, tmp_path / 'round.pt', lambda step, now: losses.append(now))
    assert losses[0].keys() == {'command', 'belief', 'believed'}
    assert np.mean([now['belief'] for now in losses[-10:]]) < 0.8 * losses[0]['belief']
    with pytest.raises(EpisodeError, match='no flight has 44 frames'):
        train_core(one, flights, replace(config, burn_in=36), tmp_path / 'other.pt')


def told(seed: int, frames: int = 20) -> FlightViews:
    """Return a flight whose features tell, mixed, where the target is, while it is seen."""
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(0).normal(size=(3, 12))
    seen = np.arange(frames) % 20 < 14
    line = np.stack([np.ones(frames), np.linspace(-1.0, 1.0, frames)])
    bearing, far = rng.uniform(-0.5, 0.5, (2, 2)) @ line
    clues = np.stack([seen, bearing * seen, far * seen], axis=1) @ mix
    nothing = np.zeros((frames, 3), np.float32)
    label = np.zeros((1, frames, 4), np.float32)
    return FlightViews(
        clues[None].astype(np.float16),
        label,
        np.arange(frames) * 0.05,
        np.column_stack([seen, nothing[:, :2]]).astype(np.float32),
        np.stack([np.ones(frames), bearing, far], axis=1)[None].astype(np.float32),
        nothing,
        label,
        np.zeros(frames, np.float32),
    )


def test_a_memory_learns_what_to_take_for_a_measurement_and_the_core_leaves_it(tmp_path):
    torch.manual_seed(0)
    one = Network(NetworkConfig(SMALL, request=RequestSpec(), belief=True, memory=True))
    flights = [told(seed) for seed in range(6)]

    def off() -> float:
        (far,) = (remembering(one, flights[0]).remembered[0, 8:, 2],)
        return float(np.abs(far - flights[0].belief[0, 8:, 2]).mean())

    before = off()
    learned, _ = train_memory(one, flights, replace(CONFIG, length=20, memory_steps=60))
    assert off() < 0.85 * before
    memory = {name: value.clone() for name, value in one.memory.state_dict().items()}
    steps: list[dict[str, float]] = []
    config = replace(CONFIG, memory_steps=1, steps=3)
    after = train_core(one, learned, config, tmp_path / 'a.pt', lambda _, now: steps.append(now))
    assert steps[0].keys() == {'command'}
    assert any(not torch.equal(memory[n], v) for n, v in after.memory.state_dict().items())


def test_batches_depend_on_the_seed_and_the_step_alone(tmp_path):
    flights = open_views(network(), [clip(tmp_path, 1)], CONFIG, 2, tmp_path, 'key')
    first, again, other = (core_batch(flights, CONFIG, 0.05, step) for step in (3, 3, 4))
    assert torch.equal(first.features, again.features)
    assert not torch.equal(first.features, other.features)


def test_a_recipe_that_freezes_and_begins_elsewhere_is_refused():
    words = {'name': 'x', 'frozen': {'bundle': 'follow-compact'}, 'start': 'follow-compact'}
    with pytest.raises(ConfigError, match='leaves the core alone to be trained'):
        build(Recipe, words, 'recipe')
    words = {'name': 'x', 'frozen': {'bundle': 'none-such'}, 'dagger': {'rounds': 1}}
    with pytest.raises(ConfigError, match='none-such'):
        check_whole(build(Recipe, words, 'recipe'))


def test_a_wrong_command_counts_more_where_it_is_hard():
    torch.manual_seed(0)
    network = Network(NetworkConfig(SMALL, request=RequestSpec(), belief=True))
    one = told(3, 40)
    near = np.where(np.arange(40) % 4 == 0, 0.7, 0.5).astype(np.float32)
    flights, config = [replace(one, near=near)], replace(CONFIG, windows=2, length=12)
    batch = core_batch(flights, config, 0.05, 1)
    weight = torch.ones(4)
    hard = ((batch.near > NEAR) | (batch.target[..., 0] < 0.5))[..., None].expand(-1, -1, 4)
    assert 0.1 < hard.float().mean() < 0.9
    with torch.no_grad():
        seen = answered(network, batch.features, batch, 0)
        wrong = (seen.motor - batch.label) ** 2
        losses = {
            times: float(
                core_losses(network, batch, weight, replace(config, hard_weight=times))['command']
            )
            for times in (1.0, 5.0)
        }
    assert losses[1.0] == pytest.approx(float(wrong.mean()), rel=1e-5)
    five = (wrong[hard].sum() * 5.0 + wrong[~hard].sum()) / (5.0 * hard.sum() + (~hard).sum())
    assert losses[5.0] == pytest.approx(float(five), rel=1e-5)


def test_a_sideways_command_that_falls_short_counts_more_and_no_other_one():
    torch.manual_seed(0)
    network = Network(NetworkConfig(SMALL, request=RequestSpec(), belief=True))
    batch = core_batch([told(3, 40)], replace(CONFIG, windows=2, length=12), 0.05, 1)
    weight = torch.ones(4)
    with torch.no_grad():
        motor = answered(network, batch.features, batch, 0).motor
        label = motor + 0.4 * torch.randn(motor.shape)  # to either side, too much and too little
        loss = {
            times: float(
                core_losses(network, batch._replace(label=label), weight, config)['command']
            )
            for times in (1.0, 4.0)
            for config in [replace(CONFIG, short_weight=times)]
        }
    wrong, wanted, given = (motor - label) ** 2, label[..., 1], motor[..., 1]
    short = ((wanted > 0.05) & (given < wanted - 0.02)) | (
        (wanted < -0.05) & (given > wanted + 0.02)
    )
    assert 0.05 < short.float().mean() < 0.95
    counts = torch.ones_like(wrong)
    counts[..., 1][short] = 4.0
    assert loss[1.0] == pytest.approx(float(wrong.mean()), rel=1e-5)
    assert loss[4.0] == pytest.approx(float((wrong * counts).sum() / counts.sum()), rel=1e-5)


OTHER_VISION = {  # than that of models/follow-compact
    'reduce': {'reduce': 1}, 'trunk': {'trunk': 'efficientnet_lite0'}, 'blocks': {'blocks': 9},
    'convolutions': {'convolutions': ((16, 5, 2), (32, 3, 2), (64, 3, 2), (64, 3, 1))},
    'padding': {'padding': 'valid'}, 'head': {'head': 'heatmap'},
    'heat_channels': {'heat_channels': 24}, 'mean': {'mean': (127.0, 127.0, 127.0)},
    'std': {'std': (64.0, 64.0, 64.0)},
}  # fmt: skip
APART = {'features', 'thawed'}  # a number that a scan adds to; which layers learn
OF_A_SCAN = {'scan', 'scan_after', 'scan_convolutions', 'scan_columns', 'sight'}


@pytest.mark.parametrize('name', OTHER_VISION)
def test_an_encoder_that_is_kept_is_the_network_s(name):
    """Its target head stayed as it began, at random, or it was shown other numbers, in silence."""
    assert {*OTHER_VISION} | APART | OF_A_SCAN == {one.name for one in fields(VisionConfig)}
    kept = NetworkConfig(vision=replace(VisionConfig(), **OTHER_VISION[name]))
    with pytest.raises(BundleError, match=rf'kept as it is, and has {name} '):
        keep_encoder_of(Network(kept), 'follow-compact')


def test_an_encoder_that_is_trained_first_may_get_another_head_and_a_scan_may_be_added():
    trained = FrozenEncoder('follow-compact', encoder_steps=5)
    another = NetworkConfig(vision=VisionConfig.NAMED['heatmap'])
    check_whole(Recipe('trained', frozen=trained, network=another))
    with pytest.raises(BundleError, match='kept as it is'):
        check_whole(Recipe('kept', frozen=FrozenEncoder('follow-compact'), network=another))
    scanned = NetworkConfig(vision=VisionConfig.NAMED['wide-scan'])
    check_whole(
        Recipe('scan', frozen=FrozenEncoder('follow-memory', scan_steps=5), network=scanned)
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no graphics card')
def test_an_encoder_that_a_graphics_card_looked_through_is_back_beside_its_core(tmp_path):
    seen = network()
    open_views(seen, [clip(tmp_path, 1)], replace(CONFIG, device='cuda'), 1, tmp_path, 'key')
    assert {one.device.type for one in seen.parameters()} == {'cpu'}
