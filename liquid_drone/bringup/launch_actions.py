# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files share: arguments checked, nodes made, failures turned into exit codes.

``ros2 launch`` ignores a misspelt argument and returns 0 when nodes crash; not here. When a node
dies, the launch waits until the drone has been handed back, then ends with 1. Imported by the
launch files only, since it needs a ROS 2 installation with ``launch_ros``.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from .. import resources
from ..ros.process import LAUNCH
from ..sim.flight_spec import FlightSpec
from . import distribution
from .idle_arguments import check_effect
from .launch_arguments import (
    AS_THE_POLICY,
    LIVE_SOURCES,
    OPTIONAL,
    PER_DRONE,
    Argument,
    boolean,
    given,
)
from .launch_parameters import Given, existing, given_files

RESPAWN_S = 2.0
HAND_BACK_S = 3.0  # from a policy's death to the companion's silence: 1.5 s and some reserve
ONE_PROCESS, COMPOSED = 'one_process', ('mavlink', 'policy', 'camera')
FIRST_PORT, MOST_DRONES = 14540, 9
PER_MEMBER = ('seed', 'companion', 'connection', 'ground_station', 'flight_log')
MAY_FAIL = (
    'attention',
    'operator',
    'overlay',
    'recorder',
    'stream',
)  # they decide nothing: a flight needs none
ENDING: set[int] = (
    set()
)  # processes whose end is awaited: with several drones the last one ends it


def describe(
    arguments: tuple[Argument, ...],
    parameter_file: str,
    ends_with: tuple[str, ...] = (),
    composable: bool = False,
) -> LaunchDescription:
    """Describe a launch: every node that an argument belongs to, in one namespace.

    Args:
        arguments: what can be given; the nodes follow from them. A camera node is started only
            where argument ``camera`` is given, a recorder where ``record`` is.
        parameter_file: the shipped file with the nodes' parameters.
        ends_with: nodes whose end, with exit code 0, is the end of the launch.
        composable: offers ``one_process``, ``attention`` and ``overlay``.

    """
    declared = [
        *_declared(arguments),
        namespace(),
        parameters_from(parameter_file),
        *(_options() if composable else ()),
    ]

    def start(context: LaunchContext) -> list[Any]:
        refuse_misspelt(context, declared)
        if is_launched(context):
            check_effect(arguments, context.launch_configurations)
        nodes = _nodes(given(arguments, context.launch_configurations), context, composable)
        handlers = [
            _on_exit(name, node, name in ends_with)
            for name, node in nodes.items()
            if name not in MAY_FAIL and not node.respawns
        ]
        return [*_environment(), *handlers, *nodes.values()]

    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def namespace() -> DeclareLaunchArgument:
    """Return the argument that keeps several drones apart."""
    return DeclareLaunchArgument(
        'namespace', default_value='', description='Namespace of all nodes and topics.'
    )


def parameters_from(file: str) -> DeclareLaunchArgument:
    """Return the argument for the nodes' parameters; by default a shipped file."""
    return DeclareLaunchArgument(
        'parameter_file',
        default_value=str(resources.find(file)),
        description='YAML file with the parameters of the nodes.',
    )


def fleet(arguments: tuple[Argument, ...], parameter_file: str, file: str) -> LaunchDescription:
    """Describe several simulated drones, each in a namespace and with a MAVLink port of its own.

    Args:
        arguments: as in :func:`describe`; those of :data:`PER_MEMBER` are chosen here.
        parameter_file: the shipped file with the nodes' parameters.
        file: the launch file of one drone, beside this one.

    """
    declared = [
        DeclareLaunchArgument('drones', default_value='2', description='How many, 1 to 9.'),
        DeclareLaunchArgument(
            'first_seed',
            default_value=str(FlightSpec.seed),
            description='Seed of drone1; each has the next.',
        ),
        *_declared(item for item in arguments if item.name not in PER_MEMBER),
        parameters_from(parameter_file),
    ]

    def start(context: LaunchContext) -> list[Any]:
        refuse_misspelt(context, declared)
        count, first = (_whole(context, name) for name in ('drones', 'first_seed'))
        if not 1 <= count <= MOST_DRONES:
            raise RuntimeError(f'launch argument drones: expected 1 to {MOST_DRONES}, got {count}')
        one = str(resources.find(f'launch/{file}'))
        return [_member(one, index, first + index) for index in range(count)]

    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def _whole(context: LaunchContext, name: str) -> int:
    text = context.launch_configurations[name]
    if not text.isdigit():
        raise RuntimeError(f"launch argument {name}: expected a whole number, got '{text}'")
    return int(text)


def _member(file: str, index: int, seed: int) -> GroupAction:
    address = f'127.0.0.1:{FIRST_PORT + index}'  # one above the other, as PX4's simulators are
    given = {
        'namespace': f'drone{index + 1}',
        'seed': str(seed),
        'companion': address,
        'connection': f'udpin:{address}',
    }
    source = PythonLaunchDescriptionSource(file)
    return GroupAction([IncludeLaunchDescription(source, launch_arguments=given.items())])


def _declared(arguments: Iterable[Argument]) -> list[DeclareLaunchArgument]:
    """Return one declaration a name, the first one's; empty means: as in the parameter file."""
    first: dict[str, Argument] = {}
    for argument in arguments:
        first.setdefault(argument.name, argument)
    return [
        DeclareLaunchArgument(
            name,
            default_value='',
            description=f'{argument.description} Empty: as in parameter_file.',
            choices=['', *argument.choices] if argument.choices else None,
        )
        for name, argument in first.items()
    ]


