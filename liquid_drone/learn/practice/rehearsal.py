# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""How a practised core does in a flat world, at places where it never practised.

Seconds, where flights in the simulator take minutes, and they foretell much of what those do
(docs/memory.md). Each flight begins at its place's start with the usual request, and is judged by
its task's greatest distance and by hits; nothing is chosen by it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ...errors import SimulationError
from ...evaluate.scoring import Rate, wilson
from ...policy.network import Network
from ...seeds import split_seeds
from ...sim.scenario.scenario import load_scenario
from ...sim.scenario.task import Task
from ...sim.scenario.vehicle import Vehicle
from ...sim.simulator import FRAME_S
from .flat_world import FlatWorld
from .places import SECOND, FlatPlace, beside_each_other, draw_place
from .told import Frames, Told

SEEDS_FROM = 4000  # of the validation split
BEHIND_S = 0.5  # beyond the greatest distance, in all, a flight fell behind


@dataclass(frozen=True)
class JudgedPlace:
    """One place, and by what a flight there is judged."""

    kind: str  # such as 'urban occlusion:2'
    place: FlatPlace
    task: Task


class Rehearsed(NamedTuple):
    """How the flights of one kind of place went."""

    good: int
    hits: int
    behind: int

    @property
    def rate(self) -> Rate:
        """The share that went well, with its 95 % Wilson interval."""
        return wilson(self.good, self.good + self.hits + self.behind)


def judged_places(kinds: Sequence[tuple[str, str]], each: int) -> list[JudgedPlace]:
    """Draw so many places of each world and task; one without a free start is left out."""
    judged = list[JudgedPlace]()
    seeds = iter(split_seeds('validation', len(kinds) * each, SEEDS_FROM))
    for world, task in kinds:
        for _ in range(each):
            try:
                place = draw_place(world, task, next(seeds))
            except SimulationError:
                continue
            judged.append(
                JudgedPlace(f'{world} {task}', place, load_scenario(world, task=task).task)
            )
    return judged


@torch.no_grad()
def rehearse(
    network: Network, frames: Frames, judged: Sequence[JudgedPlace], vehicle: Vehicle, seed: int
) -> dict[str, Rehearsed]:
    """Fly once at each place; return how it went, by kind.

    Args:
        network: as for practice.
        frames: what its encoder and memory told of recorded frames.
        judged: the places.
        vehicle: that flies.
        seed: of what is told.

    """
    places = beside_each_other([one.place for one in judged])
    half_fov_rad = math.radians(network.camera.horizontal_fov_deg / 2.0)
    told = Told(frames, half_fov_rad, len(judged), seed)
    world = FlatWorld(network, places, told, vehicle, len(judged), seed)
    world.begin_at_starts()
    laid = network.cell.weights()
    most_m = torch.tensor([one.task.max_distance_m for one in judged])
    settled = torch.tensor([round(one.task.settle_s / FRAME_S) for one in judged])
    hit, behind_s = torch.zeros(len(judged), dtype=torch.bool), torch.zeros(len(judged))
    for tick in range(int(places.steps.max()) - 1 - SECOND):
        world.tick(laid)
        flies = ~hit & (world.step < places.steps - 1)
        away_m = (places.way[world.at, world.step] - world.flight.place).norm(dim=1)
        hit |= flies & (world.air < 0.0)
        behind_s += FRAME_S * (flies & (tick > settled) & (away_m > most_m))
    behind = ~hit & (behind_s > BEHIND_S)
    found = dict.fromkeys((one.kind for one in judged), Rehearsed(0, 0, 0))
    for one, is_hit, is_behind in zip(judged, hit.tolist(), behind.tolist(), strict=True):
        good, hits, fell = found[one.kind]
        found[one.kind] = Rehearsed(
            good + (not is_hit and not is_behind), hits + is_hit, fell + is_behind
        )
    return found


def sentence(found: dict[str, Rehearsed]) -> str:
    """Return one line for the log."""
    whole = Rehearsed(*map(sum, zip(*found.values(), strict=True)))
    rate = whole.rate
    return (
        f'practice: flat world, validation places: good {rate.count} of {rate.total} '
        f'({rate.low:.0%} to {rate.high:.0%}), {whole.hits} hits, {whole.behind} fell behind'
    )
