# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Behaviour cloning learns, goes on where it was stopped, and refuses what it cannot use."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from liquid_drone.contract import CommandSpec
from liquid_drone.errors import ConfigError, EpisodeError, TrainingError
from liquid_drone.learn import behaviour_cloning, precision
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.losses import losses_of
from liquid_drone.learn.recipe import TrainConfig
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network

SMALL = NetworkConfig(VisionConfig(convolutions=((8, 5, 4), (8, 3, 2)), features=16))
SHORT = TrainConfig(windows=2, length=8, warmup_steps=2)
SPAN = behaviour_cloning.Span(0, 12, 12)


@pytest.fixture
def clips(episodes, tmp_path):
    return open_clips(episodes, tmp_path / 'cache', 2, CommandSpec())


def make_network() -> Network:
    torch.manual_seed(0)
    return Network(SMALL)


def test_it_learns(clips, tmp_path):
    """On an easy picture the loss must fall well below that of a constant answer, which is 1."""
    losses: list[float] = []
    config = TrainConfig(windows=8, length=8, warmup_steps=10)
    span = behaviour_cloning.Span(0, 120, 120)

    def report(step: int, parts: dict[str, float]) -> None:
        losses.append(parts['command'])

    behaviour_cloning.train(
        make_network(), clips, config, span, tmp_path / 'net.pt', report=report
    )
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])


@pytest.mark.parametrize(('every_s', 'first'), [(0.0, 8), (1e9, 0)])
def test_a_stopped_training_goes_on_to_the_same_weights(
    clips, tmp_path, monkeypatch, every_s, first
):
    monkeypatch.setattr(behaviour_cloning, 'CHECKPOINT_S', every_s)
    whole = behaviour_cloning.train(make_network(), clips, SHORT, SPAN, tmp_path / 'whole.pt')

    def stop(step: int, losses: dict[str, float]) -> None:
        if step == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        behaviour_cloning.train(
            make_network(), clips, SHORT, SPAN, tmp_path / 'parts.pt', report=stop
        )
    steps: list[int] = []
    parts = behaviour_cloning.train(
        make_network(),
        clips,
        SHORT,
        SPAN,
        tmp_path / 'parts.pt',
        report=lambda s, _: steps.append(s),
    )
    assert steps[0] == first
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not (tmp_path / 'parts.partial').exists()


def test_a_step_that_was_not_finite_once_is_computed_again(clips, tmp_path, caplog):
    """And then gives the same weights: what was wrong leaves no trace."""
    config = replace(SHORT, precision='float32')
    whole = behaviour_cloning.train(make_network(), clips, config, SPAN, tmp_path / 'whole.pt')
    spoilt, network = [False], make_network()

    def spoil(gradient: torch.Tensor) -> torch.Tensor:
        once, spoilt[0] = not spoilt[0], True
        return gradient * float('nan') if once else gradient

    network.auxiliary.weight.register_hook(spoil)
    parts = behaviour_cloning.train(network, clips, config, SPAN, tmp_path / 'parts.pt')
    assert spoilt[0]
    assert 'step 0 in float32: not finite: auxiliary.weight\n' in caplog.text
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b)


