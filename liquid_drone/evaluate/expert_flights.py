# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly the expert, or another pilot without a network, and log it as a policy's flight is logged.

None of them flies through MAVLink. The expert needs no image, so one is taken every few frames, to
see by the same mask as ever whether the target is in view; in between the last answer holds. The
others see ten a second.
"""

from ..request import FlightRequest
from ..sim.flight_log import FlightLog
from ..sim.flight_spec import PilotChoice
from ..sim.scenario.scenario import Scenario
from ..sim.simulator import FRAME_S, Simulator
from .closed_loop import run
from .direct_flight import DirectFlight, DirectOptions
from .driver import Driver, ExpertDriver
from .pilots.camera_expert import CameraExpert
from .pilots.picture_pilots import PicturePilot, RedFinder, ShiftFinder

NAME: PilotChoice = 'expert'
IMAGE_EVERY = 10  # frames: two images a second
IMAGE_EVERY_ON_TRACKS = 4  # where it counts for how long the target is hidden
IMAGE_EVERY_IF_SEEN = 2  # of pilots that need them
NOTHING = FlightRequest()


def fly(
    scenario: Scenario,
    seed: int,
    image_every: int | None = None,
    request: FlightRequest = NOTHING,
    pilot: PilotChoice = NAME,
) -> FlightLog:
    """Fly one seed for the task's duration and return its log, without images.

    Args:
        scenario: what is flown.
        seed: the place.
        image_every: frames between two images; None: as many as the pilot and the task need.
        request: what is asked for; the expert and the expert by camera take it.
        pilot: who flies.

    """
    simulator = Simulator(scenario)
    options = DirectOptions(
        frames=round(scenario.task.duration_s / FRAME_S),
        image_every=image_every or _image_every(scenario, pilot),
        requests=((0.0, request),),
    )
    try:
        flight = DirectFlight(simulator, seed, options, {'through': pilot})
        return run(flight, _driver(pilot, flight, simulator))
    finally:
        simulator.close()


def _image_every(scenario: Scenario, pilot: PilotChoice) -> int:
    if pilot != NAME:
        return IMAGE_EVERY_IF_SEEN
    return IMAGE_EVERY if scenario.task.track is None else IMAGE_EVERY_ON_TRACKS


def _driver(pilot: PilotChoice, flight: DirectFlight, simulator: Simulator) -> Driver:
    if pilot == 'camera-expert':
        return CameraExpert(flight, simulator)
    if pilot == 'colour':
        return PicturePilot(simulator, RedFinder())
    if pilot == 'camshift':
        return PicturePilot(simulator, ShiftFinder(flight, simulator))
    return ExpertDriver()
