# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Several simulated flights at once, each drone in a namespace of its own: /drone1, /drone2, ...

Each has its own clock, transforms, MAVLink port and place; it ends when the last flight does.
"""

from launch import LaunchDescription

from liquid_drone.bringup import launch_actions, launch_arguments


def generate_launch_description() -> LaunchDescription:
    """Include simulation.launch.py once for each drone."""
    arguments = (*launch_arguments.SIMULATION, *launch_arguments.FOLLOW)
    return launch_actions.fleet(arguments, 'config/simulation.yaml', 'simulation.launch.py')
