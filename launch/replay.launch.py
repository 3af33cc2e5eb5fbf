# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Show a recorded flight to the policy and compare its commands with those of then.

On a desk: nothing is flown, no autopilot is needed. It ends by itself, with 1 where tolerance is
given and exceeded. Needs pip's rosbags.
"""

from launch import LaunchDescription

from liquid_drone.bringup import launch_actions, launch_arguments


def generate_launch_description() -> LaunchDescription:
    """Start the policy node and the node that shows the recording."""
    return launch_actions.describe(
        launch_arguments.REPLAY, 'config/replay.yaml', ends_with=('replay',)
    )
