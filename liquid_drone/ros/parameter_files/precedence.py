# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of several values of a parameter holds, and that it is the one that was meant.

Who writes a parameter twice means the later file, argument of the command line, or within a file
the section that names the node more exactly. ROS takes the section whose name was read first last
(ros2/rclcpp#953): a value for ``/mavlink`` in a file overrules one for ``/**/mavlink`` in each
later file, if the first file had that name as well. Such values are refused.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError, shown
from ...masking import masked
from .given import EVERY_NODE, MANY, Assignment, assignments, keys_of


def check_precedence(arguments: Sequence[str], node: str, taken: Mapping[str, Any]) -> None:
    """Refuse a parameter with several values of which another one holds than was meant.

    Args:
        arguments: of the process.
        node: full name of the node.
        taken: name -> value of what ROS gives to the node.

    Raises:
        ConfigError: with both values and where they stand.

    """
    by_name: dict[str, list[Assignment]] = {}
    for one in assignments(arguments, node):
        by_name.setdefault(one.name, []).append(one)
    for name, given in by_name.items():
        last = [one for one in given if one.source == given[-1].source]
        best = max(one.rank for one in last)
        meant = [one for one in last if one.rank == best]
        if any(not _is_same(one.value, meant[-1].value) for one in meant):
            raise ConfigError(f'{_told(meant[0])} and {_told(meant[-1])}: leave one of them')
        other = next((one for one in given if _is_same(one.value, taken.get(name))), None)
        if other is not None and not _is_same(other.value, meant[-1].value):
            raise ConfigError(
                f'{_told(meant[-1])}, and yet ROS takes that {_told(other)}: take that out'
            )


def _is_same(a: Any, b: Any) -> bool:
    return bool(type(a) is type(b) and a == b)


def _told(one: Assignment) -> str:
    return f"{one.name} is {masked(shown(one.value))} in {one.where} under '{one.key}'"


def last_key(node: str, path: Path) -> str:
    """Return a key for a node in any namespace that is not in a file: read last, it wins.

    Args:
        node: its name.
        path: parameter file that stands before on the command line.

    """
    deepest = max((key.split('/').count(MANY) for key in keys_of(str(path))), default=0)
    return f'{EVERY_NODE * (deepest + 1)}/{node}'
