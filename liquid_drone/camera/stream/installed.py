# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which encoders this machine has: asks GStreamer and ffmpeg for their lists."""

import importlib.util
import shutil
import subprocess

from ...errors import ConfigError, MissingDependencyError
from .encoders import (
    FFMPEG,
    GSTREAMER,
    INSTALL,
    Encoder,
    VideoTarget,
    choose,
    ffmpeg_encoders,
    gstreamer_elements,
)

ASK_LIMIT_S = 60.0  # GStreamer's first list after an installation takes many seconds
AUTO = 'auto'


def encoders(target: VideoTarget, wanted: str = AUTO) -> list[Encoder]:
    """Return what this machine can encode with, the best first.

    Args:
        target: where to, and how.
        wanted: the name of one; ``auto``: all.

    Raises:
        MissingDependencyError: there is none.
        ConfigError: the wanted one is not there.

    """
    programs: dict[str, str] = {}
    found: dict[str, frozenset[str]] = {}
    launch, inspect = shutil.which('gst-launch-1.0'), shutil.which('gst-inspect-1.0')
    if launch and inspect:
        programs[GSTREAMER] = launch
        found[GSTREAMER] = gstreamer_elements(_output(inspect))
    ffmpeg = ffmpeg_program()
    if ffmpeg:
        programs[FFMPEG] = ffmpeg
        found[FFMPEG] = ffmpeg_encoders(_output(ffmpeg, '-hide_banner', '-encoders'))
    made = choose(target, found, programs)
    if not made:
        raise MissingDependencyError(INSTALL)
    if wanted == AUTO:
        return made
    named = [one for one in made if one.name == wanted]
    if not named:
        there = ', '.join(one.name for one in made)
        raise ConfigError(f"encoder '{wanted}' is not installed here; there are: {there}")
    return named


def ffmpeg_program() -> str:
    """Return the path of ffmpeg, the system's or that of imageio-ffmpeg; empty: none."""
    return shutil.which('ffmpeg') or _ffmpeg_of_a_wheel()


def _ffmpeg_of_a_wheel() -> str:
    if importlib.util.find_spec('imageio_ffmpeg') is None:
        return ''
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # a wheel without a program for this machine
        return ''


def _output(*command: str) -> str:
    """Return what a program lists; empty: it cannot be asked."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=ASK_LIMIT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout.decode(errors='replace')
