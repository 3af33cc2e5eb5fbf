# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a policy node is asked for, by parameters and by a topic, and where it believes the target.

``~/request`` (Vector3Stamped: distance m, height above the target m, largest speed m/s; nan leaves
one as it is) and the parameters ``request_*`` ask for the same: the newest holds. ``~/requested``
is what the policy acts on, ``~/belief`` (PointStamped, base_link) where it believes the target to
be, while it does. What is asked for widens no limit of the guard.
"""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from geometry_msgs.msg import PointStamped, Vector3Stamped
from rclpy.node import Node
from std_msgs.msg import Float64

from ..contract import SEEN_PROBABILITY
from ..errors import ConfigError
from ..request import NAMES, WORDS, FlightRequest, requested
from ..runtime.runner import PolicyOutput, PolicyRunner
from . import conversions, qos
from .log import Seldom
from .parameters import OFF, Parameter

MEANING = ('horizontal distance to the target', 'height above its middle', 'largest speed')
PARAMETERS = tuple(
    Parameter(
        f'request_{name}',
        OFF,
        f"wanted {meaning}; off: the bundle's own. May change in flight",
        *FlightRequest.RANGES[name],
        can_be_off=True,
        in_flight=True,
    )
    for name, meaning in zip(NAMES, MEANING, strict=True)
)


class RequestInput:
    """Topics of a policy node; the node says when it has a runner."""

    def __init__(self, node: Node, catch_up: Callable[[], None]) -> None:
        """Make the topics.

        Args:
            node: the policy node.
            catch_up: takes the parameters that were set before a message came.

        """
        self._node, self._catch_up, self._seldom = node, catch_up, Seldom()
        self._runner: PolicyRunner | None = None
        self._requested = node.create_publisher(Vector3Stamped, '~/requested', qos.COMMAND)
        self._beliefs = node.create_publisher(PointStamped, '~/belief', qos.COMMAND)
        self._probabilities = node.create_publisher(Float64, '~/belief_probability', qos.COMMAND)
        node.create_subscription(Vector3Stamped, '~/request', self._on_request, qos.STATUS)

    def begin(self, runner: PolicyRunner | None, values: Mapping[str, Any]) -> None:
        """Take a runner, and ask it for what the parameters say.

        Raises:
            ConfigError: it takes no request, and one is made.

        """
        self._runner = runner
        self.take(values, frozenset(one.name for one in PARAMETERS))

    def end(self) -> None:
        """Let go of the runner."""
        self._runner = None

    def take(self, values: Mapping[str, Any], names: Collection[str]) -> None:
        """Ask for what the parameters say that were set; the others may be older than a message.

        Args:
            values: of all parameters.
            names: those that were set.

        Raises:
            ConfigError: as :meth:`begin`.

        """
        asked = FlightRequest() if self._runner is None else self._runner.asked
        pairs = zip(PARAMETERS, asked.values, strict=True)
        self._ask(
            FlightRequest(*(values[one.name] if one.name in names else old for one, old in pairs))
        )

    def check(self, values: Mapping[str, Any]) -> None:
        """Refuse values that the runner does not take.

        Raises:
            ConfigError: it takes no request, and one is made.

        """
        takes = self._runner is None or self._runner.contract.request is not None
        if not takes and any(values[one.name] is not None for one in PARAMETERS):
            raise ConfigError('this bundle takes no request: its contract has format 1')

    def publish(self, output: PolicyOutput, stamp_ns: int) -> bool:
        """Publish what was acted on, and the belief; tells whether the target is believed."""
        if output.request is not None:
            message = Vector3Stamped(header=conversions.header(stamp_ns, conversions.BODY_FRAME))
            conversions.fill(message.vector, np.array(output.request))
            self._requested.publish(message)
        belief = output.belief
        if belief is None:
            return False
        self._probabilities.publish(Float64(data=belief.probability))
        if belief.probability >= SEEN_PROBABILITY:
            self._beliefs.publish(
                conversions.belief_message(stamp_ns, belief.bearing_rad, belief.distance_m)
            )
        return belief.probability >= SEEN_PROBABILITY

    def _on_request(self, message: Vector3Stamped) -> None:
        if self._runner is None:
            self._ignore('a request came before a bundle was loaded')
            return
        self._catch_up()
        vector = message.vector
        try:
            self._ask(requested((vector.x, vector.y, vector.z)).over(self._runner.asked))
        except ConfigError as error:
            self._ignore(str(error))

    def _ignore(self, why: str) -> None:
        if self._seldom.is_due(why):
            self._node.get_logger().warning(f'ignored: {why}')

    def _ask(self, request: FlightRequest) -> None:
        if self._runner is None or request == self._runner.asked:
            return
        goal = self._runner.ask(request)
        if goal is None:
            return
        pairs = list(zip(WORDS, request.values, goal, strict=True))
        words = ', '.join(f'{word} {value:.2f}' for word, _, value in pairs)
        held = [
            word
            for word, value, made in pairs
            if value is not None and not math.isclose(value, made)
        ]
        note = f'; held to what it was trained for: {", ".join(held)}' if held else ''
        self._node.get_logger().info(f'asked for {request or "nothing"}: {words}{note}')
