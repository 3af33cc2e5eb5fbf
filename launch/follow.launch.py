# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The drone's part of the graph: images in, guarded MAVLink setpoints out.

With camera:=device (or gstreamer, rtsp, video, folder) it brings its own camera node; otherwise a
driver publishes camera/image_raw. Nothing moves before a human calls mavlink/engage and the pilot
flips the mode switch.
"""

from launch import LaunchDescription

from liquid_drone.bringup import launch_actions, launch_arguments


def generate_launch_description() -> LaunchDescription:
    """Start the policy node, the mavlink node and, where asked to, camera and attention nodes."""
    arguments = (*launch_arguments.CAMERA, *launch_arguments.FOLLOW)
    return launch_actions.describe(
        arguments, 'config/follow.yaml', ends_with=('camera', 'drone'), composable=True
    )
