# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An INT8 variant of a bundle: its encoder quantised, its core as it was, answers of its own.

Ranges come from pictures: those of training flights that the bundle flies itself, or the caller's.
The inputs of the parity vectors are among them, since they are unlike any forest. Quantising
changes the answers, so the results of the FP32 bundle do not pass over: fly it anew.
"""

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from ..arrays import Image
from ..contract import (
    CARD_FILE,
    CORE_FILE,
    VISION_FILE,
    Contract,
    load_contract,
    parity_inputs,
    save_contract,
)
from ..errors import BundleError, ConfigError
from ..files import sha256_of, write_text
from ..policy.card import card_text
from ..results import BUNDLE, replacing
from ..runtime.providers import Backend
from ..runtime.quantization import quantize_vision
from ..runtime.runner import PolicyRunner
from ..seeds import split_seeds
from ..sim.flight_spec import FlightSpec
from ..sim.scenario.scenario import scenario_of
from ..sim.simulator import Simulator
from .direct_flight import DirectFlight, DirectOptions
from .driver import PolicyDriver
from .trained_places import places_of

FLIGHTS = 8  # at least, and one in each place that the bundle was trained in
FRAMES, EVERY = 300, 10  # of a flight, and of them every so many
FEWEST = 16  # pictures
WIRING_FILE = 'wiring.json'


def rendered(bundle: Path, on_flight: Callable[[], None] = lambda: None) -> Iterator[Image]:
    """Yield pictures of training flights in the places of a bundle, flown by itself.

    Raises:
        ConfigError: the bundle does not say where it was trained.

    """
    places = places_of(load_contract(bundle))
    runner = PolicyRunner(bundle)
    for seed in split_seeds('train', max(FLIGHTS, len(places))):
        world, season, target = places[seed % len(places)]
        flight = FlightSpec(world=world, season=season, target=target, start='hover')
        yield from _flown(flight, seed, runner)
        on_flight()


def _flown(flight: FlightSpec, seed: int, runner: PolicyRunner) -> Iterator[Image]:
    simulator = Simulator(scenario_of(flight))
    try:
        flown = DirectFlight(simulator, seed, DirectOptions(frames=FRAMES))
        driver = PolicyDriver(runner)
        while not flown.done:
            frame = flown.begin()
            if len(flown.log) % EVERY == 0:
                yield frame.image.copy()
            flown.finish(driver.step(frame.image, frame.stamp_ns / 1e9, flown.label))
    finally:
        simulator.close()


def make(bundle: Path, images: list[Image], out: Path) -> Contract:
    """Write the INT8 variant of a bundle, all or nothing.

    Args:
        bundle: FP32.
        images: (H, W, 3) uint8 each, at least FEWEST.
        out: directory to make; its name becomes the bundle's.

    Raises:
        BundleError: the bundle is INT8 already, or has no parity vectors.
        ConfigError: too few pictures.
        OutputError: it cannot be written.

    """
    contract = load_contract(bundle)
    if contract.precision != 'fp32' or contract.parity is None:
        raise BundleError(f'{bundle} is not an FP32 bundle with parity vectors: take one that is')
    if len(images) < FEWEST:
        raise ConfigError(
            f'expected {FEWEST} pictures or more to measure ranges, got {len(images)}'
        )
    with replacing(out, BUNDLE) as aside:
        inputs = parity_inputs(contract.parity, contract.camera)
        quantize_vision(bundle / VISION_FILE, [*images, *inputs], aside / VISION_FILE)
        for name in (CORE_FILE, WIRING_FILE):
            if (bundle / name).is_file():
                shutil.copyfile(bundle / name, aside / name)
        made = _contract(contract, aside, out.resolve().name)
        write_text(aside / CARD_FILE, card_text(made))
    return made


def _contract(contract: Contract, aside: Path, name: str) -> Contract:
    """Write the contract of a variant whose graphs are there, with the answers that they give."""
    made = dataclasses.replace(
        contract,
        name=name,
        precision='int8',
        evaluation={},
        sha256={file: sha256_of(aside / file) for file in (VISION_FILE, CORE_FILE)},
    )
    save_contract(made, aside)
    assert made.parity is not None  # make has looked
    answers = PolicyRunner(aside, Backend(), check_parity=False).replay(made.parity)
    commands, targets, *more = (tuple(tuple(row) for row in rows.tolist()) for rows in answers)
    beliefs = more[0] if more else ()
    parity = dataclasses.replace(made.parity, commands=commands, targets=targets, beliefs=beliefs)
    made = dataclasses.replace(made, parity=parity)
    save_contract(made, aside)
    return made
