# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files and parameter files against the nodes, without needing ``launch``."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from liquid_drone.bringup import free_space, idle_arguments, launch_arguments, launch_parameters
from liquid_drone.bringup.launch_arguments import Argument
from liquid_drone.flight.guard.limits import SIMULATION_LIMITS, Limits
from liquid_drone.nodes import (
    attention_node,
    camera_node,
    mavlink_parameters,
    overlay_node,
    policy_node,
    recorder_node,
    replay_node,
    simulator_node,
)
from liquid_drone.nodes.desk import autopilot_node
from liquid_drone.nodes.operator import operator_node, stream_node

ROOT = Path(__file__).resolve().parents[2]
NODES = {
    'camera': camera_node.PARAMETERS,
    'policy': policy_node.PARAMETERS,
    'mavlink': mavlink_parameters.PARAMETERS,
    'simulator': simulator_node.PARAMETERS,
    'recorder': recorder_node.PARAMETERS,
    'attention': attention_node.PARAMETERS,
    'autopilot': autopilot_node.PARAMETERS,
    'operator': operator_node.PARAMETERS,
    'overlay': overlay_node.PARAMETERS,
    'replay': replay_node.PARAMETERS,
    'stream': stream_node.PARAMETERS,
}
CONFIGS = sorted((ROOT / 'config').glob('*.yaml'))
TABLES = {'POLICY', 'FOLLOW', 'CAMERA', 'SIMULATION', 'REPLAY'}
LAUNCHES = sorted((ROOT / 'launch').glob('*.launch.py'))


@pytest.mark.parametrize('name', sorted(launch_arguments.AS_THE_POLICY))
def test_what_a_node_shares_with_the_policy_is_a_parameter_of_both(name: str) -> None:
    shared = set(launch_arguments.AS_THE_POLICY[name])
    for node in (name, 'policy'):
        assert shared <= {parameter.name for parameter in NODES[node]}


def entries(path: Path) -> dict[str, dict[str, Any]]:
    """Return node -> parameters of a file."""
    data = yaml.safe_load(path.read_text())
    return {
        key.removeprefix('/**/'): value['ros__parameters']
        for key, value in data.items()
        if key != '/**'
    }


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.name)
def test_every_parameter_in_a_file_is_declared_and_its_value_is_taken(path: Path) -> None:
    assert entries(path)
    for node, values in entries(path).items():
        declared = {parameter.name: parameter for parameter in NODES[node]}
        for name, value in values.items():
            if name == 'use_sim_time':  # every ROS node has it
                continue
            parameter = declared[name]
            taken = parameter.taken(value)
            if taken is None:
                continue
            kind = float if parameter.can_be_off else type(parameter.default)
            assert type(taken) is kind, name
            assert parameter.low is None or parameter.low <= taken <= parameter.high, name


def limits_in(name: str) -> Limits:
    given = entries(ROOT / 'config' / name)['mavlink']
    return mavlink_parameters.limits_from(
        {
            parameter.name: parameter.taken(given.get(parameter.name, parameter.default))
            for parameter in mavlink_parameters.PARAMETERS
        }
    )


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
def test_a_launch_file_compiles_and_what_it_names_exists(path: Path) -> None:
    compile(path.read_text(), str(path), 'exec')
    tree = ast.parse(path.read_text())
    words = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert all((ROOT / word).is_file() for word in words if word.startswith('config/'))
    tables = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & TABLES
    nodes = {argument.node for name in tables for argument in getattr(launch_arguments, name)}
    for call in ast.walk(tree):  # a node whose end is the end must be one that is started
        if isinstance(call, ast.keyword) and call.arg == 'ends_with':
            assert set(ast.literal_eval(call.value)) - {'drone'} <= nodes


def every_argument() -> list[Argument]:
    return [argument for name in sorted(TABLES) for argument in getattr(launch_arguments, name)]


