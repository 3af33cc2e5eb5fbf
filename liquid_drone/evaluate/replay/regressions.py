# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flights that failed once, as a file of seeds that evaluate flies with any policy.

They were chosen because they failed: their share of successes is a check, not a rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ...errors import ConfigError
from ...files import write_text
from ...results import claim
from ...schema import build, load_yaml, plain
from ...seeds import LARGEST
from ...sim.flight_spec import FlightSpec
from ..protocol import Trial
from .finding import FoundFlight

FILE = 'regressions.yaml'
VERSION = 1
KEPT = ('world', 'season', 'target', 'task', 'vehicle', 'weather', 'autopilot', 'renderer')
HEADER = '# Flights that failed: liquid-drone evaluate --regressions FILE flies them again.\n'


@dataclass(frozen=True)
class Regression:
    """One flight that failed."""

    id: str
    seed: int
    failures: tuple[str, ...] = ()
    bundle_hash: str = ''  # of the policy that failed
    flight: dict[str, str] = field(default_factory=dict)  # what is not as usual

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= LARGEST:
            raise ValueError(f'seed must be 0..{LARGEST}; got {self.seed}')
        if unknown := sorted(set(self.flight) - set(KEPT)):
            raise ValueError(f'flight: expected {", ".join(KEPT)}; got {", ".join(unknown)}')

    def spec(self) -> FlightSpec:
        """Return the flight, without its seed."""
        return build(FlightSpec, self.flight, f'regression {self.id}')


@dataclass(frozen=True)
class RegressionList:
    """What the file holds."""

    flights: tuple[Regression, ...]
    format_version: int = VERSION

    def __post_init__(self) -> None:
        if self.format_version != VERSION:
            raise ValueError(f'format_version must be {VERSION}; got {self.format_version}')


def load_regressions(path: Path) -> RegressionList:
    """Read a file of regressions.

    Raises:
        ConfigError: no such file, or something else in it.

    """
    return load_yaml(RegressionList, path)


def add_regressions(path: Path, found: Sequence[tuple[FoundFlight, Trial]]) -> int:
    """Add flights to a file, each once; returns how many are new.

    Raises:
        ConfigError: the file holds something else.
        OutputError: it cannot be written, or this program did not make it.

    """
    held = load_regressions(path).flights if path.exists() else ()
    known = {one.id for one in held}
    new = [_regression(*one) for one in found if one[0].id not in known]
    document = plain(replace(RegressionList(held), flights=(*held, *new)))
    claim(path.parent, (path.name,))
    write_text(path, HEADER + yaml.safe_dump(document, sort_keys=False))
    return len(new)


def _regression(found: FoundFlight, trial: Trial) -> Regression:
    usual = FlightSpec()
    words: dict[str, Any] = {
        name: getattr(trial.flight, name)
        for name in KEPT
        if getattr(trial.flight, name) != getattr(usual, name)
    }
    score = found.flown.score
    return Regression(found.id, score.seed, score.failures, found.who['bundle_hash'], words)


def by_flight(flights: Sequence[Regression]) -> dict[FlightSpec, list[int]]:
    """Return the seeds of each place, in the file's order.

    Raises:
        ConfigError: a flight that cannot be flown, or none at all.

    """
    if not flights:
        raise ConfigError('the list of regressions is empty: expected at least one flight')
    groups: dict[FlightSpec, list[int]] = {}
    for one in flights:
        seeds = groups.setdefault(one.spec(), [])
        if one.seed not in seeds:
            seeds.append(one.seed)
    return groups
