# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole recipe: rounds of behaviour cloning, flights in between (DAgger), validation, a bundle.

While round r trains on one core, the policy of round r - 1 flies on the other cores: the expert's
commands for the states that it reached are the labels of the new episodes of round r + 1. So both
kinds of work never wait for each other, unless the recipe wants the policy of round r to fly for
round r + 1 (``behind: 1``). The result depends on the recipe alone. Every stage leaves a file and
is skipped when the file is there, so a run that was stopped goes on where it was. Nothing is
printed: a watcher receives the progress.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import torch

from ..contract import CommandSpec
from ..errors import EpisodeError
from ..policy.network import Network
from ..policy.weights import start_from
from ..sim.scenario.scenario import load_target
from ..workers.executor import Executor
from .behaviour_cloning import Span, is_whole, train
from .clips import Clip, open_clips
from .distributed import ALONE, Team
from .export_round import export_round
from .flights.collecting import fly, jobs_of_round, say
from .flights.training_flight import found
from .frozen.rounds import train_core_round, with_kept_encoder
from .pictures.encoder_stage import (
    make_pictures,
    pictures_beside,
    styles_of,
    with_trained_encoder,
)
from .recipe import Recipe, Workspace, built
from .rounds import Round, rounds_of
from .run_manifest import write_manifest
from .scan.stage import make_scan_pictures
from .tensorboard import LOSSES_EVERY, NoTensorBoardLog, add_numbers, tensorboard_log
from .validation import Score, finals, fly_validation, read_score, validate
from .watcher import Silent, Watcher
from .work_found import claim_round, recorded_episodes

SMOOTHING = 0.98  # of the losses that a watcher shows, per step


def run_rounds(
    recipe: Recipe,
    work: Workspace,
    executors: tuple[Executor, Executor],
    watcher: Watcher,
    team: Team = ALONE,
) -> Score:
    """Run every round that is not done yet; return the score of the best.

    The other processes of a team, if there are any, run :func:`train_share` meanwhile.

    Args:
        recipe: what is learned.
        work: where all of it lies.
        executors: who flies while nothing trains, and who flies beside a training.
        watcher: is told of the progress.
        team: who trains.

    """
    rounds, stop = rounds_of(recipe, work), threading.Event()
    alone, beside_training = executors
    if recipe.pictures.count:
        make_pictures(recipe, work, alone, watcher)
    if recipe.frozen.scan_pictures:
        make_scan_pictures(recipe, work, alone, watcher)
    with ThreadPoolExecutor(1) as beside:
        for one in rounds:
            if one.driver.bundle and recipe.dagger.behind == 1:
                _fly_before(recipe, work, one, alone, watcher)
            flights = beside.submit(
                _fly_beside, recipe, work, one.index, beside_training, watcher, stop
            )
            try:
                train_round(recipe, work, one.index, watcher, team)
                flights.result()
            except BaseException:
                stop.set()  # what flies beside is in processes of its own
                raise
            if not one.bundle.is_dir():
                frames = frames_of(recipe, work, one.index)
                export_round(recipe, work, one.index, one.bundle, frames)
    scores = [validate(recipe, work, one, alone, watcher) for one in finals(recipe, rounds)]
    return max(scores, key=lambda score: score.rank)


def train_share(recipe: Recipe, work: Workspace, team: Team) -> None:
    """Train this process's share of every round that the first one trains, and nothing else."""
    for index in range(recipe.dagger.rounds):
        train_round(recipe, work, index, Silent(), team)


def frames_of(recipe: Recipe, work: Workspace, index: int) -> int:
    """Return how many frames a round was trained on."""
    return sum(len(clip) for clip in clips_of(recipe, work, index))


def _fly_before(
    recipe: Recipe, work: Workspace, one: Round, executor: Executor, watcher: Watcher
) -> None:
    """Fly a round's episodes with the policy of the round that has just been trained."""
    jobs = jobs_of_round(recipe, work, one)
    watcher.begin(f'flights for round {one.index}', len(jobs), 'frames')
    fly(jobs, executor, watcher, lambda frames: watcher.advance(1, frames))
    watcher.end()


def _fly_beside(
    recipe: Recipe,
    work: Workspace,
    index: int,
    executor: Executor,
    watcher: Watcher,
    stop: threading.Event,
) -> None:
    """Fly beside the training of a round: the next round's episodes, the last one's validation."""
    rounds = rounds_of(recipe, work)
    waiting = recipe.dagger.behind == 1  # for this training
    for new in [] if waiting else rounds[index + 1 : index + 2]:
        frames = fly(jobs_of_round(recipe, work, new), executor, watcher, stop=stop)
        watcher.note(f'beside round {index}: {frames} frames for round {new.index}')
    for last in rounds[max(index - 1, 0) : index]:
        if read_score(work, last.index) is None:
            flights = recipe.validation.flights
            score = fly_validation(recipe, work, last, flights, executor, stop=stop)
            watcher.note(f'round {last.index} in validation: {score}')


