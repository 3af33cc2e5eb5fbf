# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole recipe: rounds of imitation, flights in between (DAgger), validation, the best exported.

While round r trains on one core, the policy of round r - 1 flies on the other cores: the expert's
answers to what it ran into are the new episodes of round r + 1. So both kinds of work never wait
for each other, and the result depends on the recipe alone. Every stage leaves a file and is
skipped when the file is there, so a run that was stopped goes on where it was. Nothing is printed:
a watcher is told.
"""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from .. import resources, schema
from ..episodes.episode import find_episodes
from ..errors import ConfigError, EpisodeError
from ..policy.network import Network
from ..policy.weights import load_weights_of
from ..seeds import split_seeds
from ..sim.scenario.scenario import load_target
from .behaviour_cloning import Span, train
from .clips import Clip, open_clips
from .collect import jobs_of, run_jobs
from .distributed import ALONE, Team
from .drivers import FRAME_S, DriverPlan
from .export_round import export_round
from .recipe import Recipe, Workspace
from .rollout import TrainingFlight, failure_of
from .run_manifest import write_manifest
from .tensorboard import LOSSES_EVERY, NoTensorBoardLog, journal, note

SEEDS_PER_ROUND = 400  # training seeds: round r takes them from r * 400 on


class Watcher(Protocol):
    """Is told what is going on; the command line shows it as progress bars."""

    def begin(self, title: str, total: int, unit: str) -> None:
        """Start a stage of ``total`` steps, each of some number of units."""
        ...

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        """Count finished steps, with facts worth showing."""
        ...

    def end(self, summary: str = '') -> None:
        """Finish the stage."""
        ...

    def note(self, text: str) -> None:
        """Say something about what goes on beside the stage."""
        ...


class Silent:
    """A watcher that shows nothing."""

    def begin(self, title: str, total: int, unit: str) -> None:
        """Show nothing."""

    def advance(self, steps: int = 1, units: int = 0, **facts: float | str) -> None:
        """Show nothing."""

    def end(self, summary: str = '') -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True)
class Score:
    """What validation said of a round."""

    round: int
    flights: int
    successes: int
    failures: dict[str, int]  # reason -> count
    command_error: float  # root mean square, shares of the limits, against the expert


def collect(recipe: Recipe, work: Workspace, processes: int, watcher: Watcher) -> int:
    """Fly the expert's first episodes that are not there yet; return the frames there are then."""
    title = 'expert flights'
    return _gather(recipe, work, 0, processes, _stage(watcher, title, recipe.collect.episodes))


def hold_out(
    recipe: Recipe, work: Workspace, episodes: int, processes: int, watcher: Watcher
) -> int:
    """Fly the expert on validation seeds, for comparisons without flights; return the frames.

    No round ever trains on these.
    """
    done = _stage(watcher, 'held-out flights', episodes)
    plan = DriverPlan('expert', recipe.collect.disturbance, _network(recipe).command)
    seeds = split_seeds('validation', episodes)
    total = 0
    for result in run_jobs(
        jobs_of(recipe, seeds, recipe.collect.frames, plan, work.held_out), processes
    ):
        total += result.frames
        done(result.frames)
    watcher.end()
    return total


def school(
    recipe: Recipe, work: Workspace, processes: int, watcher: Watcher, team: Team = ALONE
) -> Score:
    """Run every round that is not done yet; return the score of the best.

    The other processes of a team, if there are any, run :func:`follow` meanwhile.
    """
    last = recipe.dagger.rounds - 1
    with ThreadPoolExecutor(1) as beside:
        for index in range(last + 1):
            errand = beside.submit(_errand, recipe, work, index, max(processes - 1, 1), watcher)
            try:
                _train_round(recipe, work, index, watcher, team)
            finally:
                errand.result()
            if not work.bundle(index).is_dir():
                export_round(
                    recipe, work, index, work.bundle(index), frames_of(recipe, work, index)
                )
    finals = [validate(recipe, work, index, processes, watcher) for index in _finals(recipe)]
    return max(finals, key=_rank)


