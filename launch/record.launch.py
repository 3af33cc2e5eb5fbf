# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Record a flight with rosbag2 (MCAP), beside follow.launch.py or simulation.launch.py.

What is recorded is what `liquid-drone import-flight` and replay.launch.py take as it is: pictures,
camera, commands, setpoints, odometry, battery. Ctrl-C ends it and closes the recording.
"""

from launch import LaunchDescription

from liquid_drone.bringup import record


def generate_launch_description() -> LaunchDescription:
    """Start `ros2 bag record` with the topics of one drone."""
    return record.describe()
