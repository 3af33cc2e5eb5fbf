# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Between a page and a companion in the same process, as a simulated flight has it.

It shows what the companion decides and asks the companion for what the page asks: nothing else
reaches the vehicle from here. Called by the thread that flies, never by the server's.
"""

import dataclasses

from ..flight import report
from ..flight.announcements import Announcer
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.guard.limits import Limits
from ..flight.guard.state import Proposal
from ..flight.health import health
from ..flight.mavlink.link import MavlinkLink
from ..flight.preflight.failsafe_reader import FailsafeReader
from ..flight.preflight.link_report import link_values
from .flight_view import FlightView
from .requests import TIGHTENABLE, OperatorRequest, RequestQueue

SHOWN_LIMITS = (*TIGHTENABLE, 'fence_radius_m')
NOT_HERE = {
    'request': 'distance, height and speed are asked of a policy node: fly through ROS, or '
    '--request',
    'attention': 'attention is shown by its node: follow.launch.py with attention:=true',
}
SAVED_WITH_THE_FLIGHT = 'all of this flight is recorded: its episode is saved at the end'


class CompanionDesk:
    """Serves the pages of one companion."""

    def __init__(
        self,
        session: CompanionSession,
        link: MavlinkLink,
        view: FlightView,
        requests: RequestQueue,
    ) -> None:
        """Show the limits; the rest comes with the decisions."""
        self._session, self._link, self._view, self._requests = session, link, view, requests
        self._announcer: Announcer | None = None
        self._failsafes = FailsafeReader(link)
        self._show_limits()

    def _show_limits(self) -> None:
        limits = self._session.limits
        self._view.set('limits', {name: getattr(limits, name) for name in SHOWN_LIMITS})
        corners = limits.fence_polygon or ()
        self._view.set('fence_polygon', [[corner.real, corner.imag] for corner in corners])

    def show(
        self, now_s: float, decision: Decision | None, proposal: Proposal | None, is_sent: bool
    ) -> None:
        """Show a decision and what it was made on."""
        self._view.set('shadow', self._session.is_shadow)
        profile, vehicle = self._link.profile, self._link.vehicle
        if decision is None or profile is None:
            return
        mode = profile.mode_name(profile.follow_mode)
        if self._announcer is None:
            self._announcer = Announcer(mode)
        told = self._announcer.take(now_s, decision, self._link.obstacle)
        if told is not None:
            self._view.note(told.text)
        if vehicle is not None:
            self._view.set('voltage', vehicle.battery.voltage_v)
            self._view.set('current', vehicle.battery.current_a)
        self._view.set('follow_mode', mode)
        how = health(decision, '', '')
        facts = report.facts(decision, vehicle, proposal, is_sent)
        self._view.hear_decision(facts, how.level.name, how.summary)
        self._view.hear_node('mavlink', how.level.name, how.summary, self._values())
        if not self._session.has_vehicle:
            self._failsafes.step(now_s)

    def _values(self) -> dict[str, str]:
        """Return what the mavlink node would publish of it."""
        values = link_values(self._link)
        values['stage'] = self._session.stage.value
        values['obstacles'] = ' | '.join(self._session.obstacles())
        values['command_age_limit_ms'] = round(1e3 * self._session.limits.command_age_s)
        return {name: str(value) for name, value in values.items()}

    def obey(self) -> None:
        """Carry out what pages ask for, in the order in which they asked."""
        for waiting in self._requests.take():
            waiting.tell(*self._carry_out(waiting.request))

    def _carry_out(self, request: OperatorRequest) -> tuple[bool, str]:
        if request.do in ('engage', 'hand_back'):
            return self._session.engage(request.do == 'engage')
        if request.do == 'shadow':
            done, words = self._session.shadow(request.is_on)
            self._link.is_shadow = self._session.is_shadow
            return done, words
        if request.do == 'record':
            return False, SAVED_WITH_THE_FLIGHT
        if request.do in NOT_HERE:
            return False, NOT_HERE[request.do]
        done, words, limits = tightened(self._session.limits, request.limit, request.value)
        if done:
            self._session.tighten(limits)
            self._show_limits()
        return done, words


def tightened(limits: Limits, name: str, value: float) -> tuple[bool, str, Limits]:
    """Return whether a limit can be set to a value, a sentence, and the limits from now on."""
    before, is_smaller = getattr(limits, name), TIGHTENABLE[name]
    if before is not None and (value > before if is_smaller else value < before):
        sense = 'smaller' if is_smaller else 'larger'
        return (
            False,
            f'{name} is {before:g}: it can be tightened only, to a {sense} number',
            limits,
        )
    try:
        new = dataclasses.replace(limits, **{name: value})  # type: ignore[arg-type]  # no polygon
    except ValueError as error:
        return False, str(error), limits
    return True, f'{name} is {value:g} now', new
