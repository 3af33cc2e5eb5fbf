# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Programs that share no memory with this one's: topics are shown, nothing comes, and why."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String

from liquid_drone.ros.publishers import PATIENCE_S, OnePublisher, other_users, unheard

US = 1000
FILES = st.lists(
    st.tuples(
        st.sampled_from(['fastdds_493b', 'fastdds_port7411_el', 'sem.other', 'lttng']),
        st.sampled_from([0, US, 65534, 123456]),
    ),
    max_size=5,
)


@given(FILES)
def test_another_users_memory_is_named_and_only_that_of_fast_dds(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, int]]
) -> None:
    """Reported by eProsima/Fast-DDS 5258, 1750, 2956: a graph under sudo, or in a container."""
    folder, owners = tmp_path_factory.mktemp('shm'), dict[str, int]()
    for number, (name, owner) in enumerate(files):
        (folder / f'{name}{number}').touch()
        owners[str(folder / f'{name}{number}')] = owner
    stat = Path.stat

    def told(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = list(stat(path, follow_symlinks=follow_symlinks))
        found[4] = owners.get(str(path), US)
        return os.stat_result(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, 'stat', told)
        patch.setattr(os, 'getuid', lambda: US)
        words = other_users(folder)
    others = {owner for name, owner in files if name.startswith('fastdds_')} - {US}
    assert bool(words) is bool(others)
    assert not words or 'start all as one user' in words
    assert ('root' in words) is (0 in others and pwd.getpwuid(0).pw_name == 'root')
    assert ('123456' in words) is (123456 in others)


def test_a_system_without_such_memory_has_no_other_users(tmp_path: Path) -> None:
    assert other_users(tmp_path / 'none') == ''


CONTAINER = """
mount -t tmpfs tmpfs /dev/shm
exec "$0" -c "$1"
"""
PUBLISHES = """
import rclpy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node('far')
publisher = node.create_publisher(String, 'words', 1)
node.create_timer(0.1, lambda: publisher.publish(String()))
rclpy.spin(node)
"""


@pytest.mark.parametrize('has_own_memory', [False, True])
def test_a_program_in_a_container_with_a_memory_of_its_own_is_told(
    ros: None, has_own_memory: bool
) -> None:
    """Reported by eProsima/Fast-DDS 5396, 1755, 2624; ros2 1318: docker --network host alone."""
    alone = ['unshare', '-rm', 'sh', '-c']
    if has_own_memory and (
        shutil.which('unshare') is None
        or subprocess.run([*alone, 'mount -t tmpfs tmpfs /dev/shm'], check=False).returncode
    ):
        pytest.skip('this system allows no namespaces to users')
    line = [*alone, CONTAINER] if has_own_memory else []
    line += [sys.executable, *([] if has_own_memory else ['-c']), PUBLISHES]
    node, heard = Node('ear'), list[String]()
    node.create_subscription(String, 'words', heard.append, 1)
    one = OnePublisher(node, node.resolve_topic_name('words'))
    far = subprocess.Popen(line)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        until_s, words = time.monotonic() + 60.0, ''
        while time.monotonic() < until_s and not (words or len(heard) > 10 * PATIENCE_S):
            executor.spin_once(timeout_sec=0.1)
            words = one.unheard()
    finally:
        far.terminate()  # killed, it would leave its shared memory behind
        far.wait(30.0)
        executor.shutdown()
        node.destroy_node()
    assert ('--ipc=host' in words) is has_own_memory
    assert bool(heard) is not has_own_memory


def test_programs_that_are_known_by_name_are_heard() -> None:
    assert unheard([]) == ''
