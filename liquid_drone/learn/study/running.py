# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Run a study: what is missing is trained and flown, several trainings at once, each in a process.

Every step is a command of ours, so that what resumes there resumes here, and a log of it stays. A
training that another process works on is left to it: the same study may be started several times,
on machines that share a directory too.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from ...errors import ConfigError, OutputError, SimulationError
from ...evaluate.flights_file import all_flights
from ...files import read_text, shown_path, write_text
from ...results import BUNDLE, claim
from ...run_lock import is_held, only_run
from ...schema import load_yaml, plain
from ..recipe import Recipe
from .plan import (
    StudyPlan,
    StudyTraining,
    encoder_of,
    encoder_recipe,
    recipe_of,
    trainings_of,
)
from .tuning import tune

RECIPE = 'recipe.yaml'
TUNING = 'tuning.json'
SHARED = 'data'  # the expert flights that all trainings learn from
MOST_BYTES = 1_000_000
IS_OTHER = 'is of another study, or the plan has changed since: choose another --out'
Say = Callable[[str], None]
Command = Sequence[str]


@dataclass(frozen=True)
class StudyFolder:
    """Where the files of a study lie."""

    root: Path

    def training(self, training: StudyTraining) -> Path:
        """Return the directory of a training."""
        return self.root / 'trainings' / training.name

    def bundle(self, training: StudyTraining) -> Path:
        """Return its bundle."""
        return self.training(training) / 'data' / 'bundle'

    def encoder(self, number: int) -> Path:
        """Return the directory of a shared encoder."""
        return self.root / 'encoders' / str(number)

    def flights(self, training: StudyTraining, place: str) -> Path:
        """Return the directory of its flights in a place."""
        return self.training(training) / 'flights' / place


@dataclass(frozen=True)
class Flyers:
    """Who flies, as flags of our commands."""

    shared: Command = ('--processes', '2')  # the expert's flights, before all else
    each: Command = ('--processes', '1')  # those of each training


LOCAL = Flyers()


class Runner:
    """Starts commands of ours, and ends them when it is stopped."""

    def __init__(self, flyers: Flyers = LOCAL) -> None:
        self.flyers = flyers
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, command: Command, log: Path) -> None:
        """Run a command to its end; what it prints is appended to a file.

        Raises:
            SimulationError: it failed; names the file.

        """
        line = [sys.executable, '-m', 'liquid_drone.cli.main', *command]
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open('ab') as file:
            with self._lock:
                if self._stopped:
                    raise SimulationError('the study was stopped')
                process = subprocess.Popen(line, stdout=file, stderr=subprocess.STDOUT)
                self._running.add(process)
            code = process.wait()
            with self._lock:
                self._running.discard(process)
        if code:
            raise SimulationError(
                f'liquid-drone {command[0]} ended with code {code}: read {shown_path(log)}'
            )

    def stop(self) -> None:
        """End what runs; nothing starts any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.terminate()


def run_study(
    plan: StudyPlan,
    out: Path,
    processes: int,
    say: Say,
    mine: Sequence[StudyTraining] = (),
    flyers: Flyers = LOCAL,
) -> None:
    """Train and fly what is missing.

    Args:
        plan: of the study.
        out: directory of the study.
        processes: trainings at once.
        say: receives a line for each step.
        mine: the trainings of this share; none: all.
        flyers: who flies.

    Raises:
        ConfigError: ``out`` holds another study.
        SimulationError: a step failed; the others are done.

    """
    folder, runner = StudyFolder(out), Runner(flyers)
    chosen = [one for one in (mine or trainings_of(plan)) if not is_done(plan, folder, one)]
    claim(out, (RECIPE,))
    if not plan.encoders.count:
        _write_recipes(plan, folder, chosen)
    if not chosen:
        return
    _collect(plan, out, runner, say)
    if plan.encoders.count:
        _share_encoders(plan, folder, processes, runner, say)
        _write_recipes(plan, folder, chosen, _tuned(plan, folder, say))
    failed: list[str] = []

    def work(training: StudyTraining) -> None:
        try:
            _one(plan, folder, training, runner, say)
        except (SimulationError, OutputError) as error:
            failed.append(str(error))
            say(f'{training.name}: {error}')

    pool = ThreadPoolExecutor(processes)
    try:
        list(pool.map(work, chosen))
    finally:
        runner.stop()
        pool.shutdown(cancel_futures=True)
    if failed:
        raise SimulationError(f'{len(failed)} of {len(chosen)} trainings failed; {failed[0]}')


def _write_recipes(
    plan: StudyPlan,
    folder: StudyFolder,
    chosen: Sequence[StudyTraining],
    tuned: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
) -> None:
    for one in chosen:
        encoder = _encoder_bundle(plan, folder, one)
        recipe = recipe_of(plan, one, encoder, tuned.get(one.arm, {}))
        _write_recipe(folder.training(one), recipe)


def _encoder_bundle(plan: StudyPlan, folder: StudyFolder, training: StudyTraining) -> str:
    if not plan.encoders.count:
        return ''
    return str(folder.encoder(encoder_of(plan, training)).resolve() / 'data' / 'bundle')


def _share_encoders(
    plan: StudyPlan, folder: StudyFolder, processes: int, runner: Runner, say: Say
) -> None:
    """Train the shared encoders that are missing.

    Raises:
        ConfigError: one is there that another recipe made.

    """

    def work(number: int) -> None:
        here = folder.encoder(number)
        with only_run(here):
            recipe = encoder_recipe(plan, number)
            if BUNDLE.holds(here / 'data' / 'bundle'):
                _check_made(here, recipe)
                return
            say(f'encoder {number}: training')
            _write_recipe(here, recipe)
            _train(folder, here, runner)

    with ThreadPoolExecutor(processes) as pool:
        try:
            list(pool.map(work, range(1, plan.encoders.count + 1)))
        except BaseException:
            runner.stop()
            raise


def _tuned(plan: StudyPlan, folder: StudyFolder, say: Say) -> Mapping[str, Mapping[str, float]]:
    """Return the rates that the tuning chose for each arm; none where there is no tuning."""
    if not plan.tuning.draws:
        return {}
    arms = {}
    for arm in plan.arms:
        first = StudyTraining(arm, 1)
        arms[arm] = recipe_of(plan, first, _encoder_bundle(plan, folder, first))
    return tune(arms, plan.tuning, folder.root / SHARED, folder.root / TUNING, say)


def is_done(plan: StudyPlan, folder: StudyFolder, training: StudyTraining) -> bool:
    """Tell whether a training has flown all its flights."""
    return all(_is_flown(plan, folder, training, place.name) for place in plan.places)


def _is_flown(plan: StudyPlan, folder: StudyFolder, training: StudyTraining, place: str) -> bool:
    _, flights = all_flights([folder.flights(training, place)])
    return set(plan.seeds) <= {flown.score.seed for flown in flights}


def _collect(plan: StudyPlan, out: Path, runner: Runner, say: Say) -> None:
    """Fly the expert's flights, once for all trainings; others that began it are waited for."""
    root = out / SHARED
    if is_held(root):
        raise SimulationError(f'{shown_path(root)} is being flown by another process: start later')
    say('expert flights')
    _write_recipe(out, plan.recipe)
    command = ['collect', '--recipe', str(out / RECIPE), '--data', str(root)]
    runner.run([*command, *runner.flyers.shared], out / 'collect.log')


