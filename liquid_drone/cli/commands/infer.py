# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone infer``: what a bundle answers to pictures that were taken elsewhere."""

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import resources
from ...errors import ConfigError
from ...files import write_text
from ...options import REQUIRED, option
from ...runtime.providers import PrecisionChoice, ProviderChoice
from ..arguments import Command
from ..next_step import as_typed
from ..places import claim_folder

if TYPE_CHECKING:
    from ...evaluate.scoring import Rate
    from ...footage.footage import Footage
    from ...infer.answers import Method
    from ...infer.frame_answer import FrameAnswer
    from ...infer.results import MethodAnswers
    from ...infer.sequence import SequenceScore
    from ...infer.truth import FrameTruth

REASONS_TOLD, NAMES_TOLD = 8, 3  # on the screen; the summary has them all
NAME = 'infer'
HELP = 'run a bundle on pictures, a video or a recording, and show its answers'
EPILOG = """examples:
  liquid-drone infer follow photos/                    # photographs: each for itself
  liquid-drone infer follow walk.mp4 --fov 84          # a video, its camera sees 84 degrees
  liquid-drone infer follow flights/rosbag2_0          # a recording, field of view of camera_info
  liquid-drone infer follow rosbag2_0 --image-topic /front/image_raw   # one of several cameras
  liquid-drone infer follow frames/ --rate 20          # a folder that is a sequence of 20 Hz
  liquid-drone infer follow photos/ --truth truth.csv --compare colour-blob data/mine/bundle
  liquid-drone infer follow photos/ --truth truth.csv --false-alarms 0.05   # which threshold

Leaves an annotated sheet or film, frames.csv, a plot and a summary. It needs no ROS, no simulator
and no drone: do it before the first flight. truth.csv has a header: name (or frame), in_view (0 or
1), bearing (-1 left edge to 1 right edge); a column kind (any word) is scored apart. Of a sequence
it is also scored how fast the answer follows a target that walks in and out of view. The recording
of a simulated flight is its own truth: infer follow episode/bag --truth episode/bag.
colour-blob is the largest red patch, to compare with.
"""


@dataclass(frozen=True, kw_only=True)
class InferArguments:
    """What is shown to whom."""

    bundle: str = option(REQUIRED, 'a name in models/, or a directory', positional=True)
    footage: tuple[Path, ...] = option(
        REQUIRED, 'pictures, a folder of them, a video, or a recording', positional=True
    )
    fov: float | None = option(
        None,
        'horizontal field of view of the camera',
        low=15.0,
        high=150.0,
        unit='degrees',
        unset="camera_info's, else the policy's",
    )
    rate: float | None = option(
        None, 'pictures are a sequence at this rate', low=0.1, high=1000.0, unit='Hz',
        unset='each for itself',
    )  # fmt: skip
    image_topic: str | None = option(
        None, 'which camera of a recording', metavar='TOPIC', unset='the only one'
    )
    truth: Path | None = option(
        None,
        'CSV of what is in the pictures, or the recording of a simulated flight',
        unset='no scores',
    )
    compare: tuple[str, ...] = option((), 'further bundles, or colour-blob', metavar='BUNDLE')
    threshold: float = option(0.5, 'smallest probability that counts as seen', low=0.0, high=1.0)
    false_alarms: float | None = option(
        None,
        'also find the least threshold with at most this share of false alarms, by --truth',
        low=0.0,
        high=1.0,
        unset='none is looked for',
    )
    providers: ProviderChoice = option('cpu', 'where the vision graph runs')
    precision: PrecisionChoice = option('fp32', 'precision of the vision graph on TensorRT')
    out: Path = option(Path('out/infer'), 'directory of the results')
    json: bool = option(False, 'print the summary as JSON')


