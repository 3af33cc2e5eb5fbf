# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Directories that people keep other things in: results go into a folder of them, never there."""

import os
from pathlib import Path

ROS_WORKSPACE = ('install/local_setup.*', 'src/*/package.xml', 'src/*/*/package.xml')


def root_of(path: Path) -> str:
    """Return of what a directory is the root, as an error says it; '' for any other directory."""
    place = Path(os.path.realpath(path))  # resolve() raises RuntimeError for a loop of links
    if place == place.parent:
        return 'it is the root of the file system'
    if place == _home():
        return 'it is the home directory'
    if (place / '.git').exists():
        return 'it is the root of a git checkout'
    if any(next(place.glob(pattern), None) for pattern in ROS_WORKSPACE):
        return 'it is the root of a ROS workspace'
    return ''


def fixed_root_of(path: Path) -> str:
    """Return the same, and of directories that cannot be replaced by another either."""
    if path.resolve() == Path.cwd():
        return root_of(path) or 'it is the current directory'
    return root_of(path) or ('something is mounted there' if path.is_mount() else '')


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # a user without one
        return None