def _options() -> list[DeclareLaunchArgument]:
    yes_or_no = ['true', 'false']
    return [
        DeclareLaunchArgument(
            ONE_PROCESS,
            default_value='false',
            choices=yes_or_no,
            description='Camera, policy and mavlink in one process, without copies of pictures; '
            'one crash then ends all three. Needs camera.',
        ),
        DeclareLaunchArgument(
            'attention',
            default_value='false',
            choices=yes_or_no,
            description='Also show what the policy looks at (attention/image); costs a core.',
        ),
        DeclareLaunchArgument(
            'overlay',
            default_value='false',
            choices=yes_or_no,
            description='Also draw the answers over the pictures (overlay/image) while watched.',
        ),
        DeclareLaunchArgument(
            'operator',
            default_value='false',
            choices=yes_or_no,
            description="Also serve the operator's page, on http://127.0.0.1:8123/ unless the "
            'parameters of the operator node tell otherwise.',
        ),
    ]


def is_launched(context: LaunchContext) -> bool:
    """Tell whether our file was launched; one that is included cannot know whose arguments are."""
    file = Path(str(getattr(context.locals, 'current_launch_file_path', ''))).name
    return bool(file) and any(Path(word).name == file for word in sys.argv)


def refuse_misspelt(context: LaunchContext, declared: list[DeclareLaunchArgument]) -> None:
    """Refuse what was given on the command line and is not declared.

    Only where our file is the one that was launched.

    Raises:
        RuntimeError: an unknown argument.

    """
    if not is_launched(context):
        return
    names = [item.name for item in declared]
    told = {word.partition(':=')[0] for word in context.argv if ':=' in word}
    unknown = sorted(told - {*names, 'launch-prefix', 'launch-prefix-filter'})
    if unknown:
        raise RuntimeError(
            f'unknown launch argument {", ".join(unknown)}; expected: {", ".join(names)}'
        )


class _Process(Node):
    """A node's process that remembers whether it is started again."""

    def __init__(self, respawns: bool, **words: Any) -> None:
        super().__init__(respawn=respawns, respawn_delay=RESPAWN_S, **words)
        self.respawns = respawns


def _nodes(found: Given, context: LaunchContext, composable: bool) -> dict[str, _Process]:
    """Return name -> process, each with the parameters that were given."""
    wanted = {name: values for name, values in found.items() if _is_wanted(name, values)}
    file = existing(context.launch_configurations['parameter_file'])
    if not composable:
        return {name: _process(name, {name: values}, file) for name, values in wanted.items()}
    for name, shared in AS_THE_POLICY.items():
        if boolean(context.launch_configurations[name]):
            wanted[name] = {k: v for k, v in found['policy'].items() if k in shared}
    if not boolean(context.launch_configurations[ONE_PROCESS]):
        return {name: _process(name, {name: values}, file) for name, values in wanted.items()}
    if 'camera' not in wanted:
        raise RuntimeError(
            'one_process:=true needs camera:=device, gstreamer, rtsp, video or folder: a driver '
            'in another process would have to copy its pictures'
        )
    alone = {
        name: _process(name, {name: wanted[name]}, file) for name in wanted if name not in COMPOSED
    }
    return {'drone': _process('drone', {name: wanted[name] for name in COMPOSED}, file), **alone}


def _is_wanted(name: str, values: Mapping[str, Any]) -> bool:
    return OPTIONAL.get(name, '') in ('', *values)


def _environment() -> list[SetEnvironmentVariable]:
    """Let Fast DDS carry images above 450 kB, unless the user has a profile of their own.

    And name this process to the nodes, which end where it is gone.
    """
    found = {**distribution.fast_dds_profile(os.environ), LAUNCH: str(os.getpid())}
    return [SetEnvironmentVariable(name, value) for name, value in found.items()]


def _process(executable: str, values: Given, file: Path) -> _Process:
    """Return a process with the parameters of its nodes; the last file wins."""
    return _Process(
        _comes_back(executable, values),
        package=resources.PACKAGE,
        executable=f'{executable}_node',
        namespace=LaunchConfiguration('namespace'),
        parameters=[str(file), *given_files(values, file)],
        remappings=[(f'/{name}', name) for name in PER_DRONE],
        output='screen',
        emulate_tty=True,
    )


def _comes_back(executable: str, values: Given) -> bool:
    """Only a camera is started again: it commands nothing, and cables come loose."""
    return executable == 'camera' and values['camera']['source'] in LIVE_SOURCES


def _on_exit(name: str, node: Node, is_the_end: bool) -> RegisterEventHandler:
    if is_the_end:
        ENDING.add(id(node))

    def handle(event: Any, context: LaunchContext) -> Any:
        if context.is_shutdown:
            return None
        if event.returncode == 0:
            ENDING.discard(id(node))
            is_over = is_the_end and not ENDING
            return EmitEvent(event=Shutdown(reason='it is over')) if is_over else None

        def fail(_context: LaunchContext) -> None:
            raise RuntimeError(
                f'{event.process_name} ended with exit code {event.returncode}; see its log above'
            )

        # The mavlink node first brings the drone to a stand, hands it back and falls silent.
        patience_s = 0.0 if name in ('mavlink', 'drone') else HAND_BACK_S
        return TimerAction(period=patience_s, actions=[OpaqueFunction(function=fail)])

    return RegisterEventHandler(OnProcessExit(target_action=node, on_exit=handle))
