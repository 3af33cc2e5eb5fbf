# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A recipe: everything that makes a policy, in one YAML file (``config/recipes/*.yaml``).

The dataclasses are the schema, their defaults a run that fits two CPU cores in about an hour and a
quarter. Nothing here runs.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from .. import resources, schema
from ..errors import ConfigError, shown
from ..files import check_name
from ..policy.config import NetworkConfig
from ..schema import check_ranges, renamed_field
from ..sim.scenario.scenario import load_scenario
from ..sim.scenario.weather import Weather
from ..sim.world.actors import check_meshes
from .augmentation.config import Augmentation
from .auxiliary_labels import SECTORS
from .flights.config import MOST_EPISODES, CollectConfig, Ranges
from .frozen.config import FrozenEncoder
from .pictures.config import PictureConfig
from .practice.config import PracticeConfig

if TYPE_CHECKING:
    from ..policy.network import Network

MOST_PLACES = 10_000


@dataclass(frozen=True)
class TrainConfig:
    """Behaviour cloning by sequences."""

    steps: int = 600  # per round
    windows: int = 16  # per step
    length: int = 32  # frames per window
    burn_in: int = 0  # frames before it, whose state is carried in; they give no gradient
    learning_rate: float = 1e-3
    core_rate_factor: float = 5.0  # the liquid core learns slower per step
    warmup_steps: int = 100
    hold_share: float = 0.6  # of all steps at the full rate; then a cosine down to 2 %
    weight_decay: float = 0.01
    clip: float = 1.0
    average: float = 0.995  # decay of the averaged weights, which are the ones that fly
    command_weight: float = 1.0  # 0: commands teach nothing, as where a scan learns alone
    target_weight: float = 0.3
    auxiliary_weight: float = renamed_field('hint_weight', 0.2)
    belief_weight: float = 0.3
    hidden_weight: float = 1.0  # of the belief where the target is not in the picture
    # of the command, behind a frozen encoder: where it is hidden, or something is within 3.5 m
    hard_weight: float = 1.0
    short_weight: float = 1.0  # likewise, where its sideways part is less than the label's
    memory_steps: int = 400  # of a network's memory, before its core behind a frozen encoder
    device: Literal['auto', 'cpu', 'cuda'] = 'auto'  # auto: a graphics card where there is one
    # of the encoder (the core has float32); auto: the faster one on this machine, see precision.py
    precision: Literal['auto', 'bfloat16', 'float32'] = 'auto'
    compile: bool = (
        False  # the encoder by torch.compile: pays on a graphics card, in long trainings
    )
    threads: int = 1  # two are slower as soon as anything else runs: they wait for each other
    seed: int = 1
    augmentation: Augmentation = field(default_factory=Augmentation)

    RANGES: ClassVar[Ranges] = {
        'steps': (1, 10_000_000), 'windows': (1, 4096), 'length': (2, 4096),
        'learning_rate': (1e-9, 1), 'core_rate_factor': (0, 1000), 'warmup_steps': (0, 10_000_000),
        'hold_share': (0, 1), 'weight_decay': (0, 10), 'clip': (1e-6, 1e6),
        'average': (0, 0.999_999),
        'target_weight': (0, 1000), 'auxiliary_weight': (0, 1000), 'threads': (1, 256),
        'hard_weight': (0, 1000), 'short_weight': (0, 1000), 'command_weight': (0, 1000),
        'seed': (0, 2**31 - 1), 'burn_in': (0, 4096), 'belief_weight': (0, 1000),
        'hidden_weight': (0, 1000), 'memory_steps': (1, 1_000_000),
    }  # fmt: skip

    def __post_init__(self) -> None:
        check_ranges(self, self.RANGES)

    @property
    def frames(self) -> int:
        """Of a window, with those before it."""
        return self.burn_in + self.length


@dataclass(frozen=True)
class DaggerConfig:
    """Rounds of training; while one trains, the policy of the round before flies for the next."""

    rounds: int = 8  # of training, the first on expert flights alone
    episodes: int = 24  # per round
    frames: int = 500  # at most, per episode
    expert_share: float = 0.5  # of the time, in random turns; smaller every round
    share_decay: float = 0.6
    # a round's flights are those of the policy of so many rounds before, the expert's until there
    # is one; 2: flown beside the training in between; 1: after it, and the next one waits
    behind: int = 2

    def __post_init__(self) -> None:
        ranges = {'rounds': (1, 25), 'episodes': (0, MOST_EPISODES), 'frames': (1, 20_000)}
        ranges |= {'behind': (1, 2), 'expert_share': (0, 1), 'share_decay': (0, 1)}
        check_ranges(self, ranges)


