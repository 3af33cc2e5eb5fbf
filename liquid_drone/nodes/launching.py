# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments checked, nodes made, failures turned into exit codes.

``ros2 launch`` ignores a misspelt argument and returns 0 when nodes crash; not here. When a node
dies, the launch waits until the drone has been handed back, then ends with 1. Defaults of the
nodes' parameters stand in ``config/*.yaml`` alone. Imported by the launch files only, since it
needs a ROS 2 installation with ``launch_ros``.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from .. import resources
from . import graph

RESPAWN_S = 2.0
PER_DRONE = ('clock', 'tf', 'tf_static')  # each namespace has its own time and tree
HAND_BACK_S = 3.0  # from a policy's death to the companion's silence: 1.5 s and some reserve


def boolean(text: str) -> bool:
    """Read true or false.

    Raises:
        ValueError: neither.

    """
    if text.lower() not in ('true', 'false'):
        raise ValueError(text)
    return text.lower() == 'true'


@dataclass(frozen=True)
class Argument:
    """A launch argument that becomes a parameter of one node, where it is given."""

    node: str
    name: str
    kind: Callable[[str], Any]
    description: str
    choices: tuple[str, ...] = ()
    parameter: str = ''  # where it is not called as the argument is

    def declared(self) -> DeclareLaunchArgument:
        """Return the declaration; empty means: as in the parameter file."""
        return DeclareLaunchArgument(
            self.name,
            default_value='',
            description=f'{self.description} Empty: as in parameter_file.',
            choices=['', *self.choices] if self.choices else None,
        )

    def value(self, context: LaunchContext) -> Any:
        """Return what was given, in its type; None where nothing was.

        Raises:
            RuntimeError: the text is not of the type.

        """
        text = context.launch_configurations[self.name]
        try:
            return self.kind(text) if text else None
        except ValueError as error:
            kind = getattr(self.kind, '__name__', 'value')
            raise RuntimeError(
                f"launch argument {self.name}: expected {kind}, got '{text}'"
            ) from error


FOLLOW = (
    Argument('policy', 'bundle', str, 'Policy: a name in models/, or a path.'),
    Argument(
        'policy',
        'providers',
        str,
        'Where the vision graph runs.',
        choices=('auto', 'cpu', 'cuda', 'tensorrt'),
    ),
    Argument(
        'mavlink',
        'connection',
        str,
        'MAVLink address: udpin:HOST:PORT, tcp:HOST:PORT or /dev/DEVICE:BAUD.',
    ),
    Argument(
        'mavlink',
        'autopilot',
        str,
        'What the vehicle must be; auto takes what its heartbeat says.',
        choices=('auto', 'px4', 'ardupilot'),
    ),
    Argument('mavlink', 'shadow', boolean, 'Decide and record, but send no setpoint: true.'),
    Argument('mavlink', 'signing_key_file', str, 'File of the MAVLink 2 signing key (chmod 600).'),
    Argument('recorder', 'bundle', str, 'Policy: a name in models/, or a path.'),
    Argument(
        'recorder',
        'record',
        str,
        'Keep what happened around each hand-back as episodes in this directory.',
        parameter='directory',
    ),
)
OPTIONAL = {'camera': 'source', 'recorder': 'directory'}  # started only where this is given
LIVE_SOURCES = ('device', 'gstreamer', 'rtsp')  # these may come back: started again
CAMERA = (
    Argument(
        'camera',
        'camera',
        str,
        'Start a camera node with this source; none: another driver publishes camera/image_raw.',
        choices=('device', 'gstreamer', 'rtsp', 'video', 'folder'),
        parameter='source',
    ),
    Argument('camera', 'video_device', str, 'Camera device, for camera:=device.'),
    Argument('camera', 'pipeline', str, 'GStreamer pipeline, for camera:=gstreamer.'),
    Argument('camera', 'rtsp_url', str, 'Stream address, for camera:=rtsp.'),
    Argument(
        'camera',
        'video',
        str,
        'Video file or folder of pictures, for camera:=video and camera:=folder.',
        parameter='path',
    ),
    Argument('camera', 'loop', boolean, 'Begin a video or folder again at its end.'),
    Argument('camera', 'image_width', int, 'Asked of a camera device.'),
    Argument('camera', 'image_height', int, 'Asked of a camera device.'),
    Argument('camera', 'framerate', float, 'Asked of a camera device, or pace of a file.'),
    Argument('camera', 'camera_info_url', str, 'Calibration: file:///path.yaml.'),
)
SIMULATION = (
    Argument('simulator', 'world', str, 'World: a name in sim/worlds, or a .yaml file.'),
    Argument('simulator', 'season', str, 'Season: a name in sim/seasons, or a .yaml file.'),
    Argument('simulator', 'target', str, 'Target: a name in sim/targets, or a .yaml file.'),
    Argument('simulator', 'task', str, 'Task: a name in config/tasks, or a .yaml file.'),
    Argument('simulator', 'seed', int, 'Everything random in the flight follows from it.'),
    Argument('simulator', 'start', str, 'Where the drone begins.', choices=('ground', 'hover')),
    Argument('simulator', 'duration_s', float, 'Simulated seconds of following.'),
    Argument('simulator', 'real_time', boolean, 'By the wall clock, not in lock-step: true.'),
    Argument(
        'mavlink',
        'real_time',
        lambda text: not boolean(text),
        'By the wall clock, not in lock-step: true.',
        parameter='lockstep',
    ),
    Argument('simulator', 'companion', str, 'Where MAVLink goes: what connection listens on.'),
    Argument('simulator', 'ground_station', str, 'Where it goes too, such as 127.0.0.1:14550.'),
    Argument('simulator', 'flight_log', str, 'Where to save the flight (.npz).'),
)


