# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A companion from the first telemetry of its vehicle on: made, engaged where asked for, decided.

The same object serves the flight in one process, the mavlink node and the endurance bench. It
reads no socket and sends nothing: the caller polls the link, decides, and sends.
"""

import logging
from typing import Protocol

from .companion import Companion, Decision
from .engagement import Stage
from .facts import RangeReading
from .guard.limits import BelievedTarget, Limits, Sighting
from .guard.state import Proposal
from .mavlink.profiles import Profile
from .pilot.radio import RadioSwitch, RadioWatch
from .pilot.sticks import StickWatch
from .vehicle import VehicleState

logger = logging.getLogger(__name__)
SHADOW_CHANGES = (Stage.DISCONNECTED, Stage.STANDBY, Stage.HANDED_BACK)
NO_VEHICLE = 'cannot engage: no vehicle yet'


class TelemetrySource(Protocol):
    """What a session needs of a link."""

    @property
    def vehicle(self) -> VehicleState | None:
        """The vehicle's telemetry; None before its first heartbeat."""

    @property
    def profile(self) -> Profile | None:
        """The kind of autopilot; None while unknown."""

    @property
    def obstacle(self) -> str:
        """A sentence about what keeps from engaging over this link; empty: nothing."""


class CompanionSession:
    """Holds the companion of one vehicle, and its last decision."""

    def __init__(
        self,
        link: TelemetrySource,
        limits: Limits,
        shadow: bool = False,
        engages_itself: bool = False,
        radio: RadioSwitch | None = None,
        shadow_radio: RadioSwitch | None = None,
        sticks: StickWatch | None = None,
    ) -> None:
        """Wait for a vehicle.

        Args:
            link: polled by the caller before each decision.
            limits: of the guard.
            shadow: decide as if the mode were ours; nothing may be sent.
            engages_itself: simulation only: engage without being asked by a human, until the
                mode switch was ours once.
            radio: a switch of the pilot's radio that engages it and calls it off.
            shadow_radio: another one, with which it only looks on.
            sticks: of the pilot, which call it off: an autopilot may ignore them.

        """
        self._link, self._limits, self._shadow = link, limits, shadow
        self._always_shadow = shadow
        self._engages_itself = engages_itself
        self._radio = None if radio is None else RadioWatch(radio)
        self._shadow_radio = (
            None if shadow_radio is None else RadioWatch(shadow_radio, off_by_hand=True)
        )
        self._sticks = sticks
        # why its switch did not engage, or what its sticks did
        self.radio_refusal, self.radio_refusals = '', 0
        self.companion: Companion | None = None  # from the first decision on
        self._missing = ''  # which part of a policy nobody gives
        self.decision: Decision | None = None  # the last one

    @property
    def stage(self) -> Stage:
        """Where the companion stands."""
        return Stage.DISCONNECTED if self.companion is None else self.companion.stage

    @property
    def limits(self) -> Limits:
        """Of the guard, as they are now."""
        return self._limits

    @property
    def needs_sightings(self) -> bool:
        """Without a sighting of the target nothing is followed, as the limits are."""
        return (self._limits.unseen_stop_s, self._limits.lost_after_s) != (None, None)

    @property
    def is_shadow(self) -> bool:
        """Nothing may be sent: the link is to be told the same."""
        return self._shadow

    @property
    def has_vehicle(self) -> bool:
        """It commands the vehicle now."""
        return self.companion is not None and self.companion.has_vehicle

    def decide(self, now_s: float, proposal: Proposal | None) -> Decision | None:
        """Decide once on the link's telemetry; None before there is a vehicle."""
        vehicle, profile = self._link.vehicle, self._link.profile
        if self.companion is None:
            if vehicle is None or profile is None or not vehicle.is_introduced:
                return None
            self.companion = Companion(profile, self._limits, self._shadow)
            self.companion.missing = self._missing
            logger.info('%s vehicle %d found', profile.name, vehicle.system_id)
        self.decision = self.companion.step(now_s, vehicle, proposal)
        self._obey_shadow_radio(now_s, vehicle)
        self._obey_radio(now_s, vehicle)
        self._obey_sticks(now_s, vehicle)
        if self._engages_itself and self.decision.stage is Stage.STANDBY:
            self.engage(True)
        self._engages_itself = self._engages_itself and not self.decision.reset_policy
        return self.decision

    def _obey_shadow_radio(self, now_s: float, vehicle: VehicleState | None) -> None:
        """A switch that is on means shadow from the start; only its way back ends it."""
        if self._shadow_radio is None:
            return
        told = self._shadow_radio.take(now_s, vehicle)
        wish = told if told is not None else self._shadow_radio.is_on
        if wish is self._shadow or (told is None and not wish):
            return
        done, words = self.shadow(wish)
        if done:
            logger.info('the radio says shadow %s: %s', 'on' if wish else 'off', words)
        elif told is not None:
            self._refuse(words)

    def _refuse(self, words: str) -> None:
        self.radio_refusal, self.radio_refusals = words, self.radio_refusals + 1

    def _obey_radio(self, now_s: float, vehicle: VehicleState | None) -> None:
        wish = None if self._radio is None else self._radio.take(now_s, vehicle)
        stands_by = self.stage in (Stage.STANDBY, Stage.HANDED_BACK)
        if wish is None or wish is not stands_by:
            return
        done, words = self.engage(wish)
        logger.info('the radio says %s: %s', 'engage' if wish else 'stop', words)
        if not done:
            self._refuse(words)

    def _obey_sticks(self, now_s: float, vehicle: VehicleState | None) -> None:
        """The pilot's hand on the sticks is a word to stop, whatever the autopilot makes of it."""
        commands = self.has_vehicle and not self._shadow
        if self._sticks is None or not self._sticks.take(now_s, vehicle, commands):
            return
        _, words = self.engage(False)
        logger.info('the sticks are moved: %s', words)
        self._refuse('your sticks stop it; they steer in another mode: use the mode switch')

    def obstacles(self) -> list[str]:
        """Return every sentence about what keeps from engaging now; none while it flies."""
        if self.companion is None or self.has_vehicle:
            return [self._link.obstacle] if self._link.obstacle else []
        return [found for found in (self._link.obstacle, *self.companion.obstacles()) if found]

    def engage(self, on: bool) -> tuple[bool, str]:
        """Do what a human asks; returns whether it was done, and a sentence."""
        obstacle = self._link.obstacle
        if self.companion is None:
            return False, f'{NO_VEHICLE}: {obstacle}' if obstacle else NO_VEHICLE
        if on and obstacle and not self.has_vehicle:
            return False, f'cannot engage: {obstacle}'
        return self.companion.engage(on)

    def shadow(self, on: bool) -> tuple[bool, str]:
        """Do what a human asks: only look on, or not; never while it commands or may soon."""
        if self._always_shadow and not on:
            return False, 'shadow is how it was started, and stays: start it without'
        if self.stage not in SHADOW_CHANGES:
            return False, f'shadow cannot change now ({self.stage.value}): hand back first'
        self._shadow = on
        if self.companion is not None:
            self.companion.shadow = on
        return True, 'shadow: nothing is sent' if on else 'no shadow: it flies when engaged'

    def tighten(self, limits: Limits) -> None:
        """Take tighter limits from the next step on, in flight too."""
        self._limits = limits
        if self.companion is not None:
            self.companion.limits = limits

    def note_rivals(self, rivals: str) -> None:
        """Pass on who else commands, in one sentence; empty: nobody."""
        if self.companion is not None:
            self.companion.rivals = rivals

    def note_missing(self, words: str) -> None:
        """Pass on which part of a policy nobody gives, in one sentence; empty: none."""
        self._missing = words
        if self.companion is not None:
            self.companion.missing = words

    def see(self, sighting: Sighting | BelievedTarget) -> None:
        """Pass on that the target was seen, or where it is believed."""
        if self.companion is not None:
            self.companion.see(sighting)

    def measure(self, distance: RangeReading) -> None:
        """Pass on the distance that a range sensor measured."""
        if self.companion is not None:
            self.companion.measure(distance)

    def policy_was_reset(self) -> None:
        """Pass on that the policy starts afresh."""
        if self.companion is not None:
            self.companion.policy_was_reset()
