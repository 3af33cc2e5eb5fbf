# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The machine as the checks ask it: files, commands, packages. A recorded one stands in for it."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from ...errors import LiquidDroneError
from ...flight.preflight.computer import matching, text
from ...runtime import libraries
from ...sim.render import egl

COMMAND_LIMIT_S = 5.0


def output(*command: str) -> str:
    """Return what a command prints; empty where it is not there, fails or takes too long.

    Names in it, such as a camera's, may be in any encoding.
    """
    try:
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_LIMIT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return ''
    return done.stdout.decode(errors='replace').strip()


def version(distribution: str) -> str:
    """Return the installed version of a Python distribution; empty where it is not there."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ''


def import_error(module: str) -> str:
    """Return why a module cannot be imported; empty where it can."""
    try:
        importlib.import_module(module)
    except Exception as error:  # what a broken binary raises is anybody's guess
        return f'{type(error).__name__}: {error}'
    return ''


def provider_fault(provider: str) -> str:
    """Return what keeps a provider of ONNX Runtime from working; empty where nothing does."""
    try:
        return libraries.why_not(provider) or ''
    except LiquidDroneError as error:
        return str(error)


def opencv_build() -> str:
    """Return OpenCV's own account of its build."""
    try:
        import cv2
    except ImportError:
        return ''
    return str(cv2.getBuildInformation())


def openable(path: str) -> bool:
    """Tell whether this user may read and write a path."""
    return os.access(path, os.R_OK | os.W_OK)


def largest_priority() -> int:
    """Return the highest real-time priority that this user may ask for."""
    import resource

    return resource.getrlimit(resource.RLIMIT_RTPRIO)[1]


@dataclass(frozen=True)
class Machine:
    """Questions; each field may be replaced by a recorded answer."""

    python: tuple[int, int] = sys.version_info[:2]
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    today: date = field(default_factory=date.today)
    text: Callable[[str], str] = text
    output: Callable[..., str] = output
    version: Callable[[str], str] = version
    import_error: Callable[[str], str] = import_error
    provider_fault: Callable[[str], str] = provider_fault
    tensorrt_version: Callable[[], str] = libraries.tensorrt_version
    device: Callable[[], libraries.Device | None] = libraries.device
    egl_devices: Callable[[], list[str]] = egl.device_extensions
    opencv_build: Callable[[], str] = opencv_build
    openable: Callable[[str], bool] = openable
    matching: Callable[[str], list[str]] = matching
    free_bytes: Callable[[str], int] = lambda path: shutil.disk_usage(path).free
    largest_priority: Callable[[], int] = largest_priority
    connection: str = ''  # of the autopilot; empty: it is not looked for
