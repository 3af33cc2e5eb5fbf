# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A round of a recipe whose encoder is kept: its core, on the features of all flights so far.

With ``tune_steps`` the encoder of a bundle goes on learning first, once, on the flights of the
first round. With ``encoder_steps`` it is trained then with a core that has no memory: windows of
two frames are enough for it. The core of every round begins anew, from all flights so far (Ross et
al. 2011, DAgger): one that goes on from the round before keeps to what it learned from few flights
(docs/memory.md). The memory goes on.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ... import resources
from ...errors import ConfigError, EpisodeError
from ...files import sha256_of
from ...policy.config import WEIGHTS_FILE, CoreConfig
from ...policy.network import Network
from ...policy.weights import ENCODER, begin_with, config_of, keep_encoder_of
from ..behaviour_cloning import Report, Span, is_whole, load_weights, train
from ..clips import Clip
from ..losses import command_weights
from ..pictures.encoder_stage import keep_encoder, pictures_beside
from ..pictures.operating_point import logit, move_logit
from ..practice.rounds import practise_round
from ..recipe import Recipe, Workspace
from ..rounds import half_way
from ..scan.stage import frames_of_a_step, scan_pictures_beside, train_scan
from ..watcher import Watcher
from .core_training import check_labelled, held_out_loss, train_core, write_held_out
from .encoder_tuning import FRAMES, tune_encoder
from .views import open_views

ENCODER_WINDOWS, ENCODER_FRAMES = 64, 2  # of each of its steps


def with_kept_encoder(
    recipe: Recipe, work: Workspace, network: Network, clips: list[Clip], watcher: Watcher
) -> Path:
    """Give the network the encoder that is kept; return the file that it comes from.

    It is trained first, if the recipe says so and no earlier round did; on pictures, too, if
    there are any.
    """
    frozen, config = recipe.frozen, recipe.train
    if not frozen.encoder_steps:
        return _with_that_of_a_bundle(recipe, work, network, clips, watcher)
    alone = replace(recipe.network, core=CoreConfig(cell='mlp'), belief=False, memory=False)
    beside = Network(alone)
    if frozen.begun:
        begin_with(beside, frozen.begun, ENCODER)
    checkpoint = work.encoder
    if not is_whole(checkpoint):
        watcher.begin('encoder', frozen.encoder_steps, 'frames')
        short = replace(
            config, steps=frozen.encoder_steps, windows=ENCODER_WINDOWS, length=ENCODER_FRAMES,
            burn_in=0,
        )  # fmt: skip
        pictures = pictures_beside(recipe, work)
        average = train(
            beside, clips, short, Span(0, short.steps, short.steps),
            work.encoder_alone,
            report=_advancing(watcher, ENCODER_WINDOWS * ENCODER_FRAMES),
            beside=pictures.losses if pictures else None,
        )  # fmt: skip
        watcher.end(keep_encoder(recipe, work, average))
    load_weights(beside, checkpoint)
    network.vision.load_state_dict(beside.vision.state_dict())
    network.auxiliary.load_state_dict(beside.auxiliary.state_dict())
    return checkpoint


def _with_that_of_a_bundle(
    recipe: Recipe, work: Workspace, network: Network, clips: list[Clip], watcher: Watcher
) -> Path:
    """Give the network a bundle's encoder; what that lacks of a scan is learned on its maps.

    Raises:
        BundleError: its encoder is another one than the network's.
        ConfigError: it lacks a scan, and the recipe does not say for how long that is learned, or
            it has one, and the recipe says so.

    """
    frozen = recipe.frozen
    keep_encoder_of(network, frozen.bundle)
    if frozen.tune_steps:
        return _with_tuned(recipe, work, network, clips, watcher)
    move_logit(network, logit(frozen.threshold))
    here = resources.bundle(frozen.bundle) / WEIGHTS_FILE
    if network.vision.scan is None:
        return here
    if config_of(frozen.bundle).vision.scan_layout == recipe.network.vision.scan_layout:
        if frozen.scan_steps:
            raise ConfigError(
                f'frozen: {frozen.bundle} has a scan, which is kept with its encoder: expected no '
                'scan_steps'
            )
        return here
    if not frozen.scan_steps:
        raise ConfigError(
            f'frozen: the encoder of {frozen.bundle} has no scan like the one of the network of '
            'the recipe: expected scan_steps, for which it learns, such as 1600'
        )
    if not is_whole(work.encoder):
        watcher.begin('scan', frozen.scan_steps, 'frames')
        steps, told = frozen.scan_steps, _advancing(watcher, frames_of_a_step(recipe))
        beside = scan_pictures_beside(recipe, work)
        train_scan(network, clips, recipe.train, steps, work.encoder, told, beside)
        watcher.end('')
    load_weights(network, work.encoder)
    return work.encoder