def run(args: InferArguments) -> int:
    """Answer every frame and write what was answered."""
    from ...footage.footage import open_footage
    from ...infer.answers import COLOUR_BLOB, methods_of
    from ...infer.results import FILES
    from ...infer.truth import without_frame

    if args.false_alarms is not None and args.truth is None:
        raise ConfigError('--false-alarms needs --truth: a table of what is in the pictures')
    footage = open_footage(args.footage, args.rate, args.fov, args.image_topic)
    truth = _truth(args) if args.truth else {}
    names = [args.bundle, *args.compare]
    if args.bundle == COLOUR_BLOB or len({*names}) < len(names):
        raise ConfigError('expected a bundle first, and each method once')
    paths = {name: Path() if name == COLOUR_BLOB else resources.bundle(name) for name in names}
    methods = methods_of(paths, args.providers, args.precision)
    claim_folder(args.out, FILES)
    found, is_film = _answers(methods, footage, args)
    points = [] if args.false_alarms is None else _points(found, truth, args.false_alarms)
    if args.truth is not None:
        found = [_scored(one, footage, truth, args.threshold) for one in found]
    unused = without_frame(found[0].answers, truth)
    summary: dict[str, object] = {
        'footage': [str(path) for path in args.footage],
        'kind': footage.kind,
        'fov_deg': footage.fov_deg,
        'left_out': footage.left_out,
        'providers': {one.name: one.runner.provider for one in methods if not one.is_baseline},
        'methods': {one.name: one.summary(args.threshold) for one in found},
    }
    if args.truth is not None:
        summary['truth_without_frame'] = unused
    if points:
        summary['operating_points'] = dict(points)
    files = _write(args, found, truth, summary, is_film)
    print(json.dumps(summary) if args.json else _told(found, footage, args.threshold))
    if not args.json:
        for name, point in points:
            print(_told_of_point(name, point))
        if unused:
            print(
                f'{len(unused)} lines of {args.truth} are of no frame shown, such as {unused[0]}'
            )
        print(f'{args.out}: {", ".join(files)}')
    return 0


def _truth(args: InferArguments) -> 'dict[str, FrameTruth]':
    from ...footage.files_shown import is_recording
    from ...infer.recorded_truth import recorded_truth
    from ...infer.truth import read_truth

    path = args.truth or Path()
    if path.exists() and is_recording(path):
        return recorded_truth(path, args.image_topic)
    return read_truth(path)


def _answers(
    methods: 'list[Method]', footage: 'Footage', args: InferArguments
) -> 'tuple[list[MethodAnswers], bool]':
    """Answer all frames, and draw them while they come; also tell whether there is a film."""
    import numpy as np

    from ...infer import pictures_left, results
    from ...infer.overlay import annotated
    from ...infer.seen import look
    from ...runtime.sight import Sight
    from ..progress import TerminalWatcher

    answers: list[list[FrameAnswer]] = [[] for _ in methods]
    sights = [Sight(args.threshold) for _ in methods]
    sheet = pictures_left.SheetMaker()
    watcher = None if args.json else TerminalWatcher()
    if watcher:
        names = ', '.join(method.name for method in methods)
        watcher.begin(names, len(footage.names), 'frames')
    with pictures_left.film_at(args.out / results.FILM) as film:
        for frame in footage.frames():
            row = [method.answer(frame) for method in methods]
            panes = [
                annotated(one, method.name, look(sight, one))
                for method, sight, one in zip(methods, sights, row, strict=True)
            ]
            pane = np.hstack(panes)
            sheet.add(pane)
            if footage.is_sequence:
                film.add(frame.stamp_s, pane)
            for kept, one in zip(answers, row, strict=True):
                kept.append(one.without_image())
            if watcher:
                watcher.advance()
        if watcher:
            watcher.end()
        sheet.write(args.out / results.SHEET)
        is_film = film.close()
    pairs = zip(methods, answers, strict=True)
    return [results.MethodAnswers(m.name, tuple(kept)) for m, kept in pairs], is_film


def _points(
    found: 'list[MethodAnswers]', truth: 'dict[str, FrameTruth]', false_alarms: float
) -> list[tuple[str, dict[str, Any]]]:
    """Return the threshold of each method, and what it gives."""
    from ...infer.results import rate_as_data
    from ...infer.truth import score, threshold_for

    points = []
    for one in found:
        threshold = threshold_for(one.answers, truth, false_alarms)
        scored = score(one.answers, truth, threshold)
        rates = {'recall': scored.recall, 'false_alarms': scored.false_alarms}
        as_data = {name: rate_as_data(rate) for name, rate in rates.items()}
        points.append((one.name, {'threshold': threshold, **as_data}))
    return points


