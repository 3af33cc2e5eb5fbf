# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of several values of a parameter holds, held against what ROS gives to a real node."""

import json
from pathlib import Path
from typing import Any

import pytest
import rclpy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.node import Node

from liquid_drone.errors import ConfigError
from liquid_drone.ros.parameter_files.given import FILE_FLAG
from liquid_drone.ros.parameter_files.precedence import check_precedence, last_key

NAME, NODE = 'limits.fence_radius_m', '/drone1/mavlink'
KEYS = (  # the more exactly a key names the node, the later
    *('/**', '/*/*', '/**/mavlink', '/*/mavlink', '/drone1/mavlink'),
    *('/mavlink', '/**/policy', '/drone2/mavlink'),  # of other nodes
)
EXACT = {key: place for place, key in enumerate(KEYS[:5])}
values = st.sampled_from([5.0, 8.0, 30.0, 7, 'off', True])  # of another type, ROS keeps both
sections = st.tuples(st.sampled_from(KEYS), values)
one_file = st.lists(sections, min_size=1, max_size=4)
files = st.lists(one_file, min_size=1, max_size=3)


def written(folder: Path, files: list[list[tuple[str, Any]]], nested: bool) -> list[str]:
    """Write parameter files, in which a key may stand twice, and return the command line."""
    line = ['node', '--ros-args']
    for number, content in enumerate(files):
        inner = {'limits': {'fence_radius_m': 0.0}} if nested else {NAME: 0.0}
        text = ''
        for key, value in content:
            one = yaml.safe_dump({key: {'ros__parameters': inner}})
            text += one.replace('0.0', json.dumps(value))
        path = folder / f'{number}.yaml'
        path.write_text(text)
        line += [FILE_FLAG, str(path)]
    return line


def taken(line: list[str], node: str = NODE) -> dict[str, Any]:
    """Return what ROS gives to a node of this name."""
    space, _, name = node.rpartition('/')
    context = rclpy.Context()
    rclpy.init(args=line, context=context)
    try:
        made = Node(name, namespace=space or '/', context=context, start_parameter_services=False)
        found = {key: one.value for key, one in made._parameter_overrides.items()}
        made.destroy_node()
    finally:
        context.try_shutdown()
    return found


def meant(files: list[list[tuple[str, Any]]]) -> set[Any]:
    """Return the values of the most exact key of the last file that has one for the node."""
    for content in reversed(files):
        own = [(EXACT[key], value) for key, value in content if key in EXACT]
        if own:
            best = max(place for place, _ in own)
            return {value for place, value in own if place == best}
    return set()


@settings(max_examples=120, deadline=None)
@given(files=files, nested=st.booleans())
def test_the_value_that_is_meant_holds_or_the_node_does_not_start(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, Any]]], nested: bool
) -> None:
    """ros2/rclcpp 953, ros2/launch_ros 233."""
    line = written(tmp_path_factory.mktemp('files'), files, nested)
    found, wanted = taken(line), meant(files)
    try:
        check_precedence(line, NODE, found)
    except ConfigError:
        assert {found[NAME]} != wanted  # never refused for nothing
    else:
        assert set(found.values()) == wanted


@settings(max_examples=60, deadline=None)
@given(
    content=one_file, nested=st.booleans(), node=st.sampled_from([NODE, '/mavlink']), told=values
)
def test_what_a_launch_was_given_holds_whatever_stands_in_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    content: list[tuple[str, Any]],
    nested: bool,
    node: str,
    told: Any,
) -> None:
    folder = tmp_path_factory.mktemp('files')
    line = written(folder, [content], nested)
    key = last_key('mavlink', folder / '0.yaml')
    line += written(folder / 'given', [[(key, told)]], nested)[2:] if _made(folder) else []
    assert taken(line, node) == {NAME: told}
    check_precedence([*line[:2], *line[4:]], node, {NAME: told})


def _made(folder: Path) -> bool:
    (folder / 'given').mkdir()
    return True


@pytest.mark.parametrize(
    ('words', 'value', 'is_refused'),
    [
        (['-p', f'{NAME}:=3.0'], 3.0, False),
        (['--param', f'{NAME}:=3.0'], 3.0, False),
        (['-p', f'mavlink:{NAME}:=3.0'], 3.0, False),
        (['-p', f'policy:{NAME}:=3.0'], 5.0, False),
        (['-p', f'{NAME}:=3.0'], 5.0, True),
    ],
)
def test_a_value_of_the_command_line_holds_or_is_refused(
    tmp_path: Path, words: list[str], value: float, is_refused: bool
) -> None:
    every = [('/**', 9.0)] if is_refused else []
    line = [*written(tmp_path, [[*every, ('/mavlink', 5.0)]], nested=False), *words]
    found = taken(line, '/mavlink')
    assert found == {NAME: value}
    if not is_refused:
        check_precedence(line, '/mavlink', found)
        return
    with pytest.raises(ConfigError, match=r'is 3.0 in -p .*ROS takes that .* is 5.0 in .*0.yaml'):
        check_precedence(line, '/mavlink', found)


def test_a_limit_that_stands_twice_in_a_section_is_refused_with_both_values(
    tmp_path: Path,
) -> None:
    path = tmp_path / 'mine.yaml'
    both = f'    {NAME}: 5.0\n    limits: {{fence_radius_m: 30.0}}\n'
    path.write_text(f'/**/mavlink:\n  ros__parameters:\n{both}')
    line = ['node', '--ros-args', FILE_FLAG, str(path)]
    with pytest.raises(ConfigError, match=r'is 5.0 in .* and .* is 30.0 in .*: leave one'):
        check_precedence(line, NODE, taken(line))


@pytest.mark.parametrize(
    'content', ['', '[1', '7', '/**: {ros__parameters: 3}', '/**: [1]', '\x00']
)
def test_what_is_no_parameter_file_is_left_to_ros(tmp_path: Path, content: str) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text(content)
    check_precedence(
        [FILE_FLAG, str(path), FILE_FLAG, '/no/file', '-p', 'x', '-p', 'x:=', '-p'], NODE, {}
    )
    assert last_key('mavlink', path).endswith('/**/mavlink')
