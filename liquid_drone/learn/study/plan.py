# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The plan of a study as one YAML file: arms, trainings, places, seeds, and what is measured.

Nothing here trains or flies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from ... import schema
from ...errors import ConfigError
from ...files import check_name
from ...policy.config import NetworkConfig
from ...resources import called, named_file
from ...seeds import split_seeds
from ...sim.flight_spec import FlightSpec
from ...sim.scenario.scenario import load_scenario
from ..frozen.config import FrozenEncoder
from ..recipe import DaggerConfig, Recipe, TrainConfig, ValidationConfig, check_whole
from .tuning import TuningConfig

MOST_TRAININGS = 1_000
Measure = Literal['in_view_share', 'success', 'reward']


@dataclass(frozen=True)
class Arm:
    """What is compared."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    train: dict[str, Any] = field(default_factory=dict)  # instead of the recipe's, by its tuning
    trainings: int | None = None  # None: the study's
    exploratory: bool = False  # compared without a test, and not counted among the tests


@dataclass(frozen=True)
class StudyPlace:
    """Where every training flies."""

    world: str = FlightSpec.world
    season: str = FlightSpec.season
    weather: str = FlightSpec.weather
    task: str = FlightSpec.task

    @property
    def name(self) -> str:
        """Its name, as of a directory."""
        words = [called(self.world), called(self.season)]
        words += [] if self.weather == FlightSpec.weather else [self.weather]
        words += [] if self.task == FlightSpec.task else [called(self.task)]
        return '-'.join(words).replace(':', '').replace(',', '-')


@dataclass(frozen=True)
class SharedEncoders:
    """Encoders that are trained first, once each; the arms' cores are trained behind them."""

    count: int = 0  # 0: every training has an encoder of its own
    network: NetworkConfig = field(default_factory=NetworkConfig)  # with the core it learns with
    train: dict[str, Any] = field(default_factory=dict)  # instead of the recipe's
    views: int = 4  # of each flight, see FrozenEncoder


@dataclass(frozen=True)
class StudyPlan:
    """All of a study."""

    name: str
    recipe: Recipe  # of every training, but for the network and the seed
    arms: dict[str, Arm]
    reference: str  # the arm that the others are compared with
    places: tuple[StudyPlace, ...]
    trainings: int = 10  # seeds 1 to so many
    split: Literal['validation', 'test'] = 'test'
    offset: int = 0
    flights: int = 25  # in every place, the same seeds for all
    measure: Measure = 'in_view_share'
    primary: str = ''  # name of the place where arms are compared; empty: the first
    baseline: str = ''  # of the place that it is taken from, seed by seed: what an arm loses there
    draws: int = 2_000  # of every bootstrap
    encoders: SharedEncoders = field(default_factory=SharedEncoders)
    tuning: TuningConfig = field(default_factory=TuningConfig)  # of cores behind shared encoders

    def __post_init__(self) -> None:
        check_name('name', self.name)
        for name in self.arms:
            check_name('arm', name)
        ranges = {'trainings': (1, MOST_TRAININGS), 'flights': (2, 5_000), 'draws': (10, 100_000)}
        schema.check_ranges(self, ranges)
        for arm in self.arms.values():
            schema.check_ranges(arm, {'trainings': (1, MOST_TRAININGS)})
        schema.check_ranges(self.encoders, {'count': (0, MOST_TRAININGS), 'views': (1, 100)})
        dagger = self.recipe.dagger
        if self.encoders.count and dagger.rounds > 1 and dagger.behind > 1:
            raise ValueError(
                'cores behind shared encoders share the flights of the first round alone: '
                "expected dagger: {rounds: 1}, or 'behind: 1'"
            )
        if self.tuning.draws and not self.encoders.count:
            raise ValueError('tuning compares cores behind shared encoders: expected encoders')
        if self.reference not in self.arms:
            raise ValueError(f'reference must be one of {", ".join(self.arms)}')
        names = [place.name for place in self.places]
        if not names or len(set(names)) < len(names):
            raise ValueError(f'expected different places, got {", ".join(names) or "none"}')
        for role in ('primary', 'baseline'):
            if (name := getattr(self, role)) and name not in names:
                raise ValueError(f'{role} must be one of {", ".join(names)}; got {name}')
        if self.baseline == self.primary_place:
            raise ValueError('baseline must be another place than primary')

    @property
    def primary_place(self) -> str:
        """Name of the place where arms are compared."""
        return self.primary or self.places[0].name

    @property
    def seeds(self) -> range:
        """Of the flights in every place."""
        return split_seeds(self.split, self.flights, self.offset)


