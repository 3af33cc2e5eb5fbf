# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses whose fields carry help, choices, unit and range: the one spelling of them.

Command-line flags, node parameters and launch arguments are made from such a class::

    @dataclass(frozen=True, kw_only=True)
    class Flight:
        seed: int = option(0, 'everything random follows from it', low=0, high=99)
        start: Literal['ground', 'hover'] = option('ground', 'where the drone begins')

Nothing here knows argparse, ROS or launch.
"""

import dataclasses
import numbers
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .errors import ConfigError, shown

T = TypeVar('T')
Plain = bool | int | float | str  # what a node parameter can hold
KEY = 'option'  # in a field's metadata
REQUIRED = dataclasses.MISSING
KINDS: dict[type, type[Any]] = {
    bool: numbers.Integral,
    int: numbers.Integral,
    float: numbers.Real,
    str: str,
    Path: Path,
}


@dataclass(frozen=True)
class OptionText:
    """What the author of a field says about it; the rest follows from its type."""

    help: str
    low: float | None = None  # inclusive, as is high
    high: float | None = None
    unit: str = ''
    unset: str = ''  # what None, or an empty text, stands for
    flag: str = ''  # on the command line, where it is not the name
    aliases: tuple[str, ...] = ()  # further flags
    metavar: str = ''
    positional: bool = False  # on the command line
    needs: tuple[str, ...] = ()  # on the command line: no effect unless one of these is given
    excludes: tuple[str, ...] = ()  # on the command line: these have no effect beside it


def option(default: Any, help: str, **more: Any) -> Any:
    """Return a dataclass field; ``more`` are the other fields of :class:`OptionText`."""
    return dataclasses.field(default=default, metadata={KEY: OptionText(help, **more)})


@dataclass(frozen=True)
class Option:
    """One field, read from its class."""

    name: str
    kind: type  # of one value: bool, int, float, str or Path
    default: Any  # REQUIRED: there is none
    text: OptionText
    choices: tuple[str, ...] = ()
    is_list: bool = False
    may_be_none: bool = False

    @property
    def expectation(self) -> str:
        """The values that are taken, in words."""
        if self.choices:
            return f'one of {", ".join(self.choices)}'
        low, high, unit = self.text.low, self.text.high, self.text.unit
        words = {bool: 'true or false', int: 'a whole number', float: 'a number', str: 'text'}
        kind = words.get(self.kind, 'a path')
        if low is None or high is None:
            return kind
        return f'{kind}, {low:.10g} to {high:.10g} {unit}'.rstrip()

    @property
    def description(self) -> str:
        """The help of a field with its unit and what an empty value stands for."""
        unit = f', {self.text.unit}' if self.text.unit else ''
        empty = 'empty' if self.empty == '' else f'{self.empty:g}'
        unset = f'; {empty}: {self.text.unset}' if self.text.unset else ''
        return f'{self.text.help}{unit}{unset}'

    @property
    def empty(self) -> Plain:
        """The value that stands for None where there is no None: 0, or an empty text."""
        return '' if self.kind in (str, Path) else typing.cast(Plain, self.kind())

    def check(self, value: Any) -> None:
        """Check one value, of a list one item.

        Raises:
            ValueError: a wrong type, not among the choices, out of range or not finite; says
                what was expected and what came.

        """
        kind, low, high = KINDS[self.kind], self.text.low, self.text.high
        is_good = isinstance(value, kind) and (self.kind is bool) == isinstance(value, bool)
        if is_good and self.choices:
            is_good = value in self.choices
        if is_good and low is not None and high is not None:
            is_good = low <= value <= high  # False for nan
        if not is_good:
            raise ValueError(f'expected {self.expectation}; got {shown(value)}')


def options_of(cls: type) -> tuple[Option, ...]:
    """Return the options of a dataclass in the order of its fields; other fields are left out."""
    hints = typing.get_type_hints(cls)
    return tuple(
        _read(field, hints[field.name])
        for field in dataclasses.fields(cls)
        if KEY in field.metadata
    )


def _read(field: 'dataclasses.Field[Any]', hint: Any) -> Option:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    may_be_none = origin in (typing.Union, types.UnionType)
    if may_be_none:
        (hint,) = (one for one in arguments if one is not type(None))
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    is_list = origin is tuple
    if is_list:
        hint = arguments[0]
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    choices = arguments if origin is typing.Literal else ()
    kind = str if choices else hint
    if kind not in KINDS:
        raise TypeError(f"field '{field.name}': an option cannot be of type {kind}")
    text: OptionText = field.metadata[KEY]
    return Option(field.name, kind, field.default, text, choices, is_list, may_be_none)


def check(instance: Any) -> None:
    """Check every option of an instance; for ``__post_init__``.

    Raises:
        ConfigError: names the field, what was expected and what came.

    """
    for one in options_of(type(instance)):
        value = getattr(instance, one.name)
        if value is None and one.may_be_none:
            continue
        try:
            for item in value if one.is_list else (value,):
                one.check(item)
        except ValueError as error:
            raise ConfigError(f'{one.name}: {error}') from error


def plain(instance: Any) -> dict[str, Plain]:
    """Return name -> value as a node parameter can hold it; None becomes the empty value."""
    found: dict[str, Plain] = {}
    for one in options_of(type(instance)):
        value = getattr(instance, one.name)
        kind = str if one.kind is Path else one.kind
        found[one.name] = one.empty if value is None else kind(value)
    return found


def from_plain(cls: type[T], values: Mapping[str, Any]) -> T:
    """Make an instance of what :func:`plain` returned; other names are left alone.

    Raises:
        ConfigError: a value that the class refuses.

    """
    found = {}
    for one in options_of(cls):
        value = values[one.name]
        is_unset = one.may_be_none and value == one.empty
        found[one.name] = None if is_unset else one.kind(value)
    return cls(**found)
