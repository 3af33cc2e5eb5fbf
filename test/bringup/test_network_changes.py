# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of one machine find each other, whatever becomes of its other addresses."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.bringup import distribution, local_graph

DOMAIN = 88
TALKS = """
import sys
import rclpy
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node(sys.argv[1])
if sys.argv[1] == 'before':
    publisher = node.create_publisher(String, 'words', 1)
    node.create_timer(0.1, lambda: publisher.publish(String()))
    rclpy.spin(node)
heard = []
node.create_subscription(String, 'words', heard.append, 1)
for _ in range(150):
    rclpy.spin_once(node, timeout_sec=0.1)
    if len(heard) > 5:
        sys.exit(0)
sys.exit(1)
"""
IN_A_NAMESPACE = """
set -e
ip link set lo up
ip link add wlan0 type veth peer name far0
ip addr add 192.168.7.2/24 dev wlan0
ip link set wlan0 up
ip link set far0 up
"$0" -c "$1" before & talker=$!
trap 'kill -9 $talker' EXIT
"$0" -c "$1" meanwhile
$2
"$0" -c "$1" later
"""
CHANGES = {
    'nothing changes': 'true',
    'out of range': 'ip link del wlan0',
    'another address': 'ip addr flush dev wlan0; ip addr add 10.0.0.7/8 dev wlan0',
}


@pytest.mark.slow
@pytest.mark.parametrize('change', CHANGES)
def test_a_node_that_starts_later_finds_those_before(change: str) -> None:
    """A camera that is started again in flight, out of Wi-Fi range, was never received."""
    if shutil.which('unshare') is None or shutil.which('ip') is None:
        pytest.skip('unshare and ip are needed for a network of its own')
    alone = ['unshare', '-rn', 'bash', '-c']
    if subprocess.run(
        [*alone, 'ip link add wlan0 type veth peer name far0'], check=False
    ).returncode:
        pytest.skip('this system allows no network namespaces to users')
    script = IN_A_NAMESPACE.replace('$2', CHANGES[change])
    done = subprocess.run(
        [*alone, script, sys.executable, TALKS],
        env=local_graph.environment(DOMAIN),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@given(
    st.sampled_from(['', 'humble', 'iron', 'jazzy', 'kilted', 'lyrical']),
    st.sampled_from(['', 'LOCALHOST', 'SUBNET', 'OFF']),
    st.sampled_from(['', '0', '1']),
)
def test_the_profile_is_that_of_the_discovery_in_force(distro: str, range_: str, old: str) -> None:
    given = {
        'ROS_DISTRO': distro,
        'ROS_AUTOMATIC_DISCOVERY_RANGE': range_,
        'ROS_LOCALHOST_ONLY': old,
    }
    (profile,) = distribution.fast_dds_profile({k: v for k, v in given.items() if v}).values()
    is_old = distro in ('humble', 'iron', 'jazzy')
    is_local = range_ == 'LOCALHOST' or (is_old and old == '1')
    assert Path(profile).is_file()
    assert profile.endswith('config/fastdds_local.xml' if is_local else 'config/fastdds.xml')
