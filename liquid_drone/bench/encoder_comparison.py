# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Compare encoders: each is trained on the same windows and tested on flights held out.

Nothing is flown, and no seed of the test split is used, so that an encoder chosen by this is not
chosen by the results that are published.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..arrays import FloatArray
from ..contract import CommandSpec
from ..episodes.episode import find_episodes, load_info
from ..errors import ConfigError, EpisodeError
from ..learn.behaviour_cloning import Report, Span, train
from ..learn.clips import Clip, open_clips
from ..learn.recipe import TrainConfig
from ..policy.config import NetworkConfig, VisionConfig
from ..policy.network import Network
from ..seeds import split_of

EVERY = 5  # one episode in so many is held out where no others are given
CHUNK = 50  # frames seen at once; the state goes on


@dataclass(frozen=True)
class EncoderError:
    """Errors of an encoder and its core on flights that they were not trained on."""

    command: tuple[float, ...]  # vx, vy, vz, yaw rate: share of the labels' variance left
    bearing: float  # root mean square where the target is in view; half the picture's width is 1
    seen: float  # share of frames with "in view" classified rightly

    @property
    def mean(self) -> float:
        """Return the mean of the four commands."""
        return sum(self.command) / len(self.command)


@dataclass(frozen=True)
class ComparisonData:
    """Which flights are trained on, and which are held out."""

    training: tuple[Path, ...]
    held_out: tuple[Path, ...]


def split_episodes(episodes: Path, held_out: Path | None) -> ComparisonData:
    """Find the flights; without a directory of held-out ones every fifth is held out.

    Raises:
        EpisodeError: too few flights.
        ConfigError: a held-out flight was trained on, or is of a test seed.

    """
    training = find_episodes(episodes)
    held = find_episodes(held_out) if held_out else training[EVERY - 1 :: EVERY]
    if held_out is None:
        training = [path for path in training if path not in held]
    if not training or not held:
        where = held_out if training and held_out else episodes
        raise EpisodeError(
            f'too few episodes in {where}: expected a directory of episodes, at least {EVERY} '
            'where no --held-out is given; liquid-drone collect records them'
        )
    known = {load_info(path).sha256 for path in training}
    for path in held:
        info = load_info(path)
        if info.sha256 in known:
            raise ConfigError(f'{path} is among the flights trained on: hold out other flights')
        if info.seed >= 0 and split_of(info.seed) == 'test':
            raise ConfigError(
                f'{path} has test seed {info.seed}, and nothing is chosen on test seeds: hold out '
                'flights of validation seeds (liquid-drone collect --held-out 16)'
            )
    return ComparisonData(tuple(training), tuple(held))


def open_split(data: ComparisonData, encoder: str, cache: Path) -> tuple[list[Clip], list[Clip]]:
    """Return the clips trained on and those held out, in the size of an encoder."""
    reduce, command = VisionConfig.NAMED[encoder].reduce, CommandSpec()
    training, held = (
        open_clips(list(paths), cache, reduce, command) for paths in (data.training, data.held_out)
    )
    return training, held


def train_encoder(
    encoder: str,
    config: TrainConfig,
    clips: list[Clip],
    checkpoint: Path,
    report: Report = lambda step, losses: None,
) -> Network:
    """Train one encoder with the default core; the same seed gives all the same windows.

    Args:
        encoder: name in ``VisionConfig.NAMED``.
        config: steps, windows, rates and seed.
        clips: in the encoder's own size.
        checkpoint: written on the way and at the end.
        report: called after every step with its number and losses.

    Raises:
        ConfigError: steps, windows or length below 1.
        EpisodeError: there is nothing to train on.

    """
    if min(config.steps, config.windows, config.length) < 1:
        raise ConfigError(
            f'steps, windows and length must be at least 1, got {config.steps}, '
            f'{config.windows} and {config.length}'
        )
    torch.manual_seed(config.seed)
    network = Network(NetworkConfig(VisionConfig.NAMED[encoder]))
    network.vision.begin_pretrained()
    span = Span(0, config.steps, config.steps)
    return train(network, clips, config, span, checkpoint, report=report)


def encoder_error(network: Network, clips: list[Clip]) -> EncoderError:
    """Let a network see whole flights, as it would in flight, and compare it with their truth.

    Raises:
        EpisodeError: the flights have no commands, or no target in view, to compare with.

    """
    answers = [watch(network, clip) for clip in clips]
    motor, head = (np.concatenate(column) for column in zip(*answers, strict=True))
    label = np.concatenate([clip.label for clip in clips]).astype(np.float64)
    truth = np.concatenate([clip.target for clip in clips]).astype(np.float64)
    labelled = ~np.isnan(label).any(axis=1)
    judged = ~np.isnan(truth[:, 0])
    visible = judged & (truth[:, 0] > 0.5)
    if not labelled.any() or not visible.any():
        raise EpisodeError('the held-out flights have no commands, or never the target in view')
    wrong = ((motor - label)[labelled] ** 2).mean(axis=0) / label[labelled].var(axis=0).clip(1e-9)
    off = (head[:, 1] - truth[:, 1])[visible]
    right = (head[:, 0] > 0.0) == (truth[:, 0] > 0.5)
    return EncoderError(
        tuple(wrong.tolist()), float((off**2).mean() ** 0.5), float(right[judged].mean())
    )


def watch(network: Network, clip: Clip) -> tuple[FloatArray, FloatArray]:
    """Return commands (T, 4), shares of the limits, and the target head (T, 3) of one flight."""
    first = clip.stamp_s[0] - network.time.nominal_s
    dt_s = torch.from_numpy(np.diff(clip.stamp_s, prepend=first)).float()[None]  # (1, T)
    state, motor, head = None, [], []
    with torch.no_grad():
        for start in range(0, len(clip), CHUNK):
            part = slice(start, start + CHUNK)
            pixels = torch.from_numpy(np.array(clip.frames[part])).float()[None]
            seen = network(pixels, dt_s[:, part], state)
            state = seen.state
            motor.append(seen.motor[0].clamp(-1.0, 1.0).double().numpy())
            head.append(seen.target[0].double().numpy())
    return np.concatenate(motor), np.concatenate(head)


def seen_share(clips: list[Clip]) -> float:
    """Return the share of frames with the target in view: what always saying yes gets right."""
    return float(np.nanmean(np.concatenate([clip.target[:, 0] for clip in clips])))
