# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of the nodes as plain data: name, default, meaning, range.

A value of the wrong type or out of range is a :class:`ConfigError` that says what was expected.
So is a file whose values would not hold as they are written (:mod:`.parameter_files`).
"""

import difflib
import math
import sys
from collections.abc import Callable, Sequence
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

from ..errors import ConfigError, shown
from ..options import Plain, options_of
from .parameter_files.naming import check_files
from .parameter_files.precedence import check_precedence

OFF = 'off'  # the word of a check that is not made
OFF_WORDS = (OFF, False)  # YAML reads the bare word as false


@dataclass(frozen=True)
class Parameter:
    """One parameter; its type is that of the default. A range is inclusive.

    Attributes:
        can_be_off: takes the word ``off`` too; it reads as None. Numbers only.
        tighter: -1 or 1, where a smaller or a larger number is the tighter limit: that one is
            taken while the node flies. 0: not changed while the node is configured.
        in_flight: any value is taken while the node flies.

    """

    name: str
    default: Plain
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    can_be_off: bool = False
    tighter: int = 0
    in_flight: bool = False

    def descriptor(self, read_only: bool) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows."""
        descriptor = ParameterDescriptor(
            description=self.description, read_only=read_only, dynamic_typing=self.can_be_off
        )
        if self.choices:
            descriptor.additional_constraints = f'one of: {", ".join(self.choices)}'
        if self.can_be_off:
            descriptor.additional_constraints = self.expectation()
        elif self.low is not None and self.high is not None:
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
        kind = 'float' if self.can_be_off else type(self.default).__name__
        words = kind if self.low is None else f'{kind} from {self.low:g} to {self.high:g}'
        return f'{words}, or {OFF}' if self.can_be_off else words

    def taken(self, value: Any) -> Any:
        """Return a value as the node uses it; None: off.

        Raises:
            ConfigError: it is not taken.

        """
        if self.choices and value not in self.choices:
            raise _refusal(self, f'got {shown(value)}')
        if not self.can_be_off:
            return value
        if isinstance(value, bool | str) and value in OFF_WORDS:
            return None
        low, high = self.low or 0.0, math.inf if self.high is None else self.high
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise _refusal(self, f'got {shown(value)}')
        return float(value)


def made_from(cls: type) -> tuple[Parameter, ...]:
    """Return a parameter for every option of a dataclass; 0 or an empty text stands for None."""
    return tuple(
        Parameter(
            one.name,
            one.empty if one.default is None else one.default,
            one.description,
            0 if one.may_be_none else one.text.low,
            one.text.high,
            one.choices,
        )
        for one in options_of(cls)
    )


def declare(
    node: Node,
    parameters: Sequence[Parameter],
    read_only: bool = False,
    elsewhere: frozenset[str] = frozenset(),
) -> None:
    """Declare them all on a node.

    Args:
        node: whose they are; it has no others.
        parameters: all of them.
        read_only: they cannot be set later.
        elsewhere: names of other nodes in the same process: what is given to all is theirs too.

    Raises:
        ConfigError: a value given from outside has the wrong type or is out of range, its name
            is none of the node's, it stands in a file under another node's name, or another one
            of it holds.

    """
    name, given = node.get_fully_qualified_name(), _given(node)
    check_files(sys.argv, name)
    check_precedence(sys.argv, name, given)
    for parameter in parameters:
        try:
            node.declare_parameter(
                parameter.name, parameter.default, parameter.descriptor(read_only)
            )
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise _refusal(parameter, f'{error}{_written(node, parameter)}') from error
    _refuse_unknown(node, [parameter.name for parameter in parameters], elsewhere)


def _given(node: Node) -> dict[str, Any]:
    """Return name -> value of what was given from outside."""
    found = getattr(node, '_parameter_overrides', {})  # rclpy has no public way to them
    return {name: one.value for name, one in found.items()}


def _written(node: Node, parameter: Parameter) -> str:
    """Return how a value is written that YAML read as another type; empty: it is none of such."""
    value = _given(node).get(parameter.name)
    default, is_truth = parameter.default, isinstance(value, bool)
    right: object = None
    if isinstance(default, str) and isinstance(value, int | float):
        right = f'"\'{str(value).lower() if is_truth else value}\'"'  # quotes within the shell's
    elif isinstance(default, bool) and value in (0, 1):
        right = str(bool(value)).lower()
    elif is_truth or isinstance(default, bool):
        return ''
    elif isinstance(default, float) and isinstance(value, int):
        right = float(value)
    elif isinstance(default, int) and isinstance(value, float) and value.is_integer():
        right = int(value)
    return '' if right is None else f'; write {right}'


def _refuse_unknown(node: Node, names: list[str], elsewhere: frozenset[str]) -> None:
    """Refuse what was given and is nobody's: ROS ignores it, and a limit would not hold."""
    for name in sorted(_given(node)):
        if name in elsewhere or name.startswith('qos_overrides.') or node.has_parameter(name):
            continue
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
        raise ConfigError(
            f"the node {node.get_name()} has no parameter '{name}'; the nearest is '{near[0]}' "
            f'(all: ros2 param list /{node.get_name()})'
        )


def read(node: Node, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Return name -> present value; None where it is off.

    Raises:
        ConfigError: a value is not taken.

    """
    return {one.name: one.taken(node.get_parameter(one.name).value) for one in parameters}


def judge(
    parameters: Sequence[Parameter],
    wanted: Sequence[RosParameter],
    present: Callable[[str], RosParameter] | None,
) -> SetParametersResult:
    """Accept or refuse new values, and nothing else; types and ranges are rclpy's to check.

    Args:
        parameters: what a node declared.
        wanted: what somebody wants to set.
        present: returns what holds now, where the node is configured and has read it already.

    """
    known = {parameter.name: parameter for parameter in parameters}
    for one in wanted:
        parameter = known.get(one.name)
        if parameter is None:
            continue
        try:
            new = parameter.taken(one.value)
            if present is not None:
                _check_change(parameter, parameter.taken(present(one.name).value), new)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
    return SetParametersResult(successful=True)


def _check_change(parameter: Parameter, old: Any, new: Any) -> None:
    """Refuse a new value of a configured node, unless it is a tighter limit.

    Raises:
        ConfigError: with what to do instead.

    """
    if parameter.in_flight:
        return
    reason = 'is read when the node is configured, and it is'
    if parameter.tighter:
        if _is_tighter(parameter, old, new):
            return
        reason = f'can be tightened now, not loosened from {_word(old)} to {_word(new)}'
    raise ConfigError(
        f"'{parameter.name}' {reason}: change it after ros2 lifecycle set NODE deactivate, then "
        'cleanup'
    )


def _is_tighter(parameter: Parameter, old: float | None, new: float | None) -> bool:
    if new is None or old is None:
        return old is None
    return (new - old) * parameter.tighter >= 0.0


def _word(value: float | None) -> str:
    return OFF if value is None else f'{value:g}'


def _refusal(parameter: Parameter, reason: str) -> ConfigError:
    return ConfigError(
        f"parameter '{parameter.name}': expected {parameter.expectation()}; {reason}"
    )
