# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rclpy
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from liquid_drone.errors import ConfigError
from liquid_drone.ros import parameters
from liquid_drone.ros.parameter_files.given import FILE_FLAG
from liquid_drone.ros.parameter_files.naming import check_files
from liquid_drone.ros.parameters import Parameter

HEIGHT = Parameter('height_m', 2.0, 'above the ground', low=1.0, high=10.0)
COUNT = Parameter('count', 3, 'how many', low=0, high=5)
FENCE = Parameter('fence_m', 5.0, 'around home', low=1.0, high=10.0, can_be_off=True)
DEVICE = Parameter('device', '/dev/video0', 'which')
LOOP = Parameter('loop', False, 'again')
KIND = Parameter('kind', 'a', 'which', choices=('a', 'b'))


@pytest.fixture
def make(ros: None) -> Callable[..., Node]:
    def make(**given: Any) -> Node:
        overrides = [RosParameter(name, value=value) for name, value in given.items()]
        return Node('under_test', parameter_overrides=overrides)

    return make


def test_values_given_from_outside_are_read(make: Callable[..., Node]) -> None:
    node = make(height_m=5.0, kind='b')
    parameters.declare(node, [HEIGHT, COUNT, KIND])
    assert parameters.read(node, [HEIGHT, COUNT, KIND]) == {
        'height_m': 5.0,
        'count': 3,
        'kind': 'b',
    }


@pytest.mark.parametrize(
    ('parameter', 'value', 'expected'),
    [
        (HEIGHT, 11.0, 'float from 1 to 10'),
        (HEIGHT, 'high', 'float from 1 to 10'),
        (HEIGHT, 3, 'float from 1 to 10; .*; write 3.0'),  # YAML's whole number
        (HEIGHT, math.nan, 'float from 1 to 10'),
        (COUNT, -1, 'int from 0 to 5'),
        (COUNT, 2.0, 'int from 0 to 5; .*; write 2$'),
        (DEVICE, 0, """str; .*; write "'0'"$"""),  # video_device:=0 is a number to YAML
        (DEVICE, 1.5, """str; .*; write "'1.5'"$"""),
        (DEVICE, True, """str; .*; write "'true'"$"""),  # a bundle called yes
        (LOOP, 1, 'bool; .*; write true$'),
        (LOOP, 0, 'bool; .*; write false$'),
        (LOOP, 2, "bool; .*of type 'INTEGER', expecting type 'BOOL': loop$"),
        (COUNT, 1.5, 'int from 0 to 5'),
    ],
)
def test_a_bad_value_is_refused_with_what_was_expected(
    make: Callable[..., Node], parameter: Parameter, value: Any, expected: str
) -> None:
    node = make(**{parameter.name: value})
    with pytest.raises(ConfigError, match=f"'{parameter.name}': expected {expected}"):
        parameters.declare(node, [parameter])


def test_a_value_that_is_no_choice_is_refused(make: Callable[..., Node]) -> None:
    node = make(kind='c')
    parameters.declare(node, [KIND])
    with pytest.raises(ConfigError, match='one of a, b'):
        parameters.read(node, [KIND])


def held(**values: Any) -> Callable[[str], RosParameter]:
    return lambda name: RosParameter(name, value=values[name])


def test_a_running_node_says_why_it_takes_no_new_value() -> None:
    new = RosParameter('kind', value='b')
    assert parameters.judge([KIND], [new], None).successful
    refused = parameters.judge([KIND], [new], held(kind='a'))
    assert not refused.successful
    assert "'kind' is read when the node is configured" in refused.reason
    unknown = parameters.judge([KIND], [RosParameter('kind', value='c')], None)
    assert not unknown.successful
    assert 'one of a, b' in unknown.reason


@given(st.sampled_from(['off', *range(1, 11)]), st.sampled_from(['off', *range(1, 11)]))
@pytest.mark.parametrize('tighter', [-1, 1])
def test_a_limit_can_be_tightened_in_flight_and_never_loosened(
    tighter: int, old: Any, new: Any
) -> None:
    limit = replace(FENCE, tighter=tighter)
    result = parameters.judge([limit], [RosParameter('fence_m', value=new)], held(fence_m=old))
    is_word = 'off' in (old, new)
    expected = old == 'off' if is_word else (new - old) * tighter >= 0
    assert result.successful == expected
    assert expected or 'not loosened' in result.reason


@pytest.mark.parametrize('given_value', ['off', False])  # YAML reads the bare word as false
def test_a_check_is_switched_off_by_its_word(make: Callable[..., Node], given_value: Any) -> None:
    node = make(fence_m=given_value)
    parameters.declare(node, [FENCE])
    assert parameters.read(node, [FENCE]) == {'fence_m': None}


@pytest.mark.parametrize('value', [-1.0, 0.0, 11.0, math.nan, math.inf, True, 'on', ''])
def test_nothing_else_switches_it_off(make: Callable[..., Node], value: Any) -> None:
    node = make(fence_m=value)
    parameters.declare(node, [FENCE])
    with pytest.raises(ConfigError, match="'fence_m': expected float from 1 to 10, or off; got"):
        parameters.read(node, [FENCE])
    refused = parameters.judge([FENCE], [RosParameter('fence_m', value=value)], None)
    assert not refused.successful