def follow(recipe: Recipe, work: Workspace, team: Team) -> None:
    """Train this process's share of every round that the first one trains, and nothing else."""
    for index in range(recipe.dagger.rounds):
        _train_round(recipe, work, index, Silent(), team)


def best_round(recipe: Recipe, work: Workspace) -> int:
    """Return the round with the best validation score.

    Raises:
        ConfigError: no round was validated yet.

    """
    scores = [_read_score(work, index) for index in range(recipe.dagger.rounds)]
    found = [score for score in scores if score is not None]
    if not found:
        raise ConfigError(f'no validated round in {work.root}: run liquid-drone train first')
    most = max(score.flights for score in found)
    return max((score for score in found if score.flights == most), key=_rank).round


def validate(
    recipe: Recipe, work: Workspace, index: int, processes: int, watcher: Watcher
) -> Score:
    """Fly a round's bundle on validation seeds, or read what that gave before."""
    flights = recipe.validation.final_flights if index in _finals(recipe) else 0
    flights = flights or recipe.validation.flights
    known = _read_score(work, index)
    if known is not None and known.flights == flights:
        return known
    done = _stage(watcher, f'round {index}: validation flights', flights)
    score = _judge(recipe, work, index, flights, processes, done)
    watcher.end(_say(score))
    return score


def frames_of(recipe: Recipe, work: Workspace, index: int) -> int:
    """Return how many frames a round was trained on."""
    return sum(len(clip) for clip in _clips(recipe, work, index))


def _rank(score: Score) -> tuple[int, float]:
    return score.successes, -score.command_error


def _finals(recipe: Recipe) -> range:
    return range(max(recipe.dagger.rounds - 2, 0), recipe.dagger.rounds)


def _errand(recipe: Recipe, work: Workspace, index: int, processes: int, watcher: Watcher) -> None:
    """Fly beside the training of a round: the next round's episodes, a look at the last policy."""
    if index + 1 < recipe.dagger.rounds:
        frames = _gather(recipe, work, index + 1, processes, lambda result_frames: None)
        watcher.note(f'beside round {index}: {frames} frames for round {index + 1}')
    if index > 0 and _read_score(work, index - 1) is None:
        flights = recipe.validation.flights
        score = _judge(recipe, work, index - 1, flights, processes, lambda result_frames: None)
        watcher.note(f'round {index - 1} in validation: {_say(score)}')


def _gather(
    recipe: Recipe, work: Workspace, index: int, processes: int, done: Callable[[int], None]
) -> int:
    """Fly the new episodes of a round; return their frames."""
    command = _network(recipe).command
    if index < 2:
        plan = DriverPlan('expert', recipe.collect.disturbance, command)
        episodes, frames = recipe.collect.episodes, recipe.collect.frames
    else:
        dagger = recipe.dagger
        share = dagger.expert_share * dagger.share_decay ** (index - 2)
        bundle = work.bundle(index - 2)
        plan = DriverPlan('mixed', recipe.collect.disturbance, command, bundle, share)
        episodes, frames = dagger.episodes, dagger.frames
    seeds = split_seeds('train', episodes, SEEDS_PER_ROUND * index)
    total = 0
    place, cache = work.episodes(index), work.cache
    jobs = jobs_of(recipe, seeds, frames, plan, place, lookalikes=True, cache=cache)
    for result in run_jobs(jobs, processes):
        total += result.frames
        done(result.frames)
    return total


