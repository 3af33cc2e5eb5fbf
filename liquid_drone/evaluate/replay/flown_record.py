# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The record that ``fly`` leaves, read again: the same flight once more, in one process.

A flight through ROS and one in process are the same to the last bit, so that both are flown again
in process. Real firmware keeps a clock of its own: its flights are never the same twice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...files import load_json, shown_path
from ...runtime.providers import Backend
from ...runtime.selection import open_policy
from ...schema import build
from ...sim.flight_spec import FlightSpec
from ...sim.session import Session
from .. import closed_loop
from .finding import bundle_with

RESULT = 'result.json'


@dataclass(frozen=True)
class FlownRecord:
    """A flight of ``fly``."""

    folder: Path
    flight: FlightSpec
    bundle: Path  # as it was given then
    bundle_hash: str
    provider: str
    trajectory_hash: str


def load_record(folder: Path) -> FlownRecord:
    """Read the record of a flight.

    Raises:
        ConfigError: no record, one of an earlier version, or a flight of firmware.

    """
    path = folder / RESULT
    document: Any = load_json(path)
    where = shown_path(path)
    if not isinstance(document, dict) or 'flight' not in document:
        raise ConfigError(
            f'{where}: expected the record of liquid-drone fly with its field flight; records of '
            'earlier versions have none, and cannot be flown again: fly once more'
        )
    flight = build(FlightSpec, document['flight'], where)
    if flight.firmware:
        raise ConfigError(
            f'{where}: {Path(flight.firmware).name} flew it, and firmware keeps its own clock: '
            'no two of its flights are the same, nothing could be compared'
        )
    try:
        words = (str(document[k]) for k in ('bundle_hash', 'provider', 'trajectory_hash'))
        return FlownRecord(folder, flight, Path(str(document['bundle'])), *words)
    except KeyError as error:
        raise ConfigError(f'{where}: {error} is missing: fly once more') from error


def refly(record: FlownRecord, bundle: Path | None = None) -> str:
    """Fly a record again; returns the hash of the trajectory.

    Raises:
        ConfigError: the policy that flew cannot be found.

    """
    asked = f'the flight in {shown_path(record.folder)}'
    path = bundle_with(record.bundle_hash, bundle, record.bundle, asked)
    provider, _, precision = record.provider.partition(' ')
    runner = open_policy(path, provider, backend=Backend('tensorrt', precision or 'fp32'))
    session = Session(record.flight)
    try:
        return closed_loop.fly(session, runner).trajectory_hash()
    finally:
        session.close()
