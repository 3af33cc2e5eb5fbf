# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the launch files as plain data; ``launching.py`` makes launch of them.

Each becomes a parameter of one node, where it is given; defaults stand in ``config/*.yaml`` alone.
Needs no ``launch``, so that tests can hold it against the nodes anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import topics

OPTIONAL = {'camera': 'source', 'recorder': 'directory'}  # started only where this is given
LIVE_SOURCES = ('device', 'gstreamer', 'rtsp')  # these may come back: started again
PER_DRONE = ('clock', 'tf', 'tf_static')  # each namespace has its own time and tree
FILE_SOURCES = ('video', 'folder')


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

    @property
    def target(self) -> str:
        """The node's parameter."""
        return self.parameter or self.name

    def value(self, text: str) -> Any:
        """Return what was given, in its type; None where nothing was.

        Raises:
            RuntimeError: the text is not of the type.

        """
        try:
            return self.kind(text) if text else None
        except ValueError as error:
            kind = getattr(self.kind, '__name__', 'value')
            raise RuntimeError(
                f"launch argument {self.name}: expected {kind}, got '{text}'"
            ) from error


def given(arguments: tuple[Argument, ...], texts: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return node -> parameter -> value of all that was given; nodes in the arguments' order.

    Raises:
        RuntimeError: a text is not of its argument's type.

    """
    found: dict[str, dict[str, Any]] = {argument.node: {} for argument in arguments}
    for argument in arguments:
        value = argument.value(texts.get(argument.name, ''))
        if value is not None:
            found[argument.node][argument.target] = value
    return found


POLICY = (
    Argument('policy', 'bundle', str, 'Policy: a name in models/, or a path.'),
    Argument(
        'policy',
        'providers',
        str,
        'Where the vision graph runs.',
        choices=('auto', 'cpu', 'cuda', 'tensorrt'),
    ),
)
FOLLOW = (
    *POLICY,
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
CAMERA = (
    Argument(
        'camera',
        'camera',
        str,
        'Start a camera node with this source; none: another driver publishes camera/image_raw.',
        choices=(*LIVE_SOURCES, *FILE_SOURCES),
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
    Argument('simulator', 'weather', str, 'Such as fog:2,noise:1; or clear.'),
    Argument(
        'simulator', 'autopilot', str, 'Which autopilot flies.', choices=('px4', 'ardupilot')
    ),
    Argument(
        'simulator', 'firmware', str, "Path of that autopilot's SITL binary; else simulated."
    ),
    Argument(
        'mavlink',
        'firmware',
        lambda _path: False,  # firmware has a clock of its own
        "Path of that autopilot's SITL binary; else simulated.",
        parameter='exact_telemetry',
    ),
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
REPLAY = (
    *POLICY,
    Argument('replay', 'bag', str, 'The recording: a rosbag2 directory.'),
    Argument('replay', 'out', str, 'Where to save what was compared (.json).'),
    Argument('replay', 'tolerance', float, 'Largest difference of a command that counts as same.'),
)
RECORDED = (  # relative names; what `liquid-drone import-flight` and replay.launch.py look for
    topics.CAMERA_INFO,
    topics.COMMAND,
    topics.ODOMETRY,
    topics.BATTERY,
    topics.DECISION,
    topics.SETPOINT,
    topics.STAGE,
    topics.SIGHTING,
    'tf',
    'tf_static',
)
PICTURES = {'compressed': topics.IMAGE_COMPRESSED, 'raw': topics.IMAGE}
SHARED = (topics.DIAGNOSTICS,)  # of all drones


def recorded(namespace: str, pictures: str) -> list[str]:
    """Return the absolute names of what a recording holds.

    Args:
        namespace: of the drone; may be empty.
        pictures: ``compressed`` (JPEG, about a fifteenth) or ``raw``.

    """
    prefix = '/' + '/'.join(part for part in namespace.split('/') if part)
    names = [PICTURES[pictures], *RECORDED]
    return [f'{prefix.rstrip("/")}/{name}' for name in names] + [*SHARED]