def _with_tuned(
    recipe: Recipe, work: Workspace, network: Network, clips: list[Clip], watcher: Watcher
) -> Path:
    """Give the network the encoder that a bundle's becomes; it has that of the bundle.

    Raises:
        ConfigError: the bundle has no scan like the network's.

    """
    frozen, steps = recipe.frozen, recipe.frozen.tune_steps
    layouts = [one.scan_layout for one in (config_of(frozen.bundle).vision, recipe.network.vision)]
    if layouts[0] != layouts[1]:
        raise ConfigError(
            f'frozen: tune_steps: the scan of {frozen.bundle} is not that of the network of the '
            'recipe: expected the vision of the bundle'
        )
    if not is_whole(work.encoder):
        pictures = pictures_beside(recipe, work)
        each = FRAMES + (recipe.pictures.beside if pictures else 0)
        watcher.begin('encoder', steps, 'frames')
        told, partial = _advancing(watcher, each), work.encoder_alone.with_suffix('.partial')
        tuned = tune_encoder(network, clips, recipe.train, steps, partial, pictures, told)
        watcher.end(keep_encoder(recipe, work, tuned))
        partial.unlink(missing_ok=True)
    load_weights(network, work.encoder)
    move_logit(network, logit(frozen.threshold))
    return work.encoder


def _advancing(watcher: Watcher, frames: int) -> Report:
    """Return what reports the steps of an encoder's training, of so many frames, to a watcher."""
    done = 0

    def report(step: int, losses: dict[str, float]) -> None:
        nonlocal done
        before, done = done, step + 1  # more than one where it goes on
        watcher.advance(done - before, frames, **losses)

    return report


def train_core_round(
    recipe: Recipe,
    work: Workspace,
    index: int,
    network: Network,
    encoder: Path,
    clips: list[Clip],
    report: Report,
    note: Callable[[str], None],
) -> None:
    """Train the core behind a frozen encoder; note its loss on the flights that are held out.

    Args:
        recipe: what is learned.
        work: where all of it lies.
        index: of the round.
        network: with the encoder; changed in place, its average is the round's checkpoint.
        encoder: file that the encoder comes from.
        clips: all flights so far.
        report: called after every step.
        note: is told of what comes before.

    Raises:
        EpisodeError: all flights are held out, none of those has a label, or none is long enough.
        TrainingError: the loss is not finite.

    """
    frozen, config, checkpoint = recipe.frozen, recipe.train, work.checkpoint(index)
    if index and network.memory is not None:
        before = load_weights(Network(recipe.network), work.checkpoint(index - 1))
        assert before.memory is not None
        network.memory.load_state_dict(before.memory.state_dict())
    note(f'features of {sum(map(len, clips))} frames, {frozen.views} views of each')
    key = sha256_of(encoder) + (f' at {frozen.threshold:g}' if frozen.is_moved else '')
    flights = open_views(network, clips, config, frozen.views, work.views, key)
    if frozen.held_out >= len(flights):
        raise EpisodeError(
            f'frozen: held_out is {frozen.held_out}, and there are {len(flights)} flights: '
            'expected fewer, so that some are left to learn from'
        )
    learned = flights[: len(flights) - frozen.held_out]
    held = flights[len(learned) :]
    if held:
        check_labelled(held)
    practises = recipe.practice.steps > 0
    if practises and is_whole(half_way(checkpoint)):
        average = load_weights(network, half_way(checkpoint))
    else:
        kept = None if practises else checkpoint
        average = train_core(network, learned, config, kept, report, note)
    if practises:
        average = practise_round(
            recipe, work, average, clips[: len(learned)], learned, checkpoint, report, note
        )
    if held:
        loss = held_out_loss(average, held, command_weights(learned))
        write_held_out(loss, len(held), checkpoint.with_suffix('.held-out.json'))
