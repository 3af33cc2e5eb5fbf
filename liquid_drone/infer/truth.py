# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What a person says is in the pictures, and how far a method's answers are from it.

A CSV with a header: ``frame`` (number from 0) or ``name`` (of the picture's file), ``in_view`` (0
or 1) and, where it is known, ``bearing`` (-1 left edge .. 1 right edge of the picture as the
policy sees it). A column ``kind`` (any word: red_clothes, empty) groups the frames: how often the
target was seen is told of each.
"""

import csv
import io
import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ..errors import ConfigError, shown
from ..evaluate.scoring import Rate, wilson
from ..files import read_text
from .frame_answer import FrameAnswer
from .seen import seen_in

MOST_BYTES = 50_000_000
TRUE, FALSE = ('1', '1.0', 'true', 'yes'), ('0', '0.0', 'false', 'no')
ROUNDING = 1e-9  # 0.29 of 100 frames are 28.999999999999996
DELIMITER = re.compile('sep=(.)')  # a first line that spreadsheets write and read
WHOLE = re.compile(r'([0-9]+)\.0+')  # a number of a frame, as tables with gaps are written
COLUMNS = ('name', 'frame', 'in_view', 'bearing', 'kind')


@dataclass(frozen=True)
class FrameTruth:
    """What is truly in one frame."""

    in_view: bool
    bearing: float | None = None
    kind: str = ''  # a word of the table's writer; '': none


@dataclass(frozen=True)
class DetectionScore:
    """How a method did on the frames of which the truth is known."""

    recall: Rate  # of the frames with the target, those in which it was seen
    false_alarms: Rate  # of the frames without it, those in which it was seen
    bearing_rms: float | None  # of the frames in which it was rightly seen
    bearing_median: float | None  # of the absolute error
    bearing_slope: float | None  # answered bearing for a true one; 1: neither too near nor too far
    unknown_frames: int  # without truth
    seen_by_kind: Mapping[str, Rate]  # of the frames of each kind, those in which it was seen


def read_truth(path: Path) -> dict[str, FrameTruth]:
    """Read a table; keys are frame numbers as text, or names.

    Raises:
        ConfigError: missing, too large, empty, or a line that cannot be used.

    """
    text = read_text(path, MOST_BYTES)
    first = next(iter(text.splitlines()), '')
    lines, told = io.StringIO(text, newline=''), DELIMITER.fullmatch(first)
    if told:
        lines.readline()
    table = csv.DictReader(lines, delimiter=told[1] if told else _delimiter(first))
    try:
        header = [name.strip().lower() for name in table.fieldnames or ()]
        table.fieldnames = header
        key = next((name for name in ('name', 'frame') if name in header), '')
        if not key or 'in_view' not in header:
            raise ConfigError(
                f'{path}: expected a header with frame or name, in_view and perhaps bearing, '
                f'got {shown(", ".join(header)) or "nothing"}; boxes of an annotation tool (COCO, '
                'CVAT, Label Studio, YOLO) are not read: write a CSV with the header name,in_view '
                'and a line for each picture: 1 if the target is in it, 0 if not'
            )
        twice = [name for name in COLUMNS if header.count(name) > 1]
        if twice:
            raise ConfigError(f'{path}: column {twice[0]} is there twice: keep one of them')
        truth = _rows(table, key, path, 1 if told else 0)
    except csv.Error as error:
        raise ConfigError(f'{path} cannot be read as a truth table: {error}') from error
    if not truth:
        raise ConfigError(f'{path}: expected lines below the header, found none')
    return truth


def _delimiter(header: str) -> str:
    """Return what separates columns: a comma, or as spreadsheets of some countries have it."""
    return max(',;\t', key=header.count)


def _rows(
    table: 'csv.DictReader[str]', key: str, path: Path, before: int
) -> dict[str, FrameTruth]:
    truth: dict[str, FrameTruth] = {}
    for row in table:
        if not ''.join(chain.from_iterable(cell or '' for cell in row.values())).strip():
            continue  # spreadsheets end a table with rows of empty cells
        where, name = (
            f'{path}, line {before + table.line_num}',
            _composed(str(row[key] or '').strip()),
        )
        if not name:
            raise ConfigError(f'{where}: {key} is empty: expected which frame the line is about')
        if key == 'frame' and (whole := WHOLE.fullmatch(name)):
            name = whole[1]
        if name in truth:
            raise ConfigError(f'{where}: {shown(name)} is there twice: keep one of the lines')
        truth[name] = _truth_of(row, where)
    return truth


def truth_of(answer: FrameAnswer, truth: Mapping[str, FrameTruth]) -> FrameTruth | None:
    """Return what is known of a frame: by its name, else by its number."""
    return truth.get(_composed(answer.name), truth.get(str(answer.index)))


def without_frame(answers: Sequence[FrameAnswer], truth: Mapping[str, FrameTruth]) -> list[str]:
    """Return the names and numbers of which something is known, and no frame was shown."""
    names = ((_composed(one.name), str(one.index)) for one in answers)
    used = {name if name in truth else index for name, index in names}
    return [key for key in truth if key not in used]


def _composed(name: str) -> str:
    """Return a name with its accents as most write them; a Mac stores letter and accent apart."""
    return unicodedata.normalize('NFC', name)


def _truth_of(row: Mapping[str, str | None], where: str) -> FrameTruth:
    said = (row['in_view'] or '').strip().lower()
    if said not in (*TRUE, *FALSE):
        raise ConfigError(f"{where}: in_view must be 0 or 1, got '{said[:40]}'")
    text = (row.get('bearing') or '').strip().replace(',', '.')
    kind = (row.get('kind') or '').strip()
    if not text or said in FALSE:
        return FrameTruth(said in TRUE, kind=kind)
    try:
        bearing = float(text)
    except ValueError:
        bearing = math.nan
    if not -1.0 <= bearing <= 1.0:
        raise ConfigError(f"{where}: bearing must be -1 to 1, got '{text[:40]}'")
    return FrameTruth(True, bearing, kind)


def score(
    answers: Sequence[FrameAnswer], truth: Mapping[str, FrameTruth], threshold: float
) -> DetectionScore:
    """Compare; frames without truth are counted and left out.

    Raises:
        ConfigError: no frame has a truth.

    """
    known, seen = [], []
    for answer, is_seen in zip(answers, seen_in(answers, threshold), strict=True):
        told = truth_of(answer, truth)
        if told is not None:
            known.append((answer, told))
            seen.append(is_seen)
    if not known:
        first = ', '.join(list(truth)[:3]) or 'nothing'
        frames = ', '.join(answer.name for answer in answers[:3]) or 'nothing'
        raise ConfigError(
            f'no frame is in the truth table, which begins with {first}; the frames are {frames}: '
            'expected such names, or numbers from 0'
        )
    shown = [told.in_view for _, told in known]
    hits = sum(s and t for s, t in zip(seen, shown, strict=True))
    alarms = sum(s and not t for s, t in zip(seen, shown, strict=True))
    pairs = [
        (told.bearing, answer.bearing)
        for (answer, told), s in zip(known, seen, strict=True)
        if s and told.bearing is not None
    ]
    return DetectionScore(
        wilson(hits, sum(shown)),
        wilson(alarms, len(shown) - sum(shown)),
        *_bearings(pairs),
        unknown_frames=len(answers) - len(known),
        seen_by_kind=_seen_by_kind([told.kind for _, told in known], seen),
    )


def threshold_for(
    answers: Sequence[FrameAnswer], truth: Mapping[str, FrameTruth], false_alarms: float
) -> float:
    """Return the least probability, in thousandths, that gives no more false alarms than allowed.

    Args:
        answers: of one method.
        truth: what is known of the frames.
        false_alarms: at most this share of the frames without the target is seen.

    Raises:
        ConfigError: no frame is known to be without the target, or no threshold is enough.

    """
    without = sorted(
        answer.probability
        for answer in answers
        if (told := truth_of(answer, truth)) is not None and not told.in_view
    )
    if not without:
        raise ConfigError(
            'an operating point needs frames without the target: expected lines with in_view 0'
        )
    allowed = math.floor(false_alarms * len(without) + ROUNDING)
    if allowed >= len(without):
        return 0.0
    most = without[-1 - allowed]
    if most >= 1.0:
        sure = len(without) - bisect_left(without, 1.0)
        raise ConfigError(
            f'no threshold gives so few false alarms: {sure} of {len(without)} frames without the '
            'target are answered with probability 1'
        )
    return (math.floor(most * 1000.0) + 1) / 1000.0


def _seen_by_kind(kinds: Sequence[str], seen: Sequence[bool]) -> dict[str, Rate]:
    """Return how often the target was seen in the frames of each kind that has a name."""
    found = {}
    for kind in dict.fromkeys(filter(None, kinds)):
        answers = [s for k, s in zip(kinds, seen, strict=True) if k == kind]
        found[kind] = wilson(sum(answers), len(answers))
    return found


def _bearings(
    pairs: Sequence[tuple[float, float]],
) -> tuple[float | None, float | None, float | None]:
    """Return RMS error, median absolute error and slope of (true, answered) bearings."""
    if not pairs:
        return None, None, None
    true, got = np.array(pairs).T
    error = got - true
    spread = float(np.sum(true**2))
    slope = float(np.sum(true * got)) / spread if spread > 1e-6 else None
    return float(np.sqrt(np.mean(error**2))), float(np.median(np.abs(error))), slope
