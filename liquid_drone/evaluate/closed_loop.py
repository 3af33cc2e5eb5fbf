# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The one closed loop in process: a driver commands a flight, frame by frame.

What differs between flights is composed: the driver (policy, expert, both in turns) and the way
from its commands to the motors. :class:`MavlinkFlight` is the measured way: real MAVLink bytes,
companion, guard and autopilot, frame by frame as the nodes do it in lock-step, so that both give
the same flight to the last bit. ``direct_flight`` is the fast one. Nothing here waits for a clock.
"""

import math
from collections.abc import Callable
from typing import Protocol

from ..arrays import Command
from ..contract import SEEN_PROBABILITY
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.guard.limits import SIMULATION_LIMITS, BelievedTarget, Limits, Sighting
from ..flight.guard.state import Proposal
from ..flight.mavlink.link import MavlinkLink
from ..flight.mavlink.transport.memory import MemoryTransport
from ..runtime.runner import PolicyRunner
from ..sim.autopilots import FlownAutopilot
from ..sim.flight_log import FlightLog
from ..sim.sensors.camera import SimulatedFrame
from ..sim.session import FlightProgress, Session
from .driver import Driver, DriverOutput, PolicyDriver


class InProcessFlight(Protocol):
    """A flight but for who commands it."""

    @property
    def done(self) -> bool:
        """The flight is over."""
        ...

    @property
    def log(self) -> FlightLog:
        """The rows so far."""
        ...

    @property
    def label(self) -> Command:
        """The expert's command for the present frame."""
        ...

    def begin(self) -> SimulatedFrame:
        """Take the image of the present frame."""
        ...

    def finish(self, output: DriverOutput) -> None:
        """Execute the driver's newest answer, log the frame, let time pass."""
        ...


class FlightWatcher(Protocol):
    """Who looks on and may ask the companion for something, such as an operator's page."""

    def begin(self, session: Session, companion: CompanionSession, link: MavlinkLink) -> None:
        """Take what is flown, before the first frame."""

    def obey(self) -> None:
        """Ask for what is wanted, before each decision."""

    def show(
        self,
        frame: SimulatedFrame,
        output: DriverOutput,
        decision: Decision | None,
        is_sent: bool,
    ) -> None:
        """Take what was decided on a frame; may wait, to fly at the pace of a clock."""


def _nothing() -> None:
    """Do nothing after a frame: nobody looks on."""


def run(
    flight: InProcessFlight, driver: Driver, on_frame: Callable[[], None] = _nothing
) -> FlightLog:
    """Fly to the end and return the log; where no new image came, the last answer stands."""
    output: DriverOutput | None = None
    while not flight.done:
        frame = flight.begin()
        if frame.fresh or output is None:
            output = driver.step(frame.image, frame.stamp_ns / 1e9, flight.label)
        flight.finish(output)
        on_frame()
    return flight.log


def fly(
    session: Session,
    runner: PolicyRunner,
    on_progress: Callable[[FlightProgress], None] | None = None,
    limits: Limits = SIMULATION_LIMITS,
    watcher: FlightWatcher | None = None,
) -> FlightLog:
    """Fly a policy through MAVLink to the session's end; the runner starts afresh.

    Raises:
        ConfigError: the flight asks for something, and the policy takes no request.

    """
    runner.ask(session.request)
    driver = PolicyDriver(runner)
    on_frame = _nothing if on_progress is None else lambda: on_progress(session.progress())
    fov_deg = runner.contract.camera.horizontal_fov_deg
    flight = MavlinkFlight(session, driver.reset, limits, fov_deg, watcher)
    try:
        log = run(flight, driver, on_frame)
    finally:
        flight.close()
    log.meta.update(
        through='process',
        lockstep_misses=0,
        bundle=str(runner.bundle),
        bundle_hash=runner.contract.bundle_hash(),
        provider=runner.provider,
    )
    return log


class MavlinkFlight:
    """A session whose commands pass a companion with its guard and a MAVLink link."""

    def __init__(
        self,
        session: Session,
        reset_driver: Callable[[], None],
        limits: Limits,
        horizontal_fov_deg: float,
        watcher: FlightWatcher | None = None,
    ) -> None:
        """Open the link; the companion engages by itself as soon as it may."""
        self._session, self._reset_driver = session, reset_driver
        self._half_width = math.tan(math.radians(horizontal_fov_deg) / 2)  # 1 m ahead
        self._link = _link_to(session.flown)
        self._companion = CompanionSession(self._link, limits, engages_itself=True)
        self._frame: SimulatedFrame | None = None
        self._watcher = watcher
        if watcher is not None:
            watcher.begin(session, self._companion, self._link)

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    @property
    def done(self) -> bool:
        """The flight is over."""
        return self._session.done

    @property
    def log(self) -> FlightLog:
        """The rows so far."""
        return self._session.log

    @property
    def label(self) -> Command:
        """The expert's command for the present frame."""
        return self._session.label

    def begin(self) -> SimulatedFrame:
        """Take the image and receive the telemetry of the present frame."""
        self._frame = self._session.begin()
        self._link.poll(self._frame.stamp_ns / 1e9)
        return self._frame

    def finish(self, output: DriverOutput) -> None:
        """Decide and send, if there is a new image; else the last setpoint stands."""
        assert self._frame is not None  # begin comes first
        if self._frame.fresh:
            self._decide(output, self._frame)
        self._session.finish(output.command, output.target_probability)

    def _decide(self, output: DriverOutput, frame: SimulatedFrame) -> None:
        stamp_ns, is_sent = frame.stamp_ns, False
        now_s = stamp_ns / 1e9
        if self._watcher is not None:
            self._watcher.obey()
        a, b, c, d = output.command.tolist()
        decision = self._companion.decide(now_s, Proposal(now_s, (a, b, c, d)))
        if decision is not None and decision.reset_policy:
            self._reset_driver()
            self._companion.policy_was_reset()
        if output.target_probability >= SEEN_PROBABILITY:  # as the policy node publishes it
            bearing_rad = -math.atan2(output.target_bearing * self._half_width, 1.0)
            self._companion.see(Sighting(now_s, bearing_rad))
        belief = output.belief
        if belief is not None and belief.probability >= SEEN_PROBABILITY:
            x_m = belief.distance_m * math.cos(belief.bearing_rad)
            y_m = belief.distance_m * math.sin(belief.bearing_rad)
            self._companion.see(BelievedTarget.at(now_s, x_m, y_m))
        if decision is not None and decision.setpoint is not None:
            is_sent = self._link.send_setpoint(decision.setpoint, stamp_ns // 1_000_000)
        if self._watcher is not None:
            self._watcher.show(frame, output, decision, is_sent)


def _link_to(flown: FlownAutopilot) -> MavlinkLink:
    """Open the companion's link: in memory, or UDP where firmware flies."""
    if flown.in_memory is None:
        return MavlinkLink.open(flown.connection)
    return MavlinkLink(MemoryTransport(flown.in_memory.transmit, flown.in_memory.receive))
