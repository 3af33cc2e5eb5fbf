# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a flight looked like: a film (chase view beside the camera's view) and a plot from above.

Made from the log alone; the chase view is drawn anew by putting the simulator where the log says.
It never flies and never judges.
"""

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ...arrays import Image
from ...contract import CameraSpec
from ...errors import OutputError, require
from ...files import for_ffmpeg
from ...geometry import rotation_from_quaternion
from ...image import decode_jpeg, encode_jpeg
from ...sim.flight_log import FlightLog
from ...sim.preview.cameras import CHASE_BACK_M, CHASE_TILT_DEG, CHASE_UP_M, chase_view
from ...sim.scenario.scenario import Scenario
from ...sim.scenario.task import Task
from ...sim.simulator import Simulator
from ...workers.pool import LocalProcesses
from ..scoring import FlightScore, distance_m, in_view
from .plain import as_text, plain
from .rates import save

FILM_EVERY = 2  # camera frames a film frame
AFTERWARDS = 60  # camera frames shown after the policy gave the drone back
FRAMES_PER_S = 10  # 20 Hz camera, every second frame: real time
CHASE_SIZE = (480, 270)  # drawn
PANE_SIZE = (640, 360)  # shown; two beside each other
WHITE, RED, YELLOW, GREEN = (255, 255, 255), (230, 60, 50), (255, 210, 60), (110, 220, 120)
ARROW_PIXELS_PER_M_S = 60.0
MIDDLE = (PANE_SIZE[0] // 2, PANE_SIZE[1] - 70)  # where the command's arrow begins
Row = dict[str, Any]


def film(log: FlightLog, scenario: Scenario, path: Path, processes: int = 2) -> None:
    """Write an H.264 film that browsers play.

    Raises:
        OutputError: it cannot be written.

    """
    writer = require('imageio_ffmpeg', 'sim').write_frames(
        for_ffmpeg(path),
        (2 * PANE_SIZE[0], PANE_SIZE[1]),
        fps=FRAMES_PER_S,
        codec='libx264',
        macro_block_size=8,
        quality=4,
    )
    try:
        writer.send(None)
        for frame in _frames(log, scenario, processes):
            writer.send(np.ascontiguousarray(frame))
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error}; choose another --out') from error
    finally:
        writer.close()


def _frames(log: FlightLog, scenario: Scenario, processes: int) -> Iterator[Image]:
    """Yield the film's frames; the chase views are drawn by several processes."""
    following = np.flatnonzero(log.column('following'))
    end = following[-1] + AFTERWARDS if len(following) else len(log)
    chosen = range(0, min(int(end), len(log)), FILM_EVERY)
    away, seen = distance_m(log), in_view(log, scenario.task)
    rows = [_row(log, i, float(away[i]), bool(seen[i])) for i in chosen]
    chunks = enumerate(rows[k::processes] for k in range(processes))
    draw = partial(_numbered_views, scenario, int(log.meta['seed']))
    drawn = dict(LocalProcesses(processes).results(draw, chunks))
    for number, row in enumerate(rows):
        view = decode_jpeg(drawn[number % processes][number // processes])
        yield np.hstack([_chase_pane(view, row), _camera_pane(row)])


def _row(log: FlightLog, index: int, away_m: float, seen: bool) -> Row:
    return {
        'stamp_ns': log.rows['stamp_ns'][index],
        'released_ns': log.meta.get('engaged_ns'),
        'position': log.rows['position_enu'][index],
        'quaternion': log.rows['quaternion_xyzw'][index],
        'setpoint': log.rows['setpoint'][index],
        'following': bool(log.rows['following'][index]),
        'time_s': (log.rows['stamp_ns'][index] - log.rows['stamp_ns'][0]) / 1e9,
        'distance_m': away_m,
        'in_view': seen,
        'jpeg': log.newest_jpeg(index),
    }


def _numbered_views(
    scenario: Scenario, seed: int, chunk: tuple[int, list[Row]]
) -> tuple[int, list[bytes]]:
    return chunk[0], chase_views(scenario, seed, chunk[1])


def chase_views(scenario: Scenario, seed: int, rows: list[Row]) -> list[bytes]:
    """Draw the views from behind the drone, as JPEG; runs in a process of its own."""
    simulator = Simulator(scenario)
    simulator.reset(seed)
    views = []
    for row in rows:
        simulator.show(
            row['position'], row['quaternion'], row['stamp_ns'], released_ns=row['released_ns']
        )
        views.append(encode_jpeg(chase_view(simulator, *CHASE_SIZE)))
    simulator.close()
    return views


def _chase_pane(view: Image, row: Row) -> Image:
    pane: Image = _image(cv2.resize(view, PANE_SIZE, interpolation=cv2.INTER_LINEAR))
    _draw_drone(pane, np.asarray(row['quaternion']))
    state = 'liquid policy' if row['following'] else 'pilot'
    _text(pane, f'{row["time_s"]:5.1f} s   {state}', (12, 26))
    _text(pane, f'{row["distance_m"]:4.1f} m', (12, 52), GREEN if row['in_view'] else RED)
    return pane


def _camera_pane(row: Row) -> Image:
    pane = _image(cv2.resize(decode_jpeg(row['jpeg']), PANE_SIZE, interpolation=cv2.INTER_NEAREST))
    _text(pane, 'what the policy sees (256 x 144)', (12, 26))
    vx, vy, vz, yaw_rate = row['setpoint']
    if not np.isfinite(vx):
        return pane
    tip = (
        round(MIDDLE[0] - ARROW_PIXELS_PER_M_S * vy),
        round(MIDDLE[1] - ARROW_PIXELS_PER_M_S * vx),
    )
    cv2.arrowedLine(pane, MIDDLE, tip, YELLOW, 3, cv2.LINE_AA, tipLength=0.2)
    cv2.ellipse(pane, MIDDLE, (44, 44), 0, -90, -90 - 60 * yaw_rate, YELLOW, 2, cv2.LINE_AA)
    words = f'{vx:+.1f} {vy:+.1f} {vz:+.1f} m/s   {yaw_rate:+.1f} rad/s'
    _text(pane, words, (12, PANE_SIZE[1] - 14), YELLOW)
    return pane


def _draw_drone(pane: Image, quaternion: npt.NDArray[np.float64]) -> None:
    """Draw arms and rotors where the drone is in the chase view, a little larger than life."""
    rotation = rotation_from_quaternion(quaternion)
    yaw = math.atan2(rotation[1, 0], rotation[0, 0])
    for x, y in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        tip = _project(rotation @ np.array([0.35 * x, 0.35 * y, 0.0]), yaw)
        cv2.line(pane, _project(np.zeros(3), yaw), tip, (40, 40, 45), 3, cv2.LINE_AA)
        cv2.circle(pane, tip, 9, (200, 205, 210), 2, cv2.LINE_AA)


def _project(offset_enu: npt.NDArray[np.float64], yaw: float) -> tuple[int, int]:
    """Return where a point near the drone, given from its middle, is in the chase pane."""
    c, s, tilt = math.cos(yaw), math.sin(yaw), math.radians(CHASE_TILT_DEG)
    ahead = CHASE_BACK_M + c * offset_enu[0] + s * offset_enu[1]
    left = -s * offset_enu[0] + c * offset_enu[1]
    up = offset_enu[2] - CHASE_UP_M
    depth = math.cos(tilt) * ahead - math.sin(tilt) * up
    height = math.sin(tilt) * ahead + math.cos(tilt) * up
    focal = PANE_SIZE[0] / 2 / math.tan(math.radians(CameraSpec().horizontal_fov_deg) / 2)
    return (
        round(PANE_SIZE[0] / 2 - focal * left / depth),
        round(PANE_SIZE[1] / 2 - focal * height / depth),
    )


def _text(
    pane: Image, words: str, place: tuple[int, int], colour: tuple[int, int, int] = WHITE
) -> None:
    x, y = place
    for shade, where in (((20, 20, 20), (x + 1, y + 1)), (colour, place)):
        cv2.putText(pane, words, where, cv2.FONT_HERSHEY_SIMPLEX, 0.6, shade, 1, cv2.LINE_AA)


def _image(pixels: Any) -> Image:
    return np.ascontiguousarray(pixels, dtype=np.uint8)


@plain
def plot(log: FlightLog, task: Task, result: FlightScore, path: Path) -> None:
    """Plot the flight from above, and the distance over time.

    Raises:
        OutputError: it cannot be written.

    """
    figure_module = require('matplotlib.figure', 'sim')
    figure = figure_module.Figure(figsize=(11, 5.5), layout='constrained')
    above, distance = figure.subplots(1, 2, width_ratios=(3, 2))
    _plot_above(above, log)
    _plot_distance(distance, log, task)
    word = 'success' if result.success else 'failed'
    where = f'{log.meta["world"]}, {log.meta["season"]}, seed {result.seed}'
    figure.suptitle(as_text(f'{where}: {word}'))
    save(figure, path)


def _plot_above(axes: Any, log: FlightLog) -> None:
    drone, target = log.column('position_enu'), log.column('target_position_enu')
    following = log.column('following')
    collection = require('matplotlib.collections', 'sim')
    patches = require('matplotlib.patches', 'sim')
    trunks = [patches.Circle((x, y), 2.0 * radius) for x, y, radius in log.obstacles]
    axes.add_collection(collection.PatchCollection(trunks, color='tab:brown', alpha=0.6))
    axes.plot(target[:, 0], target[:, 1], color='tab:red', label='target')
    axes.plot(drone[:, 0], drone[:, 1], color='0.6', lw=1, label='drone, by the pilot')
    flown = np.where(following[:, None], drone[:, :2], np.nan)
    axes.plot(flown[:, 0], flown[:, 1], color='tab:blue', label='drone, by the policy')
    places = np.vstack([drone[:, :2], target[:, :2]])
    low, high = places.min(axis=0) - 5.0, places.max(axis=0) + 5.0
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel='east, m', ylabel='north, m')
    axes.set_aspect('equal')
    axes.legend(loc='best', fontsize=8)


def _plot_distance(axes: Any, log: FlightLog, task: Task) -> None:
    stamps = log.column('stamp_ns')
    times = (stamps - stamps[0]) / 1e9
    away = distance_m(log)
    axes.plot(times, away, color='0.6', lw=1)  # by the pilot, as from above
    axes.plot(times, np.where(log.column('following'), away, np.nan), color='tab:blue')
    axes.axhspan(task.min_distance_m, task.max_distance_m, color='tab:green', alpha=0.12)
    lost = ~in_view(log, task)
    axes.fill_between(times, 0, away.max() + 1, where=lost, color='tab:red', alpha=0.12, lw=0)
    axes.set(xlabel='time, s', ylabel='distance to the target, m (red: out of view)')
    axes.set_ylim(0, away.max() + 1)
