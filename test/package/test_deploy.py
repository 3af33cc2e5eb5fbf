# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What operators load and administrators install names what exists: topics, files, arguments."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from liquid_drone.bringup import distribution, launch_arguments
from liquid_drone.bringup.operator_views import foxglove_layout
from liquid_drone.episodes import rosbag
from liquid_drone.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
OPERATOR, DEPLOY = ROOT / 'config/operator', ROOT / 'deploy'
SIMULATOR = {
    *('av', 'gymnasium', 'imageio-ffmpeg', 'matplotlib', 'moderngl', 'pillow', 'trimesh'),
}
TOPICS = {
    *launch_arguments.RECORDED,
    *launch_arguments.PICTURES.values(),
    'diagnostics',
    'attention/image',
    'overlay/image',
    'target/pose',
}
SERVICES = {'mavlink/engage', 'policy/reset'}


def leaves(layout: Any) -> list[str]:
    if isinstance(layout, str):
        return [layout]
    assert layout['direction'] in ('row', 'column')
    return leaves(layout['first']) + leaves(layout['second'])


def test_the_foxglove_layout_is_whole_and_names_topics_that_exist() -> None:
    data = json.loads((OPERATOR / 'foxglove.json').read_text())
    assert {'configById', 'globalVariables', 'userNodes', 'playbackConfig', 'layout'} <= set(data)
    assert sorted(leaves(data['layout'])) == sorted(data['configById'])
    text = json.dumps(data['configById'])
    named = {word for word in re.findall(r'"/([a-z_/]+)[."]', text) if word != 'mavlink'}
    assert named
    assert named <= TOPICS | SERVICES
    assert f'/{launch_arguments.PICTURES["compressed"]}' in text  # raw is 27 MB/s
    assert f'"/{launch_arguments.PICTURES["raw"]}"' not in text


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for pair in value.items() for part in pair for one in strings(part)]
    if isinstance(value, list):
        return [one for part in value for one in strings(part)]
    return [value] if isinstance(value, str) else []


@given(st.from_regex(r'/?[a-z][a-z0-9_]{0,8}(/[a-z][a-z0-9_]{0,8})?/?', fullmatch=True))
def test_the_foxglove_layout_moves_into_a_namespace_with_all_but_what_drones_share(
    namespace: str,
) -> None:
    before = json.loads((OPERATOR / 'foxglove.json').read_text())
    after = json.loads(foxglove_layout(namespace))
    prefix = f'/{namespace.strip("/")}'
    names = [word for word in strings(before['configById']) if word.startswith('/')]
    moved = [word for word in strings(after['configById']) if word.startswith('/')]
    assert len(set(names)) > 10
    assert moved == [word if word == '/diagnostics' else f'{prefix}{word}' for word in names]
    assert (after['layout'], set(after)) == (before['layout'], set(before))
    assert sorted(leaves(after['layout'])) == sorted(after['configById'])


@pytest.mark.parametrize('namespace', ['', '/'])
def test_without_a_namespace_the_layout_is_the_one_that_is_shipped(namespace: str) -> None:
    shipped = json.loads((OPERATOR / 'foxglove.json').read_text())
    assert json.loads(foxglove_layout(namespace)) == shipped


@pytest.mark.parametrize('namespace', ['a b', '1st', '../x', 'a//b', 'ä', '{}', 'a.b', 'a\n'])
def test_what_is_no_namespace_is_refused(namespace: str) -> None:
    with pytest.raises(ConfigError, match='expected a namespace'):
        foxglove_layout(namespace)


def test_the_layout_of_an_episode_names_what_an_episode_is_written_with() -> None:
    data = json.loads((OPERATOR / 'foxglove-episode.json').read_text())
    assert sorted(leaves(data['layout'])) == sorted(data['configById'])
    named = set(re.findall(r'"/([a-z_/]+)[."]', json.dumps(data['configById'])))
    assert {rosbag.IMAGE, rosbag.CAMERA, rosbag.ODOM, rosbag.SETPOINT} <= named
    assert sorted(named - rosbag.ALL_TYPES.keys()) == []
    assert data['configById']['3D!world']['fixedFrame'] == rosbag.WORLD


