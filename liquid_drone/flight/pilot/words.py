# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Tells the pilot's ground station over the link: texts of what happens, where the target is.

STATUSTEXT from component 191, at most one a second, and NAMED_VALUE_FLOAT twice a second while the
target is seen: ``tgt_bear`` in degrees, right positive, ``tgt_prob`` from 0 to 1, and
``tgt_dist`` in metres where known.
"""

import math

from ..announcements import Announcer, Severity
from ..companion import Decision
from ..companion_session import CompanionSession
from ..facts import RangeReading
from ..guard.limits import Sighting
from ..mavlink.link import MavlinkLink

SHOWN_EVERY_S = 0.5
RECENT_S = 0.5  # an older sighting is not shown
BEARING, DISTANCE, PROBABILITY = 'tgt_bear', 'tgt_dist', 'tgt_prob'


class PilotWords:
    """Speaks for one session; gets each decision after its setpoint has left."""

    def __init__(self, link: MavlinkLink, session: CompanionSession, speaks: bool = True) -> None:
        """Begin with nothing told; without ``speaks`` nothing goes over the link."""
        self._link, self._session, self._speaks = link, session, speaks
        self._announcer: Announcer | None = None  # from the first vehicle on
        self._refusals = 0  # to the switch of the radio, that were told
        self._shown_s = -math.inf
        self._sighting: Sighting | None = None
        self._distance: RangeReading | None = None
        self._probability: float | None = None

    def note_sighting(self, sighting: Sighting) -> None:
        """Note where the target is seen."""
        self._sighting = sighting

    def note_distance(self, distance: RangeReading) -> None:
        """Note how far away it is."""
        self._distance = distance

    def note_probability(self, probability: float) -> None:
        """Note how probably the target is in the picture."""
        self._probability = probability

    def say(self, severity: Severity, text: str) -> None:
        """Tell something in its turn, once there is a vehicle."""
        if self._announcer is not None:
            self._announcer.say(severity, text)

    def say_saved(self, name: str) -> None:
        """Tell that a recording lies on the disk."""
        self.say(Severity.INFO, f'recording saved: {name}')

    def tell(self, now_s: float, decision: Decision | None, rivals: str = '') -> str:
        """Send what is due now; returns the text, empty where there is none."""
        profile = self._link.profile
        if profile is None or decision is None:
            return ''
        if self._announcer is None:
            self._announcer = Announcer(profile.mode_name(profile.follow_mode))
        self._announcer.is_shadow = self._session.is_shadow
        if self._session.radio_refusals != self._refusals:
            self._refusals = self._session.radio_refusals
            self._announcer.say(Severity.NOTICE, self._session.radio_refusal)
        text = self._announcer.take(now_s, decision, rivals or self._link.obstacle)
        if self._speaks:
            if text is not None:
                self._link.tell(text.severity, text.text)
            self._show(now_s)
        return '' if text is None else text.text

    def _show(self, now_s: float) -> None:
        seen = self._sighting
        is_due = not 0.0 <= now_s - self._shown_s < SHOWN_EVERY_S
        if seen is None or not is_due or not 0.0 <= now_s - seen.stamp_s <= RECENT_S:
            return
        self._shown_s = now_s
        stamp_ms = round(1000.0 * now_s)
        self._link.show(BEARING, -math.degrees(seen.bearing_rad), stamp_ms)
        if self._probability is not None and math.isfinite(self._probability):
            self._link.show(PROBABILITY, self._probability, stamp_ms)
        distance = seen.distance_m if self._distance is None else self._distance.distance_m
        if distance is not None:
            self._link.show(DISTANCE, distance, stamp_ms)
