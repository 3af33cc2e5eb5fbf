# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two who publish where one should: noticed by the graph, and named.

A forgotten ``ros2 topic pub``, a played bag or a second driver mixes its messages with the right
ones, and nothing in a message says whose it is.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rclpy.node import Node


class OnePublisher:
    """Watches that a topic has at most one publisher; asking costs microseconds."""

    def __init__(self, node: Node, topic: str) -> None:
        """Watch a topic by its full name."""
        self._node, self._topic = node, topic

    def conflict(self) -> str:
        """Return a sentence that names the publishers, where they are several; else nothing."""
        if self._node.count_publishers(self._topic) < 2:
            return ''
        found = self._node.get_publishers_info_by_topic(self._topic)
        if len(found) < 2:  # it left meanwhile
            return ''
        return f'{len(found)} publishers on {self._topic}: {named(found)}'


def named(found: Iterable[Any]) -> str:
    """Name the nodes of some topic endpoints, each once, with how often where that is more."""
    counted = Counter(_full_name(info.node_namespace, info.node_name) for info in found)
    return ', '.join(
        name if count == 1 else f'{name} ({count} times)'
        for name, count in sorted(counted.items())
    )


def _full_name(namespace: str, name: str) -> str:
    return f'{namespace.rstrip("/")}/{name}'
