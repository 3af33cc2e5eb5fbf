# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""One simulated flight but for who commands it: world, autopilot, pilot and log, frame by frame.

The same body serves a flight in one process and one through ROS, so that both are the same flight.
Each frame: the caller fetches telemetry, then :meth:`Session.begin`, then delivers setpoints to
the autopilot, then :meth:`Session.finish`. It never commands the drone itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Command
from ..image import encode_jpeg
from ..request import FlightRequest, as_numbers
from . import autopilots
from .autopilot.pilot import SimulatedPilot
from .autopilots import FlownAutopilot
from .expert import Expert
from .firmware.process import Firmware, find
from .flight_log import UNKNOWN, FlightLog, row_of
from .flight_spec import FlightSpec
from .scenario.scenario import scenario_of
from .sensors.camera import SimulatedFrame
from .simulator import START_NS, SUBSTEPS, Simulator

NO_LABEL: Command = np.full(4, math.nan, np.float32)
LONGEST_EXTRA_S = 120.0  # beyond the time of following: take-off, waiting, landing


@dataclass(frozen=True)
class FlightProgress:
    """Where a flight stands; times are simulated."""

    time_s: float  # since the start
    following_s: float  # since the mode switch
    duration_s: float  # of following, in all
    stage: str  # the pilot's, in words
    distance_m: float  # horizontal, to the target
    in_view: bool


@dataclass(frozen=True)
class FirmwareFlight:
    """What real firmware needs, in the place of the simulated autopilot."""

    log: Path = Path('firmware.log')  # what it says
    companion_port: int | None = None  # UDP; None: the usual one of the first free instance
    on_progress: Callable[[FlightProgress], None] = lambda _: None  # until it is ready to arm


class Session:
    """Holds the simulator; close it."""

    def __init__(
        self,
        flight: FlightSpec,
        firmware: FirmwareFlight | None = None,
        keeps_episode: bool = True,
    ) -> None:
        """Build the place of a flight.

        Without an episode to be saved the log has no images and no labels, and a frame takes less.

        With ``flight.firmware`` it is started, and time passes until it would arm.

        Raises:
            ConfigError: a name or a file that cannot be used.
            SimulationError: firmware that cannot be started or does not get ready.

        """
        self._keeps_episode = keeps_episode
        scenario = scenario_of(flight)
        binary = find(flight.autopilot, flight.firmware) if flight.firmware else None
        self.task = task = scenario.task
        duration_s = task.duration_s if flight.duration_s is None else flight.duration_s
        self.simulator = Simulator(scenario)
        self.simulator.reset(flight.seed, flight.start)
        self.flown = self._flown(flight, binary, firmware or FirmwareFlight(), duration_s)
        self.autopilot = self.flown.piloted
        self.pilot = SimulatedPilot(
            self.autopilot,
            altitude_m=task.cruise_altitude_m,
            duration_s=duration_s,
            lands=flight.land,
        )
        self._latest_ns = self.autopilot.now_ns + round((duration_s + LONGEST_EXTRA_S) * 1e9)
        meta: dict[str, Any] = {
            'world': scenario.world.name,
            'season': scenario.season.name,
            'target': scenario.target.name,
            'task': task.name,
            'vehicle': scenario.vehicle.name,
            'seed': flight.seed,
            'autopilot': flight.autopilot,
            'start': flight.start,
            'renderer': self.simulator.renderer_name,
            'weather': str(scenario.weather),
        }
        meta.update(self.simulator.facts())
        if flight.firmware:
            meta['firmware'] = Path(flight.firmware).name
        self.log = FlightLog(meta, self.simulator.obstacles, self.simulator.camera)
        self.request = FlightRequest.parse(flight.request)
        if self.request:
            meta['request'] = str(self.request)
        self._expert = Expert(self.simulator, self.request)
        self._frame: SimulatedFrame | None = None
        self._label: Command | None = None  # of this frame, once it was asked for

    def _flown(
        self, flight: FlightSpec, binary: Firmware | None, how: FirmwareFlight, duration_s: float
    ) -> FlownAutopilot:
        """Make the autopilot of a flight; firmware is started and gets ready."""
        if binary is None:
            airborne = flight.start == 'hover'
            return autopilots.simulated(self.simulator, flight.autopilot, airborne)

        def wait(time_s: float) -> None:
            stage = f'waiting for {flight.autopilot}'
            distance_m = self._distance_m()
            how.on_progress(
                FlightProgress(time_s, 0.0, duration_s, stage, distance_m, in_view=False)
            )

        return autopilots.firmware(
            self.simulator, binary, flight.seed, how.log, how.companion_port, wait
        )

    @property
    def done(self) -> bool:
        """The flight is over."""
        return self.pilot.done or self.simulator.truth().stamp_ns > self._latest_ns

    @property
    def label(self) -> Command:
        """The expert's command for the present frame; nan where no episode is kept."""
        if self._label is None:
            self._label = self._expert.command() if self._keeps_episode else NO_LABEL
        return self._label

    def begin(self) -> SimulatedFrame:
        """Take the picture of the present frame."""
        self._frame, self._label = self.simulator.capture(), None
        return self._frame

    def finish(self, command: Command | None, target_probability: float = math.nan) -> None:
        """Log the frame and the policy's answer, let the pilot act and time pass."""
        assert self._frame is not None  # begin comes first
        frame, truth = self._frame, self.simulator.truth()
        following = self.autopilot.following
        self.log.append(
            encode_jpeg(frame.image) if frame.fresh and self._keeps_episode else b'',
            **row_of(truth, frame),
            label=self.label if following and not truth.collision else UNKNOWN,
            command=UNKNOWN if command is None else np.asarray(command, dtype=np.float64),
            setpoint=self._setpoint(truth.stamp_ns),
            target_probability=target_probability,
            following=following,
            request=as_numbers(self.request),
        )
        self.pilot.step()
        if self.pilot.engaged_ns is not None:
            self.simulator.release_target()
            self.log.meta['engaged_ns'] = self.pilot.engaged_ns
        self.autopilot.advance(SUBSTEPS)

    def _setpoint(self, stamp_ns: int) -> Sequence[float]:
        """Return what the autopilot received in this frame, FLU; nan: nothing."""
        setpoint = self.autopilot.setpoint
        if setpoint is None or self.autopilot.setpoint_ns != stamp_ns:
            return UNKNOWN
        return *setpoint.velocity, setpoint.yaw_rate_rad_s

    def progress(self) -> FlightProgress:
        """Tell where the flight stands, after a frame was finished."""
        assert self._frame is not None  # a frame was finished
        engaged_ns = self.pilot.engaged_ns
        stamp_ns = self._frame.stamp_ns
        return FlightProgress(
            time_s=round((stamp_ns - START_NS) / 1e9, 3),
            following_s=round((stamp_ns - engaged_ns) / 1e9, 3) if engaged_ns else 0.0,
            duration_s=self.pilot.duration_s or 0.0,
            stage=self.pilot.stage.value,
            distance_m=self._distance_m(),
            in_view=self._frame.target_pixels >= self.task.min_target_pixels,
        )

    def _distance_m(self) -> float:
        truth = self.simulator.truth()
        away = truth.target_position_enu[:2] - truth.position_enu[:2]
        return round(float(np.hypot(*away)), 2)

    def request_land(self) -> None:
        """Land now, as on Ctrl-C."""
        self.pilot.request_land()

    def close(self) -> None:
        """Let go of the simulator and end firmware."""
        self.autopilot.close()
        self.simulator.close()
