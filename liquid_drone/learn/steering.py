# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who steers a training flight: the expert with disturbances, the policy, or both in turns.

A steering sees the camera frame and the expert's answer and returns the command to execute. The
label that is recorded is always the expert's clean answer. numpy only.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..contract import Command, CommandSpec
from .recipe import Disturbance

FRAME_S = 0.05  # of the simulator's camera


class Steering(Protocol):
    """Decides what is flown, frame by frame."""

    def steer(self, image: npt.NDArray[np.uint8], stamp_s: float, label: Command) -> Command:
        """Return the command (4,) to execute for this frame."""
        ...


class Policy(Protocol):
    """The part of :class:`liquid_drone.runtime.PolicyRunner` that is needed here."""

    def reset(self) -> None:
        """Forget the past."""

    def step(self, image: npt.NDArray[np.uint8], stamp_s: float) -> 'Answer':
        """See a frame and answer."""
        ...


class Answer(Protocol):
    """A policy's answer to one frame."""

    @property
    def command(self) -> Command:
        """The command (4,)."""
        ...


class DisturbedExpert:
    """The expert's command with Ornstein-Uhlenbeck noise of a strength drawn once per episode."""

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

    def steer(self, image: npt.NDArray[np.uint8], stamp_s: float, label: Command) -> Command:
        """Return the label plus the noise, within the limits."""
        self.noise = self.keep * self.noise + self.kick * self.rng.normal(size=4)
        return np.clip(label + self.noise, -self.limits, self.limits).astype(np.float32)


class PolicySteering:
    """The policy flies, whatever the expert says."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        policy.reset()

    def steer(self, image: npt.NDArray[np.uint8], stamp_s: float, label: Command) -> Command:
        """Return the policy's command."""
        return self.policy.step(image, stamp_s).command


class MixedSteering:
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

    def steer(self, image: npt.NDArray[np.uint8], stamp_s: float, label: Command) -> Command:
        """Return the command of whoever has the turn."""
        if self.frames_left <= 0:
            self.frames_left = 1 + int(self.rng.exponential(self.turn_s) / FRAME_S)
            self.by_expert = bool(self.rng.random() < self.expert_share)
        self.frames_left -= 1
        by_policy = self.policy.step(image, stamp_s).command
        by_expert = self.expert.steer(image, stamp_s, label)
        return by_expert if self.by_expert else by_policy


@dataclass(frozen=True)
class Plan:
    """Who shall steer, as plain data that travels to a worker process."""

    kind: str  # 'expert', 'mixed' or 'policy'
    disturbance: Disturbance
    command: CommandSpec
    bundle: Path | None = None
    expert_share: float = 0.0
