# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which part of a memory counts: it is trained again and again, each time without one of them.

All are trained behind the same kept encoder, on the same flights, for the same number of steps,
and judged on flights that none of them saw. What is learned by the liquid neurons alone, without a
filter beside them, is judged likewise: with their time constants as they begin, and spread over
0.1 to 10 s. Flights are judged where a target that was seen is hidden, by the distance between
where it is and where it is believed to be.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ...errors import EpisodeError
from ...policy.memory import REFERENCE_M
from ...policy.network import Network
from ...sim.identity import digest
from ..recipe import Recipe, TrainConfig
from ..work_found import what_trains
from .core_training import train_core
from .memory_training import train_memory_alone
from .views import FlightViews

WHOLE = 'whole'
PARTS = {
    WHOLE: 'the memory as it is',
    'no expectation': 'not told where the target is expected',
    'no own motion': 'not told how the drone moves',
    'no velocity': 'velocities are forgotten at once',
    'neurons': 'no filter: the belief comes from the liquid neurons',
    'slow neurons': 'likewise, their time constants spread over 0.1 to 10 s',
}
AFTER_S = (0.0, 1.0, 2.0, 4.0)  # without sight; 0: seen
WITHIN_S = 0.1
HELD_OUT = 6  # every sixth flight is judged on
FORGOTTEN = -4.0  # log of a time in s
SLOW: dict[str, object] = {'time_constants_s': [0.1, 10.0]}


@dataclass(frozen=True)
class PartResult:
    """One training without a part, and its errors on the held-out flights."""

    part: str
    seed: int
    median_m: tuple[float | None, ...]  # for each of AFTER_S; None: no such frame
    frames: tuple[int, ...]
    of: str = ''  # hash of what it was made of, but for part and seed


def results_of(
    recipe: Recipe,
    encoder: Network,
    flights: list[FlightViews],
    seeds: Sequence[int],
    steps: int,
    file: Path,
    note: Callable[[str], None] = lambda text: None,
    parts: Sequence[str] = tuple(PARTS),
) -> list[PartResult]:
    """Train and judge all parts and seeds that a file has not got yet; return all of them.

    Args:
        recipe: its network has a memory.
        encoder: network whose encoder made the flights' features.
        flights: through that encoder; every sixth one is held out.
        seeds: of the trainings.
        steps: of each training.
        file: a line of JSON for each result; what is there of the same network, training, steps
            and flights is not made again.
        note: is told of every result.
        parts: names of PARTS.

    Raises:
        EpisodeError: too few flights.

    """
    held = flights[HELD_OUT - 1 :: HELD_OUT]
    learned = [one for i, one in enumerate(flights) if i % HELD_OUT != HELD_OUT - 1]
    if not held:
        raise EpisodeError(f'expected at least {HELD_OUT} flights, got {len(flights)}')
    of = _identity(recipe, flights, steps)
    found = [one for one in _read(file) if one.of == of]
    there = {(one.part, one.seed) for one in found}
    for seed in seeds:
        for part in parts:
            if (part, seed) in there:
                continue
            config = replace(recipe.train, seed=seed, steps=steps, memory_steps=steps)
            network = _trained(recipe, encoder, part, [_told(part, f) for f in learned], config)
            judged = _judged(network, [_told(part, f) for f in held], part, seed)
            result = replace(judged, of=of)
            found.append(result)
            with file.open('a', encoding='utf-8') as lines:
                lines.write(json.dumps(asdict(result)) + '\n')
            note(f'seed {seed}, {part}: {result.median_m}')
    return found


