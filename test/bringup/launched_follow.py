# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``follow.launch.py`` under launch_testing: it comes up, answers a picture, and ends with 0.

``launch_test test/bringup/launched_follow.py``; ``test_launch.py`` runs it too.
"""

import unittest

import launch_testing.actions
import launch_testing.asserts
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.io_handler import ActiveIoHandler
from launch_testing.proc_info_handler import ProcInfoHandler
from sensor_msgs.msg import CameraInfo, Image

from liquid_drone import resources, topics
from liquid_drone.bringup import local_graph

PATIENCE_S = 90.0  # of a machine with other work


def generate_test_description() -> LaunchDescription:
    """Describe the launch that is tested; the name is launch_testing's."""
    given = {
        'connection': f'udpin:127.0.0.1:{local_graph.free_udp_port()}',
        'providers': 'cpu',
    }
    source = PythonLaunchDescriptionSource(str(resources.find('launch/follow.launch.py')))
    follow = IncludeLaunchDescription(source, launch_arguments=given.items())
    return LaunchDescription([follow, launch_testing.actions.ReadyToTest()])


class BringUp(unittest.TestCase):
    """While it runs."""

    def test_both_nodes_come_up(self, proc_output: ActiveIoHandler) -> None:
        """Both nodes activate themselves: no lifecycle manager takes part."""
        for said in ('listening for the autopilot', 'on cpu'):
            proc_output.assertWaitFor(said, timeout=PATIENCE_S)

    def test_a_picture_is_answered_by_a_command_with_its_stamp(self) -> None:
        """A picture that any driver publishes is answered, with the stamp of the picture."""
        import rclpy
        from geometry_msgs.msg import TwistStamped

        from liquid_drone.ros import qos

        rclpy.init()
        node = rclpy.create_node('driver')
        images = node.create_publisher(Image, topics.IMAGE, qos.SENSOR_OUT)
        infos = node.create_publisher(CameraInfo, topics.CAMERA_INFO, qos.SENSOR_OUT)
        answers: list[TwistStamped] = []
        node.create_subscription(TwistStamped, topics.COMMAND, answers.append, qos.COMMAND)
        sent = set()
        try:
            for _ in range(round(PATIENCE_S / 0.05)):
                now = node.get_clock().now().to_msg()
                image, info = Image(width=256, height=144, encoding='rgb8', step=768), CameraInfo()
                image.data = bytes(256 * 144 * 3)
                info.width, info.height = 256, 144
                image.header.stamp = info.header.stamp = now
                infos.publish(info)
                images.publish(image)
                sent.add((now.sec, now.nanosec))
                rclpy.spin_once(node, timeout_sec=0.05)
                if answers:
                    break
        finally:
            node.destroy_node()
            rclpy.shutdown()
        stamp = answers[0].header.stamp
        assert (stamp.sec, stamp.nanosec) in sent


@launch_testing.post_shutdown_test()
class ShutDown(unittest.TestCase):
    """After launch_testing has ended it, as Ctrl-C does."""

    def test_every_node_ended_with_zero(self, proc_info: ProcInfoHandler) -> None:
        """No traceback, no kill."""
        launch_testing.asserts.assertExitCodes(proc_info)
