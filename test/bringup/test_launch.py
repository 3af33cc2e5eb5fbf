# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The launch files under the real ``ros2 launch``, as far as exit codes and processes go."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from liquid_drone.bringup import local_graph

HERE = Path(__file__).parent
pytest.importorskip('ros2launch', reason='ros2 launch comes with a ROS 2 installation only')


@pytest.fixture
def variables() -> dict[str, str]:
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix

    try:
        nodes = Path(get_package_prefix('liquid_drone')) / 'lib/liquid_drone'
    except PackageNotFoundError:
        nodes = Path('nowhere')
    if shutil.which('ros2') is None or not (nodes / 'policy_node').exists():
        pytest.skip('needs a workspace: colcon build, then source install/setup.bash')
    return local_graph.environment(local_graph.free_domain())


def launch(variables: dict[str, str], *words: str) -> subprocess.Popen[str]:
    line = ['ros2', 'launch', 'liquid_drone', *words]
    streams = {'stdout': subprocess.PIPE, 'stderr': subprocess.STDOUT}
    return subprocess.Popen(line, env=variables, text=True, start_new_session=True, **streams)


def read_until(process: subprocess.Popen[str], *wanted: str) -> str:
    """Read what a launch says until all of some words came; its end ends the reading too."""
    assert process.stdout is not None  # a pipe
    said = ''
    for line in process.stdout:
        said += line
        if all(words in said for words in wanted):
            break
    return said


def is_alone(process: subprocess.Popen[str]) -> bool:
    """Tell whether nothing is left of a launch: its session has no process."""
    found = subprocess.run(
        ['ps', '-o', 'pid=', '-s', str(process.pid)], capture_output=True, text=True, check=False
    )
    return not found.stdout.split()


def test_a_misspelt_argument_is_refused(variables: dict[str, str]) -> None:
    process = launch(variables, 'follow.launch.py', 'bundel:=follow')
    said, _ = process.communicate(timeout=300)
    assert 'unknown launch argument bundel; expected: camera' in said
    assert process.returncode == 1
    assert is_alone(process)


def test_a_node_that_cannot_start_ends_the_launch_with_an_error(variables: dict[str, str]) -> None:
    port = local_graph.free_udp_port()
    words = ['bundle:=/no/bundle', f'connection:=udpin:127.0.0.1:{port}']
    process = launch(variables, 'follow.launch.py', *words)
    said, _ = process.communicate(timeout=300)
    assert '/no/bundle' in said
    assert process.returncode == 1
    assert is_alone(process)


def test_a_parameter_file_that_is_not_there_ends_the_launch(variables: dict[str, str]) -> None:
    process = launch(variables, 'follow.launch.py', 'parameter_file:=~/no/limits.yaml')
    said, _ = process.communicate(timeout=300)
    assert "parameter_file: expected a file, got '~/no/limits.yaml'" in said
    assert 'process started' not in said
    assert process.returncode == 1


INCLUDING = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
def generate_launch_description():
    ours = IncludeLaunchDescription(PythonLaunchDescriptionSource({ours!r}))
    own = DeclareLaunchArgument('video_device', default_value='/dev/video2')
    return LaunchDescription([own, ours])
"""


@pytest.mark.parametrize('camera', ['', 'camera:=video'])
def test_an_argument_without_effect_is_refused_where_it_is_ours(
    variables: dict[str, str], tmp_path: Path, camera: str
) -> None:
    words = [one for one in ('video_device:=/dev/video2', 'bundle:=/no/bundle', camera) if one]
    process = launch(variables, 'follow.launch.py', *words)
    said, _ = process.communicate(timeout=300)
    assert 'launch argument video_device has no effect' in said
    assert (process.returncode, 'process started' in said) == (1, False)
    ours = Path(__file__).parents[2] / 'launch/follow.launch.py'
    (tmp_path / 'mine.py').write_text(INCLUDING.format(ours=str(ours)))
    line = ['ros2', 'launch', str(tmp_path / 'mine.py'), 'bundle:=/no/bundle']
    done = subprocess.run(
        line, env=variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert 'no effect' not in done.stdout + done.stderr  # a driver's of the launch that includes
    assert '/no/bundle' in done.stdout + done.stderr


RECORDER = """#!{python}
import os, signal, sys, time
if sys.argv[1:3] != ['bag', 'record']:
    os.execv('{ros2}', ['{ros2}', *sys.argv[1:]])
