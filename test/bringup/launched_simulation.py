# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``simulation.launch.py`` under launch_testing: the loop is closed, and Ctrl-C ends it with 0.

``launch_test test/bringup/launched_simulation.py``; ``test_launch.py`` runs it too.
"""

import time
import unittest
from typing import Any

import launch_testing.actions
import launch_testing.asserts
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.proc_info_handler import ProcInfoHandler

from liquid_drone import resources, topics
from liquid_drone.bringup import local_graph

PATIENCE_S = 150.0  # of a machine with other work; most of it is building the world


def generate_test_description() -> LaunchDescription:
    """Describe the launch that is tested; the name is launch_testing's."""
    port = local_graph.free_udp_port()
    given = {
        'start': 'hover',
        'connection': f'udpin:127.0.0.1:{port}',
        'companion': f'127.0.0.1:{port}',
    }
    source = PythonLaunchDescriptionSource(str(resources.find('launch/simulation.launch.py')))
    simulation = IncludeLaunchDescription(source, launch_arguments=given.items())
    return LaunchDescription([simulation, launch_testing.actions.ReadyToTest()])


class InFlight(unittest.TestCase):
    """While it runs."""

    def test_pictures_commands_and_setpoints_go_round_and_the_drone_moves(self) -> None:
        """A setpoint with speed means that the pilot's switch gave the drone to the policy."""
        import rclpy
        from geometry_msgs.msg import TwistStamped
        from nav_msgs.msg import Odometry

        from liquid_drone.ros import qos

        rclpy.init()
        node = rclpy.create_node('observer')
        commands: list[TwistStamped] = []
        setpoints: list[TwistStamped] = []
        seen: list[Any] = []
        node.create_subscription(TwistStamped, topics.COMMAND, commands.append, qos.COMMAND)
        node.create_subscription(TwistStamped, topics.SETPOINT, setpoints.append, qos.COMMAND)
        node.create_subscription(Odometry, topics.TRUE_ODOMETRY, seen.append, qos.SENSOR_IN)
        end = time.monotonic() + PATIENCE_S
        try:
            while time.monotonic() < end and not (commands and seen and _flies(setpoints)):
                rclpy.spin_once(node, timeout_sec=0.1)
        finally:
            node.destroy_node()
            rclpy.shutdown()
        assert commands
        assert _flies(setpoints)
        assert seen


def _flies(setpoints: list[Any]) -> bool:
    return any(abs(one.twist.linear.x) > 0.05 for one in setpoints[-20:])


@launch_testing.post_shutdown_test()
class ShutDown(unittest.TestCase):
    """After launch_testing has ended it, as Ctrl-C does."""

    def test_every_node_ended_with_zero(self, proc_info: ProcInfoHandler) -> None:
        """No traceback, no kill."""
        launch_testing.asserts.assertExitCodes(proc_info)
