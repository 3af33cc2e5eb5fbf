# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The fast way from commands to motion: the guard's limits, then the velocity controller.

For training flights, for choosing between rounds, and for what the expert reaches at best. The
drone begins in a hover and the flight counts from the first frame; there is no autopilot, no
companion and no MAVLink. A flight ends with its frames, with a collision, or where the target is
out of reach; the frame of such an end is logged, but nothing is to be learned from it.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..arrays import Command
from ..flight.guard.limits import SIMULATION_LIMITS, ZERO, approach
from ..geometry import euler_from_quaternion, rotate_by_yaw
from ..image import encode_jpeg
from ..request import FlightRequest, Requests, as_numbers, request_at
from ..sim.expert import Expert
from ..sim.flight_log import UNKNOWN, FlightLog, row_of
from ..sim.sensors.camera import SimulatedFrame
from ..sim.simulator import FRAME_S, Simulator, Truth
from .driver import Driver, DriverOutput


@dataclass(frozen=True)
class DirectOptions:
    """How a direct flight is flown."""

    frames: int  # at most
    drift_enu_m_s: tuple[float, float, float] = (0.0, 0.0, 0.0)  # added, as an estimator errs
    lost_m: float = math.inf  # the flight ends when the target is further away
    image_every: int = 1  # frames; in between the driver and the log get the last one again
    keeps_images: bool = False  # in the log, as JPEG
    requests: Requests = ()  # of the expert


class DirectFlight:
    """One flight of a simulator, which stays open."""

    def __init__(
        self,
        simulator: Simulator,
        seed: int,
        options: DirectOptions,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Put the drone into the place of a seed; ``facts`` go into the log's."""
        simulator.reset(seed)
        simulator.release_target()
        self._simulator, self._options = simulator, options
        self._expert = Expert(simulator)
        self._begun_ns = -1
        facts = {'seed': seed, **(facts or {}), **simulator.facts()}
        self.log = FlightLog(facts, simulator.obstacles, simulator.camera)
        self._truth: Truth | None = None
        self._frame: SimulatedFrame | None = None
        self._label: Command | None = None
        self.teacher: Driver | None = None  # whose command is the label; None: the expert's
        self._flown, self._slope = ZERO, ZERO  # what the guard makes of the commands
        self._ended = False

    @property
    def done(self) -> bool:
        """The flight is over."""
        return self._ended or len(self.log) >= self._options.frames

    @property
    def frame(self) -> SimulatedFrame:
        """The newest image, with what the mask says of it."""
        assert self._frame is not None  # begin comes first
        return self._frame

    @property
    def request(self) -> FlightRequest:
        """What the expert is asked for at present."""
        return self._expert.request

    @property
    def label(self) -> Command:
        """The expert's command for the present frame."""
        assert self._label is not None  # begin comes first
        return self._label

    def begin(self) -> SimulatedFrame:
        """Take the image of the present frame."""
        every = self._options.image_every
        self._truth = self._simulator.truth()
        if self._frame is None or len(self.log) % every == 0:
            self._frame = self._simulator.capture()
        if self._begun_ns < 0:
            self._begun_ns = self._frame.stamp_ns
        elapsed_s = (self._frame.stamp_ns - self._begun_ns) / 1e9
        self._expert.request = request_at(self._options.requests, elapsed_s)
        self._label = self._expert.command()
        if self.teacher is not None:
            stamp_s = self._truth.stamp_ns / 1e9
            self._label = self.teacher.step(self._frame.image, stamp_s, self._label).command
        return self._frame if every == 1 else dataclasses.replace(self._frame, fresh=True)

    def finish(self, output: DriverOutput) -> None:
        """Limit the command, log the frame, let time pass."""
        truth, frame = self._truth, self._frame
        assert truth is not None  # begin comes first
        assert frame is not None
        self._ended = truth.collision or distance_m(truth) > self._options.lost_m
        self._flown, self._slope, _ = approach(
            self._flown, self._slope, _floats(output.command), SIMULATION_LIMITS, FRAME_S
        )
        self.log.append(
            encode_jpeg(frame.image) if self._options.keeps_images and frame.fresh else b'',
            **row_of(truth, frame),
            label=UNKNOWN if self._ended else self.label,
            command=output.command,
            setpoint=self._flown,
            target_probability=output.target_probability,
            following=not self._ended or truth.collision,
            request=as_numbers(self._expert.request),
        )
        if not self._ended:
            self._move(truth)

    def _move(self, truth: Truth) -> None:
        yaw_rad = euler_from_quaternion(truth.quaternion_xyzw)[2]
        drift: npt.NDArray[np.float64] = np.asarray(self._options.drift_enu_m_s)
        velocity_enu = rotate_by_yaw(self._flown[:3], yaw_rad) + drift
        self._simulator.advance(velocity_enu, self._flown[3])
        self.log.collision = self._simulator.truth().collision


def distance_m(truth: Truth) -> float:
    """Return the horizontal distance from the drone to the target."""
    return float(np.linalg.norm((truth.target_position_enu - truth.position_enu)[:2]))


def _floats(command: Command) -> tuple[float, float, float, float]:
    vx, vy, vz, turn = (float(value) for value in command)
    return vx, vy, vz, turn
