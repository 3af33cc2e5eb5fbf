# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What each neuron is good for: what can be read from the state, and what is missed without it.

Read from one flight, shown to the network again; nothing is flown. Shapes: T ticks, N neurons.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray
from ..policy.cells.wired import WiredCfC
from ..policy.network import Network
from ..sim.flight_log import FlightLog
from .knock_out.silenced import without_neuron
from .neuron_dynamics import Activity, ShownFrames, commands_without, replay, show

FOLDS = 5  # a probe is judged on a stretch of the flight that it was not fitted on
RIDGE = 1.0  # of standardised states
QUANTITIES = ('bearing', 'log distance', 'target hidden')


@dataclass(frozen=True)
class NeuronRoles:
    """What the neurons of a network do in a flight."""

    read: dict[str, float]  # quantity: share of its variance that a linear probe explains
    alone: dict[str, FloatArray]  # quantity: the same from each neuron alone, (N,)
    missed: FloatArray  # (N, 4): change of the command without it, rms, share of its limit


def roles_of(network: Network, log: FlightLog) -> NeuronRoles:
    """Return the roles of all neurons in a flight; a quantity that never changes is nan.

    Raises:
        EpisodeError: the policy did not fly in it.

    """
    shown, whole = show(network, log), replay(network, log)
    found = {name: quantity(log, shown.rows, whole, name) for name in QUANTITIES}
    count = whole.states.shape[1]
    alone = {
        name: np.array([explained(whole.states[:, [n]], values) for n in range(count)])
        for name, values in found.items()
    }
    read = {name: explained(whole.states, values) for name, values in found.items()}
    without = np.array([_without(network, shown, n) for n in range(count)])  # (N, T, 4)
    change = np.sqrt(np.mean((without - whole.commands) ** 2, axis=1))
    return NeuronRoles(read, alone, change / network.limits.double().numpy())


def _without(network: Network, shown: ShownFrames, neuron: int) -> FloatArray:
    """Return the commands (T, 4) without a neuron.

    In a wired CfC it is zero at every tick; in other cells a number of the state is, after each.
    """
    if isinstance(network.cell, WiredCfC):
        return commands_without(without_neuron(network, neuron), shown, None)
    return commands_without(network, shown, neuron)


def quantity(
    log: FlightLog, rows: npt.NDArray[np.int64], activity: Activity, name: str
) -> FloatArray:
    """Return one of ``QUANTITIES`` at the rows of a log, (T,); nan where the target is hidden."""
    pixels = log.column('target_pixels')[rows]
    if name == 'target hidden':
        return np.asarray(pixels == 0, dtype=np.float64)
    away = (log.column('position_enu') - log.column('target_position_enu'))[rows]
    distance = np.hypot(away[:, 0], away[:, 1])
    values = activity.bearing if name == 'bearing' else np.log(np.maximum(distance, 0.1))
    return np.where(pixels > 0, values, np.nan)


def explained(states: FloatArray, values: FloatArray) -> float:
    """Return the share of the variance that ridge regression explains on stretches held out.

    Args:
        states: (T, N).
        values: (T,); ticks with nan are left out.

    Returns:
        1 for all of it, 0 or less for none; nan where the values hardly vary or are few.

    """
    known = np.isfinite(values)
    states, values = states[known], values[known]
    if len(values) < 2 * FOLDS or values.std() < 1e-9:
        return float('nan')
    guessed = np.empty(len(values))
    for held in np.array_split(np.arange(len(values)), FOLDS):
        rest = np.setdiff1d(np.arange(len(values)), held)
        guessed[held] = _guess(states[rest], values[rest], states[held])
    return 1.0 - float(((values - guessed) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def _guess(states: FloatArray, values: FloatArray, unseen: FloatArray) -> FloatArray:
    mean, spread = states.mean(axis=0), states.std(axis=0) + 1e-9
    known = (states - mean) / spread
    product = known.T @ known + RIDGE * np.eye(known.shape[1])
    weights = np.linalg.solve(product, known.T @ (values - values.mean()))
    guessed: FloatArray = values.mean() + (unseen - mean) / spread @ weights
    return guessed