def describe(
    arguments: tuple[Argument, ...], parameter_file: str, ends_with: tuple[str, ...] = ()
) -> LaunchDescription:
    """Describe a launch: every node that an argument belongs to, in one namespace.

    Args:
        arguments: what can be given; the nodes follow from them. A camera node is started only
            where argument ``camera`` is given, a recorder where ``record`` is.
        parameter_file: the shipped file with the nodes' parameters.
        ends_with: nodes whose end, with exit code 0, is the end of the launch.

    """
    declared = [
        *{argument.name: argument.declared() for argument in arguments}.values(),
        DeclareLaunchArgument(
            'namespace', default_value='', description='Namespace of all nodes and topics.'
        ),
        DeclareLaunchArgument(
            'parameter_file',
            default_value=str(resources.find(parameter_file)),
            description='YAML file with the parameters of the nodes.',
        ),
    ]
    names = [item.name for item in declared]

    def start(context: LaunchContext) -> list[Any]:
        _refuse_misspelt(context, names)
        nodes = _nodes(arguments, context)
        handlers = [
            _on_exit(name, node, name in ends_with)
            for name, (node, lasts) in nodes.items()
            if lasts
        ]
        return [*_transport(), *handlers, *(node for node, _ in nodes.values())]

    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def _refuse_misspelt(context: LaunchContext, names: list[str]) -> None:
    unknown = sorted(set(context.launch_configurations) - set(names))
    if unknown:
        raise RuntimeError(
            f'unknown launch argument {", ".join(unknown)}; expected: {", ".join(names)}'
        )


def _nodes(
    arguments: tuple[Argument, ...], context: LaunchContext
) -> dict[str, tuple[Node, bool]]:
    """Return name -> (node, whether its end is told to anyone: else it is started again)."""
    nodes = {}
    for name in dict.fromkeys(argument.node for argument in arguments):
        values = {
            item.parameter or item.name: item.value(context)
            for item in arguments
            if item.node == name
        }
        given = {key: value for key, value in values.items() if value is not None}
        if OPTIONAL.get(name, '') in ('', *given):
            comes_back = _comes_back(name, given)
            nodes[name] = _node(name, given, comes_back), _is_missed(name, comes_back)
    return nodes


def _transport() -> list[SetEnvironmentVariable]:
    """Let Fast DDS carry images above 450 kB, unless the user has a profile of their own."""
    found = graph.fast_dds_profile(os.environ)
    return [SetEnvironmentVariable(name, value) for name, value in found.items()]


def _node(name: str, given: Mapping[str, Any], comes_back: bool) -> Node:
    return Node(
        package=resources.PACKAGE,
        executable=f'{name}_node',
        name=name,
        namespace=LaunchConfiguration('namespace'),
        parameters=[LaunchConfiguration('parameter_file'), dict(given)],
        remappings=[(f'/{name}', name) for name in PER_DRONE],
        respawn=comes_back,
        respawn_delay=RESPAWN_S,
        output='screen',
        emulate_tty=True,
    )


def _comes_back(name: str, given: Mapping[str, Any]) -> bool:
    """Only a camera is started again: it commands nothing, and cables come loose."""
    return name == 'camera' and given['source'] in LIVE_SOURCES


def _is_missed(name: str, comes_back: bool) -> bool:
    """Tell whether a node's end ends the launch; without a recorder it is flown on."""
    return name != 'recorder' and not comes_back


def _on_exit(name: str, node: Node, is_the_end: bool) -> RegisterEventHandler:
    def handle(event: Any, context: LaunchContext) -> Any:
        if context.is_shutdown:
            return None
        if event.returncode == 0:
            return EmitEvent(event=Shutdown(reason='it is over')) if is_the_end else None

        def fail(_context: LaunchContext) -> None:
            raise RuntimeError(
                f'{event.process_name} ended with exit code {event.returncode}; see its log above'
            )

        # The mavlink node first brings the drone to a stand, hands it back and falls silent.
        patience_s = 0.0 if name == 'mavlink' else HAND_BACK_S
        return TimerAction(period=patience_s, actions=[OpaqueFunction(function=fail)])

    return RegisterEventHandler(OnProcessExit(target_action=node, on_exit=handle))