@dataclass(frozen=True)
class ValidationConfig:
    """Closed-loop flights on validation seeds; the best of the last rounds becomes the bundle."""

    last_rounds: int = 2  # so many; 1: the last one, whatever it flies like
    flights: int = 8  # after every round but these
    final_flights: int = 40
    # at the end, to count the errors of the target head
    detection_flights: int = renamed_field('sight_flights', 8)

    def __post_init__(self) -> None:
        ranges = {'flights': (1, 5000), 'final_flights': (0, 5000), 'detection_flights': (0, 5000)}
        check_ranges(self, {**ranges, 'last_rounds': (1, 25)})


@dataclass(frozen=True)
class Recipe:
    """One policy from nothing."""

    name: str
    worlds: tuple[str, ...] = ('forest',)  # episodes take turns through all combinations
    seasons: tuple[str, ...] = ('summer',)
    targets: tuple[str, ...] = ('red_backpack',)  # a name twice has twice as many episodes
    task: str = 'follow'
    # more: flights take turns, in validation too, each judged by its own
    tasks: tuple[str, ...] = ()
    weather: tuple[str, ...] = ('clear',)
    lookalikes: tuple[str, ...] = ()  # targets that walk in the target's stead: not to be seen
    lookalike_every: int = 7  # one training flight in so many; coprime to the number of places
    recorded: tuple[str, ...] = ()  # what recorded flights followed; they join every round
    start: str = ''  # bundle whose weights it begins with (its encoder's, if the cores differ)
    frozen: FrozenEncoder = field(default_factory=FrozenEncoder)  # whose encoder is kept
    network: NetworkConfig = field(default_factory=NetworkConfig)
    collect: CollectConfig = field(default_factory=CollectConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    pictures: PictureConfig = field(default_factory=PictureConfig)
    practice: PracticeConfig = field(default_factory=PracticeConfig)  # behind a frozen encoder
    dagger: DaggerConfig = field(default_factory=DaggerConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)

    def __post_init__(self) -> None:
        check_name('name', self.name)
        if not (self.worlds and self.seasons and self.targets and self.weather):
            raise ValueError('expected at least one entry in worlds, seasons, targets and weather')
        if self.lookalike_every < 2 or set(self.lookalikes) & set(self.targets):
            raise ValueError('expected lookalike_every >= 2, and lookalikes that are no targets')
        self._check_encoder()
        self.practice.check(self.network, bool(self.frozen.bundle))
        if self.collect.request and not self.network.request:
            raise ValueError("collect.request asks a network for something: give it 'request' too")
        for recorded in self.recorded:
            check_name('recorded', recorded)
        for text in self.weather:
            Weather.parse(text)

    @property
    def keeps_encoder(self) -> bool:
        """Whether the rounds teach the core alone, and no target head."""
        return self.pictures.is_stage or bool(self.frozen.bundle)

    @property
    def flown_bundle(self) -> str:
        """The bundle that is there before any round; empty: none."""
        return self.start or self.frozen.begun

    @property
    def practised_in(self) -> tuple[tuple[str, str], ...]:
        """World and task of the places that a core practises in, which take turns."""
        tasks = self.practice.tasks or (self.task, *self.tasks)
        return tuple((world, task) for world in self.worlds for task in tasks)

    def _check_encoder(self) -> None:
        frozen, pictures = self.frozen, self.pictures
        if pictures.count and not (self.start or frozen.bundle):
            raise ValueError('pictures teach the encoder of a bundle: expected its name in start')
        if frozen.scan_steps and not self.network.vision.scan:
            raise ValueError('scan_steps: the network has no scan: expected vision: wide-scan')
        if frozen.bundle and self.start:
            raise ValueError('frozen leaves the core alone to be trained: expected no start')
        teaches = frozen.encoder_steps or frozen.tune_steps
        if frozen.bundle and pictures.count and not (teaches and pictures.beside):
            raise ValueError(
                'pictures teach a frozen encoder beside flights, before it is kept: expected '
                "'frozen: {encoder_steps: ...}' or tune_steps, and 'pictures: {beside: ...}'"
            )
        if self.collect.expert_share < 1.0 and not self.flown_bundle:
            raise ValueError(
                'collect.expert_share leaves the rest to a bundle: expected its name in start, or '
                "in 'frozen: {bundle: ...}'"
            )


def load_recipe(name: str, trains: bool = True) -> Recipe:
    """Read a recipe by its name (``follow-summer``) or path; its network too, for who trains.

    Raises:
        ConfigError: unknown name, unreadable file, unknown or wrong field.

    """
    recipe = schema.load_yaml(Recipe, resources.named_file('config/recipes', name))
    check_whole(recipe, trains)
    return recipe


def check_whole(recipe: Recipe, trains: bool = True) -> None:
    """Load all that a recipe names, so that what is wrong is found before anything is flown.

    Raises:
        ConfigError: a world, season, target or task that cannot be used, targets that are too
            small to be seen, or a network that cannot be built.
        BundleError: the start is no bundle to go on from, or a kept encoder is another one.

    """
    first = recipe.worlds[0], recipe.seasons[0], recipe.targets[0]
    for world in dict.fromkeys(recipe.worlds):
        load_scenario(world, *first[1:], recipe.task)
    for season in dict.fromkeys(recipe.seasons):
        load_scenario(first[0], season, first[2], recipe.task)
    for task in dict.fromkeys((*recipe.tasks, *recipe.practice.tasks)):
        load_scenario(*first, task)
    for target in dict.fromkeys((*recipe.targets, *recipe.lookalikes)):
        check_meshes(load_scenario(*first[:2], target, recipe.task))
    if len(recipe.weather) * len(recipe.worlds) * len(recipe.seasons) > MOST_PLACES:
        raise ConfigError(f'{recipe.name}: expected at most {MOST_PLACES} places')
    if not trains:
        return
    from ..policy.weights import ENCODER, begin_with, keep_encoder_of, start_from

    network = built(recipe)
    if recipe.start and recipe.pictures.is_stage:
        _check_teacher(recipe)
    if recipe.start:
        (begin_with if recipe.pictures.is_stage else start_from)(network, recipe.start)
    if recipe.frozen.encoder_steps and recipe.frozen.begun:
        begin_with(network, recipe.frozen.begun, ENCODER)
    elif recipe.frozen.begun:
        keep_encoder_of(network, recipe.frozen.begun)


def _check_teacher(recipe: Recipe) -> None:
    """See that the start bundle can be shown the pictures that the encoder learns from.

    Raises:
        ConfigError: it sees finer ones.

    """
    from ..policy.weights import config_of

    theirs, ours = config_of(recipe.start).vision.reduce, recipe.network.vision.reduce
    if theirs % ours:
        raise ConfigError(
            f'{recipe.name}: {recipe.start} averages {theirs} camera pixels into one per axis, '
            f'its network {ours}: expected a divisor of {theirs}, so that the start can be shown '
            'the same pictures'
        )


def built(recipe: Recipe) -> 'Network':
    """Return the untrained network of a recipe; a pretrained trunk has its weights.

    Raises:
        ConfigError: it cannot be built, its scan has columns that nothing teaches, or the trunk's
            weights are others.
        MissingDependencyError: the package with the trunk's weights is not installed.

    """
    from ..policy.network import Network  # PyTorch, which processes that fly do without
    from ..policy.weights import config_of

    trunk, begun = recipe.network.vision.trunk, recipe.start or recipe.frozen.begun
    from_package = bool(trunk) and not (begun and config_of(begun).vision.trunk == trunk)
    try:
        network = Network(recipe.network)
    except (RuntimeError, ValueError, ZeroDivisionError) as error:
        raise ConfigError(
            f'{recipe.name}: its network cannot be built: {shown(str(error))}'
        ) from error
    columns = network.vision.told - network.vision.dense
    if network.vision.scan is not None and columns != SECTORS:
        raise ConfigError(
            f'{recipe.name}: the scan of its network has {columns} columns, and what teaches it '
            f'{SECTORS}: expected convolutions whose strides leave a map of that width'
        )
    if from_package:
        network.vision.begin_pretrained()
    return network


@dataclass(frozen=True)
class Workspace:
    """Where the data of one recipe lies; everything below ``root`` can be made again."""

    root: Path

    def episodes(self, round_index: int, by_expert: bool = True) -> Path:
        """Return the folder of a round's new episodes."""
        kind = 'expert' if by_expert else 'dagger'
        return self.root / 'episodes' / f'{kind}-{round_index}'

    @property
    def recorded(self) -> Path:
        """Episodes of recorded flights, see ``episodes/rosbag_import.py``."""
        return self.root / 'episodes' / 'recorded'

    @property
    def held_out(self) -> Path:
        """Episodes of the expert on validation seeds; no round trains on them."""
        return self.root / 'episodes' / 'held-out'

    @property
    def cache(self) -> Path:
        """Decoded frames."""
        return self.root / 'cache'

    @property
    def views(self) -> Path:
        """Features of frozen encoders."""
        return self.root / 'views'

    @property
    def encoder(self) -> Path:
        """Checkpoint of an encoder that is trained before the rounds."""
        return self.root / 'train' / 'encoder.pt'

    @property
    def encoder_alone(self) -> Path:
        """Checkpoint of one that is kept, before its operating point is chosen."""
        return self.root / 'train' / 'encoder-alone.pt'

    @property
    def point(self) -> Path:
        """What was said of an encoder's operating point when it was chosen."""
        return self.root / 'train' / 'operating-point.json'

    def checkpoint(self, round_index: int) -> Path:
        """Return the checkpoint at the end of a round's training."""
        return self.root / 'train' / f'round-{round_index}.pt'

    def bundle(self, round_index: int) -> Path:
        """Return the bundle exported from a round's checkpoint."""
        return self.root / 'bundles' / f'round-{round_index}'
