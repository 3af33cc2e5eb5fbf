# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The drone's part of the graph: images in, guarded MAVLink setpoints out.

It needs a camera driver that publishes camera/image_raw. Nothing moves before a human calls
mavlink/engage and the pilot flips the mode switch.
"""

from launch import LaunchDescription

from liquid_drone.nodes import launching


def generate_launch_description() -> LaunchDescription:
    """Start the policy node and the mavlink node."""
    return launching.describe(launching.FOLLOW, 'config/follow.yaml')
