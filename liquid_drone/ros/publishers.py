# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Two who publish where one should: noticed by the graph, and named.

A forgotten ``ros2 topic pub``, a played bag or a second driver mixes its messages with the right
ones, and nothing in a message says whose it is. Time is such a topic too, where it is simulated.
"""

import math
import os
import pwd
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSCompatibility, qos_check_compatible

from .log import Seldom

CLOCK = '/clock'
SHARED_MEMORY = Path('/dev/shm')
PATIENCE_S = 5.0  # for a simulator that starts at the same time
UNKNOWN = '_NODE_NAME_UNKNOWN_'  # rclpy's word where a program's own word of its nodes is missing


class OnePublisher:
    """Watches that a topic has at most one publisher; asking costs microseconds."""

    def __init__(self, node: Node, topic: str) -> None:
        """Watch a topic by its full name."""
        self._node, self.topic = node, topic
        self._unheard_since_s = math.inf

    def conflict(self) -> str:
        """Return a sentence that names the publishers, where they are several; else nothing."""
        if self._node.count_publishers(self.topic) < 2:
            return ''
        found = self._node.get_publishers_info_by_topic(self.topic)
        if len(found) < 2:  # it left meanwhile
            return ''
        return f'{len(found)} publishers on {self.topic}: {named(found)}'

    def misfit(self, kind: type) -> str:
        """Return a sentence where what is published cannot be received, by its message or QoS.

        Asking costs more than for :meth:`conflict`: once a second is often enough.
        """
        wanted = f'{kind.__module__.partition(".")[0]}/msg/{kind.__name__}'
        found = self._node.get_publishers_info_by_topic(self.topic)
        others = [info for info in found if info.topic_type != wanted]
        if others:
            return (
                f'{self.topic} is {others[0].topic_type} by {named(others)}, expected {wanted}: '
                'nothing of it is received'
            )
        return self._mismatch(found)

    def unheard(self) -> str:
        """Return a sentence where a publisher is there, and for long no word of its nodes came.

        Ask once a second, where nothing has come on the topic.
        """
        found = unheard(self._node.get_publishers_info_by_topic(self.topic))
        now_s = time.monotonic()
        self._unheard_since_s = min(self._unheard_since_s, now_s) if found else math.inf
        is_so = now_s - self._unheard_since_s >= PATIENCE_S
        return f'{self.topic} is published by {found}' if is_so else ''

    def _mismatch(self, found: Iterable[Any]) -> str:
        """Return a sentence where the QoS of a publisher is less than what this node asks for."""
        me = self._node.get_name(), self._node.get_namespace()
        for own in self._node.get_subscriptions_info_by_topic(self.topic):
            for info in found if (own.node_name, own.node_namespace) == me else ():
                fits, why = qos_check_compatible(info.qos_profile, own.qos_profile)
                if fits == QoSCompatibility.ERROR:  # not the same object each time
                    told = ' '.join(why.split()).rstrip('; ')
                    return (
                        f'{self.topic} by {named([info])} has another QoS than is subscribed '
                        f'({told}): nothing of it is received'
                    )
        return ''


class ClockSource:
    """Watches where a node has its time from; without ``use_sim_time`` there is nothing to see."""

    def __init__(self, node: Node) -> None:
        """Watch for a node."""
        self._node, self._seldom, self._began_s = node, Seldom(), time.monotonic()
        self._one = OnePublisher(node, node.resolve_topic_name(CLOCK))

    def trouble(self) -> str:
        """Return a sentence about what is wrong with the time; empty: nothing."""
        if not self._node.get_parameter('use_sim_time').value:
            return ''
        conflict = self._one.conflict()
        if conflict:
            return f'{conflict}: time jumps between them'
        if not self._node.get_clock().now().nanoseconds:
            return (
                f'use_sim_time is set, and no time comes on {self._one.topic}, so that no age is '
                'known: start the simulator, play the bag with --clock, or leave use_sim_time'
            )
        return ''

    def tell(self) -> str:
        """Log what is wrong, if it stays so; call it once a second. Returns the sentence."""
        found = self.trouble()
        if found and time.monotonic() - self._began_s > PATIENCE_S and self._seldom.is_due(found):
            self._node.get_logger().warning(found)
        return found


def other_users(folder: Path = SHARED_MEMORY) -> str:
    """Say whose programs use Fast DDS's shared memory besides this user's; empty: nobody's.

    Users are shown each other's topics and receive nothing on them: memory has an owner.
    """
    owners = set[int]()
    for path in folder.glob('fastdds_*'):
        with suppress(OSError):  # it ended meanwhile
            owners.add(path.stat().st_uid)
    others = sorted(owners - {os.getuid()})
    if not others:
        return ''
    return (
        f'programs of another user ({", ".join(map(_user, others))}) are in shared memory here, '
        'and what they publish does not come: start all as one user, and none with sudo'
    )


def unheard(found: Iterable[Any]) -> str:
    """Name what keeps everything that a program sends away; empty: its nodes are known by name.

    A container that shares the network of this machine and not its memory is found over the
    network. Fast DDS takes it for a program of this machine, and sends by shared memory alone.
    """
    if all(info.node_name != UNKNOWN for info in found):
        return ''
    return (
        'a program of which nothing is received here, not even the names of its nodes: if it runs '
        'in a container, let it share the memory of this machine (docker run --ipc=host, or -v '
        '/dev/shm:/dev/shm) and run as the same user; else look for a firewall'
    )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def named(found: Iterable[Any]) -> str:
    """Name the nodes of some topic endpoints, each once, with how often where that is more."""
    counted = Counter(_full_name(info.node_namespace, info.node_name) for info in found)
    return ', '.join(
        name if count == 1 else f'{name} ({count} times)'
        for name, count in sorted(counted.items())
    )


def _full_name(namespace: str, name: str) -> str:
    return f'{namespace.rstrip("/")}/{name}'
