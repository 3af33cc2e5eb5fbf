# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The mavlink node's parameters; those of the guard are the fields of its limits."""

from dataclasses import Field, fields
from typing import Any

from ..errors import ConfigError
from ..flight.guard.fence import EXAMPLE, parse_polygon
from ..flight.guard.limits import Limits
from ..ros.parameters import Parameter

OFF = -1.0  # a limit with this value is not checked
POLYGON = 'fence_polygon'


def _is_optional(field: Field[Any]) -> bool:
    return 'None' in str(field.type)


LIMITS = tuple(
    Parameter(
        f'limits.{field.name}',
        float(field.default),  # type: ignore[arg-type]  # every limit has a number
        f'the guard allows {field.name}' + ('; -1: not checked' if _is_optional(field) else ''),
        low=OFF,
        high=1000.0,
    )
    for field in fields(Limits)
    if field.name != POLYGON
)
PARAMETERS = (
    Parameter(
        'connection',
        'udpin:127.0.0.1:14540',
        'MAVLink address: udpin:HOST:PORT, udpout:HOST:PORT, tcp:HOST:PORT or /dev/DEVICE:BAUD',
    ),
    Parameter(
        'autopilot',
        'auto',
        'what the vehicle must be; auto takes what its heartbeat says',
        choices=('auto', 'px4', 'ardupilot'),
    ),
    Parameter(
        'rate_hz',
        20.0,
        'least rate of setpoints; a new command is acted on at once',
        low=5.0,
        high=100.0,
    ),
    Parameter(
        'realtime_priority',
        10,
        "of the setpoints' thread (SCHED_FIFO), where the system allows it; 0: as all others",
        low=0,
        high=99,
    ),
    Parameter('lockstep', False, 'simulation only: decide once per simulated camera frame'),
    Parameter(
        'exact_telemetry',
        True,
        'in lockstep: wait for the telemetry of each frame; off for firmware with its own clock',
    ),
    Parameter('publish_tf', True, 'publish odom to base_link on /tf, from the autopilot'),
    Parameter(
        'system_id',
        0,
        "the vehicle's MAVLink system id; 0: of the first autopilot heard",
        low=0,
        high=255,
    ),
    Parameter(
        'signing_key_file',
        '',
        'file of the MAVLink 2 signing key, for its owner only (chmod 600); empty: not signed',
    ),
    Parameter(
        'shadow', False, 'decide, show and record, but send no setpoint: the pilot goes on flying'
    ),
    Parameter('engage_at_start', False, 'simulation only: engage without being asked by a human'),
    *LIMITS,
    Parameter(
        f'limits.{POLYGON}',
        '',
        f"corners 'east,north; ...' in metres from home, such as '{EXAMPLE}'; empty: none",
    ),
)


def limits_from(values: dict[str, Any]) -> Limits:
    """Make the guard's limits from the parameters' values.

    Raises:
        ConfigError: limits that cannot be flown.

    """
    given: dict[str, Any] = {POLYGON: parse_polygon(values[f'limits.{POLYGON}'])}
    for field in fields(Limits):
        if field.name == POLYGON:
            continue
        value = values[f'limits.{field.name}']
        given[field.name] = None if value == OFF and _is_optional(field) else value
    try:
        return Limits(**given)
    except ValueError as error:
        raise ConfigError(f'parameters limits.*: {error}') from error
