# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of a recipe that its author changed and that have no effect, as something else is off.

They are told and not refused: one text may serve several recipes that differ in what is on.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ..learn.recipe import Recipe

USUAL = Recipe('usual')


@dataclass(frozen=True)
class UnusedFields:
    """Fields that count only where something is on; a name that ends in a dot: all below it."""

    names: tuple[str, ...]
    counts: Callable[[Recipe], bool]
    needs: str  # in words
    but: tuple[str, ...] = ()  # fields below it that count in any case


GLANCES, STRAYS = (
    tuple(f'collect.disturbance.{name}' for name in names)
    for names in (('glance_every_s', 'glance_s'), ('stray_every_s', 'stray_s', 'stray'))
)
RULES = (
    UnusedFields(
        ('train.hard_weight', 'train.short_weight', 'frozen.views', 'frozen.held_out'),
        lambda r: bool(r.frozen.bundle),
        'frozen: {bundle: ...}',
    ),
    UnusedFields(
        ('train.memory_steps',),
        lambda r: bool(r.frozen.bundle) and r.network.memory,
        'frozen: {bundle: ...} and network: {memory: true}',
    ),
    UnusedFields(('train.belief_weight',), lambda r: r.network.belief, 'network: {belief: true}'),
    UnusedFields(
        ('train.augmentation.style_share',),
        lambda r: not r.frozen.bundle,
        'an encoder that is not frozen',
    ),
    UnusedFields(('lookalike_every',), lambda r: bool(r.lookalikes), 'lookalikes'),
    UnusedFields(
        ('pictures.',),
        lambda r: r.pictures.count > 0,
        'pictures: {count: ...}',
        but=('pictures.places',),
    ),
    UnusedFields(('practice.',), lambda r: r.practice.steps > 0, 'practice: {steps: ...}'),
    UnusedFields(GLANCES, lambda r: r.collect.disturbance.glance_share > 0.0, 'glance_share'),
    UnusedFields(STRAYS, lambda r: r.collect.disturbance.stray_share > 0.0, 'stray_share'),
)


def unused_fields(recipe: Recipe) -> dict[str, str]:
    """Return the fields that were changed without an effect, each with what it needs."""
    changed = _changed(recipe, USUAL)
    return {
        name: rule.needs
        for rule in RULES
        if not rule.counts(recipe)
        for name in changed
        if name not in rule.but and any(_is_below(name, one) for one in rule.names)
    }


def warn_of_unused(recipe: Recipe) -> None:
    """Tell of them."""
    for name, needs in unused_fields(recipe).items():
        words = f'warning: {recipe.name}: {name} has no effect without {needs}'
        print(words, file=sys.stderr)


def _is_below(name: str, rule: str) -> bool:
    return name.startswith(rule) if rule.endswith('.') else name == rule


def _changed(given: Any, usual: Any, before: str = '') -> list[str]:
    """Return the names of fields that have another value than by default, those below by dots."""
    found: list[str] = []
    for one in fields(given):
        value, is_usual = getattr(given, one.name), getattr(usual, one.name)
        if value == is_usual:
            continue
        name = f'{before}{one.name}'
        is_part = is_dataclass(value) and type(value) is type(is_usual)
        found += _changed(value, is_usual, f'{name}.') if is_part else [name]
    return found
