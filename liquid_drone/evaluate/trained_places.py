# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the simulator can fly a bundle again: worlds, seasons and targets that it learned in.

A contract also names what recorded flights followed. No file says what that looks like, so that
nothing can be flown after it.
"""

import itertools
import os
import re

from .. import resources
from ..contract import Contract, Training
from ..errors import ConfigError
from ..sim.flight_spec import FlightSpec

SUFFIXES = ('.yaml', '.yml')
TASK = re.compile(r', task ([\w.-]+(?::[\d.]+)?)')  # in the name of a table of results


def targets_of(training: Training) -> tuple[str, ...]:
    """Return the targets that a contract names, in its order."""
    return tuple(name.strip() for name in training.target.split(',') if name.strip())


def simulated_targets(training: Training) -> tuple[str, ...]:
    """Return those of them that a file describes: shipped ones, and paths."""
    shipped = resources.names('sim/targets')
    return tuple(name for name in targets_of(training) if name in shipped or _is_path(name))


def recorded_targets(training: Training) -> tuple[str, ...]:
    """Return those of them that are known from recorded flights alone."""
    simulated = simulated_targets(training)
    stems = [resources.called(name) for name in simulated]  # a file's flights were recorded too
    return tuple(name for name in targets_of(training) if name not in (*simulated, *stems))


def places_of(contract: Contract) -> list[tuple[str, str, str]]:
    """Return world, season and target of every kind of place that can be flown again.

    Raises:
        ConfigError: there is none.

    """
    training = contract.training
    kinds = training.worlds, training.seasons, simulated_targets(training)
    if not (places := list(itertools.product(*kinds))):
        raise ConfigError(
            f'bundle {contract.name} does not say where in the simulator it was trained, '
            'so that it cannot be flown; quantize takes pictures of its camera (--footage)'
        )
    return places


def task_of(contract: Contract) -> str:
    """Return the task that a bundle was judged by, ``follow`` if it was among several or in none.

    Its tables are named by it, see ``policy.card.add_flights``; a task that was a file of one's
    own cannot be found again by that.
    """
    shipped, usual = resources.names('config/tasks'), FlightSpec.task
    told = [found for name in contract.evaluation for found in TASK.findall(name)]
    told = [task for task in told if task.partition(':')[0] in shipped]
    return usual if usual in told or not told else str(told[0])


def missing_files(training: Training) -> list[str]:
    """Return the files of worlds, seasons and targets that are not where the contract has them."""
    named = (*training.worlds, *training.seasons, *targets_of(training))
    return [n for n in named if _is_path(n) and not resources.user_path(n).is_file()]


def _is_path(name: str) -> bool:
    return name.endswith(SUFFIXES) or os.sep in name
