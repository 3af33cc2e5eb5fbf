# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Why a data set will not fly: gaps, wrong stamps, swapped colours, missing or drifting labels.

Each check looks at one recording or at all of a set and returns findings. It changes nothing.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ..arrays import FloatArray
from ..contract import COMMAND_NAMES, CommandSpec, TimeSpec
from ..errors import EpisodeError
from ..geometry import euler_from_quaternion, rotate_by_yaw
from ..image import decode_jpeg
from . import episode
from .recording import Recording

FEWEST_FRAMES = 32  # a training window of the recipes
MOST_JITTER = 0.5  # of the median step: deviation of the steps
STILL_SHARE = 0.9  # of labels that are zero: nobody steered
SATURATED_SHARE = 0.5
FORGIVEN_SHARE = 0.05  # of frames without a command
MOVES_M_S = 0.3  # slower flights say nothing about their labels' direction
LEAST_CORRELATION = 0.3  # between what was commanded and how it flew
CLEAR_CORRELATION = 0.6  # no chance: the signals belong together, at this shift
ANSWER_S = (-0.15, 1.2)  # a drone moves so long after its commands; the simulated one 0.7 s
PICTURE_S = 0.2  # pictures and attitude lie at most so far apart
SEARCHED_S = 2.0
LEAST_GAIN = 0.1  # in correlation, for a shift to count
DRIFT_M_S = 0.8  # between what was commanded and what was flown, on average; wind does half of it
LEAST_TURN_RAD_S = 0.1  # deviation of the yaw rate; less says nothing about stamps
SMALL = (64, 36)  # pictures by which turning is measured
LEAST_COLOUR = 25.0  # of 255: red over blue, where a target is
SAMPLED = 12  # pictures looked at for colours


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; errors keep a set from training well, warnings may."""

    episode: str
    level: Literal['error', 'warning']
    what: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f'{self.level}: {self.episode}: {self.what}'


@dataclass(frozen=True)
class Colours:
    """Mean colour of what the target's place shows, red minus blue, of one episode."""

    name: str
    target: str
    red_over_blue: float


def check_all(
    paths: Iterable[Path],
    time: TimeSpec | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Finding]:
    """Check episodes one by one, then against each other; ``done`` is called after each."""
    found: list[Finding] = []
    colours = []
    for path in paths:
        try:
            recording = episode.load(path)
        except EpisodeError as error:
            found.append(Finding(path.name, 'error', str(error)))
            continue
        found += check(recording, path.name, time or TimeSpec())
        colour = colours_of(recording, path.name)
        colours += [colour] if colour is not None else []
        done()
    return found + swapped(colours)


def check(recording: Recording, name: str, time: TimeSpec) -> list[Finding]:
    """Check one recording by itself."""
    if len(recording.jpegs) < FEWEST_FRAMES:
        short = f'{len(recording.jpegs)} frames; a window takes {FEWEST_FRAMES}: record for longer'
        return [Finding(name, 'error', short)]
    texts = [*_stamps(recording, time), *_labels(recording)]
    texts += [*_answers(recording), *_pictures(recording)]
    return [Finding(name, level, text) for level, text in texts]


Told = list[tuple[Literal['error', 'warning'], str]]


def _stamps(recording: Recording, time: TimeSpec) -> Told:
    steps = np.diff(recording.column('stamp_ns')) / 1e9
    found: Told = []
    if (steps <= 0.0).any():
        found.append(('error', f'{int((steps <= 0.0).sum())} stamps do not rise: check the clock'))
    gaps = steps[steps > time.reset_after_s]
    if len(gaps):
        found.append(
            ('error', f'{len(gaps)} gaps, the longest of {gaps.max():.1f} s: import it again, '
             f'which splits a recording at gaps of more than {time.reset_after_s:g} s')
        )  # fmt: skip
    median_s = float(np.median(steps))
    if not time.min_s <= median_s <= time.max_s:
        limits = f'{time.min_s:g} to {time.max_s:g} s'
        found.append(('error', f'a frame every {median_s:.3f} s; the policy takes {limits}'))
    elif float(steps[steps <= time.reset_after_s].std()) > MOST_JITTER * median_s:
        found.append(('warning', 'frames come very irregularly: look at the camera driver'))
    return found


def _labels(recording: Recording) -> Told:
    label, limits = recording.column('label'), np.array(CommandSpec().limits)
    found: Told = []
    if not np.isfinite(label).all():
        share = float((~np.isfinite(label)).any(axis=1).mean())
        text = f'{share:.0%} of the frames have no command: was it recorded all the time?'
        return [('error' if share > FORGIVEN_SHARE else 'warning', text)]
    still = float((np.abs(label) < 1e-6).all(axis=1).mean())
    if still > STILL_SHARE:
        found.append(('error', f'the command is zero in {still:.0%} of the frames'))
    for axis, share in zip(COMMAND_NAMES, _saturated(label, limits), strict=True):
        if share > SATURATED_SHARE:
            found.append(('warning', f'{axis} is at its limit in {share:.0%} of the frames'))
    return found


def _saturated(label: FloatArray, limits: FloatArray) -> list[float]:
    return [float(share) for share in (np.abs(label) >= 0.999 * limits).mean(axis=0)]


