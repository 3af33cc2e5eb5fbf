# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""YAML as everybody reads it: plain decimals, each key once, no tags, bounded size and nesting.

YAML 1.1 reads ``010`` as eight, ``1_000`` as a thousand and ``1:30`` as ninety, and ``1e-3`` as a
text. Here numbers are those of JSON and YAML 1.2, and the others stay texts, which a field that
expects a number refuses.
"""

import copy
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from .errors import ConfigError, shown
from .files import read_text, shown_path

MOST_BYTES = 512_000
MOST_NODES = 20_000  # with every alias written out; the largest that ships has about 1,300
MOST_DEEP = 40
INT = re.compile(r'[-+]?(?:0|[1-9][0-9]*)$')
FLOAT = re.compile(
    r'[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?'
    r'|\.(?:inf|Inf|INF))$|\.(?:nan|NaN|NAN)$'
)
NUMBERS = ('tag:yaml.org,2002:int', 'tag:yaml.org,2002:float', 'tag:yaml.org,2002:timestamp')


def read_yaml(path: Path, most: int = MOST_BYTES) -> Any:
    """Return the plain data of a YAML file; None for an empty one.

    Raises:
        ConfigError: unreadable, too large, or not such YAML; names the place.

    """
    return parse_yaml(read_text(path, most), shown_path(path))


def parse_yaml(text: str, where: str) -> Any:
    """Parse YAML as :func:`read_yaml` does; ``where`` names it in error messages.

    Raises:
        ConfigError: as :func:`read_yaml`.

    """
    try:
        return copy.deepcopy(_parsed(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f', line {mark.line + 1}' if mark else ''
        raise ConfigError(f'{where}{place} is not valid YAML: {_words(error)}') from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f'{where} is not valid YAML: {shown(str(error))}') from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """Parse a text once: flights read five files, 83 ms in all, and mostly the same ones."""
    return yaml.load(text, _Loader)


def _words(error: yaml.MarkedYAMLError) -> str:
    return ' '.join(f'{error.context or ""} {error.problem or ""}'.split())[:200]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, stricter."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._deep = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse tags and endless nesting."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, 'tag', None) not in (None, '!') and not isinstance(
            event, yaml.AliasEvent
        ):
            raise yaml.MarkedYAMLError(
                problem=f'tags such as {event.tag[:40]} are not read here',
                problem_mark=event.start_mark,
            )
        self._deep += 1
        if self._deep > MOST_DEEP:
            raise yaml.MarkedYAMLError(
                problem=f'nested more than {MOST_DEEP} deep', problem_mark=event.start_mark
            )
        node = super().compose_node(parent, index)
        self._deep -= 1
        return node

    def get_single_node(self) -> Any:
        """Refuse aliases that make little text much data."""
        node: Any = super().get_single_node()
        count, deep = _extent(node, {}) if node is not None else (0, 0)
        if count > MOST_NODES or deep > MOST_DEEP:
            raise yaml.MarkedYAMLError(
                problem=f'more than {MOST_NODES} values or {MOST_DEEP} levels',
                problem_mark=node.start_mark,
            )
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice."""
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else None
            if name in seen and name is not None:
                raise yaml.MarkedYAMLError(
                    problem=f'the key {shown(key.value)} is given twice',
                    problem_mark=key.start_mark,
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def _extent(node: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values a node has and how deep it is, aliases written out; linear time."""
    found = known.get(id(node))
    if found is not None:
        return found
    known[id(node)] = MOST_NODES + 1, 0  # a node within itself is endless
    children: list[Any] = []
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    extents = [_extent(child, known) for child in children]
    count = 1 + sum(extent[0] for extent in extents)
    known[id(node)] = count, 1 + max((extent[1] for extent in extents), default=0)
    return known[id(node)]


def _construct_int(loader: yaml.SafeLoader, node: Any) -> int:
    text = loader.construct_scalar(node)
    if len(text) > 20:
        raise yaml.MarkedYAMLError(
            problem=f'expected a number that a computer holds, got {len(text)} digits',
            problem_mark=node.start_mark,
        )
    return int(text)


def _construct_float(loader: yaml.SafeLoader, node: Any) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace('.inf', 'inf').replace('.nan', 'nan'))


# A list of resolvers for each first character of a plain scalar; those of YAML 1.1's numbers go.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag not in NUMBERS]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(NUMBERS[0], INT, list('-+0123456789'))
_Loader.add_implicit_resolver(NUMBERS[1], FLOAT, list('-+0123456789.'))
_Loader.add_constructor(NUMBERS[0], _construct_int)
_Loader.add_constructor(NUMBERS[1], _construct_float)
