# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A whole simulated flight: the world, the policy and the autopilot's side, ended by itself.

Everything that follow.launch.py takes, and what makes the place.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument

from liquid_drone.nodes import launching

SIMULATOR = {
    'world': (str, 'forest', 'World: a name in sim/worlds, or a .yaml file.'),
    'season': (str, 'summer', 'Season: a name in sim/seasons, or a .yaml file.'),
    'target': (str, 'red_backpack', 'What to follow: a name in sim/targets, or a .yaml file.'),
    'task': (str, 'follow', 'What counts as success: a name in config/tasks, or a .yaml file.'),
    'seed': (int, '0', 'Everything random in the flight follows from it.'),
    'start': (str, 'ground', 'Where the drone begins: ground or hover.'),
    'duration_s': (float, '0.0', 'Simulated seconds of following; 0: as the task says.'),
    'companion': (str, '127.0.0.1:14540', 'Where MAVLink telemetry goes, as connection listens.'),
    'ground_station': (str, '', 'Where it goes too, such as 127.0.0.1:14550; empty: nowhere.'),
    'flight_log': (str, '', 'Where to save the flight (.npz); empty: nowhere.'),
}


def generate_launch_description() -> LaunchDescription:
    """Start the simulator, the policy node and the mavlink node."""
    arguments = [
        *launching.flight_arguments('udpin:127.0.0.1:14540', 'config/simulation.yaml'),
        *(
            DeclareLaunchArgument(name, default_value=default, description=description)
            for name, (_, default, description) in SIMULATOR.items()
        ),
    ]
    simulator = launching.node('simulator', {name: kind for name, (kind, *_) in SIMULATOR.items()})
    nodes = [simulator, *launching.flight_nodes()]
    return LaunchDescription(
        [
            *arguments,
            launching.refuse_misspelt(arguments),
            *launching.fail_with(nodes, ends_with=simulator),
            *nodes,
        ]
    )
