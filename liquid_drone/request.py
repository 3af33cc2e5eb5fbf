# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a user asks of a flight: distance, height above the target, and the largest speed.

A policy of contract format 2 takes it as an input; the expert and the judge follow the same. A
request asks, and never widens a limit: the guard's limits hold whatever is asked for.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from .arrays import Vector
from .errors import ConfigError, shown
from .schema import check_ranges

NAMES = ('distance_m', 'height_m', 'speed_m_s')
WORDS = ('distance', 'height', 'speed')  # of the same, on a command line
STEEPEST = 0.6  # height above the target / distance: a camera that is tilted 10 degrees down and
# sees 50 degrees from top to bottom has a target below that at its lower edge
CHANGE_PER_S = (1.0, 1.0, 1.0)  # m/s, m/s, m/s2: so fast a policy's request follows a new one


@dataclass(frozen=True)
class FlightRequest:
    """What is asked for; None: nothing is, and what the task or the bundle has holds."""

    RANGES: ClassVar[dict[str, tuple[float, float]]] = {
        'distance_m': (0.5, 50.0), 'height_m': (0.0, 50.0), 'speed_m_s': (0.1, 50.0)
    }  # fmt: skip

    distance_m: float | None = None  # horizontal, to the target
    height_m: float | None = None  # above the middle of the target
    speed_m_s: float | None = None  # horizontal, at most

    def __post_init__(self) -> None:
        check_ranges(self, self.RANGES)

    @property
    def values(self) -> tuple[float | None, float | None, float | None]:
        """In the order of ``NAMES``."""
        return self.distance_m, self.height_m, self.speed_m_s

    def __bool__(self) -> bool:
        """Tell whether anything is asked for."""
        return any(value is not None for value in self.values)

    def __str__(self) -> str:
        """Return what :meth:`parse` reads."""
        pairs = zip(WORDS, self.values, strict=True)
        return ','.join(f'{word}:{value:g}' for word, value in pairs if value is not None)

    @classmethod
    def parse(cls, text: str) -> 'FlightRequest':
        """Read ``distance:4,height:1.5,speed:1.2``; what is left out is not asked for.

        Raises:
            ConfigError: another word, a word twice, no number, or one out of range.

        """
        found: dict[str, float] = {}
        for item in text.split(',') if text.strip() else []:
            word, colon, value = (part.strip() for part in item.partition(':'))
            name = dict(zip(WORDS, NAMES, strict=True)).get(word)
            try:
                if not colon or name is None or name in found:
                    raise ValueError
                found[name] = float(value)
            except ValueError:
                raise ConfigError(
                    'request: expected distance:M, height:M, speed:M_S with commas between, each '
                    f'once, as in distance:4,height:1.5; got {shown(item.strip())} in '
                    f'{shown(text)}'
                ) from None
        try:
            return cls(**found)
        except ValueError as error:
            raise ConfigError(f'request: {error}') from error

    def over(self, other: 'FlightRequest') -> 'FlightRequest':
        """Return this request, with what it leaves open from another one."""
        pairs = zip(self.values, other.values, strict=True)
        return FlightRequest(*(mine if mine is not None else its for mine, its in pairs))


@dataclass(frozen=True)
class RequestRange:
    """The range that a policy was trained on, and what holds where nothing is asked for."""

    low: float
    high: float
    default: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.low < self.high <= 50.0 and self.low <= self.default <= self.high):
            raise ValueError(f'expected 0 <= low < high <= 50 and a default between, got {self}')

    def held(self, value: float) -> float:
        """Return a value inside the range."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class RequestSpec:
    """What a policy may be asked for; the defaults are what the task ``follow`` flies.

    A camera that does not turn sees the target up to a slope only: a height that is steeper than
    ``steepest`` above the target is held to it, by the expert and by the policy.
    """

    distance_m: RequestRange = field(default_factory=lambda: RequestRange(2.0, 8.0, 3.2))
    height_m: RequestRange = field(default_factory=lambda: RequestRange(0.0, 5.0, 1.1))
    speed_m_s: RequestRange = field(default_factory=lambda: RequestRange(0.8, 2.0, 1.8))
    steepest: float = STEEPEST

    def __post_init__(self) -> None:
        check_ranges(self, {'steepest': (0.05, 10.0)})
        if self.speed_m_s.low <= 0.0 or self.distance_m.low <= 0.0:
            raise ValueError(f'expected positive distances and speeds, got {self}')

    @property
    def ranges(self) -> tuple[RequestRange, RequestRange, RequestRange]:
        """In the order of ``NAMES``."""
        return self.distance_m, self.height_m, self.speed_m_s

    @property
    def defaults(self) -> Vector:
        """What holds where nothing is asked for."""
        return self.distance_m.default, self.height_m.default, self.speed_m_s.default

    def complete(self, request: FlightRequest) -> Vector:
        """Return distance, height and speed inside the ranges; by default what is left open."""
        pairs = zip(self.ranges, request.values, strict=True)
        distance_m, height_m, speed_m_s = (
            one.default if value is None else one.held(value) for one, value in pairs
        )
        return distance_m, min(height_m, self.steepest * distance_m), speed_m_s

    def draw(self, rng: np.random.Generator) -> FlightRequest:
        """Draw a request that can be flown, each number evenly over its range."""
        distance_m, height_m, speed_m_s = (rng.uniform(one.low, one.high) for one in self.ranges)
        height_m = min(height_m, float(rng.uniform(0.0, self.steepest * distance_m)))
        return FlightRequest(distance_m, max(height_m, self.height_m.low), speed_m_s)


class RequestInForce:
    """What a policy is given: it follows what is asked for at a bounded rate, never in a step."""

    def __init__(self, spec: RequestSpec) -> None:
        """Begin with the defaults."""
        self.spec = spec
        self.asked = FlightRequest()
        self.goal = self.values = spec.defaults

    def ask(self, request: FlightRequest) -> Vector:
        """Ask for something else from now on; return what it will come to, held to the ranges."""
        self.asked = request
        self.goal = self.spec.complete(request)
        return self.goal

    def begin(self) -> None:
        """Begin a flight: what is asked for holds at once."""
        self.values = self.goal

    def step(self, dt_s: float) -> Vector:
        """Let time pass; return what holds now."""
        moved = [
            now + min(max(goal - now, -rate * dt_s), rate * dt_s)
            for now, goal, rate in zip(self.values, self.goal, CHANGE_PER_S, strict=True)
        ]
        self.values = moved[0], moved[1], moved[2]
        return self.values


def requested(values: Sequence[float]) -> FlightRequest:
    """Return the request of three numbers; what is not finite is not asked for.

    Raises:
        ConfigError: a number out of range.

    """
    known = [float(value) if math.isfinite(value) else None for value in values]
    try:
        return FlightRequest(*known)
    except (ValueError, TypeError) as error:
        raise ConfigError(f'request: {error}') from error


def as_numbers(request: FlightRequest) -> Vector:
    """Return three numbers; nan where nothing is asked for."""
    a, b, c = (math.nan if value is None else value for value in dataclasses.astuple(request))
    return a, b, c


Requests = tuple[
    tuple[float, FlightRequest], ...
]  # since when in a flight, in s, and what is asked for


def request_at(requests: Requests, elapsed_s: float) -> FlightRequest:
    """Return what is asked for at a time of a flight; nothing before the first of them."""
    asked = [request for since_s, request in requests if since_s <= elapsed_s]
    return asked[-1] if asked else FlightRequest()
