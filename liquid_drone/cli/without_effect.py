# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Flags that a command would not look at: they are refused, as nothing would come of them."""

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from typing import Any

from ..errors import ConfigError
from .arguments import PART


def changed_flags(given: Any, usual: Any, takes: Collection[str] = ()) -> list[str]:
    """Return the flags whose values are not the usual ones, those of parts included.

    Args:
        given: the arguments of a command, or a part of them.
        usual: the same with its defaults.
        takes: names of fields that are left out.

    """
    changed: list[str] = []
    for one in fields(given):
        value, is_usual = getattr(given, one.name), getattr(usual, one.name)
        if one.name in takes or value == is_usual:
            continue
        if PART in one.metadata and is_dataclass(value):
            changed += changed_flags(value, is_usual)
        else:
            changed.append('--' + one.name.replace('_', '-'))
    return changed


def refuse(flags: Collection[str], why: str) -> None:
    """Refuse flags.

    Raises:
        ConfigError: there are some.

    """
    if flags:
        raise ConfigError(f'{why}: leave out {", ".join(flags)}')