@pytest.mark.parametrize('argument', every_argument(), ids=lambda a: f'{a.node}-{a.name}')
def test_every_launch_argument_is_a_parameter_of_a_node_that_is_installed(
    argument: Argument,
) -> None:
    assert f"f'{argument.node}_node = " in (ROOT / 'setup.py').read_text()
    assert argument.description.endswith('.')
    declared = {parameter.name: parameter for parameter in NODES[argument.node]}
    parameter = declared[argument.target]
    assert argument.value('') is None
    if argument.name == 'request':  # three numbers for the policy, one text for the simulator
        assert argument.node == 'simulator' or argument.value('distance:4,height:1,speed:2')
        return
    if argument.name == 'autopilot':  # one word for what is expected, and for what is started
        taken = {argument.value(word) for word in argument.choices} - {None}
        assert taken
        assert taken <= set(parameter.choices)
        return
    text = {bool: 'true', int: '3', float: '3', str: 'a'}[type(parameter.default)]
    assert type(argument.value(text)) is type(parameter.default)
    assert argument.choices == parameter.choices


def test_a_simulated_autopilot_is_started_only_where_it_is_asked_for() -> None:
    for word, expected, started in (
        ('simulated', {}, {'kind': 'px4'}),
        ('ardupilot', {'autopilot': 'ardupilot'}, {}),
        ('', {}, {}),
    ):
        found = launch_arguments.given(launch_arguments.FOLLOW, {'autopilot': word})
        assert found['mavlink'] == expected
        assert found['autopilot'] == started
    assert launch_arguments.OPTIONAL['autopilot'] == 'kind'


def test_what_was_given_goes_to_each_node_that_takes_it() -> None:
    tables = (*launch_arguments.SIMULATION, *launch_arguments.FOLLOW)
    found = launch_arguments.given(tables, {'real_time': 'true', 'seed': '7', 'camera': ''})
    assert found == {
        'simulator': {'real_time': True, 'seed': 7},
        'mavlink': {'lockstep': False},
        'policy': {},
        'recorder': {},
        'stream': {},
        'autopilot': {},
    }
    with pytest.raises(RuntimeError, match="launch argument seed: expected int, got 'seven'"):
        launch_arguments.given(tables, {'seed': 'seven'})


def test_firmware_is_not_waited_for_as_the_simulated_autopilot_is() -> None:
    found = launch_arguments.given(launch_arguments.SIMULATION, {'firmware': '/opt/px4/bin/px4'})
    assert found == {
        'simulator': {'firmware': '/opt/px4/bin/px4'},
        'mavlink': {'exact_telemetry': False},
        'policy': {},
    }


@pytest.mark.parametrize('least', ['', 'much', '-1', 'nan', 'inf', '1e15'])
def test_without_the_space_that_is_to_be_left_nothing_is_recorded(
    tmp_path: Path, least: str
) -> None:
    with pytest.raises(RuntimeError, match='least_free_megabytes'):
        free_space.check_space(str(tmp_path / 'new' / 'flight1'), least)
    for output in ('', str(tmp_path), str(tmp_path / 'new' / 'flight1')):
        free_space.check_space(output, '0')


CAMERA_ARGUMENTS = [one.name for one in launch_arguments.CAMERA if one.name != 'camera']


@pytest.mark.parametrize('source', ['', *launch_arguments.LIVE_SOURCES, 'video', 'folder'])
@pytest.mark.parametrize('name', CAMERA_ARGUMENTS)
def test_an_argument_of_a_camera_that_is_not_started_or_has_no_such_is_refused(
    name: str, source: str
) -> None:
    tables = (*launch_arguments.FOLLOW, *launch_arguments.CAMERA)
    texts = {'bundle': 'follow', 'image_transport': 'raw', 'camera': source, name: '1'}
    sources = idle_arguments.OF_SOURCES.get(name, (source,))
    if source and source in sources:
        idle_arguments.check_effect(tables, texts)
        return
    wanted = f'with camera:={source}: it is for' if source else 'without camera:='
    with pytest.raises(RuntimeError, match=f'^launch argument {name} has no effect {wanted}'):
        idle_arguments.check_effect(tables, texts)


