# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a parameter file is for a node. ROS leaves out in silence what is under another name.

A fence of 5 m would be one of 30 m.
"""

import difflib
import itertools
from collections.abc import Sequence

from ...errors import ConfigError
from .given import FILE_FLAG, keys_of, matches

NEAR = 0.8  # of a node's name that was meant for another


def check_files(arguments: Sequence[str], node: str) -> None:
    """Refuse a file that has parameters for a node like this one, and none for it.

    Args:
        arguments: of the process.
        node: full name of the node.

    Raises:
        ConfigError: with the key that was meant, and the one to write.

    """
    for before, path in itertools.pairwise(arguments):
        if before != FILE_FLAG:
            continue
        keys = keys_of(path)
        meant = [key for key in keys if _is_meant(key, node)]
        if meant and not any(matches(key, node) for key in keys):
            own = node.rpartition('/')[2]
            raise ConfigError(
                f"{path} has parameters of '{meant[0]}', and this node is {node}, so that none of "
                f"them would hold: write '/**/{own}'"
            )


def _is_meant(key: str, node: str) -> bool:
    """Tell whether a key has the node's name, or nearly so, wherever it is."""
    told, own = key.rpartition('/')[2].removesuffix('_node'), node.rpartition('/')[2]
    if told.rstrip('0123456789') == own and told != own:  # camera1 may be somebody else's
        return False
    return difflib.SequenceMatcher(None, told, own).ratio() >= NEAR
