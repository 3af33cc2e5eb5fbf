# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Namespaces of drones as people type them; needs no ROS 2."""

import re

from ..errors import ConfigError, shown

MOST = 200  # characters; ROS 2 takes 245 with the slash and the name behind it
NAMESPACE = re.compile(r'(?:/?[A-Za-z_][A-Za-z0-9_]*(?:/[A-Za-z_][A-Za-z0-9_]*)*)?/?')


def checked_namespace(namespace: str) -> str:
    """Return a namespace of ROS 2 without the slashes around it; empty: none.

    Raises:
        ConfigError: it cannot be one.

    """
    if len(namespace) > MOST or not NAMESPACE.fullmatch(namespace):
        raise ConfigError(
            f'expected a namespace such as drone1 or fleet/drone1, of at most {MOST} letters, '
            f'digits and underscores, got {shown(namespace[:60])}'
        )
    return namespace.strip('/')
