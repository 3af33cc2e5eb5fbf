# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""An ear on a running graph for people and programs: diagnostics, command, setpoint and rates.

Used by ``liquid-drone watch`` and by the benchmark. It publishes nothing; :meth:`Monitor.engage`
is the one thing it can ask for.
"""

import os
import time
from dataclasses import dataclass, field

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import SetBool

from .. import topics
from . import conversions, process, qos
from .diagnostics import Level, level_of
from .latency import Counter
from .namespace import checked_namespace

FRESH_S = 2.5  # a node that told nothing for longer is gone
MOST_NODES, MOST_CHARACTERS = 100, 1000  # of a topic that every program may publish on
TOPICS = (topics.COMMAND, topics.SETPOINT)


@dataclass(frozen=True)
class Status:
    """The last word of one node's diagnostics; ``level`` is OK, WARN, ERROR or STALE."""

    level: str
    summary: str
    values: dict[str, str]
    age_s: float


@dataclass(frozen=True)
class GraphSnapshot:
    """What is known of a graph now; nodes by their short name: camera, policy, mavlink ..."""

    nodes: dict[str, Status] = field(default_factory=dict)
    commands: dict[str, tuple[float, ...]] = field(default_factory=dict)  # topic -> last
    rates_hz: dict[str, float] = field(default_factory=dict)  # topic -> since the last snapshot

    def value(self, node: str, name: str, default: str = '') -> str:
        """Return one value of a node's diagnostics."""
        status = self.nodes.get(node)
        return default if status is None else status.values.get(name, default)


class Monitor:
    """A node of its own name, spun by the caller; use it as a context."""

    def __init__(self, namespace: str = '') -> None:
        """Join the graph of this environment's ROS domain.

        Raises:
            ConfigError: no namespace of ROS 2.

        """
        namespace = checked_namespace(namespace)
        self._context = rclpy.Context()
        process.begin(context=self._context)
        self._node = Node(f'watch_{os.getpid()}', namespace=namespace, context=self._context)
        self._prefix = self._node.get_namespace().rstrip('/') + '/'
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._told: dict[str, tuple[float, Level, str, dict[str, str]]] = {}
        self._commands: dict[str, tuple[float, ...]] = {}
        self._counters = {topic: Counter() for topic in TOPICS}
        self._node.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, qos.STATUS
        )
        for topic in TOPICS:
            self._listen(topic)
        self._engage = self._node.create_client(SetBool, 'mavlink/engage')

    def __enter__(self) -> 'Monitor':
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def spin(self, seconds: float) -> None:
        """Listen for some time."""
        deadline = time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left_s)

    def engage(self, on: bool, limit_s: float = 2.0) -> tuple[bool, str]:
        """Ask the mavlink node as a human does; returns whether it did, and its words."""
        if not self._engage.wait_for_service(timeout_sec=limit_s):
            return False, 'no mavlink node'
        future = self._engage.call_async(SetBool.Request(data=on))
        self._executor.spin_until_future_complete(future, timeout_sec=limit_s)
        answer = future.result() if future.done() else None
        return (
            (False, 'no answer') if answer is None else (answer.success, _readable(answer.message))
        )

    def snapshot(self) -> GraphSnapshot:
        """Return what is known now."""
        now_s = time.monotonic()
        return GraphSnapshot(
            {
                name: Status(_level_now(level, now_s - told_s), summary, values, now_s - told_s)
                for name, (told_s, level, summary, values) in self._told.items()
            },
            dict(self._commands),
            {topic: counter.take(now_s) for topic, counter in self._counters.items()},
        )

    def _listen(self, topic: str) -> None:
        def on_command(message: TwistStamped) -> None:
            self._counters[topic].add()
            self._commands[topic] = tuple(conversions.command_array(message).tolist())

        self._node.create_subscription(TwistStamped, topic, on_command, qos.STATUS)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if not status.name.startswith(self._prefix):
                continue
            name = _readable(status.name.removeprefix(self._prefix))
            if name not in self._told and len(self._told) >= MOST_NODES:
                continue
            values = {_readable(pair.key): _readable(pair.value) for pair in status.values}
            summary = _readable(status.message)
            self._told[name] = time.monotonic(), level_of(status), summary, values


def _readable(text: str) -> str:
    """Return a text without what moves a terminal's cursor: any program may publish it."""
    return ''.join(one if one.isprintable() else ' ' for one in text[:MOST_CHARACTERS])


def _level_now(told: Level, age_s: float) -> str:
    return (told if age_s <= FRESH_S else Level.STALE).name
