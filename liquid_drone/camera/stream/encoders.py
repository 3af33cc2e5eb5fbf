# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Command lines that turn raw pictures on standard input into H.264 as RTP over UDP.

Pure: from what GStreamer and ffmpeg list to the commands, the best first. A listed encoder may
still fail (an Orin Nano has the elements of NVENC, and no NVENC), so there are several.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ...errors import ConfigError, shown

GSTREAMER, FFMPEG = 'gstreamer', 'ffmpeg'
PACKET_BYTES = 1200  # fits through every network
HOST = re.compile(r'[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?')
INSTALL = (
    'no H.264 encoder: sudo apt install gstreamer1.0-tools gstreamer1.0-plugins-bad '
    'gstreamer1.0-plugins-ugly, or sudo apt install ffmpeg, or pip install imageio-ffmpeg'
)
BESIDE = frozenset(  # elements around the encoder
    ('fdsrc', 'rawvideoparse', 'videoconvert', 'h264parse', 'rtph264pay', 'udpsink')
)


@dataclass(frozen=True)
class VideoTarget:
    """Where pictures go, and how they are."""

    host: str
    port: int
    width: int  # pixels, even
    height: int  # pixels, even
    rate_hz: float
    bitrate_kbit_s: int

    def __post_init__(self) -> None:
        if not _is_host(self.host):
            raise ConfigError(
                f'host: expected the address of a ground station, such as 192.168.1.20, '
                f'got {shown(self.host)}'
            )
        if self.width % 2 or self.height % 2:
            raise ConfigError(f'expected an even width and height, got {self.width}x{self.height}')

    @property
    def whole_rate(self) -> int:
        """Pictures a second, at least one."""
        return max(1, round(self.rate_hz))


class Encoder(NamedTuple):
    """One way to encode: its name and the program with its arguments."""

    name: str
    command: tuple[str, ...]


def gstreamer_elements(listing: str) -> frozenset[str]:
    """Return the elements that ``gst-inspect-1.0`` lists: ``plugin:  element: Long name``."""
    return frozenset(re.findall(r'^\s*[\w.+-]+:\s+([\w.+-]+):\s', listing, re.MULTILINE))


def ffmpeg_encoders(listing: str) -> frozenset[str]:
    """Return the video encoders that ``ffmpeg -encoders`` lists: `` V....D name  Long name``."""
    return frozenset(re.findall(r'^\s*V[A-Z.]{5}\s+(\w+)\s', listing, re.MULTILINE))


def choose(
    target: VideoTarget, found: Mapping[str, frozenset[str]], programs: Mapping[str, str]
) -> list[Encoder]:
    """Return what can be tried, the best first.

    Args:
        target: where to, and how.
        found: the elements of :data:`GSTREAMER` and the encoders of :data:`FFMPEG`; of each only
            where it is installed.
        programs: the path of each.

    """
    made: list[Encoder] = []
    elements = found.get(GSTREAMER, frozenset())
    for name, (needs, middle) in _middles(target).items():
        if elements >= {name, *needs, *BESIDE}:
            made.append(Encoder(name, _gstreamer(programs[GSTREAMER], target, middle)))
    listed = found.get(FFMPEG, frozenset())
    for name, options in FFMPEG_OPTIONS.items():
        if name in listed:
            made.append(Encoder(name, _ffmpeg(programs[FFMPEG], target, name, options)))
    return sorted(made, key=lambda one: ENCODERS.index(one.name))


ENCODERS = (  # the best first: hardware, then x264, then OpenH264, then a kernel's driver
    'nvv4l2h264enc',  # Jetson
    'nvh264enc',  # NVIDIA cards
    'x264enc',
    'libx264',
    'openh264enc',
    'libopenh264',
    'h264_v4l2m2m',  # Raspberry Pi; listed where there is no such device too
)
FFMPEG_OPTIONS = {
    'libx264': '-preset ultrafast -tune zerolatency -threads 1',
    'libopenh264': '-rc_mode bitrate -allow_skip_frames 1',
    'h264_v4l2m2m': '',
}


def _middles(target: VideoTarget) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return encoder -> (elements that it needs beside it, its part of the pipeline)."""
    bits, kbits, every = target.bitrate_kbit_s * 1000, target.bitrate_kbit_s, target.whole_rate
    return {
        'nvv4l2h264enc': (
            ('nvvidconv',),
            'nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! nvv4l2h264enc '
            f'bitrate={bits} iframeinterval={every} idrinterval={every} insert-sps-pps=true '
            'maxperf-enable=true',
        ),
        'nvh264enc': ((), f'nvh264enc bitrate={kbits} gop-size={every} zerolatency=true'),
        'x264enc': (
            (),
            f'x264enc bitrate={kbits} key-int-max={every} tune=zerolatency '
            'speed-preset=ultrafast threads=1',
        ),
        'openh264enc': ((), f'openh264enc bitrate={bits} gop-size={every} complexity=low'),
    }


def _gstreamer(program: str, target: VideoTarget, middle: str) -> tuple[str, ...]:
    size = target.width * target.height * 3 // 2
    pipeline = (
        f'fdsrc fd=0 blocksize={size} do-timestamp=true ! rawvideoparse format=i420 '
        f'width={target.width} height={target.height} framerate={target.whole_rate}/1 ! '
        f'videoconvert ! {middle} ! h264parse config-interval=-1 ! '
        f'rtph264pay pt=96 mtu={PACKET_BYTES} config-interval=-1 ! '
        f'udpsink host={target.host} port={target.port} sync=false async=false'
    )
    return program, '-q', *pipeline.split()


def _ffmpeg(program: str, target: VideoTarget, name: str, options: str) -> tuple[str, ...]:
    host = f'[{target.host}]' if ':' in target.host else target.host
    kbits, every = target.bitrate_kbit_s, target.whole_rate
    words = (
        '-hide_banner -loglevel error -nostats -f rawvideo -pixel_format yuv420p '
        f'-video_size {target.width}x{target.height} -framerate {every} '
        f'-use_wallclock_as_timestamps 1 -i pipe:0 -an -c:v {name} {options} '
        f'-b:v {kbits}k -maxrate {kbits}k -bufsize {kbits // 2}k -g {every} -bf 0 '
        '-bsf:v dump_extra=freq=keyframe -payload_type 96 -flush_packets 1 -f rtp'
    )
    return program, *words.split(), f'rtp://{host}:{target.port}?pkt_size={PACKET_BYTES}'


def _is_host(text: str) -> bool:
    if HOST.fullmatch(text):
        return True
    try:
        return ipaddress.ip_address(text).version == 6 and '%' not in text
    except ValueError:
        return False