def close(*_):
    open('closed', 'w').close()
    sys.exit(0)
signal.signal(signal.SIGINT, close)
with open('large', 'wb') as file:
    os.posix_fallocate(file.fileno(), 0, {large})
time.sleep(200)
"""


def test_a_recording_is_closed_before_the_disk_is_full(
    variables: dict[str, str], tmp_path: Path
) -> None:
    """rosbag2 writes until it is full: ros2/rosbag2 2477. In its place one that takes 3 GB."""
    free, large = shutil.disk_usage(tmp_path).free, 3_000_000_000
    if free < 2 * large:
        pytest.skip('needs 6 GB of free space')
    (tmp_path / 'ros2bag').mkdir()
    (tmp_path / 'ros2bag/__init__.py').touch()
    words = {'python': sys.executable, 'ros2': shutil.which('ros2'), 'large': large}
    (tmp_path / 'ros2').write_text(RECORDER.format(**words))
    (tmp_path / 'ros2').chmod(0o755)
    variables['PATH'] = f'{tmp_path}:{variables["PATH"]}'
    variables['PYTHONPATH'] = f'{tmp_path}:{variables.get("PYTHONPATH", "")}'
    least = f'least_free_megabytes:={(free - large // 2) // 1_000_000}'
    line = ['ros2', 'launch', 'liquid_drone', 'record.launch.py', 'output:=flight1', least]
    done = subprocess.run(
        line, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert 'the recording ends: ' in done.stdout + done.stderr
    assert done.returncode == 1
    assert (tmp_path / 'closed').exists()
    (tmp_path / 'large').unlink()


def test_an_argument_overrules_each_section_of_the_parameter_file(
    variables: dict[str, str], tmp_path: Path
) -> None:
    file, port = tmp_path / 'mine.yaml', local_graph.free_udp_port()
    one = '  ros__parameters: {shadow: false}\n'
    file.write_text(f'/**/mavlink:\n{one}/mavlink:\n{one}')
    words = ['shadow:=true', f'parameter_file:={file}', f'connection:=udpin:127.0.0.1:{port}']
    process = launch(variables, 'follow.launch.py', *words)
    said = read_until(process, 'listening for the autopilot')
    os.killpg(process.pid, signal.SIGINT)
    said += process.communicate(timeout=300)[0]
    assert 'shadow mode: no setpoint is sent' in said
    assert process.returncode == 0


def test_ctrl_c_twice_ends_every_node_cleanly(variables: dict[str, str]) -> None:
    port = local_graph.free_udp_port()
    process = launch(
        variables, 'follow.launch.py', f'connection:=udpin:127.0.0.1:{port}', 'providers:=cpu'
    )
    said = read_until(process, 'listening for the autopilot', 'on cpu')  # both nodes are up
    os.killpg(process.pid, signal.SIGINT)
    said += process.communicate(timeout=300)[0]
    assert said.count('process has finished cleanly') == 2
    assert 'Traceback' not in said
    assert process.returncode == 0
    assert is_alone(process)


@pytest.mark.e2e
def test_a_simulated_flight_ends_by_itself(variables: dict[str, str]) -> None:
    port = local_graph.free_udp_port()
    words = [f'connection:=udpin:127.0.0.1:{port}', f'companion:=127.0.0.1:{port}']
    process = launch(variables, 'simulation.launch.py', 'start:=hover', 'duration_s:=1.0', *words)
    said, _ = process.communicate(timeout=170)
    assert '0 missed, trajectory' in said
    assert process.returncode == 0
    assert is_alone(process)


@pytest.mark.e2e
@pytest.mark.parametrize('name', ['launched_follow.py', 'launched_simulation.py'])
def test_launch_testing_finds_the_graph_working(variables: dict[str, str], name: str) -> None:
    pytest.importorskip('launch_testing', reason='launch_testing comes with a ROS 2 installation')
    line = [sys.executable, '-m', 'launch_testing.launch_test', str(HERE / name)]
    told = subprocess.run(line, env=variables, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