def _answers(recording: Recording) -> Told:
    """Compare what was executed with how it flew: direction, delay, drift."""
    executed, velocity = recording.column('executed')[:, :2], velocity_flu(recording)[:, :2]
    known = np.isfinite(executed).all(axis=1) & np.isfinite(velocity).all(axis=1)
    moving = known & (np.linalg.norm(velocity, axis=1) > MOVES_M_S)
    if moving.sum() < FEWEST_FRAMES:
        return []
    found: Told = []
    best, late_s = _shift(executed, velocity, recording, -SEARCHED_S, SEARCHED_S)
    within, _ = _shift(executed, velocity, recording, *ANSWER_S)
    if best > CLEAR_CORRELATION and best - within > LEAST_GAIN:
        text = f'the drone moves {late_s:+.2f} s after its commands: stamps are misaligned'
        found.append(('error', text))
    elif within < LEAST_CORRELATION:
        text = 'it did not fly as it was told: other axes, other frame, or the wrong command topic'
        found.append(('error', f'{text} (correlation {within:.2f})'))
    drift = (executed[known] - velocity[known]).mean(axis=0)
    if np.abs(drift).max() > DRIFT_M_S:
        text = f'commands and flight differ by {drift[0]:+.2f} m/s forward, {drift[1]:+.2f} left'
        found.append(('error', f'{text} on average: labels drift'))
    return found


def _pictures(recording: Recording) -> Told:
    """Compare how the picture moves sideways with how the drone turns."""
    quaternions = recording.column('quaternion_xyzw')
    if not np.isfinite(quaternions).all():
        return []
    stamps = recording.column('stamp_ns') / 1e9
    yaw = np.unwrap([euler_from_quaternion(q)[2] for q in quaternions])
    rate = np.diff(yaw) / np.maximum(np.diff(stamps), 1e-3)
    if rate.std() < LEAST_TURN_RAD_S:
        return []
    moved, turned = sideways(recording)[:, None], rate[:, None]
    best, late_s = _shift(moved, turned, recording, -SEARCHED_S, SEARCHED_S)
    within, _ = _shift(moved, turned, recording, -PICTURE_S, PICTURE_S)
    if best > CLEAR_CORRELATION and best - within > LEAST_GAIN:
        return [
            ('error', f'pictures and attitude lie {abs(late_s):.2f} s apart: check the stamps')
        ]
    return []


def sideways(recording: Recording) -> FloatArray:
    """Return how far each picture (T - 1,) moved to the right against the one before, in pixels.

    Measured by phase correlation of small grey pictures (Kuglin and Hines, 1975).
    """
    import cv2

    small = [
        cv2.resize(decode_jpeg(jpeg).mean(axis=2).astype(np.float32), SMALL)
        for jpeg in recording.jpegs
    ]
    window = cv2.createHanningWindow(SMALL, cv2.CV_32F)
    moves = [
        cv2.phaseCorrelate(before, after, window)[0][0]
        for before, after in itertools.pairwise(small)
    ]
    return np.clip(np.array(moves, dtype=np.float64), -10.0, 10.0)


def _shift(
    a: FloatArray, b: FloatArray, recording: Recording, least_s: float, most_s: float
) -> tuple[float, float]:
    """Return the best correlation of two signals (T, C) and how much later b is there, in s."""
    step_s = max(float(np.median(np.diff(recording.column('stamp_ns')))) / 1e9, 1e-3)
    shifts = range(round(least_s / step_s), round(most_s / step_s) + 1)
    best, at = max((_correlation(a, b, k), k) for k in shifts)
    return best, at * step_s


def velocity_flu(recording: Recording) -> FloatArray:
    """Return the velocity (T, 3) in the body's heading, FLU; nan where it is unknown."""
    rows = zip(recording.column('velocity_enu'), recording.column('quaternion_xyzw'), strict=True)
    turned = [
        rotate_by_yaw(v, -euler_from_quaternion(q)[2]) if np.isfinite(q).all() else [np.nan] * 3
        for v, q in rows
    ]
    return np.array(turned, dtype=np.float64).reshape(-1, 3)


def _correlation(a: FloatArray, b: FloatArray, shift: int) -> float:
    """Return the correlation of signals (T, C), the second one ``shift`` frames later."""
    n = min(len(a), len(b)) - abs(shift)
    if n < FEWEST_FRAMES:
        return 0.0
    x, y = a[max(-shift, 0) :][:n], b[max(shift, 0) :][:n]
    known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    x, y = x[known].ravel(), y[known].ravel()
    if len(x) < FEWEST_FRAMES or min(x.std(), y.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def colours_of(recording: Recording, name: str) -> Colours | None:
    """Return how red or blue the target's place is in some pictures; None where it is unknown."""
    mask = recording.column('target_mask')
    shown = np.flatnonzero(mask[:, 2] >= 40)
    if len(shown) == 0:
        return None
    values = []
    for k in shown[:: max(1, len(shown) // SAMPLED)]:
        image = decode_jpeg(recording.jpegs[k]).astype(np.float64)
        rows, columns = image.shape[:2]
        x = round((mask[k, 0] + 1.0) / 2.0 * (columns - 1))
        y = round((1.0 - mask[k, 1]) / 2.0 * (rows - 1))
        part = image[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
        values.append(float((part[..., 0] - part[..., 2]).mean()))
    return Colours(name, recording.info.target, float(np.median(values)))


def swapped(colours: list[Colours]) -> list[Finding]:
    """Find episodes whose red and blue are exchanged against the others with the same target."""
    found = []
    for target in dict.fromkeys(one.target for one in colours):
        same = [one for one in colours if one.target == target]
        usual = float(np.median([one.red_over_blue for one in same]))
        text = 'red and blue look swapped against the other episodes: check rgb8 and bgr8'
        for one in same:
            if abs(usual) > LEAST_COLOUR and one.red_over_blue * np.sign(usual) < -LEAST_COLOUR:
                found.append(Finding(one.name, 'error', text))
    return found
