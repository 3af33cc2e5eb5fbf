# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A window on a place: the expert follows, keys change world, season, target and seed.

It needs a display; everything else of the simulator does not.
"""

import dataclasses
import os
import time
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from ...arrays import Image
from ...errors import OutputError
from ...geometry import euler_from_quaternion, rotate_by_yaw
from ..expert import Expert
from ..flight_spec import FlightSpec
from ..scenario.scenario import scenario_of
from ..simulator import FRAME_S, Simulator
from .cameras import chase_view

TITLE = 'liquid_drone'
HELP = 'n/b next/previous seed   w world   s season   t target   space pause   q quit'
CHASE, LEFT_OVER = (640, 360), 30  # pixels; for the words below
WHITE = (240, 240, 240)
QUIT, NOTHING = (ord('q'), 27), -1
TURNS = {ord('w'): 'worlds', ord('s'): 'seasons', ord('t'): 'targets'}
SEEDS = {ord('n'): 1, ord('b'): -1}


@dataclass(frozen=True)
class Choices:
    """What the keys go through; names or paths. The first of each is shown first."""

    worlds: tuple[str, ...]
    seasons: tuple[str, ...]
    targets: tuple[str, ...]

    def at(self, turned: dict[str, int]) -> tuple[str, str, str]:
        """Return world, season and target after so many turns of each key."""
        world, season, target = (
            names[turned[kind] % len(names)] for kind, names in dataclasses.asdict(self).items()
        )
        return world, season, target


class Screen(Protocol):
    """Where pictures are shown and keys come from."""

    def show(self, picture: Image) -> int:
        """Show a picture; return the key that was pressed since the last, or NOTHING."""


class Display:
    """A window of OpenCV's."""

    def __init__(self) -> None:
        """Look for a display first: without one OpenCV's window library ends the process.

        Raises:
            OutputError: there is none.

        """
        if not any(os.environ.get(name) for name in ('DISPLAY', 'WAYLAND_DISPLAY')):
            raise OutputError(
                'no display here (neither DISPLAY nor WAYLAND_DISPLAY is set): leave --live out '
                'and look at the PNG, or use ssh -X'
            )

    def show(self, picture: Image) -> int:
        """Show a picture; return the key that was pressed since the last, or NOTHING.

        Raises:
            OutputError: this OpenCV was built without windows.

        """
        try:
            cv2.imshow(TITLE, picture[:, :, ::-1])
            key = cv2.waitKey(1)
            is_closed = cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1
        except cv2.error as error:
            raise OutputError(
                f'OpenCV shows no window here ({error.err}); leave --live out and look at the PNG'
            ) from error
        return QUIT[0] if is_closed else key


def watch(choices: Choices, flight: FlightSpec, screen: Screen | None = None) -> None:
    """Show places until the window is closed, the first one with the flight's seed.

    Raises:
        ConfigError: an unknown name.
        OutputError: no display.

    """
    screen = screen or Display()
    turned = dict.fromkeys(TURNS.values(), 0)
    while True:
        world, season, target = names = choices.at(turned)
        flight = replace(flight, world=world, season=season, target=target)
        simulator = Simulator(scenario_of(flight))
        simulator.reset(flight.seed)
        try:
            key = _fly(simulator, screen, f'{" ".join(names)}, seed {flight.seed}')
        finally:
            simulator.close()
        if key in QUIT:
            return
        flight = replace(flight, seed=max(flight.seed + SEEDS.get(key, 0), 0))
        if key in TURNS:
            turned[TURNS[key]] += 1


def _fly(simulator: Simulator, screen: Screen, words: str) -> int:
    """Let the expert follow until a key asks for something else, and return the key."""
    expert, is_paused = Expert(simulator), False
    simulator.release_target()
    while True:
        begin = time.monotonic()
        if not is_paused:
            vx, vy, vz, yaw_rate = expert.command()
            yaw = euler_from_quaternion(simulator.truth().quaternion_xyzw)[2]
            simulator.advance(rotate_by_yaw([vx, vy, vz], yaw), float(yaw_rate))
        key = screen.show(_picture(simulator, words))
        if key in QUIT or key in TURNS or key in SEEDS:
            return key
        is_paused ^= key == ord(' ')
        time.sleep(max(FRAME_S - (time.monotonic() - begin), 0.0))


def _picture(simulator: Simulator, words: str) -> Image:
    """Return the view from behind beside the camera's, with the words below."""
    width, height = CHASE
    seen = simulator.capture().image
    view = cv2.resize(seen, CHASE, interpolation=cv2.INTER_NEAREST)
    page = np.zeros((height + LEFT_OVER, 2 * width, 3), np.uint8)
    page[:height, :width] = chase_view(simulator, width, height)
    page[:height, width:] = view
    for text, x in ((words, 8), (HELP, width + 8)):
        place = (x, height + LEFT_OVER - 10)
        cv2.putText(page, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, WHITE, 1, cv2.LINE_AA)
    return page
