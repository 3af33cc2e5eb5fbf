# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the nodes as plain data: name, default, meaning, range.

A value of the wrong type or out of range is a :class:`ConfigError` that says what was expected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

from ..errors import ConfigError

Value = bool | int | float | str


@dataclass(frozen=True)
class Parameter:
    """One parameter; its type is that of the default. A range is inclusive."""

    name: str
    default: Value
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def descriptor(self, read_only: bool) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows."""
        descriptor = ParameterDescriptor(description=self.description, read_only=read_only)
        if self.choices:
            descriptor.additional_constraints = f'one of: {", ".join(self.choices)}'
        if self.low is not None and self.high is not None:
            if isinstance(self.default, int):
                limits = IntegerRange(from_value=int(self.low), to_value=int(self.high), step=1)
                descriptor.integer_range = [limits]
            else:
                limits = FloatingPointRange(from_value=float(self.low), to_value=float(self.high))
                descriptor.floating_point_range = [limits]
        return descriptor

    def expectation(self) -> str:
        """Say in words which values are taken."""
        if self.choices:
            return f'one of {", ".join(self.choices)}'
        kind = type(self.default).__name__
        return kind if self.low is None else f'{kind} from {self.low:g} to {self.high:g}'


def declare(node: Node, parameters: Sequence[Parameter], read_only: bool = False) -> None:
    """Declare them all on a node.

    Raises:
        ConfigError: a value given from outside has the wrong type or is out of range.

    """
    for parameter in parameters:
        try:
            node.declare_parameter(
                parameter.name, parameter.default, parameter.descriptor(read_only)
            )
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise _refusal(parameter, str(error)) from error


def read(node: Node, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return name -> present value.

    Raises:
        ConfigError: a value is not among the choices.

    """
    values = {}
    for parameter in parameters:
        value = node.get_parameter(parameter.name).value
        if parameter.choices and value not in parameter.choices:
            raise _refusal(parameter, f'got {value!r}')
        values[parameter.name] = value
    return values


def judge(
    parameters: Sequence[Parameter], wanted: Sequence[RosParameter], is_in_use: bool
) -> SetParametersResult:
    """Accept or refuse new values, and nothing else; types and ranges are rclpy's to check.

    Args:
        parameters: what a node declared.
        wanted: what somebody wants to set.
        is_in_use: the node is configured and has read them already.

    """
    known = {parameter.name: parameter for parameter in parameters}
    for one in wanted:
        parameter = known.get(one.name)
        if parameter is None:
            continue
        if is_in_use:
            reason = (
                f"'{one.name}' is read when the node is configured, and it is: change it after "
                'ros2 lifecycle set NODE deactivate, then cleanup'
            )
            return SetParametersResult(successful=False, reason=reason)
        if parameter.choices and one.value not in parameter.choices:
            return SetParametersResult(
                successful=False, reason=f"'{one.name}': expected {parameter.expectation()}"
            )
    return SetParametersResult(successful=True)


def _refusal(parameter: Parameter, reason: str) -> ConfigError:
    return ConfigError(
        f"parameter '{parameter.name}': expected {parameter.expectation()}; {reason}"
    )
