# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole recipe: expert flights, imitation, DAgger rounds with validation, the best exported.

Every stage leaves a file and is skipped when the file is there, so a run that was stopped goes on
where it was. It prints nothing: a watcher is told.
"""

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from ..contract import Training
from ..errors import ConfigError, EpisodeError
from ..policy.export import export
from ..policy.network import Network
from ..seeds import split_seeds
from .cache import Clip, open_clips
from .collect import jobs_of, run_jobs
from .episode import find_episodes
from .imitate import load_weights, train
from .recipe import Disturbance, Recipe, TrainConfig, Workspace
from .rollout import Flight, failure_of
from .steering import Plan

SEEDS_PER_ROUND = 2_000  # training seeds: round r takes them from r * 2000 on


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


@dataclass(frozen=True)
class Score:
    """What validation said of a round."""

    round: int
    flights: int
    successes: int
    failures: dict[str, int]  # reason -> count
    command_error: float  # root mean square, shares of the limits, against the expert

    @property
    def rank(self) -> tuple[int, float]:
        """Return what the best round has most of."""
        return self.successes, -self.command_error


def collect(recipe: Recipe, work: Workspace, processes: int, watcher: Watcher) -> int:
    """Fly the expert's episodes that are not there yet; return the frames there are then."""
    plan = Plan('expert', recipe.collect.disturbance, _network(recipe).command)
    seeds = split_seeds('train', recipe.collect.episodes)
    return _gather(
        recipe, work.episodes(0), seeds, recipe.collect.frames, plan, processes, watcher
    )


def school(recipe: Recipe, work: Workspace, processes: int, watcher: Watcher) -> Score:
    """Run every round that is not done yet; return the score of the best."""
    scores = []
    for index in range(recipe.dagger.rounds + 1):
        if index > 0 and not work.checkpoint(index).is_file():
            _fly_and_ask(recipe, work, index, processes, watcher)
        _train_round(recipe, work, index, watcher)
        bundle = work.bundle(index)
        if not (bundle / 'contract.json').is_file():
            export_round(recipe, work, index, bundle)
        scores.append(validate(recipe, work, index, processes, watcher))
    return max(scores, key=lambda score: score.rank)


def validate(
    recipe: Recipe, work: Workspace, index: int, processes: int, watcher: Watcher
) -> Score:
    """Fly a round's bundle on validation seeds, or read what that gave before."""
    path = work.root / 'validation' / f'round-{index}.json'
    if path.is_file():
        return Score(**json.loads(path.read_text(encoding='utf-8')))
    from .. import resources, schema
    from ..sim.config import Task
    from .steering import FRAME_S

    task = schema.load_yaml(Task, resources.named_file('config/tasks', recipe.task))
    plan = Plan('policy', Disturbance(), _network(recipe).command, work.bundle(index))
    seeds = split_seeds('validation', recipe.validation.flights)
    jobs = jobs_of(recipe, seeds, round(task.duration_s / FRAME_S), plan, None)
    reasons: Counter[str] = Counter()
    errors: list[float] = []
    watcher.begin(f'round {index}: validation flights', len(jobs), 'frames')
    for result in run_jobs(jobs, processes):
        if result.flight is not None:
            reasons[failure_of(result.flight, task, FRAME_S)] += 1
            errors.append(_mean_square(result.flight))
        watcher.advance(1, result.frames, good=reasons[''])
    good = reasons.pop('', 0)
    score = Score(index, len(jobs), good, dict(reasons), (sum(errors) / len(errors)) ** 0.5)
    watcher.end(f'{good} of {len(jobs)} good; failed: {dict(reasons)}')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(vars(score), indent=1), encoding='utf-8')
    return score


def best_round(work: Workspace) -> int:
    """Return the round with the best validation score.

    Raises:
        ConfigError: no round was validated yet.

    """
    paths = (work.root / 'validation').glob('round-*.json')
    scores = [Score(**json.loads(path.read_text(encoding='utf-8'))) for path in paths]
    if not scores:
        raise ConfigError(f'no validated round in {work.root}: run liquid-drone train first')
    return max(scores, key=lambda score: score.rank).round