def _told_of_point(name: str, point: 'dict[str, Any]') -> str:
    recall, alarms = (
        f'{rate["count"]} of {rate["total"]} ({rate["low"]:.0%} to {rate["high"]:.0%})'
        for rate in (point['recall'], point['false_alarms'])
    )
    threshold = f'{point["threshold"]:.3f}'
    return (
        f'{name}: at --threshold {threshold} recall {recall}, false alarms {alarms}; '
        f'for flight: {as_typed("export", "--bundle", name, "--threshold", threshold)}'
    )


def _scored(
    one: 'MethodAnswers', footage: 'Footage', truth: 'dict[str, FrameTruth]', threshold: float
) -> 'MethodAnswers':
    from ...infer.seen import seen_in
    from ...infer.sequence import score_sequence
    from ...infer.truth import score

    sequence = None
    if footage.is_sequence:
        sequence = score_sequence(one.answers, seen_in(one.answers, threshold), truth)
    return dataclasses.replace(one, score=score(one.answers, truth, threshold), sequence=sequence)


def _write(
    args: InferArguments,
    found: 'list[MethodAnswers]',
    truth: 'dict[str, FrameTruth]',
    summary: dict[str, object],
    is_film: bool,
) -> list[str]:
    from ...infer import results

    results.write_table(found, args.threshold, args.out / results.TABLE)
    results.write_plot(found, truth, args.threshold, args.out / results.PLOT)
    write_text(args.out / results.SUMMARY, json.dumps(summary, indent=1) + '\n')
    if not is_film:  # one of an earlier run would be taken for this one's
        (args.out / results.FILM).unlink(missing_ok=True)
    film = [results.FILM] if is_film else []
    return [*film, results.SHEET, results.TABLE, results.PLOT, results.SUMMARY]


def _rate(rate: 'Rate') -> str:
    return f'{rate.count} of {rate.total} ({rate.low:.0%} to {rate.high:.0%})'


def _told_of_sequence(one: 'SequenceScore') -> str:
    worst = '' if one.worst_delay_s is None else f', slowest after {one.worst_delay_s:.2f} s'
    return (
        f'\n  within 0.3 s seen when it came: {_rate(one.came_in_time)}, no longer seen when it '
        f'went: {_rate(one.went_in_time)}{worst}, {one.never_followed} never; the answer '
        f'changed {one.changes} times in {one.length_s:.1f} s, at most '
        f'{one.most_changes_a_second} times within a second'
    )


def _told(found: 'list[MethodAnswers]', footage: 'Footage', threshold: float) -> str:
    lines = []
    for one in found:
        seen = sum(answer.probability >= threshold for answer in one.answers)
        line = f'{one.name}: target seen in {seen} of {len(one.answers)} frames'
        if one.score is not None:
            line += f'; recall {_rate(one.score.recall)}'
            line += f', false alarms {_rate(one.score.false_alarms)}'
            if one.score.bearing_rms is not None:
                line += (
                    f', bearing RMS {one.score.bearing_rms:.2f}, median '
                    f'{one.score.bearing_median:.2f}'
                )
            if one.score.bearing_slope is not None:
                line += f', slope {one.score.bearing_slope:.2f}'
            if one.score.unknown_frames:
                line += f'; {one.score.unknown_frames} frames are not in the truth'
            line += _told_of_sequence(one.sequence) if one.sequence else ''
            kinds = one.score.seen_by_kind.items()
            line += ''.join(f'\n  seen in {kind}: {_rate(rate)}' for kind, rate in kinds)
        lines.append(line)
    return '\n'.join([*lines, *_told_of_left_out(footage.left_out)])


def _told_of_left_out(left_out: dict[str, str]) -> list[str]:
    """Return what was left out by its reasons, the most frequent first; none is not counted."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        alike = re.sub(rf'^(?:.*/)?{re.escape(name)}(?=\s)', 'it', reason)
        by_reason.setdefault(alike, []).append(name)
    if not left_out:
        return []
    most = sorted(by_reason.items(), key=lambda one: -len(one[1]))
    lines = [f'{len(left_out)} files or frames left out (all of them: summary.json):']
    for reason, names in most[:REASONS_TOLD]:
        more = f' and {len(names) - NAMES_TOLD} more' if len(names) > NAMES_TOLD else ''
        lines.append(f'  {", ".join(names[:NAMES_TOLD])}{more}: {reason}')
    if rest := sum(len(names) for _, names in most[REASONS_TOLD:]):
        lines.append(f'  {rest} more, for other reasons')
    return lines


COMMAND = Command(NAME, HELP, EPILOG, InferArguments, run)
