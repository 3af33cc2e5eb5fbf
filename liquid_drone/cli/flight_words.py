# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is unusual of a flight, in words for titles, cards and directories."""

from .. import resources
from ..sim.flight_spec import FlightSpec


def unusual(flight: FlightSpec) -> str:
    """Return the words for a vehicle or an autopilot that is not the usual one."""
    names = {'vehicle': resources.called(flight.vehicle), 'autopilot': flight.autopilot}
    return ''.join(
        f', {kind} {name}' for kind, name in names.items() if name != getattr(FlightSpec, kind)
    )


def other_words(flight: FlightSpec) -> list[str]:
    """Return what is unusual of a flight beside world, season and weather."""
    usual, names = FlightSpec(), ('target', 'task', 'vehicle', 'autopilot', 'renderer')
    values = [
        getattr(flight, name) for name in names if getattr(flight, name) != getattr(usual, name)
    ]
    return [resources.called(value) for value in values]


def on_provider(providers: str, precision: str) -> str:
    """Return the words for a provider or a precision that is not the usual one of a table."""
    return '' if (providers, precision) == ('cpu', 'fp32') else f', {providers} {precision}'
