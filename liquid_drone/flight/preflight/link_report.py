# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A link that was opened without a graph, reported as the mavlink node would report it."""

import math

from ..companion_session import CompanionSession
from ..facts import FACTS, PICTURE, Evidence, known
from ..guard.limits import Limits
from ..health import health
from ..mavlink.link import MavlinkLink
from .checklist import DEFAULT_LIMITS, PARAMETER, PartReport

LONGEST_WAIT_S = 2.0 / min(spec.needed_rate_hz for spec in FACTS)  # one message may be lost


def link_values(link: MavlinkLink) -> dict[str, object]:
    """Return what a link knows, by the names that the nodes' diagnostics have."""
    values: dict[str, object] = dict(link.report.values())
    if link.profile is not None:
        values['autopilot'] = link.profile.name
    if link.trip_s is not None:
        values['link_trip_ms'] = round(1e3 * link.trip_s, 1)
    if link.commands_ignored is not None:
        values['station_commands_ignored'] = link.commands_ignored
    for name, value in link.parameters.items():
        values[PARAMETER + name] = value
    return values


def waits_for_facts(link: MavlinkLink, now_s: float) -> bool:
    """Tell whether a fact has not come yet, or is too old: some come every few seconds alone."""
    limits = Limits()
    return any(
        not fact.age_s <= (getattr(limits, fact.spec.age_limit) or math.inf)
        for fact in known(Evidence(now_s, link.vehicle), limits)
    )


def link_report(link: MavlinkLink, now_s: float) -> PartReport:
    """Report a link that nobody flies by; the facts are judged by the guard's own limits."""
    session = CompanionSession(link, Limits())
    decision = session.decide(now_s, None)
    values = link_values(link)
    values['stage'] = session.stage.value
    values['limits'] = DEFAULT_LIMITS
    values['obstacles'] = ' | '.join(_of_vehicle(session))
    how = health(decision, '', link.obstacle)
    return PartReport(how.level.name, how.summary, {name: str(it) for name, it in values.items()})


def _of_vehicle(session: CompanionSession) -> list[str]:
    """Return the obstacles but that no pictures come: no policy runs here."""
    return [one for one in session.obstacles() if not one.startswith(PICTURE.name)]