@pytest.mark.parametrize(
    ('name', 'near'), [('hight_m', 'height_m'), ('limits.count', 'count'), ('x', 'kind')]
)
def test_a_name_that_no_parameter_has_is_refused_with_the_nearest(
    make: Callable[..., Node], name: str, near: str
) -> None:
    node = make(**{name: 0.3})
    with pytest.raises(ConfigError, match=f"no parameter '{name}'; the nearest is '{near}'"):
        parameters.declare(node, [HEIGHT, COUNT, KIND])


def test_what_is_of_ros_or_of_another_node_in_the_process_is_let_through(
    make: Callable[..., Node],
) -> None:
    given_values = {'use_sim_time': True, 'qos_overrides./a.subscription.depth': 2, 'other': 1}
    parameters.declare(make(**given_values), [HEIGHT], elsewhere=frozenset({'other'}))


def test_description_and_range_can_be_asked_for(make: Callable[..., Node]) -> None:
    node = make()
    parameters.declare(node, [HEIGHT, KIND], read_only=True)
    described = node.describe_parameter('height_m')
    assert described.description == 'above the ground'
    assert described.read_only
    assert described.floating_point_range[0].to_value == 10.0
    assert node.describe_parameter('kind').additional_constraints == 'one of: a, b'


def at(tmp_path_factory: pytest.TempPathFactory, key: str, nested: bool) -> str:
    """Return a parameter file with a value under the name of a node."""
    tree: Any = {'ros__parameters': {'limits': {'fence_radius_m': 5.0}}}
    names = key.strip('/').split('/') if nested else [key]
    for name in reversed(names):
        tree = {name: tree}
    path = tmp_path_factory.mktemp('given') / 'mine.yaml'
    path.write_text(yaml.safe_dump(tree))
    return str(path)


@pytest.mark.parametrize('nested', [False, True])
@pytest.mark.parametrize(
    ('key', 'node', 'is_refused'),
    [
        ('mavlink', '/mavlink', False),
        ('/**/mavlink', '/mavlink', False),
        ('/**/mavlink', '/fleet/drone1/mavlink', False),
        ('/**', '/drone1/mavlink', False),
        ('/drone1/mavlink', '/drone1/mavlink', False),
        ('/*/mavlink', '/drone1/mavlink', False),
        ('usb_cam', '/camera', False),
        ('camera1', '/camera', False),
        ('/**/policy', '/mavlink', False),
        ('mavlink', '/drone1/mavlink', True),
        ('/drone2/mavlink', '/drone1/mavlink', True),
        ('/*/mavlink', '/mavlink', True),
        ('mavlink_node', '/mavlink', True),
        ('/**/mavlnk', '/mavlink', True),
        ('/**/Policy', '/policy', True),
        ('/drone1/mavlink', '/mavlink', True),
    ],
)
def test_a_file_under_another_name_is_refused_with_the_name_to_write(
    tmp_path_factory: pytest.TempPathFactory, key: str, node: str, is_refused: bool, nested: bool
) -> None:
    """ROS leaves it out in silence: ros2/ros2 569, 1092, rcl 954, fusioncore 134."""
    path = at(tmp_path_factory, key, nested)
    arguments = ['node', '--ros-args', '--params-file', path, '-r', '__ns:=/x']
    if not is_refused:
        check_files(arguments, node)
        return
    with pytest.raises(ConfigError, match=r'none of them would hold: write') as refused:
        check_files(arguments, node)
    assert f"'/**/{node.rpartition('/')[2]}'" in str(refused.value)


names = st.sampled_from(['mavlink', 'policy', 'camera', 'a', 'drone1'])
tokens = st.lists(names, min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(tokens, st.lists(st.sampled_from(['**', '*', 'mavlink', 'a', 'drone1']), max_size=4))
def test_what_ros_takes_is_never_refused(
    tmp_path_factory: pytest.TempPathFactory, node: list[str], key: list[str]
) -> None:
    """Compared with the matching of rcl itself, on a node of that name."""
    path = at(tmp_path_factory, '/' + '/'.join([*key, node[-1]]), nested=False)
    given_there = parameters_for(path, '/' + '/'.join(node))
    try:
        check_files([FILE_FLAG, path], '/' + '/'.join(node))
    except ConfigError:
        assert not given_there
    else:
        assert given_there


def parameters_for(path: str, node: str) -> bool:
    """Tell whether ROS gives a node of this name what stands in a file."""
    space, _, name = node.rpartition('/')
    context = rclpy.Context()
    rclpy.init(args=['--ros-args', '--params-file', path], context=context)
    try:
        made = Node(name, namespace=space or '/', context=context, start_parameter_services=False)
        found = bool(made._parameter_overrides)  # rclpy has no public way to them
        made.destroy_node()
    finally:
        context.try_shutdown()
    return found


@pytest.mark.parametrize('content', ['', '[1, 2', '7', 'a: {b: c}', 'a: [1]', '\x00'])
def test_what_is_no_parameter_file_is_told_by_ros(tmp_path: Path, content: str) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text(content)
    check_files(['node', FILE_FLAG, str(path), FILE_FLAG, str(tmp_path), FILE_FLAG], '/mavlink')
