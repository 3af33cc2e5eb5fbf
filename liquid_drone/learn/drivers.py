# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who flies a training flight: the expert with disturbances, or expert and policy in turns.

The label that is recorded is always the expert's command without disturbances. numpy only.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..arrays import Command, Image
from ..contract import CommandSpec
from ..evaluate.driver import DriverOutput, Policy, TargetOutput
from ..request import FlightRequest, Requests, request_at
from ..sim.simulator import FRAME_S
from .flights.config import Disturbance


class DisturbedExpert:
    """The expert's command with Ornstein-Uhlenbeck noise of a strength drawn once per episode.

    In some episodes it is also turned away from the target now and then: so there are pictures
    without the target, and labels for finding it again. In some it strays sideways, off the way
    that the target cleared, and has to come back among the trees.
    """

    def __init__(
        self, rng: np.random.Generator, how: Disturbance, command: CommandSpec, clean: bool = False
    ) -> None:
        self.rng = rng
        self.limits = np.array(command.limits)
        strength = rng.uniform(*how.strength)
        if clean or rng.random() < how.clean_share:
            strength = 0.0
        self.keep = math.exp(-FRAME_S / how.time_constant_s)
        self.kick = strength * self.limits * math.sqrt(1.0 - self.keep**2)
        self.noise = np.zeros(4)
        glances = rng.random() < how.glance_share
        strays = rng.random() < how.stray_share
        self.glances = (
            _Bouts(rng, how.glance_every_s, how.glance_s, (0.6, 1.0)) if glances else None
        )
        self.strays = _Bouts(rng, how.stray_every_s, how.stray_s, how.stray) if strays else None

    def reset(self) -> None:
        """Nothing: noise and bouts go on."""

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the label plus the noise, within the limits."""
        self.noise = self.keep * self.noise + self.kick * self.rng.normal(size=4)
        flown = label + self.noise
        if self.strays is not None:
            flown[1] += self.strays.next() * self.limits[1]
        turn = self.glances.next() if self.glances is not None else 0.0
        if turn:
            flown = np.array([0.0, 0.0, flown[2], turn * self.limits[3]])
        return DriverOutput(np.clip(flown, -self.limits, self.limits).astype(np.float32))


class _Bouts:
    """Now and then, for a while, a push to one side or the other."""

    def __init__(
        self,
        rng: np.random.Generator,
        every_s: float,
        long_s: tuple[float, float],
        strong: tuple[float, float],
    ) -> None:
        self.rng, self.every_s, self.long_s, self.strong = rng, every_s, long_s, strong
        self.wait, self.left, self.push = self._pause(), 0, 0.0

    def next(self) -> float:
        """Return the push of this frame, a share of the limit, left positive; mostly 0."""
        if self.left > 0:
            self.left -= 1
            return self.push
        self.wait -= 1
        if self.wait < 0:
            self.wait, self.left = self._pause(), int(self.rng.uniform(*self.long_s) / FRAME_S)
            self.push = float(self.rng.uniform(*self.strong) * self.rng.choice([-1.0, 1.0]))
        return 0.0

    def _pause(self) -> int:
        return int(self.rng.exponential(self.every_s) / FRAME_S)


class AskedPolicy:
    """A policy that is asked for something else from time to time."""

    def __init__(self, policy: 'RequestTaker', requests: Requests) -> None:
        self.policy, self.requests = policy, requests
        self.begun_s: float | None = None

    def reset(self) -> None:
        """Begin a flight."""
        self.begun_s = None
        self.policy.ask(request_at(self.requests, 0.0))
        self.policy.reset()

    def step(self, image: Image, stamp_s: float) -> TargetOutput:
        """Ask for what is asked for now, and answer."""
        if self.begun_s is None:
            self.begun_s = stamp_s
        self.policy.ask(request_at(self.requests, stamp_s - self.begun_s))
        return self.policy.step(image, stamp_s)


class RequestTaker(Policy, Protocol):
    """The part of a runner that takes requests."""

    def ask(self, request: FlightRequest) -> object:
        """Ask for something from now on."""
        ...


class MixedDriver:
    """Policy and (disturbed) expert take turns of random length, as DAgger's beta mixture does.

    The policy sees every frame, so that its state is that of a whole flight.
    """

    def __init__(
        self,
        policy: Policy,
        expert: DisturbedExpert,
        rng: np.random.Generator,
        expert_share: float,
        turn_s: float = 2.0,
    ) -> None:
        self.policy, self.expert, self.rng = policy, expert, rng
        self.expert_share, self.turn_s = expert_share, turn_s
        self.frames_left, self.by_expert = 0, False
        policy.reset()

    def reset(self) -> None:
        """Begin with an empty state; the turns go on."""
        self.policy.reset()

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the command of whoever has the turn, and what the policy sees."""
        if self.frames_left <= 0:
            self.frames_left = 1 + int(self.rng.exponential(self.turn_s) / FRAME_S)
            self.by_expert = bool(self.rng.random() < self.expert_share)
        self.frames_left -= 1
        answer = self.policy.step(image, stamp_s)
        by_expert = self.expert.step(image, stamp_s, label)
        command = by_expert.command if self.by_expert else answer.command
        return DriverOutput(command, answer.target_probability, answer.target_bearing)


@dataclass(frozen=True)
class DriverPlan:
    """Who flies, as plain data that travels to a worker process."""

    kind: str  # 'expert', 'mixed' or 'policy'
    disturbance: Disturbance
    command: CommandSpec
    bundle: Path | None = None
    expert_share: float = 0.0
    teacher: str = 'expert'  # or 'camera-expert': whose command is the label
