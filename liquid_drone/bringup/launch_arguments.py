# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of the launch files as plain data; ``launch_actions.py`` makes launch of them.

Each becomes a parameter of one node, where it is given; defaults stand in ``config/*.yaml`` alone.
Needs no ``launch``, so that tests can hold it against the nodes anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import topics
from ..errors import ConfigError
from ..options import Option, options_of
from ..request import NAMES, FlightRequest
from ..sim.flight_spec import FlightSpec, SimulatorRun

OPTIONAL = {  # started only where this is given
    'autopilot': 'kind',
    'camera': 'source',
    'recorder': 'directory',
    'stream': 'host',
}
LIVE_SOURCES = ('device', 'gstreamer', 'rtsp')  # these may come back: started again
PER_DRONE = ('clock', 'tf', 'tf_static')  # each namespace has its own time and tree
PICTURE_INPUT = ('image_transport', 'colour_order')
AS_THE_POLICY = {  # parameters of the policy that these nodes have too
    'attention': ('bundle', 'providers', *PICTURE_INPUT),
    'overlay': ('bundle', *PICTURE_INPUT),
    'operator': ('bundle', *PICTURE_INPUT),
}
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


SIMULATED = 'simulated'  # the autopilot of a rehearsal at a desk, with the habits of PX4


def _expected(text: str) -> str | None:
    """Return what the mavlink node shall find; a simulated autopilot tells its kind itself."""
    return None if text == SIMULATED else text


def _started(text: str) -> str | None:
    return 'px4' if text == SIMULATED else None


def _pictures(node: str) -> tuple[Argument, ...]:
    """Return how the camera's pictures arrive at a node."""
    return (
        Argument(
            node,
            'image_transport',
            str,
            'How pictures arrive: raw, or compressed (camera/image_raw/compressed).',
            choices=('raw', 'compressed'),
        ),
        _colour_order(node),
    )


def _colour_order(node: str) -> Argument:
    return Argument(
        node,
        'colour_order',
        str,
        'Colour order if the encoding names none (8UC3, 8UC4): rgb, or bgr as OpenCV has it.',
        choices=('unstated', 'rgb', 'bgr'),
    )


POLICY = (
    Argument('policy', 'bundle', str, 'Policy: a name in models/, or a path.'),
    Argument(
        'policy',
        'providers',
        str,
        'Where the vision graph runs.',
        choices=('auto', 'cpu', 'cuda', 'tensorrt'),
    ),
    Argument(
        'policy',
        'precision',
        str,
        'Precision of the vision graph on TensorRT.',
        choices=('fp32', 'fp16'),
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
        _expected,
        'Kind of autopilot; auto takes the kind in its heartbeat; simulated starts one for a '
        'rehearsal without a drone.',
        choices=('auto', 'px4', 'ardupilot', SIMULATED),
    ),
    Argument(
        'autopilot', 'autopilot', _started, 'As above.', choices=(SIMULATED,), parameter='kind'
    ),
    Argument('mavlink', 'shadow', boolean, 'Decide and record, but send no setpoint: true.'),
    Argument(
        'mavlink', 'engage_channel', int, "Channel of the pilot's radio that engages; 0: none."
    ),
    Argument('mavlink', 'station_id', int, 'Ground station that tracks and stops (255); 0: none.'),
    Argument('mavlink', 'signing_key_file', str, 'File of the MAVLink 2 signing key (chmod 600).'),
    *_pictures('policy'),
    Argument('recorder', 'bundle', str, 'Policy: a name in models/, or a path.'),
    *_pictures('recorder'),
    Argument(
        'recorder',
        'record',
        str,
        'Record an episode around each hand-back in this directory.',
        parameter='directory',
    ),
    Argument(
        'stream',
        'stream',
        str,
        'Send the picture with the box as H.264 to this ground station, an address; see also the '
        'parameters of the stream node.',
        parameter='host',
    ),
    Argument('stream', 'bundle', str, 'Policy: a name in models/, or a path.'),
    *_pictures('stream'),
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
    Argument(
        'camera',
        'rtsp_url',
        str,
        'Stream address, for camera:=rtsp: rtsp://, or http:// of a motion JPEG.',
    ),
    Argument(
        'camera',
        'video',
        str,
        'Video file or folder of pictures, for camera:=video and camera:=folder.',
        parameter='path',
    ),
    Argument('camera', 'loop', boolean, 'Repeat a video or folder.'),
    Argument('camera', 'image_width', int, 'Width requested from a camera device.'),
    Argument('camera', 'image_height', int, 'Height requested from a camera device.'),
    Argument('camera', 'framerate', float, 'Requested from a camera device, or pace of a file.'),
    Argument('camera', 'pixel_format', str, 'Requested from a camera device: MJPG, YUYV.'),
    Argument('camera', 'rotate', int, 'Turn pictures clockwise: 90, 180 or 270 degrees.'),
    Argument('camera', 'upside_down', boolean, 'The camera is mounted upside down.'),
    Argument('camera', 'mirrored', boolean, 'The camera exchanges left and right.'),
    Argument('camera', 'camera_info_url', str, 'Calibration: file:///path.yaml.'),
)


def made_from(node: str, cls: type, *leave_out: str) -> tuple[Argument, ...]:
    """Return an argument for every option of a dataclass."""
    return tuple(
        Argument(
            node,
            one.name,
            boolean if one.kind is bool else one.kind,
            _sentence(one),
            choices=one.choices,
        )
        for one in options_of(cls)
        if one.name not in leave_out
    )


def _sentence(one: Option) -> str:
    words = f'{one.text.help}, {one.text.unit}' if one.text.unit else one.text.help
    words += ': true or false' if one.kind is bool else ''
    return f'{words[0].upper()}{words[1:]}.'


def _also(cls: type, name: str, node: str, parameter: str, kind: Callable[[str], Any]) -> Argument:
    """Return the argument with which an option reaches another node too, as its parameter."""
    (one,) = (found for found in options_of(cls) if found.name == name)
    return Argument(node, name, kind, _sentence(one), parameter=parameter)


REQUESTS = tuple(f'request_{name}' for name in NAMES)  # parameters of the policy node


def policy_parameters(request: str) -> dict[str, float]:
    """Return the parameters of the policy node that ask for the same as a flight's request.

    Raises:
        ConfigError: it is none.

    """
    pairs = zip(REQUESTS, FlightRequest.parse(request).values, strict=True)
    return {name: value for name, value in pairs if value is not None}


def _asked(name: str) -> Callable[[str], float | None]:
    def value(text: str) -> float | None:
        try:
            return policy_parameters(text).get(name)
        except ConfigError as error:
            raise ValueError(str(error)) from error

    return value


SIMULATION = (
    *made_from('simulator', FlightSpec),
    *made_from('simulator', SimulatorRun, 'firmware_log', 'progress'),
    _also(  # firmware has a clock of its own
        FlightSpec, 'firmware', 'mavlink', 'exact_telemetry', lambda _path: False
    ),
    *(_also(FlightSpec, 'request', 'policy', name, _asked(name)) for name in REQUESTS),
    _also(SimulatorRun, 'real_time', 'mavlink', 'lockstep', lambda text: not boolean(text)),
)
REPLAY = (
    *POLICY,
    Argument('replay', 'bag', str, 'The recording: a rosbag2 directory.'),
    Argument('replay', 'out', str, 'File for the comparison (.json).'),
    _colour_order('replay'),
    Argument('replay', 'tolerance', float, 'Largest difference of commands that counts as equal.'),
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
    topics.REQUESTED,
    topics.BELIEF,
    topics.BELIEF_PROBABILITY,
    topics.NUMBERS,
    topics.STAGE_CODE,
    topics.TARGET,
    topics.TARGET_RANGE,
    topics.WORDS,
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
