# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers of a study: each arm, and each against the reference. Read from flights alone."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ...arrays import FloatArray
from ...errors import ConfigError
from ...evaluate.flights_file import all_flights
from ...evaluate.scoring import FlightScore
from ...evaluate.statistics.aggregates import (
    difference_of_iqm,
    hierarchical_comparison,
    hierarchical_interval,
    iqm,
    probability_of_improvement,
    stratified_interval,
)
from ...evaluate.statistics.exact import cliffs_delta, holm, permutation_p, sign_flip_p
from ...evaluate.statistics.spread import factor_shares, variance_parts
from ...files import write_text
from ...results import claim
from .plan import Measure, StudyPlan, StudyTraining, trainings_of
from .running import StudyFolder, is_done

FILES = ('study.json', 'study.md')
SEED = 0  # of every bootstrap
LEAST = 2  # trainings of an arm that is compared
LEAST_REWARD = -1.0  # of a frame


class Outcomes(NamedTuple):
    """The measure of an arm's flights."""

    seeds: tuple[int, ...]  # of its trainings that are done
    values: FloatArray  # (K, C, F): trainings, places, flights

    def of(self, seeds: Sequence[int]) -> FloatArray:
        """Return those of some trainings."""
        return self.values[[self.seeds.index(seed) for seed in seeds]]


def analyse(plan: StudyPlan, out: Path) -> dict[str, Any]:
    """Return the numbers of all trainings that are done.

    Raises:
        ConfigError: no training is done.

    """
    folder = StudyFolder(out)
    done = [one for one in trainings_of(plan) if is_done(plan, folder, one)]
    if not done:
        raise ConfigError(f'no training of {plan.name} is done in {out}: nothing to analyse')
    outcomes: dict[str, Outcomes] = {}
    for arm in plan.arms:
        rows = {one.seed: _outcomes(plan, folder, one) for one in done if one.arm == arm}
        if rows:
            outcomes[arm] = Outcomes(tuple(rows), np.array(list(rows.values())))
    wanted = {arm: sum(one.arm == arm for one in trainings_of(plan)) for arm in plan.arms}
    return {
        'format_version': 1,
        'name': plan.name,
        'measure': plan.measure,
        'places': [place.name for place in plan.places],
        'primary': plan.primary_place,
        'baseline': plan.baseline,
        'reference': plan.reference,
        'flights': plan.flights,
        'is_whole': all(
            arm in outcomes and len(outcomes[arm].seeds) == wanted[arm] for arm in plan.arms
        ),
        'bundles': {_bundle_hash(plan, folder, one): one.name for one in done},
        'arms': {arm: _arm(plan, found.values, wanted[arm]) for arm, found in outcomes.items()},
        'comparisons': _comparisons(plan, outcomes),
        'variance_shares': _shares(plan, outcomes, plan.primary_place),
        'variance_shares_by_place': {
            place.name: _shares(plan, outcomes, place.name) for place in plan.places
        },
    }


def _outcomes(plan: StudyPlan, folder: StudyFolder, training: StudyTraining) -> FloatArray:
    """Return the measure of every flight, (C, F)."""
    found = []
    for place in plan.places:
        _, flights = all_flights([folder.flights(training, place.name)])
        scores = {flown.score.seed: flown.score for flown in flights}
        found.append([measured(scores[seed], plan.measure) for seed in plan.seeds])
    return np.array(found)


def measured(score: FlightScore, measure: Measure) -> float:
    """Return a measure of one flight; the reward of a policy that never got the drone is -1."""
    if measure == 'reward':
        return LEAST_REWARD if score.terms is None else score.terms.reward
    return float(getattr(score, measure))


def _bundle_hash(plan: StudyPlan, folder: StudyFolder, training: StudyTraining) -> str:
    who, _ = all_flights([folder.flights(training, plan.places[0].name)])
    return who['bundle_hash']


def _arm(plan: StudyPlan, outcomes: FloatArray, wanted: int) -> dict[str, Any]:
    scores, rng = outcomes.mean(axis=2), np.random.default_rng(SEED)
    found: dict[str, Any] = {'trainings': len(outcomes), 'of': wanted, 'scores': scores.tolist()}
    by_place = {}
    for number, place in enumerate(plan.places):
        one = outcomes[:, number : number + 1]
        parts = variance_parts(one[:, 0]) if len(outcomes) >= LEAST else None
        by_place[place.name] = {
            'iqm': asdict(hierarchical_interval(one, iqm, rng, plan.draws)),
            'variance': None if parts is None else asdict(parts),
        }
    overall = {
        'hierarchical': asdict(hierarchical_interval(outcomes, iqm, rng, plan.draws)),
        'stratified': asdict(stratified_interval(scores, iqm, rng, plan.draws)),
    }
    return {**found, 'overall': overall, 'by_place': by_place}


def _comparisons(plan: StudyPlan, outcomes: dict[str, Outcomes]) -> dict[str, Any]:
    """Compare the reference with every other arm in the primary place."""
    here = {arm: _compared(plan, found) for arm, found in outcomes.items()}
    ours = here.get(plan.reference)
    found: dict[str, Any] = {}
    if ours is None or len(ours.seeds) < LEAST:
        return found
    for arm, theirs in here.items():
        if arm != plan.reference and len(theirs.seeds) >= LEAST:
            found[arm] = _comparison(plan, ours, theirs, plan.arms[arm].exploratory)
    adjusted = holm({arm: one['p'] for arm, one in found.items() if one['p'] is not None})
    return {arm: {**one, 'p_holm': adjusted.get(arm)} for arm, one in found.items()}


