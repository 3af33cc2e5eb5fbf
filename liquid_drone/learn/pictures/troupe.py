# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who may stand in training pictures of one world: targets and counterexamples, drawn once each.

All of them are on the graphics card at once; a picture puts a few where it wants them and the
others far away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...arrays import FloatArray
from ...sim.scenario.target import Target
from ...sim.world import routes
from ...sim.world.actors import Cast, MovingActor, Places, make_actor
from ...sim.world.people import varied_counterexample, varied_target
from ...sim.world.scenery import Actor

AWAY_M = 1000.0  # and as far below: out of every view, and no shadow falls on the picture
USUAL = 0  # the target as flights show it


@dataclass(frozen=True)
class Figure:
    """One who stands in a picture."""

    number: int  # in the troupe
    foot: tuple[float, float, float]  # world ENU
    heading: float
    walked_m: float = 0.0


class Troupe:
    """Targets first (the usual one, then varied ones), then counterexamples."""

    def __init__(self, target: Target, looks: int, rng: np.random.Generator) -> None:
        """Draw ``looks`` of each kind; counterexamples by their shares."""
        varied = [varied_target(target, rng) for _ in range(looks)]
        targets = [target, *(one for one, _ in varied)]
        self._telling = [len(target.parts), *(count for _, count in varied)]
        examples = target.counterexamples
        shares = np.array([one.share for one in examples])
        count = looks if examples else 0
        chosen = rng.choice(
            max(len(examples), 1), count, p=shares / shares.sum() if count else None
        )
        others = [varied_counterexample(examples[int(i)], rng) for i in chosen]
        self.members = (*targets, *others)
        self.names = tuple(one.name for one in self.members)
        self.targets = range(1, len(targets))
        self._masked = range(len(targets))
        self.others = range(len(targets), len(self.members))
        self._still = routes.standing(np.zeros(2), 0.0)
        self._moving = [
            MovingActor(make_actor(one, rng, is_target=i < len(targets)), one, self._still)
            for i, one in enumerate(self.members)
        ]
        self._cast = Cast(self._moving)

    def actors(self, all_count: bool = False) -> list[Actor]:
        """Return what a renderer holds, in the order of the poses.

        In the mask is what tells a target from others: a person without the backpack in view is
        like any other. ``all_count``: everybody is in the mask.
        """
        actors = []
        for number, one in enumerate(self._moving):
            name, parts = one.actor.name, one.actor.parts
            first = len(parts) - self._telling[number] if number in self._masked else len(parts)
            actors.append(Actor(name, parts[:first], all_count))
            actors.append(Actor(name, parts[first:], True))
        return [one for one in actors if one.parts]

    def poses(self, standing: Sequence[Figure], middle: FloatArray) -> FloatArray:
        """Return the poses of all parts; who does not stand there is far from ``middle`` (2,)."""
        foot = np.tile(np.array([*(middle + AWAY_M), -AWAY_M]), (len(self.members), 1))
        foot[USUAL, :2] = middle  # the renderer draws shadows about the first one
        heading, walked = np.zeros(len(foot)), np.zeros(len(foot))
        for one in standing:
            foot[one.number] = one.foot
            heading[one.number], walked[one.number] = one.heading, one.walked_m
        return self._cast.poses(Places(foot, heading, walked))
