# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files and parameter files against the nodes, without needing ``launch``."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from liquid_drone.flight.limits import SIMULATION_LIMITS, Limits
from liquid_drone.nodes import (
    camera_node,
    mavlink_node,
    policy_node,
    recorder_node,
    simulator_node,
)

ROOT = Path(__file__).resolve().parents[2]
NODES = {
    'camera': camera_node.PARAMETERS,
    'policy': policy_node.PARAMETERS,
    'mavlink': mavlink_node.PARAMETERS,
    'simulator': simulator_node.PARAMETERS,
    'recorder': recorder_node.PARAMETERS,
}
CONFIGS = sorted((ROOT / 'config').glob('*.yaml'))
LAUNCHES = sorted((ROOT / 'launch').glob('*.launch.py'))


def entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return node -> parameters of a file."""
    data = yaml.safe_load(path.read_text())
    return {
        key.removeprefix('/**/'): value['ros__parameters']
        for key, value in data.items()
        if key != '/**'
    }


def calls(path: Path, name: str) -> list[ast.Call]:
    """Return every call of a function or class of that name."""
    tree = ast.parse(path.read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func).split('.')[-1] == name]


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.name)
def test_every_parameter_in_a_file_is_declared_and_its_value_is_taken(path: Path) -> None:
    assert entries(path)
    for node, values in entries(path).items():
        declared = {parameter.name: parameter for parameter in NODES[node]}
        for name, value in values.items():
            if name == 'use_sim_time':  # every ROS node has it
                continue
            parameter = declared[name]
            assert type(value) is type(parameter.default), name
            assert not parameter.choices or value in parameter.choices, name
            assert parameter.low is None or parameter.low <= value <= parameter.high, name


def limits_in(name: str) -> Limits:
    declared = {parameter.name: parameter.default for parameter in mavlink_node.PARAMETERS}
    return mavlink_node.limits_from({**declared, **entries(ROOT / 'config' / name)['mavlink']})


def test_simulation_flies_with_the_limits_of_flights_in_one_process() -> None:
    assert limits_in('simulation.yaml') == SIMULATION_LIMITS


def test_a_drone_flies_with_the_careful_limits() -> None:
    assert limits_in('follow.yaml') == Limits()


def test_nothing_engages_by_itself_on_a_drone() -> None:
    values = entries(ROOT / 'config' / 'follow.yaml')['mavlink']
    assert values['engage_at_start'] is False
    assert values['lockstep'] is False
    assert values['shadow'] is False


@pytest.mark.parametrize('path', LAUNCHES, ids=lambda path: path.name)
def test_a_launch_file_compiles_and_its_parameter_file_exists(path: Path) -> None:
    compile(path.read_text(), str(path), 'exec')
    (described,) = calls(path, 'describe')
    shared = [
        node.value
        for node in ast.walk(described)
        if isinstance(node, ast.Constant) and str(node.value).startswith('config/')
    ]
    assert shared
    assert all((ROOT / name).is_file() for name in shared)


def test_every_launch_argument_is_a_parameter_of_a_node_that_is_installed() -> None:
    setup = (ROOT / 'setup.py').read_text()
    found = calls(ROOT / 'liquid_drone/nodes/launching.py', 'Argument')
    assert len(found) > 10
    for call in found:
        node, name = (ast.literal_eval(argument) for argument in call.args[:2])
        assert f'{node}_node = ' in setup
        words = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        declared = {parameter.name: parameter for parameter in NODES[node]}
        parameter = declared[words.get('parameter', name)]
        kind = type(parameter.default).__name__
        assert ast.unparse(call.args[2]) == kind or (
            kind == 'bool' and 'boolean' in ast.unparse(call)
        )
        assert tuple(words.get('choices', ())) == parameter.choices


@pytest.mark.parametrize('path', LAUNCHES, ids=lambda path: path.name)
def test_a_launch_file_can_be_read_by_launch(path: Path) -> None:
    pytest.importorskip('launch_ros')
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), 'exec'), namespace)  # as launch itself does
    assert namespace['generate_launch_description']().get_launch_arguments()
