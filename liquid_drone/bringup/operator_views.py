# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The layout for Foxglove of a drone in a namespace.

Foxglove's topics are absolute, and its variables stand in message paths but never in the name of a
topic. So the layout is written for each namespace; RViz needs no such thing.
"""

import json
import re
from typing import Any

from .. import resources
from ..ros.namespace import checked_namespace

LAYOUT = 'config/operator/foxglove.json'
SHARED = '/diagnostics'  # one for all drones
# a topic, perhaps with a message path behind it: a payload or a colour is none
TOPIC = re.compile(r'/[a-z_]+(?:/[a-z_]+)*(?:\.[a-z_.]+)?')


def foxglove_layout(namespace: str) -> str:
    """Return the layout as JSON, its topics and services in a namespace (empty: in none).

    Raises:
        ConfigError: no namespace of ROS 2.

    """
    prefix = f'/{checked_namespace(namespace)}'.rstrip('/')
    layout = json.loads(resources.find(LAYOUT).read_text('utf-8'))
    layout['configById'] = _moved(layout['configById'], prefix)
    return json.dumps(layout, indent=1) + '\n'


def _moved(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {_moved(key, prefix): _moved(one, prefix) for key, one in value.items()}
    if isinstance(value, list):
        return [_moved(one, prefix) for one in value]
    if not isinstance(value, str) or value == SHARED or not TOPIC.fullmatch(value):
        return value
    return f'{prefix}{value}'