@dataclass(frozen=True)
class StudyTraining:
    """One training of an arm, and its flights."""

    arm: str
    seed: int

    @property
    def name(self) -> str:
        """Its name, as of a directory."""
        return f'{self.arm}-{self.seed}'


def load_plan(file: str) -> StudyPlan:
    """Read a plan by its name in config/studies, or path.

    Raises:
        ConfigError: no such file, something that cannot be trained or flown.

    """
    plan = schema.load_yaml(StudyPlan, named_file('config/studies', file))
    for training in trainings_of(plan):
        if training.seed == 1:
            check_whole(recipe_of(plan, training))
            if plan.encoders.count:
                recipe_of(plan, training, 'bundle')  # refused here where it cannot be one
    for place in plan.places:
        load_scenario(place.world, place.season, task=place.task, weather=place.weather)
    _ = plan.seeds  # refused here where the split has too few
    return plan


def trainings_of(plan: StudyPlan) -> list[StudyTraining]:
    """Return all trainings, the first of every arm first: a study that is stopped is balanced."""
    counts = {name: arm.trainings or plan.trainings for name, arm in plan.arms.items()}
    found = [StudyTraining(name, seed + 1) for name in counts for seed in range(counts[name])]
    return sorted(found, key=lambda one: one.seed)


def encoder_of(plan: StudyPlan, training: StudyTraining) -> int:
    """Return the number of the shared encoder of a training, from 1."""
    return (training.seed - 1) % plan.encoders.count + 1


def encoder_recipe(plan: StudyPlan, number: int) -> Recipe:
    """Return the recipe of a shared encoder; its training seed is its number."""
    shared = plan.encoders
    words = {**schema.plain(plan.recipe.train), **shared.train, 'seed': number}
    train = schema.build(TrainConfig, words, 'encoders: train')
    name = f'{plan.name}-encoder-{number}'
    once = DaggerConfig(rounds=1)
    return replace(plan.recipe, name=name, network=shared.network, train=train, dagger=once)


def recipe_of(
    plan: StudyPlan,
    training: StudyTraining,
    encoder: str = '',
    tuned: Mapping[str, float] = MappingProxyType({}),
) -> Recipe:
    """Return the recipe of one training.

    Args:
        plan: of the study.
        training: which one.
        encoder: bundle whose encoder is kept; empty: it is trained too.
        tuned: fields of ``train`` that a tuning chose.

    Raises:
        ConfigError: a field of ``train`` that cannot be.

    """
    arm = plan.arms[training.arm]
    words = {**schema.plain(plan.recipe.train), **arm.train, **tuned, 'seed': training.seed}
    train = schema.build(TrainConfig, words, f'arm {training.arm}: train')
    name = f'{plan.name}-{training.name}'
    try:
        found = replace(plan.recipe, name=name, network=arm.network, train=train)
        return _behind(found, encoder, plan.encoders.views) if encoder else found
    except ValueError as error:
        raise ConfigError(f'arm {training.arm}: {error}') from error


def _behind(recipe: Recipe, encoder: str, views: int) -> Recipe:
    """Return a recipe of the core alone, of its last round; one flight shows that it flies."""
    once = ValidationConfig(last_rounds=1, flights=1, final_flights=1, detection_flights=0)
    return replace(recipe, frozen=FrozenEncoder(encoder, views=views), validation=once)
