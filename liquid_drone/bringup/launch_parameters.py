# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The parameter files of a launch: the user's, and what was given as arguments, which wins.

``launch_ros`` only warns of a file that is not there, and starts the nodes without it
(ros2/launch_ros#401): limits of one's own would be those of the nodes. Needs no ``launch``.
"""

import atexit
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .. import resources
from ..ros.parameter_files.precedence import last_key

Given = Mapping[str, Mapping[str, Any]]  # node -> parameter -> value


def existing(text: str) -> Path:
    """Return the user's parameter file; a ``~`` at its beginning is the home.

    Raises:
        RuntimeError: it is not there.

    """
    path = resources.user_path(text)
    if text and path.is_file():
        return path
    raise RuntimeError(
        f"launch argument parameter_file: expected a file, got '{text}': without it no limit of "
        'yours would hold'
    )


def given_files(values: Given, file: Path) -> list[str]:
    """Write what was given as arguments into a parameter file, and return its name.

    A dict would name one node or be overruled, and so would a key that ``file`` has, too.

    Args:
        values: what was given.
        file: the user's, which stands before it on the command line.

    """
    entries = {
        last_key(node, file): {'ros__parameters': dict(pairs)}
        for node, pairs in values.items()
        if pairs
    }
    if not entries:  # an empty file is an error
        return []
    with tempfile.NamedTemporaryFile(
        'w', prefix='liquid_drone_', suffix='.yaml', delete=False
    ) as written:
        yaml.safe_dump(entries, written)
    # a node may be started again till then
    atexit.register(Path(written.name).unlink, missing_ok=True)
    return [written.name]
