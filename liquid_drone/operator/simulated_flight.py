# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A simulated flight on the operator's page: shown at the pace of the wall clock, and obeying it.

The flight is the same as without a page as long as nothing is asked for. After a hand-back the
simulated pilot hands over again as soon as the companion was engaged again.
"""

import math
import time

from ..contract import SEEN_PROBABILITY, CameraSpec
from ..evaluate.driver import DriverOutput
from ..flight.companion import Decision
from ..flight.companion_session import CompanionSession
from ..flight.guard.state import Proposal
from ..flight.mavlink.link import MavlinkLink
from ..image import encode_jpeg
from ..sim.sensors.camera import SimulatedFrame
from ..sim.session import Session
from ..sim.simulator import FRAME_S
from .companion_desk import CompanionDesk
from .flight_view import FlightView
from .requests import RequestQueue


class ShownFlight:
    """Watches one flight in this process; see :class:`~liquid_drone.evaluate.closed_loop`."""

    def __init__(
        self, view: FlightView, requests: RequestQueue, camera: CameraSpec, bundle_hash: str
    ) -> None:
        """Wait for the flight.

        Args:
            view: what the page shows.
            requests: what it asks for.
            camera: of the policy.
            bundle_hash: of the policy.

        """
        self._view, self._requests, self._camera = view, requests, camera
        view.set('fov_deg', camera.horizontal_fov_deg)
        self._desk: CompanionDesk | None = None
        self._session: Session | None = None
        self._next_s = 0.0
        self._policy = {  # as its node publishes it; a picture is answered at once
            'commands_per_second': f'{1.0 / FRAME_S:.0f}',
            'capture_to_command_ms_p95': '0',
            'bundle': bundle_hash,
            'provider': 'cpu',
        }

    def begin(self, session: Session, companion: CompanionSession, link: MavlinkLink) -> None:
        """Take what is flown."""
        session.pilot.hands_over_again = True
        self._session = session
        self._desk = CompanionDesk(companion, link, self._view, self._requests)
        self._view.note('simulated flight: the pilot takes off, and hands over when engaged')

    def obey(self) -> None:
        """Ask for what pages want."""
        if self._desk is not None:
            self._desk.obey()

    def show(
        self,
        frame: SimulatedFrame,
        output: DriverOutput,
        decision: Decision | None,
        is_sent: bool,
    ) -> None:
        """Show a frame and what was decided on it, and wait until the next one is due."""
        assert self._desk is not None  # begin comes first
        assert self._session is not None
        now_s = frame.stamp_ns / 1e9
        vx, vy, vz, turn = (float(value) for value in output.command)
        self._view.hear_picture(encode_jpeg(frame.image))
        self._view.set('probability', round(float(output.target_probability), 3))
        if output.target_probability >= SEEN_PROBABILITY:
            half = math.tan(math.radians(self._camera.horizontal_fov_deg) / 2)
            bearing_rad = -math.atan2(output.target_bearing * half, 1.0)
            elevation = float(output.target_elevation)
            self._view.hear_target(float(output.target_bearing), elevation, bearing_rad)
        self._view.hear_node('policy', 'OK', 'follows the simulated camera', self._policy)
        stage = self._session.pilot.stage.value
        self._view.hear_node('pilot (simulated)', 'OK', stage)
        self._desk.show(now_s, decision, Proposal(now_s, (vx, vy, vz, turn)), is_sent)
        self._wait()

    def _wait(self) -> None:
        now_s = time.monotonic()
        self._next_s = max(self._next_s + FRAME_S, now_s - FRAME_S)
        time.sleep(max(0.0, self._next_s - now_s))