def _judge(
    recipe: Recipe,
    work: Workspace,
    index: int,
    flights: int,
    processes: int,
    done: Callable[[int], None],
) -> Score:
    from ..sim.scenario.task import Task

    task = schema.load_yaml(Task, resources.named_file('config/tasks', recipe.task))
    bundle = work.bundle(index)
    plan = DriverPlan('policy', recipe.collect.disturbance, _network(recipe).command, bundle)
    jobs = jobs_of(
        recipe,
        split_seeds('validation', flights),
        round(task.duration_s / FRAME_S),
        plan,
        None,
    )
    reasons: Counter[str] = Counter()
    errors: list[float] = []
    for result in run_jobs(jobs, processes):
        assert result.flight is not None
        reasons[failure_of(result.flight, task, FRAME_S)] += 1
        errors.append(_mean_square(result.flight))
        done(result.frames)
    good = reasons.pop('', 0)
    score = Score(index, flights, good, dict(reasons), (sum(errors) / len(errors)) ** 0.5)
    path = _score_path(work, index)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(vars(score), indent=1), encoding='utf-8')
    with journal(work.root) as book:
        facts = {'good': good / flights, 'command_error': score.command_error}
        note(book, (index + 1) * recipe.train.steps, 'validation', facts)
    return score


def _train_round(
    recipe: Recipe, work: Workspace, index: int, watcher: Watcher, team: Team = ALONE
) -> None:
    checkpoint, config = work.checkpoint(index), recipe.train
    if team.told(checkpoint.is_file()):
        return
    torch.manual_seed(config.seed)
    clips = _clips(recipe, work, index) if team.first else []
    team.told(True)  # the first one has decoded what was new
    clips = clips or _clips(recipe, work, index)
    frames = sum(len(clip) for clip in clips)
    watcher.begin(f'round {index}: training on {frames} frames', config.steps, 'frames')
    if team.first:
        write_manifest(recipe, work, index + 1)
    smooth: dict[str, float] = {}
    steps, done = config.steps, 0
    span = Span(index * steps, (index + 1) * steps, recipe.dagger.rounds * steps)
    before = work.checkpoint(index - 1) if index > 0 else None
    network = _network(recipe)
    if recipe.start and before is None:
        load_weights_of(network, recipe.start)
    with journal(work.root) if team.first else nullcontext(NoTensorBoardLog()) as book:

        def report(step: int, losses: dict[str, float]) -> None:
            for name, value in losses.items():
                smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
            if step % LOSSES_EVERY == 0:
                note(book, step, 'loss', losses)
            nonlocal done
            told, done = done, step + 1 - span.first  # more than one where it goes on
            watcher.advance(done - told, config.windows * config.length, **smooth)

        train(network, clips, config, span, checkpoint, before, report, team)
    watcher.end(', '.join(f'{name} {value:.4f}' for name, value in smooth.items()))


def _stage(watcher: Watcher, title: str, episodes: int) -> Callable[[int], None]:
    watcher.begin(title, episodes, 'frames')
    return lambda frames: watcher.advance(1, frames)


def _clips(recipe: Recipe, work: Workspace, index: int) -> list[Clip]:
    flown = [path for k in range(index + 1) for path in find_episodes(work.episodes(k))]
    recorded = find_episodes(work.recorded) if recipe.recorded else []
    if not flown and not recorded:
        raise EpisodeError(
            f'no episodes in {work.episodes(0)}: run liquid-drone collect --recipe {recipe.name}'
        )
    reduce, command = recipe.network.vision.reduce, _network(recipe).command
    targets = {load_target(name).name for name in recipe.targets}
    clips = open_clips(flown, work.cache, reduce, command, targets)
    return clips + open_clips(recorded, work.cache, reduce, command)


def _network(recipe: Recipe) -> Network:
    return Network(recipe.network)


def _mean_square(flight: TrainingFlight) -> float:
    return float((flight.command_error**2).mean()) if len(flight.command_error) else 1.0


def _score_path(work: Workspace, index: int) -> Path:
    return work.root / 'validation' / f'round-{index}.json'


def _read_score(work: Workspace, index: int) -> Score | None:
    path = _score_path(work, index)
    if not path.is_file():
        return None
    return schema.build(Score, json.loads(path.read_text(encoding='utf-8')), str(path))


def _say(score: Score) -> str:
    return (
        f'{score.successes} of {score.flights} good, failed {score.failures}, '
        f'error {score.command_error:.3f}'
    )
