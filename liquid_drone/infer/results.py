# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What an inference leaves: a film or a sheet, a table, a plot over time, a summary."""

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import require
from ..evaluate.plots.plain import as_text, plain
from ..evaluate.scoring import Rate
from ..files import write_text
from .frame_answer import FrameAnswer
from .seen import seen_in
from .sequence import SequenceScore
from .truth import DetectionScore, FrameTruth, truth_of

COLUMNS = (
    *('method', 'frame', 'name', 'time_s', 'probability', 'seen', 'bearing', 'elevation'),
    *('vx_m_s', 'vy_m_s', 'vz_m_s', 'yaw_rate_rad_s'),
    *('allowed_vx_m_s', 'allowed_vy_m_s', 'allowed_vz_m_s', 'allowed_yaw_rate_rad_s'),
    *('belief', 'belief_bearing_rad', 'belief_distance_m'),
)
TABLE, SHEET, FILM, PLOT, SUMMARY = (
    'frames.csv',
    'sheet.png',
    'film.mp4',
    'answers.png',
    'summary.json',
)
FILES = (TABLE, SHEET, FILM, PLOT, SUMMARY)


@dataclass(frozen=True)
class MethodAnswers:
    """All answers of one method, in order."""

    name: str
    answers: tuple[FrameAnswer, ...]
    score: DetectionScore | None = None
    sequence: SequenceScore | None = None  # where the frames follow each other

    def summary(self, threshold: float) -> dict[str, Any]:
        """Return figures as plain data."""
        seen = sum(seen_in(self.answers, threshold))
        found: dict[str, Any] = {'frames': len(self.answers), 'seen': seen}
        if self.score is not None:
            for name in ('recall', 'false_alarms'):
                found[name] = rate_as_data(getattr(self.score, name))
            kinds = self.score.seen_by_kind.items()
            found['seen_by_kind'] = {kind: rate_as_data(rate) for kind, rate in kinds}
            for name in ('bearing_rms', 'bearing_median', 'bearing_slope'):
                value = getattr(self.score, name)
                found[name] = None if value is None else round(value, 4)
            found['unknown_frames'] = self.score.unknown_frames
        if self.sequence is not None:
            found['sequence'] = {
                **dataclasses.asdict(self.sequence),
                'came_in_time': rate_as_data(self.sequence.came_in_time),
                'went_in_time': rate_as_data(self.sequence.went_in_time),
            }
        return found


def rate_as_data(rate: Rate) -> dict[str, Any]:
    """Return count, total and interval as plain data."""
    return {
        'count': rate.count,
        'total': rate.total,
        'low': round(rate.low, 4),
        'high': round(rate.high, 4),
    }


def write_table(methods: Sequence[MethodAnswers], threshold: float, path: Path) -> None:
    """Write a row a frame and method.

    Raises:
        OutputError: it cannot be written.

    """
    file = io.StringIO()
    table = csv.writer(file, lineterminator='\n')
    table.writerow(COLUMNS)
    for method in methods:
        decided = seen_in(method.answers, threshold)
        for one, is_seen in zip(method.answers, decided, strict=True):
            numbers = (one.probability, one.bearing, one.elevation)
            commands = [*(one.command or [''] * 4), *(one.allowed or [''] * 4)]
            commands += one.belief or [''] * 3
            table.writerow(
                [
                    *(method.name, one.index, one.name, f'{one.stamp_s:.4f}'),
                    *(f'{numbers[0]:.4f}', int(is_seen), f'{numbers[1]:.4f}', f'{numbers[2]:.4f}'),
                    *(value if value == '' else f'{value:.4f}' for value in commands),
                ]
            )
    write_text(path, file.getvalue())


@plain
def write_plot(
    methods: Sequence[MethodAnswers],
    truth: Mapping[str, FrameTruth],
    threshold: float,
    path: Path,
) -> None:
    """Plot probability, bearing and commands over the frames.

    Raises:
        MissingDependencyError: no matplotlib.

    """
    from ..evaluate.plots.rates import save

    figure = require('matplotlib.figure', 'sim').Figure(figsize=(10, 7), layout='constrained')
    likely, where, speed = figure.subplots(3, 1, sharex=True)
    for number, method in enumerate(methods):
        colour, frames = f'C{number}', [one.index for one in method.answers]
        likelihoods = [one.probability for one in method.answers]
        likely.plot(frames, likelihoods, color=colour, label=as_text(method.name))
        decided = zip(method.answers, seen_in(method.answers, threshold), strict=True)
        bearings = [one.bearing if is_seen else np.nan for one, is_seen in decided]
        where.plot(frames, bearings, '.-', color=colour, ms=3)
        commanded = [one for one in method.answers if one.command is not None]
        for style, field in (('-', 'command'), (':', 'allowed')):
            forward = [getattr(one, field)[0] for one in commanded]
            speed.plot([one.index for one in commanded], forward, style, color=colour)
    told = [(one.index, truth_of(one, truth)) for one in methods[0].answers] if truth else []
    in_view = [true is not None and true.in_view for _, true in told]
    frames = [index for index, _ in told]
    if any(in_view):
        shade = {'step': 'mid', 'color': '0.9', 'lw': 0, 'label': 'truth: in view'}
        likely.fill_between(frames, -0.03, 1.03, where=in_view, **shade)
    known = [(at, true.bearing) for at, true in told if true and true.bearing is not None]
    if known:
        where.plot(*zip(*known, strict=True), 'kx', ms=4, label='truth')
        where.legend(loc='upper right', fontsize=8)
    likely.axhline(threshold, color='0.6', lw=0.8)
    likely.set(ylabel='target seen', ylim=(-0.03, 1.03))
    likely.legend(loc='upper right', fontsize=8)
    where.set(ylabel='bearing, left -1', ylim=(-1.05, 1.05))
    speed.set(ylabel='forward m/s\n(dotted: allowed)', xlabel='frame')
    save(figure, path)
