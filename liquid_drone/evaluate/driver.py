# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who commands a flight in process, frame by frame: a policy, or the expert.

A driver sees the camera frame and the expert's command and returns the command to execute. The
label that is recorded is always the expert's. Drivers that only training needs are in ``learn``.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from ..arrays import Command, Image
from ..contract import Belief


@dataclass(frozen=True)
class DriverOutput:
    """The answer to one frame."""

    command: Command  # (4,), before any guard
    target_probability: float = math.nan  # that the target is in the image; nan: not estimated
    target_bearing: float = 0.0  # -1 left edge .. 1 right edge
    target_elevation: float = 0.0  # -1 bottom edge .. 1 top edge
    belief: Belief | None = None  # where it is believed, seen or not; None: not estimated


class Driver(Protocol):
    """Commands a flight."""

    def reset(self) -> None:
        """Forget the flight so far."""
        ...

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return what to execute for this frame.

        Args:
            image: the camera's.
            stamp_s: when it was exposed.
            label: the expert's command for the present state.

        """
        ...


class TargetOutput(Protocol):
    """The part of a policy's answer that is needed here."""

    @property
    def command(self) -> Command:
        """The command (4,)."""
        ...

    @property
    def target_probability(self) -> float:
        """How probably the target is in the picture."""
        ...

    @property
    def target_bearing(self) -> float:
        """Where it is, -1 left edge .. 1 right edge."""
        ...

    @property
    def target_elevation(self) -> float:
        """Where it is, -1 bottom edge .. 1 top edge."""
        ...


class Policy(Protocol):
    """The part of :class:`liquid_drone.runtime.runner.PolicyRunner` that is needed here."""

    def reset(self) -> None:
        """Forget the past."""
        ...

    def step(self, image: Image, stamp_s: float) -> TargetOutput:
        """See a frame and answer."""
        ...


class PolicyDriver:
    """A policy flies; the expert's command has no effect."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        policy.reset()

    def reset(self) -> None:
        """Begin with an empty state."""
        self._policy.reset()

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the policy's answer."""
        answer = self._policy.step(image, stamp_s)
        where = answer.target_bearing, answer.target_elevation
        belief = getattr(answer, 'belief', None)
        return DriverOutput(answer.command, answer.target_probability, *where, belief)


class ExpertDriver:
    """The expert flies, without any disturbance."""

    def reset(self) -> None:
        """Nothing: the expert remembers nothing."""

    def step(self, image: Image, stamp_s: float, label: Command) -> DriverOutput:
        """Return the label."""
        return DriverOutput(label)
