# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a camera device, what it gives instead, and why a live source does not open.

V4L2 answers no wish with an error: a driver takes what is nearest, and says so only where asked.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError, shown
from ..masking import masked

LISTED = Path('/sys/class/video4linux')  # the devices that the kernel knows
LASTING = Path('/dev/v4l')  # links that stay with a camera: by-id, by-path
NUMBERED = re.compile(r'(?:/dev/video)?(\d+)')
MOST_LISTED = 8
SLOWER = 0.9  # of the rate that was asked: less is another one
IS_THERE = 'check that it is there (v4l2-ctl --list-devices)'
OTHERWISE = {
    'rtsp': 'check the address, user and password, and that this computer reaches the camera: '
    'ffplay or VLC opens the same address',
    'gstreamer': 'try it by gst-launch-1.0, with fakesink in place of appsink, which shows why',
}


@dataclass(frozen=True)
class Wishes:
    """What is asked of a device; empty or zero: as it has it."""

    pixel_format: str = ''  # four characters of V4L2
    width: int = 0
    height: int = 0
    rate_hz: float = 0.0


def ask(capture: Any, wishes: Wishes) -> str:
    """Ask a device for a kind of pictures; return what it gives instead, empty: that.

    Raises:
        ConfigError: the pixel format is no name of one.

    """
    import cv2

    code = _code(wishes.pixel_format)
    # the format comes first: it decides which sizes and rates there are
    asked = (
        (cv2.CAP_PROP_FOURCC, code),
        (cv2.CAP_PROP_FRAME_WIDTH, wishes.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, wishes.height),
        (cv2.CAP_PROP_FPS, wishes.rate_hz),
        (cv2.CAP_PROP_BUFFERSIZE, 1),  # the newest picture, not the oldest that waits
    )
    for name, value in asked:
        if value:
            capture.set(name, value)
    given = [float(capture.get(name)) for name, _ in asked[:4]]
    as_asked = [not wish or wish == has for (_, wish), has in zip(asked[:3], given, strict=False)]
    as_asked.append(not 0.0 < given[3] < SLOWER * wishes.rate_hz)
    if all(as_asked):
        return ''
    told = _words(_name(int(given[0])), given[1], given[2], given[3])
    wanted = _words(wishes.pixel_format, wishes.width, wishes.height, wishes.rate_hz)
    return (
        f'asked for {wanted}, and the device gives {told}: v4l2-ctl --list-formats-ext shows what '
        'it has; a large picture comes faster as MJPG (pixel_format)'
    )


def on_one_thread() -> list[int]:
    """Return what asks OpenCV to decode a stream on one thread; before 4.7: nothing does."""
    import cv2

    return [cv2.CAP_PROP_N_THREADS, 1] if hasattr(cv2, 'CAP_PROP_N_THREADS') else []


def why_not(kind: str, address: str, listed: Path = LISTED) -> str:
    """Say why a live source may not open, and what to do.

    Args:
        kind: of the source: device, rtsp or gstreamer.
        address: of it.
        listed: a folder with a folder for each device of the machine.

    """
    begun = f'{kind} {masked(address)} cannot be opened'
    if kind in OTHERWISE:
        return f'{begun}: {OTHERWISE[kind]}'
    path = Path(f'/dev/video{address}' if address.isdigit() else address)
    there = ', '.join(_devices(listed)) or 'none'
    if not path.exists():
        return f'{begun}: {IS_THERE}; there are: {there}'
    if not os.access(path, os.R_OK | os.W_OK):
        return f'{begun}: you may not: sudo usermod -aG video $USER, then log in again'
    return (
        f'{begun}: another program holds it, or it gives no pictures itself (the second device of '
        'a USB camera; a CSI camera, which needs source gstreamer or a driver of its own); '
        f'there are: {there}'
    )


def misread(address: str) -> str:
    """Say that the host of an address would be read out of its password; empty: it would not.

    ``rtsp://user:pa#ss@host/x`` is the host ``user`` for every reader of addresses: what stands
    for itself in one ends it (RFC 3986). What was read for a host would be shown, too.

    Args:
        address: ``rtsp://``, ``http://`` or another one with a host.

    """
    host, end, rest = _split(address.partition('://')[2])
    is_port = '@' in host or host.rpartition(':')[2].isdecimal() or ':' not in host
    if '@' not in rest or (end == '/' and is_port):
        return ''
    return (
        'its user or password has characters that end the host of an address: write / as %2F, '
        '? as %3F, # as %23, @ as %40, : as %3A and % as %25'
    )


def _split(text: str) -> tuple[str, str, str]:
    """Return what is read as user, password and host, the character that ends it, and the rest."""
    at = next((at for at, one in enumerate(text) if one in '/?#'), len(text))
    return text[:at], text[at : at + 1], text[at + 1 :]


def numbered(address: str, listed: Path = LISTED, lasting: Path = LASTING) -> str:
    """Return a warning where another camera may be behind a device's number next time.

    Numbers are given in the order in which cameras are found: after a start, or a cable that was
    loose, the one that looks down may have that of the one that looks ahead.

    Args:
        address: of the device.
        listed: a folder with a folder for each device of the machine.
        lasting: a folder with folders of links that stay with a camera.

    """
    match = NUMBERED.fullmatch(address)
    others = {os.path.realpath(one / 'device') for one in listed.glob('video*')}
    if match is None or len(others) < 2:
        return ''
    links = sorted(lasting.glob('by-*/*'))
    own = [str(link) for link in links if os.path.realpath(link).endswith(f'/video{match[1]}')]
    name = own[0] if own else 'that of a udev rule'
    there = ', '.join(_devices(listed))
    return (
        f'{address} is a number, and there are {len(others)} cameras ({there}): next time another '
        f'one may have it; set video_device to its lasting name: {name}'
    )


def _devices(listed: Path) -> list[str]:
    """Return the devices with their names, as people count."""
    found = []
    for one in sorted(listed.glob('video*'), key=lambda path: (len(path.name), path.name)):
        try:
            name = (one / 'name').read_text(encoding='utf-8', errors='replace').strip()
        except OSError:
            continue
        found.append(f'/dev/{one.name} ({name[:40]})')
    return found[:MOST_LISTED]


def _code(pixel_format: str) -> int:
    if not pixel_format:
        return 0
    if len(pixel_format) != 4 or not (pixel_format.isascii() and pixel_format.isprintable()):
        raise ConfigError(
            'pixel_format: expected the four characters that v4l2-ctl --list-formats shows (MJPG, '
            f'YUYV), got {shown(pixel_format)}'
        )
    return int.from_bytes(pixel_format.encode(), 'little')


def _name(code: int) -> str:
    text = max(code, 0).to_bytes(8, 'little')[:4].decode('ascii', 'replace')
    return text if text.isprintable() else '?'


def _words(pixel_format: str, width: float, height: float, rate_hz: float) -> str:
    size = f'{width:g}x{height:g}' if width or height else ''
    rate = f'{rate_hz:g} Hz' if rate_hz > 0.0 else ''
    return ' '.join(part for part in (pixel_format, size, rate) if part)
