# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``record.launch.py``: rosbag2 with the topics that training and replay need.

rosbag2 is what ROS has for this, so there is no recorder of our own. A recorder that fails ends
the launch with 1. Imported by the launch file only, since it needs ``launch_ros``.
"""

import importlib.util
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown

from ..resources import user_path
from . import distribution, launch_actions
from .free_space import LEAST_MEGABYTES, check_space
from .launch_arguments import PICTURES, boolean, recorded

CLOSING_S = '10.0'  # the recorder writes its index when it is told to end
LOOK_S = 3.0  # for free space; raw pictures are 27 MB/s


def describe() -> LaunchDescription:
    """Describe the launch."""
    declared = [
        launch_actions.namespace(),
        DeclareLaunchArgument(
            'output', default_value='', description='New directory; empty: named after the time.'
        ),
        DeclareLaunchArgument(
            'pictures',
            default_value='compressed',
            choices=[*PICTURES],
            description='compressed (JPEG, from camera_node or image_transport) or raw.',
        ),
        DeclareLaunchArgument(
            'least_free_megabytes',
            default_value=LEAST_MEGABYTES,
            description='Free space on the disk with which the recording is closed and ends.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='false',
            choices=['true', 'false'],
            description='Stamp messages with the simulated clock.',
        ),
    ]

    def start(context: LaunchContext) -> list[Any]:
        launch_actions.refuse_misspelt(context, declared)
        looking = _look(context)  # before anything is written
        recorder = ExecuteProcess(
            cmd=command(context.launch_configurations),
            output='screen',
            sigterm_timeout=CLOSING_S,
        )
        handler = OnProcessExit(target_action=recorder, on_exit=_on_exit)
        return [RegisterEventHandler(handler), recorder, *looking]

    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def command(values: dict[str, str]) -> list[str]:
    """Return the recorder's command line.

    Raises:
        RuntimeError: rosbag2 is not installed.

    """
    if importlib.util.find_spec('ros2bag') is None:
        raise RuntimeError(
            'recording needs rosbag2: apt install ros-$ROS_DISTRO-ros2bag '
            'ros-$ROS_DISTRO-rosbag2-storage-mcap'
        )
    line = ['ros2', 'bag', 'record', '--storage', 'mcap']
    if values['output']:
        line += ['--output', str(user_path(values['output']))]
    if boolean(values['use_sim_time']):
        line += ['--use-sim-time']
    topics = recorded(values['namespace'], values['pictures'])
    return line + distribution.record_topics(topics)


def _look(context: LaunchContext) -> list[Any]:
    """Look for free space, now and again; with too little the error ends the launch in order."""
    values = context.launch_configurations
    output = str(user_path(values['output'])) if values['output'] else ''
    check_space(output, values['least_free_megabytes'])
    return [TimerAction(period=LOOK_S, actions=[OpaqueFunction(function=_look)])]


def _on_exit(event: Any, context: LaunchContext) -> Any:
    if context.is_shutdown:
        return None
    if event.returncode != 0:
        raise RuntimeError(f'the recorder ended with exit code {event.returncode}; see above')
    return EmitEvent(event=Shutdown(reason='the recorder ended'))
