# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a command line gives to a node: parameter files and ``-p``, in the order of writing.

ROS reads them by libyaml, key by key. So are they read here: a mapping of Python would hide a key
that stands twice. What cannot be read is told by ROS itself.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE_FLAG, VALUE_FLAGS, PARAMETERS = '--params-file', ('-p', '--param'), 'ros__parameters'
EVERY_NODE = '/**'
MANY, ONE = '**', '*'
ANY_TOKENS = {MANY: '(/[^/]+)*', ONE: '/[^/]+'}
VALUE = re.compile(r'(?:(?P<node>[\w/*]+):)?(?P<name>[\w./~{}-]+):=(?P<value>.*)', re.DOTALL)


@dataclass(frozen=True)
class Assignment:
    """One value of one parameter, as it is written."""

    source: int  # which file or argument of the command line
    where: str  # its name, for sentences
    key: str  # of the nodes that it is for, with a leading slash
    name: str
    value: Any

    @property
    def rank(self) -> tuple[int, int, int]:
        """How exactly the key names a node: of two in one file the higher one is meant."""
        parts = self.key.strip('/').split('/')
        exact = sum(part not in ANY_TOKENS for part in parts)
        return exact, -parts.count(MANY), -parts.count(ONE)


def keys_of(path: str) -> list[str]:
    """Return the names of nodes in a parameter file, with a leading slash each."""
    return [key for key, _ in _sections(_composed(path), '')]


def matches(key: str, node: str) -> bool:
    """Tell whether a key of a file is for a node, which has its full name."""
    parts = key.strip('/').split('/')
    pattern = (ANY_TOKENS.get(part, f'/{re.escape(part)}') for part in parts)
    return re.fullmatch(''.join(pattern), node) is not None


def assignments(arguments: Sequence[str], node: str) -> list[Assignment]:
    """Return what is given to a node, in the order of writing.

    Args:
        arguments: of the process.
        node: its full name.

    """
    found: list[Assignment] = []
    for source, (flag, given) in enumerate(itertools.pairwise(arguments)):
        if flag == FILE_FLAG:
            found += _of_file(source, given)
        elif flag in VALUE_FLAGS and (one := VALUE.fullmatch(given)):
            key = f'/{(one["node"] or EVERY_NODE).strip("/")}'
            found.append(Assignment(source, flag, key, one['name'], _plain(one['value'])))
    return [one for one in found if matches(one.key, node)]


def _of_file(source: int, path: str) -> Iterator[Assignment]:
    for key, section in _sections(_composed(path), ''):
        for name, value in _values(section, ''):
            yield Assignment(source, path, key, name, value)


def _composed(path: str) -> yaml.Node | None:
    try:
        return yaml.compose(Path(path).read_text(encoding='utf-8'), yaml.SafeLoader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None


def _pairs(tree: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    for key, value in tree.value if isinstance(tree, yaml.MappingNode) else ():
        if isinstance(key, yaml.ScalarNode):
            yield key.value, value


def _sections(tree: yaml.Node | None, above: str) -> Iterator[tuple[str, yaml.Node]]:
    """Yield the name of nodes and what is given to them."""
    for name, below in _pairs(tree):
        if name == PARAMETERS:
            yield above, below
        else:
            yield from _sections(below, f'{above}/{name.strip("/")}')


def _values(tree: yaml.Node, above: str) -> Iterator[tuple[str, Any]]:
    """Yield parameters, with dots in their names, however they are nested."""
    for name, below in _pairs(tree):
        if isinstance(below, yaml.MappingNode):
            yield from _values(below, f'{above}{name}.')
        else:
            yield f'{above}{name}', _value(below)


def _plain(text: str) -> Any:
    try:
        return _value(yaml.compose(text, yaml.SafeLoader))
    except (ValueError, RecursionError, yaml.YAMLError):
        return text


def _value(node: yaml.Node | None) -> Any:
    try:
        return None if node is None else yaml.SafeLoader('').construct_object(node, deep=True)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
