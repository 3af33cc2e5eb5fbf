# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the mavlink node needs of a policy node: that it starts afresh, and that it is there.

It is asked to start afresh without ever blocking, one question at a time; the answer, or that none
came in time, is told to a callback once. A node of another name or namespace gives its commands,
sightings or service under other names, to which nobody listens: ROS connects none, in silence.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from .. import topics
from ..ros.publishers import named

SERVICE = 'policy/reset'
PATIENCE_S = 1.0  # wall clock; then the question counts as lost and may be asked again
COMMANDS, SIGHTINGS = 'geometry_msgs/msg/TwistStamped', 'geometry_msgs/msg/PointStamped'
RESETS = 'std_srvs/srv/Trigger'
NOT_YET = 'whether a policy is there has not been looked for yet: ask again in a second'
ADVICE = "give the policy node the name 'policy' and this node's namespace, or remap"


class PolicyReset:
    """A client of ``policy/reset``."""

    def __init__(self, node: Node) -> None:
        """Make the client on a node."""
        self._client = node.create_client(Trigger, SERVICE)
        self._asked: Any = None
        self._asked_s = 0.0

    @property
    def is_there(self) -> bool:
        """Somebody offers the service."""
        return bool(self._client.service_is_ready())

    @property
    def is_pending(self) -> bool:
        """An answer is still waited for."""
        return self._asked is not None and time.monotonic() - self._asked_s < PATIENCE_S

    def ask(self, on_answer: Callable[[bool], None]) -> None:
        """Ask, unless a question is pending; the callback gets whether it was done."""
        if self.is_pending:
            return
        if self._asked is not None:
            self._client.remove_pending_request(self._asked)
        self._asked, self._asked_s = self._client.call_async(Trigger.Request()), time.monotonic()
        self._asked.add_done_callback(lambda future: self._answered(future, on_answer))

    def _answered(self, future: Any, on_answer: Callable[[bool], None]) -> None:
        if future is not self._asked:  # given up meanwhile
            return
        self._asked = None
        result = future.result()
        on_answer(bool(result and result.success))


class MissingParts:
    """Looks in the graph for what a policy node gives; asking takes some milliseconds."""

    def __init__(self, node: Node, reset: PolicyReset) -> None:
        """Look for a node."""
        self._node, self._reset = node, reset

    def look(self, needs_sightings: bool) -> str:
        """Name the first part that nobody gives, and where there is one like it; empty: none.

        Args:
            needs_sightings: without them nothing is followed, as the limits are.

        """
        topics_of = self._node.get_topic_names_and_types
        for topic, kind in ((topics.COMMAND, COMMANDS), (topics.SIGHTING, SIGHTINGS)):
            name = self._node.resolve_topic_name(topic)
            if self._node.count_publishers(name) or not (
                topic == topics.COMMAND or needs_sightings
            ):
                continue
            found = [(one, self._givers(one)) for one in _alike(name, kind, topics_of())]
            return _sentence(f'nobody publishes {name}', found)
        if self._reset.is_there:
            return ''
        name = self._node.resolve_service_name(SERVICE)
        services = self._node.get_service_names_and_types()
        return _sentence(
            f'nobody offers the service {name}, by which a policy starts afresh',
            [(one, one.rpartition('/')[0]) for one in _alike(name, RESETS, services)],
        )

    def _givers(self, topic: str) -> str:
        """Name who publishes a topic besides this node."""
        me = self._node.get_name(), self._node.get_namespace()
        found = self._node.get_publishers_info_by_topic(topic)
        return named(one for one in found if (one.node_name, one.node_namespace) != me)


def _alike(name: str, kind: str, there: Iterable[tuple[str, list[str]]]) -> list[str]:
    """Return other names in the graph with the same last part and type."""
    last = name.rpartition('/')[2]
    return [
        one
        for one, kinds in there
        if one != name and one.rpartition('/')[2] == last and kind in kinds
    ]


def _sentence(begun: str, found: Iterable[tuple[str, str]]) -> str:
    there = [f'{name} by {who}' for name, who in found if who]
    return f'{begun}; there is {", ".join(there)}: {ADVICE}' if there else f'{begun}: {ADVICE}'