def _compared(plan: StudyPlan, outcomes: Outcomes) -> Outcomes:
    """Return what arms are compared by, (K, 1, F): in the primary place, less the baseline."""
    values = outcomes.values
    by_name = {place.name: values[:, k : k + 1] for k, place in enumerate(plan.places)}
    here = by_name[plan.primary_place]
    here = here - by_name[plan.baseline] if plan.baseline else here
    return outcomes._replace(values=here)


def _comparison(
    plan: StudyPlan, ours: Outcomes, theirs: Outcomes, is_exploratory: bool
) -> dict[str, Any]:
    """Compare two arms; trainings with the same seed are pairs where they share an encoder."""
    both = [seed for seed in ours.seeds if seed in theirs.seeds]
    is_paired = _has_shared_encoder(plan) and len(both) >= LEAST
    us, them = (one.of(both) if is_paired else one.values for one in (ours, theirs))
    rng = np.random.default_rng(SEED)
    means = us.mean(axis=(1, 2)), them.mean(axis=(1, 2))
    difference = hierarchical_comparison(us, them, difference_of_iqm, rng, plan.draws)
    better = hierarchical_comparison(us, them, probability_of_improvement, rng, plan.draws)
    return {
        'trainings': [len(us), len(them)],
        'difference': asdict(difference),
        'improvement': asdict(better),
        'cliffs_delta': cliffs_delta(*means),
        'p': None if is_exploratory else (sign_flip_p if is_paired else permutation_p)(*means),
    }


def _has_shared_encoder(plan: StudyPlan) -> bool:
    """Tell whether trainings with the same seed have the same encoder in all arms."""
    return plan.encoders.count > 0 or bool(plan.recipe.frozen.bundle)


def _shares(plan: StudyPlan, outcomes: dict[str, Outcomes], name: str) -> dict[str, float] | None:
    """Return how much of the variance in a place is the cell's and the encoder's.

    Of the arms with the most trainings, which must be as many behind every encoder.
    """
    count, number = plan.encoders.count, [place.name for place in plan.places].index(name)
    size = max(len(found.seeds) for found in outcomes.values())
    whole = [found for found in outcomes.values() if found.seeds == tuple(range(1, size + 1))]
    if count < 2 or len(whole) < 2 or size % count:
        return None
    scores = [found.values[:, number].mean(axis=1) for found in whole]
    by_encoder = [one.reshape(size // count, count).T for one in scores]  # seeds take turns
    shares = factor_shares(np.array(by_encoder))
    found = {'cell': shares.first, 'encoder': shares.second}
    if size == count:  # the two cannot be told apart
        return {**found, 'rest': shares.both + shares.trainings}
    return {**found, 'cell with encoder': shares.both, 'training seed': shares.trainings}


def write_analysis(found: dict[str, Any], out: Path) -> str:
    """Write the numbers as JSON and as a table; returns the table."""
    text = table(found)
    claim(out, FILES)
    write_text(out / FILES[0], json.dumps(found, indent=1) + '\n')
    write_text(out / FILES[1], text)
    return text


def table(found: dict[str, Any]) -> str:
    """Return the numbers in Markdown."""
    places = found['places']
    lines = [
        f'### {found["name"]}: {found["measure"]}, interquartile mean, 95 % interval', '',
        f'| arm | trainings | {" | ".join(places)} |',
        '|---' * (2 + len(places)) + '|',
    ]  # fmt: skip
    for arm, one in found['arms'].items():
        cells = [_interval(one['by_place'][place]['iqm']) for place in places]
        lines.append(f'| {arm} | {one["trainings"]} of {one["of"]} | {" | ".join(cells)} |')
    less = f', less {found["baseline"]}' if found.get('baseline') else ''
    lines += ['', f'{found["reference"]} against each, in {found["primary"]}{less}:', '']
    lines += [
        "| against | difference | probability of improvement | Cliff's delta | p | p, Holm |",
        '|---|---|---|---|---|---|',
    ]
    for arm, one in found['comparisons'].items():
        p_values = ' | '.join('' if p is None else f'{p:.3g}' for p in (one['p'], one['p_holm']))
        numbers = f'{one["cliffs_delta"]:+.2f} | {p_values}'
        sides = f'{_interval(one["difference"])} | {_interval(one["improvement"])}'
        lines.append(f'| {arm} | {sides} | {numbers} |')
    for place, shares in found['variance_shares_by_place'].items():
        if shares is not None:
            words = ', '.join(f'{name} {share:.0%}' for name, share in shares.items())
            lines += ['', f'Shares of the variance in {place}: {words}.']
    if not found['is_whole']:
        lines += ['', 'Not all trainings are done: nothing is concluded from these numbers.']
    return '\n'.join(lines) + '\n'


def _interval(one: dict[str, float]) -> str:
    return f'{one["value"]:.3f} ({one["low"]:.3f} to {one["high"]:.3f})'
