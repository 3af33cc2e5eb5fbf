# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The person with the radio, in simulation: arms, takes off, hands over to the companion, lands.

Works by simulated time only and touches nothing but the pilot's controls of an autopilot, be it
the simulated one or real firmware. It hands over once; a second time only where it is told to.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from .personality import Mode
from .setpoints import DecodedSetpoint

SECOND_NS = 1_000_000_000


class PilotedAutopilot(Protocol):
    """What a pilot sees of an autopilot and can ask of it.

    A request answers False until it has taken effect; it may be made again at every frame.
    """

    @property
    def now_ns(self) -> int: ...  # noqa: D102
    @property
    def mode(self) -> Mode | None: ...  # noqa: D102
    @property
    def armed(self) -> bool: ...  # noqa: D102
    @property
    def landed(self) -> bool: ...  # noqa: D102
    @property
    def climbing(self) -> bool: ...  # noqa: D102
    @property
    def following(self) -> bool: ...  # noqa: D102
    @property
    def has_stream(self) -> bool: ...  # noqa: D102
    @property
    def setpoint(self) -> DecodedSetpoint | None: ...  # noqa: D102
    @property
    def setpoint_ns(self) -> int: ...  # noqa: D102

    def pilot_arm(self) -> bool: ...  # noqa: D102
    def pilot_takeoff(self, height_m: float) -> bool: ...  # noqa: D102
    def pilot_mode(self, mode: Mode) -> bool: ...  # noqa: D102
    def advance(self, substeps: int = 12) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class PilotStage(Enum):
    """What the pilot is waiting for."""

    ARM = 'arming'
    CLIMB = 'taking off'
    WAIT = 'waiting for setpoints'
    FOLLOW = 'following'
    LAND = 'landing'
    DONE = 'done'


@dataclass
class SimulatedPilot:
    """Call :meth:`step` once a camera frame, before the autopilot advances.

    Attributes:
        altitude_m: height above the ground to take off to.
        duration_s: how long the companion may fly, counted from the mode switch; None: until
            :meth:`request_land`.
        patience_s: how long to wait for the companion's setpoints before landing again.
        hands_over_again: to a companion that streams again after it was handed back, as an
            operator's page can bring it to.
        lands: at the end; else the pilot is done as soon as the time is over.

    """

    autopilot: PilotedAutopilot
    altitude_m: float = 2.0
    duration_s: float | None = 45.0
    patience_s: float = 60.0
    lands: bool = True
    hands_over_again: bool = False
    stage: PilotStage = PilotStage.ARM
    engaged_ns: int | None = None  # when the mode switch was flipped
    _since_ns: int | None = None
    _wants_land: bool = False

    @property
    def done(self) -> bool:
        """Nothing is left to do."""
        return self.stage is PilotStage.DONE

    def request_land(self) -> None:
        """Land now, as on Ctrl-C."""
        self._wants_land = True

    def step(self) -> PilotStage:
        """Do what is due at the autopilot's time and return the stage after it."""
        now = self.autopilot.now_ns
        if self._since_ns is None:
            self._enter(PilotStage.ARM if self.autopilot.landed else PilotStage.WAIT)
        if self._wants_land and self.stage in (
            PilotStage.CLIMB,
            PilotStage.WAIT,
            PilotStage.FOLLOW,
        ):
            self._enter(PilotStage.LAND)
        elif self._wants_land and self.stage is PilotStage.ARM:
            self._enter(PilotStage.DONE)
        _ACTIONS[self.stage](self, now)
        return self.stage

    def _enter(self, stage: PilotStage) -> None:
        self.stage, self._since_ns = stage, self.autopilot.now_ns

    def _arm(self, now_ns: int) -> None:
        if self.autopilot.pilot_arm() and self.autopilot.pilot_takeoff(self.altitude_m):
            self._enter(PilotStage.CLIMB)

    def _climb(self, now_ns: int) -> None:
        if not self.autopilot.climbing and not self.autopilot.landed:
            self._enter(PilotStage.WAIT)

    def _wait(self, now_ns: int) -> None:
        if self.autopilot.has_stream and self.autopilot.pilot_mode(Mode.FOLLOW):
            self.engaged_ns = now_ns
            self._enter(PilotStage.FOLLOW)
        elif now_ns - (self._since_ns or 0) > self.patience_s * SECOND_NS:
            self._enter(PilotStage.LAND)

    def _follow(self, now_ns: int) -> None:
        flown_ns = now_ns - (self.engaged_ns or now_ns)
        if self.duration_s is not None and flown_ns >= self.duration_s * SECOND_NS:
            self._enter(PilotStage.LAND if self.lands else PilotStage.DONE)
        elif not self.autopilot.armed:  # the failsafe has landed it
            self._enter(PilotStage.DONE)
        elif self.hands_over_again and self._is_asked_again():
            self.autopilot.pilot_mode(Mode.FOLLOW)

    def _is_asked_again(self) -> bool:
        return self.autopilot.has_stream and self.autopilot.mode is not Mode.FOLLOW

    def _land(self, now_ns: int) -> None:
        if not self.autopilot.armed:
            self._enter(PilotStage.DONE)
        elif self.autopilot.mode is not Mode.LAND:
            self.autopilot.pilot_mode(Mode.LAND)

    def _rest(self, now_ns: int) -> None:
        pass


_ACTIONS = {
    PilotStage.ARM: SimulatedPilot._arm,
    PilotStage.CLIMB: SimulatedPilot._climb,
    PilotStage.WAIT: SimulatedPilot._wait,
    PilotStage.FOLLOW: SimulatedPilot._follow,
    PilotStage.LAND: SimulatedPilot._land,
    PilotStage.DONE: SimulatedPilot._rest,
}