def test_a_source_takes_what_its_node_reads() -> None:
    """Which source needs which address stands in the node too."""
    parameters = {one.name: one.target for one in launch_arguments.CAMERA}
    for source, address in camera_node.ADDRESSES.items():
        given_by = [name for name, target in parameters.items() if target == address]
        assert all(source in idle_arguments.OF_SOURCES[name] for name in given_by)
    assert set(idle_arguments.OF_SOURCES) <= set(parameters)


@pytest.mark.parametrize('page', sorted({*ROOT.glob('docs/*.md'), ROOT / 'README.md'}))
def test_the_commands_of_a_page_have_no_argument_without_effect(page: Path) -> None:
    found = re.findall(r'follow\.launch\.py ((?:[a-z_]+:=\S+ ?)+)', page.read_text())
    for line in found:
        texts = dict(word.split(':=', 1) for word in line.split())
        tables = (*launch_arguments.FOLLOW, *launch_arguments.CAMERA)
        idle_arguments.check_effect(tables, texts)


def test_a_request_reaches_expert_and_policy() -> None:
    found = launch_arguments.given(launch_arguments.SIMULATION, {'request': 'distance:4,speed:1'})
    assert found['simulator'] == {'request': 'distance:4,speed:1'}
    assert found['policy'] == {'request_distance_m': 4.0, 'request_speed_m_s': 1.0}
    with pytest.raises(RuntimeError, match='launch argument request'):
        launch_arguments.given(launch_arguments.SIMULATION, {'request': 'far'})


def test_a_recording_holds_one_drone_by_its_absolute_names() -> None:
    names = launch_arguments.recorded('/fleet/drone1/', 'compressed')
    assert names[0] == '/fleet/drone1/camera/image_raw/compressed'
    assert '/fleet/drone1/cmd_vel' in names
    assert '/diagnostics' in names
    for topic in ('decision_numbers', 'stage_code', 'target'):
        assert f'/fleet/drone1/mavlink/{topic}' in names
    assert launch_arguments.recorded('', 'raw')[0] == '/camera/image_raw'


@pytest.mark.parametrize('path', LAUNCHES, ids=lambda path: path.name)
def test_a_launch_file_can_be_read_by_launch(path: Path) -> None:
    pytest.importorskip('launch_ros', reason='launch comes with a ROS 2 installation only')
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), 'exec'), namespace)  # as launch itself does
    described = namespace['generate_launch_description']()
    arguments = described.get_launch_arguments()
    assert arguments
    assert all(len(argument.description) > 10 for argument in arguments)
    names = [argument.name for argument in arguments]
    assert len(names) == len({*names})
    choices = {argument.name: argument.choices for argument in arguments}
    if 'start' in names:  # a simulated autopilot is of one kind
        assert choices['autopilot'] == ['', 'px4', 'ardupilot']


@pytest.mark.parametrize('text', ['', '~/mine.yml', 'mine', '~/folder', '/no/such.yaml', "'mine'"])
def test_a_parameter_file_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """launch_ros only warns, and starts the nodes without it: ros2/launch_ros 401."""
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'folder').mkdir()
    with pytest.raises(RuntimeError, match='launch argument parameter_file: expected a file, got'):
        launch_parameters.existing(text)
    (tmp_path / 'mine.yaml').write_text('/**/mavlink: {ros__parameters: {shadow: false}}\n')
    for found in ('~/mine.yaml', 'mine.yaml', str(tmp_path / 'mine.yaml')):
        assert launch_parameters.existing(found).samefile(tmp_path / 'mine.yaml')


def test_what_a_launch_was_given_stands_under_a_key_that_no_section_of_the_file_has(
    tmp_path: Path,
) -> None:
    file = tmp_path / 'mine.yaml'
    file.write_text(
        '/**/mavlink: {ros__parameters: {shadow: false}}\n/**: {ros__parameters: {}}\n'
    )
    values = {'mavlink': {'shadow': True}, 'policy': {}}
    (written,) = launch_parameters.given_files(values, file)
    assert yaml.safe_load(Path(written).read_text()) == {
        '/**/**/mavlink': {'ros__parameters': {'shadow': True}}
    }
    assert launch_parameters.given_files({'policy': {}}, file) == []
