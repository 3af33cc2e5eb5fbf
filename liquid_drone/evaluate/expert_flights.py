# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Fly the expert and log it as a policy's flight is logged: what can be reached at best.

It needs no image, so one is taken every few frames, to see by the same mask as ever whether the
target is in view; in between the last answer holds.
"""

from ..request import FlightRequest
from ..sim.flight_log import FlightLog
from ..sim.scenario.scenario import Scenario
from ..sim.simulator import FRAME_S, Simulator
from .closed_loop import run
from .direct_flight import DirectFlight, DirectOptions
from .driver import ExpertDriver

IMAGE_EVERY = 10  # frames: two images a second
NAME = 'expert'
NOTHING = FlightRequest()


def fly(
    scenario: Scenario,
    seed: int,
    image_every: int = IMAGE_EVERY,
    request: FlightRequest = NOTHING,
) -> FlightLog:
    """Fly one seed for the task's duration and return its log, without images.

    Args:
        scenario: what is flown.
        seed: the place.
        image_every: frames between two images.
        request: what is asked for.

    """
    simulator = Simulator(scenario)
    options = DirectOptions(
        frames=round(scenario.task.duration_s / FRAME_S),
        image_every=image_every,
        requests=((0.0, request),),
    )
    try:
        return run(DirectFlight(simulator, seed, options, {'through': NAME}), ExpertDriver())
    finally:
        simulator.close()