def test_numbers_that_are_not_finite_end_it_before_they_are_saved(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(behaviour_cloning, 'CHECKPOINT_S', 0.0)
    partial = tmp_path / 'net.partial'

    def spoil(step: int, losses: dict[str, float]) -> None:
        if step == 3:
            for clip in clips:
                clip.label[:] = np.inf

    with pytest.raises(TrainingError, match='step 4 gave losses or gradients'):
        behaviour_cloning.train(
            make_network(), clips, SHORT, SPAN, tmp_path / 'net.pt', report=spoil
        )
    state = torch.load(partial, weights_only=True)
    assert state['step'] == 4  # four steps were done
    assert all(weight.isfinite().all() for weight in state['weights'].values())


def test_the_averaged_weights_forget_the_start_and_then_change_slowly(
    clips, tmp_path, monkeypatch
):
    """The decay of step k is (k + 1) / (k + 10), at most the recipe's; a stop changes nothing."""
    config, steps = replace(SHORT, average=0.6), []
    network, start = make_network(), make_network()
    expected = [p.detach().clone() for p in start.parameters()]

    def report(step: int, losses: dict[str, float]) -> None:
        decay = min(0.6, (step + 1) / (step + 10))
        for wanted, weight in zip(expected, network.parameters(), strict=True):
            wanted.lerp_(weight.detach(), 1.0 - decay)
        steps.append(step)
        if step == 7 and steps.count(7) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(behaviour_cloning, 'CHECKPOINT_S', 0.0)
    with pytest.raises(KeyboardInterrupt):
        behaviour_cloning.train(network, clips, config, SPAN, tmp_path / 'n.pt', report=report)
    saved = behaviour_cloning.load_weights(Network(SMALL), tmp_path / 'n.partial')
    assert not any(
        torch.equal(a, b) for a, b in zip(saved.parameters(), start.parameters(), strict=True)
    )
    network = make_network()
    expected = [p.detach().clone() for p in start.parameters()]
    averaged = behaviour_cloning.train(
        network, clips, config, SPAN, tmp_path / 'whole.pt', report=report
    )
    for wanted, weight in zip(expected, averaged.parameters(), strict=True):
        torch.testing.assert_close(wanted, weight, rtol=1e-5, atol=1e-7)


def test_weights_are_what_was_saved(clips, tmp_path):
    trained = behaviour_cloning.train(make_network(), clips, SHORT, SPAN, tmp_path / 'net.pt')
    loaded = behaviour_cloning.load_weights(Network(SMALL), tmp_path / 'net.pt')
    for a, b in zip(trained.parameters(), loaded.parameters(), strict=True):
        assert torch.equal(a, b)


def test_nothing_to_train_on_is_a_clear_error(clips, tmp_path):
    with pytest.raises(EpisodeError, match='collect'):
        behaviour_cloning.train(make_network(), [], SHORT, SPAN, tmp_path / 'net.pt')


def test_rounds_one_after_the_other_are_one_training(clips, tmp_path):
    """The optimiser and the learning rate go on over a round's end, as if there had been none."""
    whole = behaviour_cloning.train(make_network(), clips, SHORT, SPAN, tmp_path / 'whole.pt')
    first, second = tmp_path / 'first.pt', tmp_path / 'second.pt'
    behaviour_cloning.train(make_network(), clips, SHORT, behaviour_cloning.Span(0, 7, 12), first)
    span = behaviour_cloning.Span(7, 12, 12)
    parts = behaviour_cloning.train(make_network(), clips, SHORT, span, second, before=first)
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_learning_rate_rises_holds_and_falls():
    config = TrainConfig(warmup_steps=100, hold_share=0.5)
    rates = [behaviour_cloning.rate_at(step, 1000, config) for step in range(1000)]
    assert rates[0] == 0.01
    assert rates[100:500] == [1.0] * 400
    assert all(a > b for a, b in itertools.pairwise(rates[500:]))
    assert rates[-1] == pytest.approx(0.02, abs=1e-3)


def test_a_checkpoint_that_does_not_fit_is_a_clear_error(clips, tmp_path):
    behaviour_cloning.train(make_network(), clips, SHORT, SPAN, tmp_path / 'net.pt')
    with pytest.raises(ConfigError, match=r'by other code\. Move \S+ aside') as error:
        behaviour_cloning.load_weights(Network(NetworkConfig()), tmp_path / 'net.pt')
    assert '\n' not in str(error.value)
    (tmp_path / 'broken.pt').write_bytes(b'no checkpoint')
    with pytest.raises(ConfigError, match='checkpoint'):
        behaviour_cloning.load_weights(Network(SMALL), tmp_path / 'broken.pt')
    with pytest.raises(ConfigError, match='checkpoint'):
        behaviour_cloning.load_weights(Network(SMALL), tmp_path / 'absent.pt')


def test_unknown_auxiliary_labels_and_hidden_targets_cost_nothing(clips):
    """A real flight has no truth to learn from: nan must not reach the weights."""
    network = make_network()
    windows = behaviour_cloning.Windows(clips, SHORT, 0.05)
    batch = windows.batch(0)
    batch.auxiliary[:] = float('nan')
    batch.target[..., 0] = 0.0
    losses = losses_of(network(batch.pixels.float(), batch.dt_s), batch, torch.ones(4))
    assert losses['auxiliary'].item() == 0.0
    assert losses['bearing'].item() == 0.0
    sum(losses.values()).backward()  # type: ignore[union-attr]
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a graphics card')
def test_a_graphics_card_that_is_not_there_is_told():
    with pytest.raises(ConfigError, match='device: auto'):
        precision.device_of(TrainConfig(device='cuda'))
    assert precision.device_of(TrainConfig()).type == 'cpu'
