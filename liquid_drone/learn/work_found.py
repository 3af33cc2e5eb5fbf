# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Work found in a folder is not taken for the work asked for: both have an identity, a hash.

An episode's is over its scenario with target files and meshes, seed, driver, disturbance and the
simulator's code; a round's over its training, its network, its episodes and the round before. What
does not fit is renamed to a hidden name beside its place, never deleted, and made anew.
"""

import dataclasses
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import resources
from ..contract import load_contract
from ..episodes.episode import find_episodes, load_info
from ..errors import LiquidDroneError
from ..evaluate.scenario_identity import scenario_identity
from ..files import load_json, set_aside, sha256_of, write_text
from ..policy.config import WEIGHTS_FILE
from ..schema import plain
from ..sim.flight_spec import FlightSpec
from ..sim.identity import code_digest, digest
from ..sim.scenario.scenario import load_scenario, scenario_of
from .augmentation.config import identity_of
from .drivers import DriverPlan
from .flights.training_flight import Job, found
from .recipe import Recipe, TrainConfig, Workspace
from .rounds import Round, half_way

HERE = Path(__file__).parent
FLOWN_BY = (
    HERE / 'flights' / 'training_flight.py',
    HERE / 'drivers.py',
    *(
        HERE.parent / 'evaluate' / name
        for name in ('closed_loop.py', 'direct_flight.py', 'driver.py')
    ),
    *sorted((HERE.parent / 'evaluate' / 'pilots').glob('*.py')),  # the camera expert teaches
    *(HERE.parent / 'flight' / 'guard' / name for name in ('limits.py', 'jerk_limit.py')),
    HERE.parent / 'request.py',
)
PLACED_BY = (HERE / 'practice' / 'places.py',)
ELSEWHERE = ('device', 'threads', 'compile', 'precision')  # where a training runs, not what it is


def with_identity(jobs: list[Job]) -> list[Job]:
    """Return jobs that know the identity of the episode that is asked for."""
    scenarios: dict[FlightSpec, str] = {}  # each is read once
    named = []
    for job in jobs:
        key = dataclasses.replace(job.flight, seed=FlightSpec.seed)
        if key not in scenarios:
            scenarios[key] = scenario_identity(scenario_of(key))
        flight = [scenarios[key], job.flight.seed, job.flight.start, job.frames]
        asked = [[since_s, str(request)] for since_s, request in job.requests]
        identity = digest([[*flight, *asked], _driver(job.plan), _code()])
        named.append(dataclasses.replace(job, identity=identity))
    return named


def make_room(jobs: list[Job]) -> str:
    """Rename the episodes that are in the way of other ones; return what is there, in words."""
    fits = sum(found(job) is not None for job in jobs)
    others = [job for job in jobs if job.directory and job.directory.exists() and not found(job)]
    for job in others:
        assert job.directory is not None  # chosen above
        set_aside(job.directory)
    if not fits and not others:
        return ''
    left = f'; {len(others)} do not and are kept aside' if others else ''
    more = len(jobs) - fits
    return f'{fits} of {len(jobs)} episodes fit the recipe{left}; {more} will be flown'


def claim_round(recipe: Recipe, work: Workspace, one: Round, episodes: list[Path]) -> str:
    """Rename what another recipe left of a round; return a word on it, empty if there was none."""
    identity, note = _round_identity(recipe, work, one, episodes), _note(work, one.index)
    if _held(note) == identity:
        return ''
    partial = one.checkpoint.with_suffix('.partial')
    score = work.root / 'validation' / f'round-{one.index}.json'
    made = [one.checkpoint, partial, half_way(one.checkpoint), one.bundle, score]
    if one.index == 0:
        made += _made_before(recipe, work)
    there = [path for path in made if path.exists()]
    for path in there:
        set_aside(path)
    write_text(note, f'{{"identity": "{identity}"}}\n')
    names = ', '.join(path.name for path in there)
    return f'round {one.index}: {names} were made of something else and are kept aside' * bool(
        there
    )


def _made_before(recipe: Recipe, work: Workspace) -> list[Path]:
    """Return what is trained once, before the rounds: it is of the first round's identity."""
    frozen = recipe.frozen
    is_tuned = frozen.encoder_steps or frozen.scan_steps or frozen.tune_steps
    if not (is_tuned or recipe.pictures.is_stage):
        return []
    kept, alone = work.encoder, work.encoder_alone
    return [kept, kept.with_suffix('.partial'), alone.with_suffix('.partial'), work.point]


def what_trains(config: TrainConfig, but: Collection[str] = ()) -> dict[str, Any]:
    """Return what makes a training what it is, wherever it runs, but for some of its fields."""
    told = {k: v for k, v in plain(config).items() if k not in ELSEWHERE}
    told['augmentation'] = identity_of(config.augmentation)
    return {k: v for k, v in told.items() if k not in but}


def _round_identity(recipe: Recipe, work: Workspace, one: Round, episodes: list[Path]) -> str:
    training = what_trains(recipe.train)
    flown = sorted(load_info(path).sha256 for path in episodes)
    before = _held(_note(work, one.index - 1)) if one.index else _start(recipe.start)
    made_of = [training, recipe.network, recipe.dagger.rounds, flown, before]
    if recipe.frozen.bundle:
        made_of += [recipe.frozen, _start(recipe.frozen.begun)]
    if recipe.practice.steps:
        practice = dataclasses.replace(recipe.practice, rehearsed=0)  # which changes no weight
        made_of += [practice, places_digest(recipe)]
    is_shown = recipe.pictures.count or _takes_styles(recipe)
    return digest([*made_of, _pictures(recipe)] if is_shown else made_of)


def _takes_styles(recipe: Recipe) -> bool:
    """Tell whether windows of flights take the colours of photographs."""
    is_on = recipe.train.augmentation.style_share > 0.0 and bool(recipe.pictures.places)
    return is_on and not recipe.frozen.bundle


def _pictures(recipe: Recipe) -> dict[str, Any]:
    """Return what makes the pictures what they are: of the photographs their content."""
    told, places = identity_of(recipe.pictures), recipe.pictures.places
    if places:
        from .pictures.backgrounds import place_files  # OpenCV and footage, for who draws alone

        told['places'] = sorted(sha256_of(file) for file in place_files(Path(places)))
    return told


def places_digest(recipe: Recipe) -> str:
    """Return the hash of all that makes the places that a core practises in."""
    scenarios = [load_scenario(world, task=task) for world, task in recipe.practised_in]
    made_by = [scenario_identity(scenario) for scenario in scenarios]
    return digest([made_by, recipe.practice.places, code_digest(PLACED_BY)])


def _note(work: Workspace, index: int) -> Path:
    return work.root / 'train' / f'round-{index}.json'


def _held(note: Path) -> str:
    try:
        document = load_json(note)
    except LiquidDroneError:
        return ''  # none there, or torn: then nothing fits
    return str(document.get('identity', '')) if isinstance(document, dict) else ''


def _start(bundle: str) -> str:
    return sha256_of(resources.bundle(bundle) / WEIGHTS_FILE) if bundle else ''


def _driver(plan: DriverPlan) -> object:
    bundle = load_contract(plan.bundle).bundle_hash() if plan.bundle else ''
    return [plain(dataclasses.replace(plan, bundle=None)), bundle]


@lru_cache
def _code() -> str:
    return code_digest(FLOWN_BY)


def recorded_episodes(recipe: Recipe, work: Workspace) -> list[Path]:
    """Return the recorded flights that join every round."""
    return find_episodes(work.recorded) if recipe.recorded else []