def train_round(
    recipe: Recipe, work: Workspace, index: int, watcher: Watcher, team: Team = ALONE
) -> None:
    """Train one round from the checkpoint of the round before; nothing if it is done already."""
    one, config = rounds_of(recipe, work)[index], recipe.train
    if team.first:
        say(watcher, claim_round(recipe, work, one, _episodes(recipe, work, index)))
    if team.told(team.first and is_whole(one.checkpoint)):
        return
    if recipe.frozen.bundle and not team.first:
        return  # a core alone is trained by one process
    torch.manual_seed(config.seed)
    clips = clips_of(recipe, work, index) if team.first else []
    team.told(True)  # the first one has decoded what was new
    clips = clips or clips_of(recipe, work, index)
    frames = sum(len(clip) for clip in clips)
    if team.first:
        write_manifest(recipe, work, index + 1)
    smooth: dict[str, float] = {}
    steps, done = config.steps, 0
    first = 0 if recipe.frozen.bundle else index * steps  # a core's rounds each fall to the end
    span = Span(first, first + steps, recipe.dagger.rounds * steps)
    before = work.checkpoint(index - 1) if index > 0 else None
    network = built(recipe)
    beside = None if recipe.frozen.bundle else pictures_beside(recipe, work)
    if recipe.frozen.bundle:
        encoder = with_kept_encoder(recipe, work, network, clips, watcher)
    elif recipe.pictures.is_stage:
        network = _with_stage(recipe, work, network, clips, watcher, team)
    elif recipe.start and before is None:
        start_from(network, recipe.start)
    practice = recipe.practice
    in_all = config.steps + practice.steps
    watcher.begin(f'round {index}: training on {frames} frames', in_all, 'frames')
    with tensorboard_log(work.root) if team.first else nullcontext(NoTensorBoardLog()) as numbers:

        def report(step: int, losses: dict[str, float]) -> None:
            for name, value in losses.items():
                smooth[name] = SMOOTHING * smooth.get(name, value) + (1.0 - SMOOTHING) * value
            if step % LOSSES_EVERY == 0:
                add_numbers(numbers, step, 'loss', losses)
            nonlocal done
            before_it, done = done, step + 1 - span.first  # more than one where it goes on
            size = config.windows * config.length
            if practice.steps and step - span.first >= config.steps:
                size = practice.flights * practice.ticks
            watcher.advance(done - before_it, size, **{name: smooth[name] for name in losses})

        if recipe.frozen.bundle:
            told = network, encoder, clips, report, watcher.note
            train_core_round(recipe, work, index, *told)
            known = 'command' in smooth  # not of a core that only went on practising
            watcher.end(f'command {smooth["command"]:.4f}' if known else 'practised')
            return
        losses_beside = beside.losses if beside else None
        rows, columns = clips[0].frames.shape[1:3]
        styles = styles_of(recipe, (rows, columns))
        path = one.checkpoint
        train(network, clips, config, span, path, before, report, team, losses_beside, styles)
    watcher.end(', '.join(f'{name} {value:.4f}' for name, value in smooth.items()))


def _with_stage(
    recipe: Recipe,
    work: Workspace,
    network: Network,
    clips: list[Clip],
    watcher: Watcher,
    team: Team,
) -> Network:
    """Return the network with the encoder that the first process of a team trains, once."""
    given = recipe, work, network, clips, watcher
    trained = with_trained_encoder(*given) if team.first else network
    team.told(True)  # then its file is there for the others
    return trained if team.first else with_trained_encoder(*given)


def _flown(recipe: Recipe, work: Workspace, index: int) -> list[Path]:
    """Return the episodes of a round and of all before that fit the recipe."""
    jobs = [
        job
        for one in rounds_of(recipe, work)[: index + 1]
        for job in jobs_of_round(recipe, work, one)
    ]
    return sorted(job.directory for job in jobs if job.directory and found(job))


def _episodes(recipe: Recipe, work: Workspace, index: int) -> list[Path]:
    return _flown(recipe, work, index) + recorded_episodes(recipe, work)


def clips_of(recipe: Recipe, work: Workspace, index: int) -> list[Clip]:
    """Open every episode that a round trains on: its own, all before, and recorded flights."""
    flown, recorded = _flown(recipe, work, index), recorded_episodes(recipe, work)
    if not flown and not recorded:
        there = len(list(work.episodes(0).glob('*/episode.json')))
        none = f'none of the {there} episodes in' if there else 'no episodes in'
        fits = ' fits the recipe and the code of today' if there else ''
        raise EpisodeError(
            f'{none} {work.episodes(0)}{fits}: run liquid-drone collect with this --recipe'
        )
    reduce, command = recipe.network.vision.reduce, CommandSpec()
    targets = {load_target(name).name for name in recipe.targets}
    clips = open_clips(flown, work.cache, reduce, command, targets)
    return clips + open_clips(recorded, work.cache, reduce, command)
