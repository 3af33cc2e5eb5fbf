# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Contact sheets: worlds, seasons and targets side by side, to be looked at before one flies.

Each picture is what the renderer of flights draws, larger. Nothing here flies.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...arrays import FloatArray, Image
from ...geometry import quaternion_from_euler, rotation_from_quaternion
from ..flight_spec import FlightSpec
from ..render.picture import Camera
from ..scenario.scenario import Scenario, scenario_of
from ..sensors.camera import Shot
from ..simulator import Simulator

HEAD, GAP = 30, 4  # pixels: a line of words, between pictures
TITLE, WORDS = 0.65, 0.52  # sizes of the font
PAPER, INK = (250, 250, 248), (30, 30, 34)
ABOVE_BACK_M, ABOVE_UP_M, ABOVE_TILT_DEG = 14.0, 11.0, 28.0  # the view over the place
SIDES = {'front': 0.0, 'left': 90.0, 'back': 180.0, 'right': -90.0}
CLOSE_FOV_DEG = 50.0
FILLS = 0.7  # of the picture's height or width by a target seen close
FREE_M = 0.3  # of air around a camera and its line of sight
MOST_TURN_DEG, NEAREST_M = 35, 0.8  # what a camera gives way where something is between


@dataclass(frozen=True)
class SheetCell:
    """One picture of a sheet with the words above it."""

    words: str
    image: Image


@dataclass(frozen=True)
class SheetRow:
    """Pictures of one size beside each other, with the words at their left."""

    words: tuple[str, ...]
    cells: tuple[SheetCell, ...]


@dataclass(frozen=True)
class SheetPlace:
    """How pictures are taken."""

    flight: FlightSpec  # its seed, weather, vehicle and renderer
    width: int  # pixels of one picture, 16:9

    @property
    def height(self) -> int:
        """Of one picture, pixels."""
        return self.width * 9 // 16

    def load(self, world: str, season: str, target: str = FlightSpec.target) -> Scenario:
        """Load a place by names or paths.

        Raises:
            ConfigError: an unknown name, or a file that cannot be used.

        """
        return scenario_of(replace(self.flight, world=world, season=season, target=target))


def place_views(scenario: Scenario, shown: SheetPlace) -> tuple[SheetCell, ...]:
    """Take the picture that the drone begins with, and one over the place."""
    with _built(scenario, shown.flight.seed) as simulator:
        return _place_views(simulator, shown)


def target_views(scenario: Scenario, shown: SheetPlace) -> tuple[SheetCell, ...]:
    """Take a target from four sides, and from the drone's height at three distances."""
    with _built(scenario, shown.flight.seed) as simulator:
        return _target_views(simulator, shown)


@contextmanager
def _built(scenario: Scenario, seed: int) -> Iterator[Simulator]:
    simulator = Simulator(scenario)
    try:
        simulator.reset(seed)
        yield simulator
    finally:
        simulator.close()


def _place_views(simulator: Simulator, shown: SheetPlace) -> tuple[SheetCell, ...]:
    shot = simulator.aim()
    assert isinstance(shot, Shot)  # the first moment has a frame in any weather
    camera = shot.camera
    seen = Camera(
        camera.position_enu,
        camera.rotation,
        shown.width,
        shown.height,
        camera.horizontal_fov_deg,
    )
    return (
        SheetCell('what the drone sees', simulator.photograph(seen)),
        SheetCell('from above', simulator.photograph(_over(simulator, shown))),
    )


def _over(simulator: Simulator, shown: SheetPlace) -> Camera:
    """Look over the place along its path, from above the crowns' lower half."""
    foot, heading = _standing(simulator)
    back = np.array([math.cos(heading), math.sin(heading), 0.0]) * ABOVE_BACK_M
    position = foot - back + [0.0, 0.0, ABOVE_UP_M]
    return Camera(position, _turn(ABOVE_TILT_DEG, heading), shown.width, shown.height, 70.0)


def _target_views(simulator: Simulator, shown: SheetPlace) -> tuple[SheetCell, ...]:
    cells = [
        SheetCell(side, simulator.photograph(_close(simulator, shown, math.radians(angle))))
        for side, angle in SIDES.items()
    ]
    for metres in (3.0, 6.0, 9.0):
        camera = _behind(simulator, shown, metres)
        cells.append(SheetCell(f'{metres:g} m behind', simulator.photograph(camera)))
    return tuple(cells)