def _one(
    plan: StudyPlan, folder: StudyFolder, training: StudyTraining, runner: Runner, say: Say
) -> None:
    here = folder.training(training)
    if is_held(here):
        say(f'{training.name}: another process works on it')
        return
    with only_run(here):
        if not BUNDLE.holds(folder.bundle(training)):
            say(f'{training.name}: training')
            _train(folder, here, runner)
        for place in plan.places:
            if not _is_flown(plan, folder, training, place.name):
                say(f'{training.name}: {place.name}')
                command = _flights(plan, folder, training, place.name)
                runner.run([*command, *runner.flyers.each], here / 'flights.log')
        say(f'{training.name}: done')


def _train(folder: StudyFolder, here: Path, runner: Runner) -> None:
    """Train the recipe of a directory from the expert flights of all."""
    _share(folder.root / SHARED, here / 'data')
    command = ['train', '--recipe', str(here / RECIPE), '--data', str(here / 'data')]
    runner.run([*command, *runner.flyers.each], here / 'train.log')


def _flights(plan: StudyPlan, folder: StudyFolder, training: StudyTraining, name: str) -> Command:
    place = next(one for one in plan.places if one.name == name)
    spec = {'world': place.world, 'season': place.season, 'weather': place.weather}
    spec |= {'task': place.task, 'split': plan.split, 'offset': str(plan.offset)}
    spec |= {'flights': str(plan.flights), 'bundle': str(folder.bundle(training))}
    spec |= {'out': str(folder.flights(training, name))}
    return ['evaluate', *(word for key, value in spec.items() for word in (f'--{key}', value))]


def _share(source: Path, target: Path) -> None:
    """Give a training the expert flights of all, as links to the same files.

    What one training computes behind a frozen encoder, all others find.
    """
    views = source.resolve() / 'views'
    views.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    if not (target / 'views').exists():
        (target / 'views').symlink_to(views, target_is_directory=True)
    for name in ('episodes', 'cache'):
        if (source / name).is_dir() and not (target / name).exists():
            aside = target / f'.{name}.new'
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(source / name, aside, copy_function=os.link)
            aside.rename(target / name)


def _write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write a recipe, or see that the one there is the same.

    Raises:
        ConfigError: another one is there.

    """
    path, text = folder / RECIPE, yaml.safe_dump(plain(recipe), sort_keys=False)
    if path.exists():
        if read_text(path, MOST_BYTES) != text:
            raise ConfigError(f'{shown_path(path)} {IS_OTHER}')
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, text)


def _check_made(folder: Path, recipe: Recipe) -> None:
    """See that a bundle was made by this recipe; one that older code wrote has fewer fields.

    Raises:
        ConfigError: by another one.

    """
    path = folder / RECIPE
    if path.exists() and load_yaml(Recipe, path) != recipe:
        raise ConfigError(f'{shown_path(path)} {IS_OTHER}')
