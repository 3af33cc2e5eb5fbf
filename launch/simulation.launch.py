# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole simulated flight: the world, the policy and the autopilot's side; it ends by itself.

It takes everything that follow.launch.py takes but a camera, and what makes the place.
"""

from launch import LaunchDescription

from liquid_drone.bringup import launch_actions, launch_arguments


def generate_launch_description() -> LaunchDescription:
    """Start the simulator, the policy node and the mavlink node."""
    arguments = (*launch_arguments.SIMULATION, *launch_arguments.FOLLOW)
    return launch_actions.describe(arguments, 'config/simulation.yaml', ends_with=('simulator',))