def _close(simulator: Simulator, shown: SheetPlace, side: float) -> Camera:
    """Look at the target from a side (0: from ahead of it), so near that it fills the picture."""
    target = simulator.scenario.target
    half = math.tan(math.radians(CLOSE_FOV_DEG) / 2.0)
    tall = target.height_m / (2.0 * FILLS * half * shown.height / shown.width)
    wide = target.radius_m / (FILLS * half)
    away = max(tall, wide) + target.radius_m
    foot, heading = _standing(simulator)
    middle = np.add(foot, [0.0, 0.0, target.height_m / 2.0])
    return _looking(simulator, shown, middle, heading + side, away, CLOSE_FOV_DEG)


def _behind(simulator: Simulator, shown: SheetPlace, metres: float) -> Camera:
    """Look at the target as the drone does, from behind it at the cruise altitude."""
    foot, heading = _standing(simulator)
    middle = np.add(foot, [0.0, 0.0, simulator.scenario.target.height_m / 2.0])
    fov = simulator.camera.horizontal_fov_deg
    up = simulator.scenario.task.cruise_altitude_m - float(middle[2] - foot[2])
    return _looking(simulator, shown, middle, heading + math.pi, metres, fov, up)


def _looking(
    simulator: Simulator,
    shown: SheetPlace,
    middle: FloatArray,
    bearing: float,
    away: float,
    fov_deg: float,
    up: float | None = None,
) -> Camera:
    """Look at a point from a bearing; turned a little, or nearer, where something is between."""
    bearing, away = _free_line(simulator, middle, bearing, away)
    flat = np.array([math.cos(bearing), math.sin(bearing), 0.0])
    rise = 0.3 * away if up is None else up
    position = middle + away * flat + [0.0, 0.0, rise]
    tilt = math.degrees(math.atan2(rise, away))
    return Camera(position, _turn(tilt, bearing + math.pi), shown.width, shown.height, fov_deg)


def _free_line(
    simulator: Simulator, middle: FloatArray, bearing: float, away: float
) -> tuple[float, float]:
    obstacles, nearest = simulator.layout.obstacles, simulator.scenario.target.radius_m
    line = np.linspace(min(nearest, 0.9 * away), away, 20)[:, None]
    for turn in sorted(range(-MOST_TURN_DEG, MOST_TURN_DEG + 1, 5), key=abs):
        turned = bearing + math.radians(turn)
        ray = middle[:2] + line * [math.cos(turned), math.sin(turned)]
        if obstacles.gap(ray).min() > FREE_M:
            return turned, away
    return (
        (bearing, away) if away < NEAREST_M else _free_line(simulator, middle, bearing, 0.9 * away)
    )


def _standing(simulator: Simulator) -> tuple[FloatArray, float]:
    """Return where the target stands (3,) and which way it looks, at the start."""
    layout = simulator.layout
    foot, heading, _ = layout.target.place(0.0, layout.terrain)
    return np.asarray(foot, dtype=np.float64), heading


def _turn(tilt_deg: float, yaw: float) -> FloatArray:
    return rotation_from_quaternion(quaternion_from_euler(0.0, math.radians(tilt_deg), yaw))


def sheet(title: str, rows: Sequence[SheetRow]) -> Image:
    """Put rows of pictures of one size onto one, with their words.

    Returns:
        (H, W, 3) RGB.

    """
    height, width = rows[0].cells[0].image.shape[:2]
    columns = max(len(row.cells) for row in rows)
    margin = 3 * GAP + max(_length(word) for row in rows for word in row.words)
    step = height + HEAD + GAP
    size = (HEAD + GAP + step * len(rows), margin + (width + GAP) * columns, 3)
    page = np.full(size, PAPER, dtype=np.uint8)
    _write(page, title, GAP, HEAD - 8, TITLE)
    for i, row in enumerate(rows):
        top = HEAD + GAP + i * step
        for k, word in enumerate(row.words):
            _write(page, word, GAP, top + HEAD + 18 + 22 * k, WORDS)
        for j, cell in enumerate(row.cells):
            left = margin + j * (width + GAP)
            _write(page, cell.words, left, top + HEAD - 9, WORDS, width)
            page[top + HEAD : top + HEAD + height, left : left + width] = cell.image
    return page


def _length(words: str) -> int:
    """Return how many pixels wide words are."""
    return int(cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, WORDS, 1)[0][0])


def _write(page: Image, words: str, x: int, y: int, scale: float, room: int | None = None) -> None:
    """Write words from a point on, smaller where they would be longer than the room."""
    if room is not None:
        scale *= min(1.0, room / max(_length(words), 1))
    cv2.putText(page, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)
