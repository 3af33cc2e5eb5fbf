# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Retrain a policy for another target, without forgetting those that it follows already.

The recipe of a retraining comes from the bundle that it starts with: the same worlds, seasons and
network. The new target gets two thirds of the flights, the known ones share the rest.
"""

import dataclasses
import itertools
from pathlib import Path

from .. import resources
from ..contract import load_contract
from ..errors import BundleError
from ..evaluate.trained_places import missing_files, simulated_targets
from ..files import as_name
from ..policy.weights import config_of
from ..sim.scenario.scenario import load_target
from .flights.config import CollectConfig, Disturbance
from .pictures.backgrounds import check_places
from .pictures.config import PictureConfig
from .recipe import DaggerConfig, Recipe, TrainConfig, ValidationConfig

NEW_FOR_EACH_KNOWN = 2
LOOKALIKES = ('plain_person', 'orange_traffic_cone')  # shown as what is not the target
RECORDED_STEPS = 400  # on recorded flights alone
PICTURES, PICTURES_BESIDE = 6000, 160  # where photographs of a place are given; in each step
FALSE_ALARMS = 0.05  # at the operating point, on drawn pictures without a target
FAR_HEIGHTS = 14.0  # of the target away: there it is ten pixels high


def retrain_recipe(target: str, start: str, places: Path | None = None) -> Recipe:
    """Return the recipe that teaches a bundle one more target.

    Args:
        target: name in ``sim/targets`` or path of a YAML file.
        start: bundle to go on from, by name or path.
        places: folder with photographs, behind targets and lookalikes in pictures of their own.

    Raises:
        BundleError: the bundle does not say where it learned, has no weights, or names files of
            places or targets that are not there.
        ConfigError: no photographs there.

    """
    contract = load_contract(resources.bundle(start))
    training = contract.training
    if not (training.worlds and training.seasons and training.target):
        raise BundleError(f'{start} does not say on which worlds, seasons and target it learned')
    if missing := missing_files(training):
        raise BundleError(
            f'{start} learned with {", ".join(missing)}, which is not there from this folder: run '
            'the command where it was trained, or put the file there'
        )
    known = simulated_targets(training)
    return Recipe(
        name=retraining_name(target, start),
        worlds=training.worlds,
        seasons=training.seasons,
        targets=turns(target, known),
        lookalikes=tuple(name for name in LOOKALIKES if name not in (target, *known)),
        start=start,
        network=config_of(start),
        collect=CollectConfig(30, disturbance=Disturbance(glance_share=0.35, stray_share=0.6)),
        train=TrainConfig(steps=300, learning_rate=6e-4, warmup_steps=50),
        dagger=DaggerConfig(rounds=3, episodes=18),
        validation=ValidationConfig(flights=4, final_flights=12),
        pictures=PictureConfig() if places is None else _pictures(target, places),
    )


def retraining_name(target: str, start: str) -> str:
    """Return the name of a retraining, and of its work directory."""
    return as_name(f'{load_contract(resources.bundle(start)).name}-{Path(target).stem}')


def _pictures(target: str, places: Path) -> PictureConfig:
    check_places(places)  # before anything is flown or drawn
    near, far = PictureConfig().distance_m
    far = min(far, max(FAR_HEIGHTS * load_target(target).height_m, 2.0 * near))
    return PictureConfig(
        distance_m=(near, far),
        count=PICTURES,
        per_world=100,
        photo_share=0.6,
        noise_share=0.2,
        beside=PICTURES_BESIDE,
        false_alarms=FALSE_ALARMS,
        places=str(places),
    )


def recorded_recipe(target: str, start: str) -> Recipe:
    """Return the recipe that goes on from a bundle with recorded flights alone.

    The simulator only validates that the targets known before are still followed, those of
    earlier recordings excepted: nothing tells it what they look like.

    Args:
        target: what the recorded flights followed; the simulator need not know it.
        start: bundle to go on from, by name or path.

    Raises:
        BundleError: as :func:`retrain_recipe`.

    """
    base = retrain_recipe(target, start)
    known = simulated_targets(load_contract(resources.bundle(start)).training)
    if not known:
        raise BundleError(
            f'{start} learned from recorded flights alone, so that no flight can validate it: go '
            'on from the bundle that it began with, with all recordings (--bags)'
        )
    return dataclasses.replace(
        base,
        targets=known,
        recorded=(as_name(Path(target).stem),),
        train=TrainConfig(steps=RECORDED_STEPS, learning_rate=3e-4, warmup_steps=50),
        dagger=DaggerConfig(rounds=1),
        validation=ValidationConfig(flights=4, final_flights=8),
    )


def turns(target: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return whose turn it is, flight after flight: twice the new one, then one that is known."""
    others = [name for name in known if name != target]
    if not others:
        return (target,)
    pattern = [[target] * NEW_FOR_EACH_KNOWN, *[[name] for name in others]]
    return tuple(itertools.chain.from_iterable(pattern))
