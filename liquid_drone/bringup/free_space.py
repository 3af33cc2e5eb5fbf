# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Space that a recording leaves on the disk: rosbag2 writes until it is full (ros2/rosbag2#2477).

A full disk of a small computer takes the flight recorder's episodes and the system's logs with it,
and what is being written has no end.
"""

import shutil
from pathlib import Path

LEAST_MEGABYTES = '500'


def check_space(output: str, least: str) -> None:
    """Refuse to record, or to go on, with less free space than is to be left.

    Args:
        output: where the recording goes, which need not be there yet; empty: the working folder.
        least: MB that are to be left.

    Raises:
        RuntimeError: less is free, or ``least`` is no number of MB.

    """
    try:
        least_mb = float(least)
    except ValueError:
        least_mb = -1.0
    if not 0.0 <= least_mb < float('inf'):
        raise RuntimeError(f"launch argument least_free_megabytes: expected MB, got '{least}'")
    path = Path(output or '.').absolute()
    there = next(one for one in (path, *path.parents) if one.is_dir())
    free_mb = shutil.disk_usage(there).free / 1e6
    if free_mb < least_mb:
        raise RuntimeError(
            f'the recording ends: {free_mb:.0f} MB are free at {there}, and {least_mb:.0f} are to '
            'be left (least_free_megabytes): make room, or choose another output'
        )
