# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a MAVLink camera says of itself: one that follows a target, and records and zooms nothing.

Pure: from what is known to messages of the dialect. The fields are those of
https://mavlink.io/en/services/camera.html.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ...errors import ConfigError, shown

VENDOR, MODEL = b'liquid_drone', b'target follower'
UNKNOWN = math.nan
STREAM_ID = 1
MOST_URI = 160
RANGES: dict[str, tuple[float, float]] = {
    'width': (16, 16384),
    'height': (16, 16384),
    'horizontal_fov_deg': (10.0, 170.0),
    'rate_hz': (0.0, 1000.0),
    'bitrate_kbit_s': (0, 4_000_000),
}
STREAM_TYPES = {
    'rtsp': mavlink.VIDEO_STREAM_TYPE_RTSP,
    'udp': mavlink.VIDEO_STREAM_TYPE_RTPUDP,
    'tcp': mavlink.VIDEO_STREAM_TYPE_TCP_MPEG,
    'mpegts': mavlink.VIDEO_STREAM_TYPE_MPEG_TS,
}


@dataclass(frozen=True)
class StationVideo:
    """The picture that a ground station shows: a stream that is sent to it, or none."""

    uri: str = ''  # or the UDP port to which H.264 is sent; empty: the station has its own
    width: int = 1280
    height: int = 720
    horizontal_fov_deg: float = 80.0
    rate_hz: float = 0.0  # 0: unknown
    bitrate_kbit_s: int = 0  # 0: unknown

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f'{name} of a stream: expected {low:g} to {high:g}, got {shown(value)}'
                )
        if not self.uri or self.port:
            return
        parts = urlsplit(self.uri)
        if parts.scheme not in STREAM_TYPES or len(self.uri.encode()) >= MOST_URI:
            kinds = ', '.join(f'{name}://' for name in STREAM_TYPES)
            raise ConfigError(
                f'stream_uri: expected a UDP port or {kinds} and fewer than {MOST_URI} bytes, '
                f'got {shown(parts.scheme or self.uri)}'
            )
        if parts.username or parts.password:
            raise ConfigError(
                'stream_uri holds a name or a password, and would be sent over the radio to '
                'whoever asks: let the stream be read without, on a network of your own'
            )

    @property
    def port(self) -> int:
        """The UDP port to which RTP is sent; 0: it is no port."""
        is_number = self.uri.isascii() and self.uri.isdigit() and len(self.uri) <= 5
        return int(self.uri) if is_number and int(self.uri) <= 65535 else 0

    @property
    def type(self) -> int:
        """The VIDEO_STREAM_TYPE."""
        kind: int = STREAM_TYPES['udp' if self.port else urlsplit(self.uri).scheme]
        return kind

    def described(self) -> dict[str, object]:
        """Return what another process needs to know of it."""
        return asdict(self)

    @classmethod
    def from_description(cls, texts: Mapping[str, str]) -> 'StationVideo':
        """Return what :meth:`described` described.

        Raises:
            ConfigError: it describes no stream.

        """
        try:
            return cls(
                texts['uri'],
                int(texts['width']),
                int(texts['height']),
                float(texts['horizontal_fov_deg']),
                float(texts['rate_hz']),
                int(texts['bitrate_kbit_s']),
            )
        except (KeyError, ValueError) as error:
            raise ConfigError(f'no description of a stream: {error!r:.100}') from error

    def point(self, bearing_rad: float, elevation_rad: float) -> tuple[float, float] | None:
        """Return where a direction lies in the picture, 0..1 right and down; None: outside."""
        half = math.tan(math.radians(self.horizontal_fov_deg) / 2)
        if max(abs(bearing_rad), abs(elevation_rad)) >= math.pi / 2:
            return None
        x = 0.5 - 0.5 * math.tan(bearing_rad) / half
        y = 0.5 - 0.5 * math.tan(elevation_rad) / (half * self.height / self.width)
        return (x, y) if 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0 else None

    def radius(self, size_m: float, distance_m: float) -> float:
        """Return how large something looks, as a share of the picture's width."""
        half = math.tan(math.radians(self.horizontal_fov_deg) / 2)
        return min(0.5 * size_m / distance_m / half, 0.5)


