# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments checked, nodes made, failures turned into exit codes.

``ros2 launch`` ignores a misspelt argument and returns 0 when nodes crash; not here. Imported by
the launch files alone, since it needs a ROS 2 installation with ``launch_ros``.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

from .. import resources

PACKAGE = resources.PACKAGE


def flight_arguments(connection: str, parameter_file: str) -> list[DeclareLaunchArgument]:
    """Declare what the drone's part of the graph takes, with the defaults of one use."""
    return [
        DeclareLaunchArgument(
            'bundle', default_value='follow', description='Policy: a name in models/, or a path.'
        ),
        DeclareLaunchArgument(
            'providers',
            default_value='auto',
            choices=['auto', 'cpu', 'cuda', 'tensorrt'],
            description='Where the vision graph runs.',
        ),
        DeclareLaunchArgument(
            'connection',
            default_value=connection,
            description='MAVLink address: udpin:HOST:PORT, tcp:HOST:PORT or /dev/DEVICE:BAUD.',
        ),
        DeclareLaunchArgument(
            'autopilot',
            default_value='auto',
            choices=['auto', 'px4', 'ardupilot'],
            description='What the vehicle must be; auto takes what its heartbeat says.',
        ),
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of all nodes and topics.'
        ),
        DeclareLaunchArgument(
            'parameter_file',
            default_value=str(resources.find(parameter_file)),
            description='YAML file with the parameters of the nodes; arguments override it.',
        ),
    ]


def flight_nodes() -> list[Any]:
    """Make the policy node and the mavlink node."""
    policy = node('policy', {'bundle': str, 'providers': str})
    mavlink = node('mavlink', {'connection': str, 'autopilot': str})
    return [policy, mavlink]


def node(name: str, arguments: Mapping[str, type]) -> Node:
    """Make one node of the package; the launch arguments named here become its parameters."""
    given = {
        argument: ParameterValue(LaunchConfiguration(argument), value_type=kind)
        for argument, kind in arguments.items()
    }
    return Node(
        package=PACKAGE,
        executable=f'{name}_node',
        name=name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[ParameterFile(LaunchConfiguration('parameter_file')), given],
        output='screen',
        emulate_tty=True,
    )


def refuse_misspelt(declared: Iterable[DeclareLaunchArgument]) -> OpaqueFunction:
    """Make the action that stops the launch when an argument is not a declared one."""
    names = [argument.name for argument in declared]

    def check(context: LaunchContext) -> None:
        unknown = sorted(set(context.launch_configurations) - set(names))
        if unknown:
            raise RuntimeError(
                f'unknown launch argument {", ".join(unknown)}; expected: {", ".join(names)}'
            )

    return OpaqueFunction(function=check)


def fail_with(nodes: Iterable[Any], ends_with: Any = None) -> list[RegisterEventHandler]:
    """Make the handlers that end the launch: with an error when a node fails, without at the end.

    Args:
        nodes: whose failure ends everything.
        ends_with: the node whose own end is the end of the flight.

    """

    def on_exit(event: Any, context: LaunchContext) -> EmitEvent | None:
        if event.returncode != 0 and not context.is_shutdown:
            raise RuntimeError(
                f'{event.process_name} ended with exit code {event.returncode}; see its log above'
            )
        if event.action is ends_with:
            return EmitEvent(event=Shutdown(reason='the flight is over'))
        return None

    return [
        RegisterEventHandler(OnProcessExit(target_action=item, on_exit=on_exit)) for item in nodes
    ]
