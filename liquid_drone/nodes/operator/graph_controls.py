# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a page asks for, as calls of the services that every ROS user has; nothing else is asked.

Each is answered by the node that decides: the mavlink node engages, refuses and tightens its own
limits, the recorder keeps. Where a node is missing, that is the answer.
"""

import time
from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

from ...flight.guard.fence import parse_polygon
from ...operator.companion_desk import SHOWN_LIMITS
from ...operator.flight_view import FlightView
from ...operator.requests import OperatorRequest, RequestQueue, WaitingRequest

PATIENCE_S = 3.0  # an answer may be lost with the node that owes it: then it is asked again
POLYGON = 'limits.fence_polygon'
Outcome = tuple[bool, str]


class GraphControls:
    """Clients of one drone's services; called by the thread that spins the node."""

    def __init__(
        self,
        node: Node,
        view: FlightView,
        requests: RequestQueue,
        attend: Callable[[bool], tuple[bool, str]],
    ) -> None:
        """Make the clients on a node; ``attend`` shows the attention, or ends that."""
        self._view, self._requests, self._attend = view, requests, attend
        self._engage = node.create_client(SetBool, 'mavlink/engage')
        self._shadow = node.create_client(SetBool, 'mavlink/shadow')
        self._keep = node.create_client(Trigger, 'recorder/keep')
        self._set = node.create_client(SetParameters, 'mavlink/set_parameters')
        self._ask = node.create_client(SetParameters, 'policy/set_parameters')
        self._get = node.create_client(GetParameters, 'mavlink/get_parameters')
        self._reading: Any = None  # the call that reads the limits
        self._read_s = 0.0

    def obey(self) -> None:
        """Pass on what pages ask for; the answers come when the node is spun."""
        for waiting in self._requests.take():
            self._pass_on(waiting)

    def _pass_on(self, waiting: WaitingRequest) -> None:
        request = waiting.request
        if request.do in ('engage', 'hand_back'):
            asked = SetBool.Request(data=request.do == 'engage')
            _call(self._engage, asked, 'no mavlink node', waiting, _of_service)
        elif request.do == 'shadow':
            asked = SetBool.Request(data=request.is_on)
            _call(self._shadow, asked, 'no mavlink node', waiting, _of_service)
        elif request.do == 'attention':
            waiting.tell(*self._attend(request.is_on))
        elif request.do == 'record':
            missing = 'no recorder: start with record:=DIRECTORY'
            _call(self._keep, Trigger.Request(), missing, waiting, _of_service)
        elif request.do == 'request':
            asked = SetParameters.Request(parameters=[_wanted(request)])
            _call(self._ask, asked, 'no policy node', waiting, _of_request)
        else:
            asked = SetParameters.Request(parameters=[_limit(request)])
            _call(self._set, asked, 'no mavlink node', waiting, _of_parameters)

    def read_limits(self) -> None:
        """Begin to read the limits that are in force; call it once a second."""
        if not self._get.service_is_ready():
            return
        if self._reading is not None and not self._reading.done():
            if time.monotonic() - self._read_s < PATIENCE_S:
                return
            self._get.remove_pending_request(self._reading)  # who was asked is gone
        self._read_s = time.monotonic()
        names = [*(f'limits.{name}' for name in SHOWN_LIMITS), POLYGON]
        self._reading = self._get.call_async(GetParameters.Request(names=names))
        self._reading.add_done_callback(self._show_limits)

    def _show_limits(self, future: Any) -> None:
        values = [_number(value) for value in future.result().values]
        if len(values) != len(SHOWN_LIMITS) + 1:
            return
        self._view.set('limits', dict(zip(SHOWN_LIMITS, values[:-1], strict=True)))
        self._view.set('fence_polygon', _corners(future.result().values[-1].string_value))


def _call(
    client: Any,
    asked: Any,
    missing: str,
    waiting: WaitingRequest,
    read: Callable[[Any], Outcome],
) -> None:
    if not client.service_is_ready():
        waiting.tell(False, missing)
        return
    future = client.call_async(asked)
    future.add_done_callback(lambda done: waiting.tell(*read(done.result())))


def _of_service(answer: Any) -> Outcome:
    return bool(answer.success), str(answer.message)


def _of_parameters(answer: SetParameters.Response) -> Outcome:
    result = answer.results[0]
    return bool(result.successful), str(result.reason) or 'the limit is set'


def _of_request(answer: SetParameters.Response) -> Outcome:
    done, words = _of_parameters(answer)
    return done, 'asked for' if done else words


def _wanted(request: OperatorRequest) -> ParameterMessage:
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=request.value)
    return ParameterMessage(name=f'request_{request.name}', value=value)


def _limit(request: OperatorRequest) -> ParameterMessage:
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=request.value)
    return ParameterMessage(name=f'limits.{request.limit}', value=value)


def _number(value: ParameterValue) -> float | None:
    if value.type == ParameterType.PARAMETER_INTEGER:
        return float(value.integer_value)
    return float(value.double_value) if value.type == ParameterType.PARAMETER_DOUBLE else None


def _corners(text: str) -> list[list[float]]:
    return [[corner.real, corner.imag] for corner in parse_polygon(text) or ()]
