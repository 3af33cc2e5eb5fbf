# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON into frozen dataclasses, strictly: an unknown field or a wrong type is an error.

The dataclass is the schema. Only what the project's own files need is handled: nested
dataclasses, tuples, lists, dicts, optionals, literals and plain scalars. It never guesses and
never coerces, but for a whole number where a float is expected.
"""

import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from .errors import ConfigError, shown
from .yaml_file import read_yaml

T = TypeVar('T')
MOST_DEEP = 40  # dataclasses and lists within each other
LARGEST_INT = 1 << 63
SECONDS = re.compile(r'(?<!_m)(?<!_rad)(?<!_deg)(?<!_per)_s$')  # a field's name; else a rate
FORMER_NAME = 'former_name'  # in a field's metadata: older files call it so


def renamed_field(former_name: str, default: T) -> T:
    """Return a dataclass field that older files call by another name."""
    return dataclasses.field(default=default, metadata={FORMER_NAME: former_name})


def load_yaml(cls: type[T], path: Path) -> T:
    """Read a YAML file into a dataclass.

    Raises:
        ConfigError: unreadable file, broken YAML, unknown or missing field, wrong type, a value
            out of range; names file and field.

    """
    data = read_yaml(path)
    return build(cls, data if data is not None else {}, str(path))


def build(cls: type[T], data: Any, where: str) -> T:
    """Build a dataclass from plain data; ``where`` names the place in error messages.

    Raises:
        ConfigError: unknown or missing field, wrong type, or a value that the class refuses.

    """
    if not isinstance(data, dict):
        raise ConfigError(f'{where}: expected a mapping of fields, got {_show(data)}')
    if where.count(':') > MOST_DEEP:
        raise ConfigError(f'{where[:200]}: nested too deeply')
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}  # type: ignore[arg-type]
    data = _by_present_names(fields, data, where)
    for name in data:
        if name not in fields:
            raise ConfigError(
                f"{where}: unknown field '{_bare(name)}'; expected {', '.join(fields)}"
            )
    for name, field in fields.items():
        if name not in data and _is_required(field):
            raise ConfigError(f"{where}: field '{name}' is missing")
    hints = _hints(cls)  # type: ignore[arg-type]
    values = {
        name: _convert(hints[name], value, f'{where}: {name}') for name, value in data.items()
    }
    try:
        return cls(**values)
    except (ValueError, OverflowError) as error:  # the class's own checks in __post_init__
        raise ConfigError(f'{where}: {error}') from error


def check_ranges(instance: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a dataclass with a field, or an entry of one, outside its (least, most).

    Raises:
        ValueError: with the field, its range and what came.

    """
    for name, (least, most) in ranges.items():
        value = getattr(instance, name)
        for one in value if isinstance(value, tuple | list) else (value,):
            if one is not None and not least <= one <= most:
                unit = ' (in seconds)' if SECONDS.search(name) else ''
                raise ValueError(f'{name} must be {least:g}..{most:g}; got {shown(value)}{unit}')


def plain(value: Any) -> Any:
    """Turn a dataclass (nested) into what JSON and YAML can hold; tuples become lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _by_present_names(
    fields: dict[str, dataclasses.Field[Any]], data: dict[Any, Any], where: str
) -> dict[Any, Any]:
    """Rename what an older file calls by a former name."""
    present = {
        field.metadata[FORMER_NAME]: name
        for name, field in fields.items()
        if FORMER_NAME in field.metadata
    }
    for former, name in present.items():
        if former in data and name in data:
            raise ConfigError(
                f"{where}: '{former}' is the former name of '{name}', and both are given: "
                f"leave '{former}' out"
            )
    return {present.get(name, name): value for name, value in data.items()}


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _show(value: Any) -> str:
    return f'{shown(value)} ({type(value).__name__})'


def _bare(name: Any) -> str:
    return name[:100] if isinstance(name, str) else shown(name)


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(arguments, value, where)
    if origin is typing.Literal:
        if not isinstance(value, str | int) or value not in arguments:
            raise ConfigError(
                f'{where}: expected one of {", ".join(map(str, arguments))}, got {_show(value)}'
            )
        return value
    if origin in (tuple, list):
        return _convert_sequence(origin, arguments, value, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise ConfigError(f'{where}: expected a mapping, got {_show(value)}')
        for key in value:
            if not isinstance(key, str):
                raise ConfigError(f'{where}: expected names as keys, got {_show(key)}')
        return {
            key: _convert(arguments[1], item, f'{where}.{key[:100]}')
            for key, item in value.items()
        }
    if dataclasses.is_dataclass(hint):
        named = getattr(hint, 'NAMED', {})  # instances that a file may call by name
        if isinstance(value, str) and named:
            if value not in named:
                raise ConfigError(
                    f'{where}: expected one of {", ".join(named)} or a mapping of fields, '
                    f'got {_show(value)}'
                )
            return named[value]
        return build(typing.cast(type, hint), value, where)
    return _convert_scalar(hint, value, where)


def _convert_union(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in arguments:
        return None
    options = [option for option in arguments if option is not type(None)]
    errors = []
    for option in options:
        try:
            return _convert(option, value, where)
        except ConfigError as error:
            errors.append(str(error))
    raise ConfigError(errors[0])


def _convert_sequence(origin: type, arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise ConfigError(f'{where}: expected a list, got {_show(value)}')
    if origin is list or (len(arguments) == 2 and arguments[1] is Ellipsis):
        hints = [arguments[0]] * len(value)
    else:
        hints = list(arguments)
        if len(value) != len(hints):
            raise ConfigError(
                f'{where}: expected {len(hints)} values, got {len(value)}: {shown(value)}'
            )
    return origin(
        _convert(hint, item, f'{where}[{i}]')
        for i, (hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint in (int, float) and isinstance(value, int) and abs(value) >= LARGEST_INT:
        raise ConfigError(f'{where}: expected a number below 2^63, got {_show(value)}')
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ConfigError(f'{where}: expected a finite number, got {_show(value)}')
        return float(value)
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise ConfigError(f'{where}: expected {hint.__name__}, got {_show(value)}')