def export_round(
    recipe: Recipe, work: Workspace, index: int, bundle: Path, name: str = ''
) -> None:
    """Write the bundle of a round's checkpoint."""
    network = load_weights(_network(recipe), work.checkpoint(index))
    training = Training(
        target=recipe.target,
        worlds=(recipe.world,),
        seasons=recipe.seasons,
        command=f'liquid-drone train --recipe {recipe.name}',
        commit=_commit(),
        frames=sum(len(clip) for clip in _clips(recipe, work, index)),
    )
    export(network, name or f'{recipe.name}-round-{index}', training, bundle)


def _fly_and_ask(
    recipe: Recipe, work: Workspace, index: int, processes: int, watcher: Watcher
) -> None:
    """DAgger: the policy of the last round flies, the expert says what it should have done."""
    dagger = recipe.dagger
    share = dagger.expert_share * 0.5 ** (index - 1)
    plan = Plan(
        'mixed',
        recipe.collect.disturbance,
        _network(recipe).command,
        work.bundle(index - 1),
        share,
    )
    seeds = split_seeds('train', dagger.episodes, SEEDS_PER_ROUND * index)
    _gather(recipe, work.episodes(index), seeds, dagger.frames, plan, processes, watcher)


def _gather(
    recipe: Recipe,
    directory: Path,
    seeds: range,
    frames: int,
    plan: Plan,
    processes: int,
    watcher: Watcher,
) -> int:
    jobs = jobs_of(recipe, seeds, frames, plan, directory)
    watcher.begin(f'flying {directory.name} episodes', len(jobs), 'frames')
    total, collisions = 0, 0
    for result in run_jobs(jobs, processes):
        total += result.frames
        collisions += result.collision
        watcher.advance(1, 0 if result.flight is None else result.frames, collisions=collisions)
    watcher.end(f'{len(jobs)} episodes, {total} frames, {collisions} ended by a collision')
    return total


def _train_round(recipe: Recipe, work: Workspace, index: int, watcher: Watcher) -> None:
    checkpoint = work.checkpoint(index)
    if checkpoint.is_file():
        return
    torch.manual_seed(recipe.train.seed)
    network = _network(recipe)
    if index > 0:
        load_weights(network, work.checkpoint(index - 1))
    config = _round_config(recipe, index)
    clips = _clips(recipe, work, index)
    watcher.begin(
        f'round {index}: training on {sum(map(len, clips))} frames', config.steps, 'frames'
    )
    seen = config.windows * config.length
    smooth: dict[str, float] = {}

    def report(step: int, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            smooth[name] = 0.98 * smooth.get(name, value) + 0.02 * value
        watcher.advance(1, seen, **smooth)

    train(network, clips, config, checkpoint, index, report)
    watcher.end(', '.join(f'{name} {value:.4f}' for name, value in smooth.items()))


def _round_config(recipe: Recipe, index: int) -> TrainConfig:
    if index == 0:
        return recipe.train
    dagger = recipe.dagger
    return replace(recipe.train, steps=dagger.steps, learning_rate=dagger.learning_rate)


def _clips(recipe: Recipe, work: Workspace, index: int) -> list[Clip]:
    episodes = [path for k in range(index + 1) for path in find_episodes(work.episodes(k))]
    if not episodes:
        raise EpisodeError(
            f'no episodes in {work.episodes(0)}: run liquid-drone collect --recipe {recipe.name}'
        )
    return open_clips(episodes, work.cache, recipe.network.vision.reduce, _network(recipe).command)


def _network(recipe: Recipe) -> Network:
    return Network(recipe.network)


def _mean_square(flight: Flight) -> float:
    return float((flight.command_error**2).mean()) if len(flight.command_error) else 1.0


def _commit() -> str:
    command: list[Any] = ['git', 'rev-parse', '--short=12', 'HEAD']
    where = Path(__file__).parent
    try:
        done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ''  # not a checkout: the card says "unknown"
    return done.stdout.strip()