def test_the_rviz_view_names_topics_that_exist() -> None:
    view = yaml.safe_load((OPERATOR / 'liquid_drone.rviz').read_text())['Visualization Manager']
    topics = [shown['Topic']['Value'] for shown in view['Displays'] if 'Topic' in shown]
    assert topics
    assert set(topics) <= TOPICS  # relative: a namespace moves them all
    assert view['Global Options']['Fixed Frame'] == 'odom'


def test_the_unit_ends_launch_in_the_way_that_leaves_nothing_behind() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / 'liquid-drone.service')
    service = unit['Service']
    assert service['KillSignal'] == 'SIGINT'
    assert service['KillMode'] == 'mixed'
    assert service['Restart'] == 'on-failure'
    assert unit['Unit']['StartLimitIntervalSec'] == '0'  # for as long as it takes
    assert ' exec ros2 launch liquid_drone follow.launch.py ' in service['ExecStart']


WORDS = st.from_regex(r'[a-z_]{1,9}:=[ -&(-~]{1,40}', fullmatch=True)  # all but a single quote


@settings(max_examples=30, deadline=None)
@given(st.lists(WORDS, max_size=4))
@example(['pipeline:=nvarguscamerasrc ! video/x-raw(memory:NVMM),width=1280 ! appsink drop=true'])
def test_the_unit_gives_each_argument_whole_to_launch(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    """systemd splits a bare $NAME and respects quotes in it (systemd/systemd 8136)."""
    folder = tmp_path_factory.mktemp('unit')
    for file in ('ros/humble/setup.bash', 'ws/install/setup.bash'):
        (folder / file).parent.mkdir(parents=True)
        (folder / file).touch()
    (folder / 'ros2').write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n')
    (folder / 'ros2').chmod(0o755)
    text = (DEPLOY / 'liquid-drone.service').read_text()
    (started,) = re.findall(r'^ExecStart=(.*)$', text, re.MULTILINE)
    line: list[str] = []
    for part in shlex.split(started.replace('/opt/ros', str(folder / 'ros'))):
        given_words = [f"'{word}'" for word in words]
        is_bare = part == '$LIQUID_DRONE_ARGS'
        line += shlex.split(' '.join(given_words)) if is_bare else [part.replace('$$', '$')]
    variables = {
        'PATH': f'{folder}:/usr/bin:/bin',
        'ROS_DISTRO_NAME': 'humble',
        'WORKSPACE': str(folder / 'ws'),
        'LIQUID_DRONE_ARGS': ' '.join(f"'{word}'" for word in words),
    }
    done = subprocess.run(line, env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ['launch', 'liquid_drone', 'follow.launch.py', *words]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if shutil.which('systemd-analyze') is None:
        pytest.skip('systemd-analyze is not installed')
    copy = shutil.copy(DEPLOY / 'liquid-drone.service', tmp_path)
    line = ['systemd-analyze', 'verify', '--man=no', str(copy)]
    result = subprocess.run(line, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize('distribution_name', ['humble', 'jazzy', 'kilted', 'lyrical'])
def test_the_unit_keeps_the_graph_on_this_machine_and_its_shared_memory(
    distribution_name: str,
) -> None:
    unit = (DEPLOY / 'liquid-drone.service').read_text()
    for name, value in distribution.this_machine_only({'ROS_DISTRO': distribution_name}).items():
        assert f' {name}={value}' in unit.replace('Environment=', ' ')
    (user,) = re.findall(r'^User=(\w+)$', unit, re.MULTILINE)
    assert f'enable-linger {user}\n' in unit


@pytest.mark.parametrize('name', ['pc.Dockerfile', 'jetson.Dockerfile'])
def test_a_container_ends_by_the_signal_that_launch_understands(name: str) -> None:
    lines = (DEPLOY / name).read_text().splitlines()
    assert 'STOPSIGNAL SIGINT' in lines
    assert any(line.startswith('COPY . /ws/src/liquid_drone') for line in lines)


def declared_requirements() -> set[str]:
    """Return the requirements of setup.py, as they are written there."""
    text = (ROOT / 'setup.py').read_text()
    return {word.partition(';')[0].strip() for word in re.findall(r"""['"]([^'"\n]+)['"]""", text)}


@pytest.mark.parametrize('name', ['pc.Dockerfile', 'jetson.Dockerfile'])
def test_a_container_installs_what_the_package_declares(name: str) -> None:
    """But for NumPy, which its ROS was built with, and ONNX Runtime's own requirements."""
    text = (DEPLOY / name).read_text()
    wanted = set(re.findall(r"'([a-z][a-z0-9-]*[=><]{2}[^']+)'", text)) - {'numpy==1.26.4'}
    declared = declared_requirements() | {'onnxruntime-gpu>=1.19'}  # the oldest for JetPack 6
    assert len(wanted) > 3
    assert wanted <= declared
    if 'SIMULATOR' in text:
        assert {word for word in declared if word.split('>')[0] in SIMULATOR} <= wanted


@pytest.mark.parametrize(
    ('package', 'used', 'in_file', 'since'),
    [
        ('gymnasium', 'AutoresetMode', 'sim/gym/vector_env.py', '1.1'),
        ('rosbags', 'StoragePlugin', 'episodes/rosbag.py', '0.10.9'),
        ('trimesh', 'load_scene', 'sim/world/mesh_files/reading.py', '4.6'),
    ],
)
def test_no_version_is_allowed_that_lacks_what_is_used(
    package: str, used: str, in_file: str, since: str
) -> None:
    """Found by running the lowest versions: each had been allowed, and ended in a traceback."""
    if used not in (ROOT / 'liquid_drone' / in_file).read_text():
        pytest.skip(f'{used} is used no longer: another version may be the lowest')
    (bound,) = {word for word in declared_requirements() if word.split('>')[0] == package}
    lowest = next(iter(Requirement(bound).specifier)).version
    assert Version(lowest) >= Version(since)


@pytest.mark.parametrize('name', ['pc.Dockerfile', 'jetson.Dockerfile'])
def test_each_file_and_launch_file_that_a_container_names_is_there(name: str) -> None:
    text = (DEPLOY / name).read_text()
    arguments = set(re.findall(r'^ARG (\w+)', text, re.MULTILINE)) | {'@', 'ROS_DISTRO'}
    used = set(re.findall(r'\$\{?(\w+|@)', text))
    assert used <= arguments
    command = json.loads(re.findall(r'^CMD (.*)$', text, re.MULTILINE)[0])
    assert command[:3] == ['ros2', 'launch', 'liquid_drone']
    assert (ROOT / 'launch' / command[3]).is_file()
    for path in re.findall(
        r'\b(?:deploy|docs|launch|config|models|requirements)/[\w./-]+\w', text
    ):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize('path', ['docs/jetson.md', 'docs/ROS2.md', 'README.md'])
def test_each_launch_argument_in_the_docs_is_declared(path: str) -> None:
    declared = {
        argument.name
        for name in ('POLICY', 'FOLLOW', 'CAMERA', 'SIMULATION', 'REPLAY')
        for argument in getattr(launch_arguments, name)
    }
    declared |= {'namespace', 'parameter_file', 'one_process', 'attention', 'overlay', 'operator'}
    declared |= {'output', 'pictures', 'least_free_megabytes', 'use_sim_time'}  # of recordings
    declared |= {'drones', 'first_seed'}
    lines = (ROOT / path).read_text().splitlines()
    words = [line for line in lines if '--ros-args' not in line]
    told = set(re.findall(r'(?<![-\w/])([a-z_]+):=', ' '.join(words)))
    assert told
    assert told <= declared