def table(results: Sequence[PartResult]) -> str:
    """Return the mean over the seeds, the least and the most, and who is better seed by seed."""
    head = ' | '.join('seen' if not s else f'{s:g} s without sight' for s in AFTER_S)
    lines = [f'| memory | trainings | {head} |', '|---' * (len(AFTER_S) + 2) + '|']
    whole = {one.seed: one for one in results if one.part == WHOLE}
    for part, words in PARTS.items():
        mine = [one for one in results if one.part == part]
        if mine:
            cells = [_cell(mine, whole, i) for i in range(len(AFTER_S))]
            lines.append(f'| {words} | {len(mine)} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _cell(mine: list[PartResult], whole: dict[int, PartResult], index: int) -> str:
    values = {one.seed: one.median_m[index] for one in mine}
    known = [value for value in values.values() if value is not None]
    if not known:
        return 'none'
    text = f'{np.mean(known):.2f} ({min(known):.2f} to {max(known):.2f})'
    if mine[0].part == WHOLE:
        return text
    pairs = [
        (value, other)
        for seed, value in values.items()
        if value is not None
        and seed in whole
        and (other := whole[seed].median_m[index]) is not None
    ]
    worse = sum(value > other for value, other in pairs)
    return f'{text}, worse in {worse} of {len(pairs)}' if pairs else text


def _read(file: Path) -> Iterator[PartResult]:
    if not file.is_file():
        return
    for line in file.read_text(encoding='utf-8').splitlines():
        try:
            row = json.loads(line)
            median_m, frames = tuple(row['median_m']), tuple(row['frames'])
            yield PartResult(row['part'], row['seed'], median_m, frames, str(row.get('of', '')))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # torn: made anew


def _identity(recipe: Recipe, flights: list[FlightViews], steps: int) -> str:
    """Return the hash of all that makes a result, but for its part and seed."""
    seen = hashlib.sha256()
    for flight in flights:
        for column in (flight.features, flight.belief, flight.target, flight.flown):
            seen.update(np.ascontiguousarray(column).tobytes())
    train = what_trains(recipe.train, {'seed', 'steps', 'memory_steps'})
    return digest([recipe.network, train, steps, seen.hexdigest()])


def _trained(
    recipe: Recipe, encoder: Network, part: str, flights: list[FlightViews], config: TrainConfig
) -> Network:
    torch.manual_seed(config.seed)
    shape = recipe.network
    core = replace(shape.core, wiring_seed=config.seed)
    if part == 'slow neurons':
        core = replace(core, options={**core.options, **SLOW})
    has_filter = not part.endswith('neurons')
    network = Network(replace(shape, core=core, memory=has_filter))
    network.vision.load_state_dict(encoder.vision.state_dict())
    network.auxiliary.load_state_dict(encoder.auxiliary.state_dict())
    if network.memory is None:
        only = replace(config, belief_weight=1.0)
        return train_core(network, flights, only, None)
    memory, fixed = network.memory, list[torch.Tensor]()
    if part == 'no expectation':
        fixed = [memory.measure.expect_nothing()]
    if part == 'no velocity':
        fixed = [memory.log_fade_s]
        with torch.no_grad():
            memory.log_fade_s.fill_(FORGOTTEN)
    train_memory_alone(network, flights, config, fixed)
    return network


def _told(part: str, flight: FlightViews) -> FlightViews:
    return (
        replace(flight, flown=np.zeros_like(flight.flown)) if part == 'no own motion' else flight
    )


def _judged(network: Network, flights: list[FlightViews], part: str, seed: int) -> PartResult:
    rows: list[list[npt.NDArray[np.float64]]] = [[] for _ in AFTER_S]
    for flight in flights:
        off, hidden_s = _errors(network, flight)
        for some, after_s in zip(rows, AFTER_S, strict=True):
            if after_s:
                some.append(off[np.abs(hidden_s - after_s) <= WITHIN_S])
            else:
                some.append(off[hidden_s == 0.0])
    errors = [np.concatenate(some) for some in rows]
    medians = tuple(round(float(np.median(one)), 4) if len(one) else None for one in errors)
    return PartResult(part, seed, medians, tuple(len(one) for one in errors))


def _errors(
    network: Network, flight: FlightViews
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the errors in m, and the seconds since the target was seen; where both are known."""
    features = torch.from_numpy(np.asarray(flight.features[:1], np.float32))
    flown = torch.from_numpy(flight.flown[:1])
    dt_s = torch.from_numpy(flight.dt_s(network.time.nominal_s))[None]
    with torch.no_grad():
        if network.memory is not None:
            state = features.new_zeros(1, network.state_size)
            belief = network.remember(
                features, dt_s, state, network.motion(features, flown)
            ).belief
        else:
            seen = network(features, dt_s, None, torch.from_numpy(flight.request)[None], flown)
            assert seen.belief is not None
            belief = seen.belief
    places = [_place(one[:, 1], one[:, 2]) for one in (belief[0].numpy(), flight.belief[0])]
    off = np.hypot(*(places[0] - places[1]).T)
    visible, there = flight.target[:, 0] > 0.5, flight.belief[0, :, 0] > 0.5
    stamps = np.asarray(flight.stamp_s)
    last = np.maximum.accumulate(np.where(visible, np.arange(len(visible)), -1))
    hidden_s = np.where(last >= 0, stamps - stamps[np.maximum(last, 0)], math.nan)
    known = there & (last >= 0)
    return off[known], hidden_s[known]


def _place(
    bearing: npt.NDArray[np.float32], log_range: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    distance = REFERENCE_M * np.exp(log_range.astype(np.float64))
    return np.column_stack([distance * np.cos(bearing), distance * np.sin(bearing)])