def camera_information(boot_ms: int, video: StationVideo) -> Any:
    """Say what it is, and what it can do: track, and name a stream where there is one."""
    flags = (
        mavlink.CAMERA_CAP_FLAGS_HAS_TRACKING_POINT
        | mavlink.CAMERA_CAP_FLAGS_HAS_TRACKING_RECTANGLE
    )
    if video.uri:
        flags |= mavlink.CAMERA_CAP_FLAGS_HAS_VIDEO_STREAM
    return mavlink.MAVLink_camera_information_message(
        boot_ms,
        list(VENDOR.ljust(32, b'\0')),
        list(MODEL.ljust(32, b'\0')),
        0,
        *(UNKNOWN, UNKNOWN, UNKNOWN),  # focal length, sensor
        video.width,
        video.height,
        0,
        flags,
        0,
        b'',
    )


def camera_settings(boot_ms: int) -> Any:
    """Say its mode, which is video all the time."""
    return mavlink.MAVLink_camera_settings_message(boot_ms, mavlink.CAMERA_MODE_VIDEO)


def capture_status(boot_ms: int) -> Any:
    """Say that it captures nothing."""
    return mavlink.MAVLink_camera_capture_status_message(boot_ms, 0, 0, 0.0, 0, 0.0)


def storage_information(boot_ms: int) -> Any:
    """Say that it has no storage of its own."""
    status = mavlink.STORAGE_STATUS_NOT_SUPPORTED
    return mavlink.MAVLink_storage_information_message(boot_ms, 1, 0, status, *[0.0] * 5)


def stream_information(video: StationVideo) -> Any:
    """Name the stream."""
    return mavlink.MAVLink_video_stream_information_message(
        STREAM_ID,
        1,
        video.type,
        mavlink.VIDEO_STREAM_STATUS_FLAGS_RUNNING,
        video.rate_hz,
        video.width,
        video.height,
        video.bitrate_kbit_s * 1000,
        0,
        round(video.horizontal_fov_deg),
        b'liquid_drone',
        video.uri.encode(),
        mavlink.VIDEO_STREAM_ENCODING_H264
        if video.port
        else mavlink.VIDEO_STREAM_ENCODING_UNKNOWN,
    )


def stream_status(video: StationVideo) -> Any:
    """Say that the stream runs."""
    return mavlink.MAVLink_video_stream_status_message(
        STREAM_ID,
        mavlink.VIDEO_STREAM_STATUS_FLAGS_RUNNING,
        video.rate_hz,
        video.width,
        video.height,
        video.bitrate_kbit_s * 1000,
        0,
        round(video.horizontal_fov_deg),
    )


def tracking_status(point: tuple[float, float] | None, radius: float = UNKNOWN) -> Any:
    """Say where the target is in the picture; None: it is not seen."""
    is_seen = point is not None
    x, y = point or (UNKNOWN, UNKNOWN)
    return mavlink.MAVLink_camera_tracking_image_status_message(
        mavlink.CAMERA_TRACKING_STATUS_FLAGS_ACTIVE
        if is_seen
        else mavlink.CAMERA_TRACKING_STATUS_FLAGS_IDLE,
        mavlink.CAMERA_TRACKING_MODE_POINT if is_seen else mavlink.CAMERA_TRACKING_MODE_NONE,
        mavlink.CAMERA_TRACKING_TARGET_DATA_IN_STATUS,
        x,
        y,
        radius if is_seen else UNKNOWN,
        *[UNKNOWN] * 4,  # the policy tells a point, no rectangle
    )


def acknowledgement(number: int, result: int, sender: tuple[int, int]) -> Any:
    """Answer a command."""
    return mavlink.MAVLink_command_ack_message(number, result, 0, 0, *sender)
