# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Photographs, folders, videos and recordings are answered as in flight, and scored honestly."""

import csv
import dataclasses
import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inventions import invent

from liquid_drone import resources
from liquid_drone.cli.main import main
from liquid_drone.contract import Belief
from liquid_drone.episodes.episode import BAG, save
from liquid_drone.errors import CameraError, ConfigError
from liquid_drone.evaluate.pilots.colour_blob import largest_blob
from liquid_drone.footage.footage import open_footage
from liquid_drone.infer.answers import COLOUR_BLOB, methods_of
from liquid_drone.infer.frame_answer import FrameAnswer
from liquid_drone.infer.overlay import annotated
from liquid_drone.infer.results import COLUMNS
from liquid_drone.infer.truth import FrameTruth, read_truth, score, threshold_for, without_frame
from liquid_drone.runtime.runner import PolicyRunner

FOLLOW = {'follow': resources.bundle('follow')}
GREEN, RED = (60, 120, 60), (200, 20, 20)


def scene(x: float | None, width: int = 320, height: int = 180) -> np.ndarray:
    """Return an RGB picture of grass, with a red patch at a bearing -1..1."""
    image = np.full((height, width, 3), GREEN, np.uint8)
    if x is not None:
        column = round((x + 1.0) / 2.0 * (width - 1))
        cv2.rectangle(image, (column - 8, 80), (column + 8, 110), RED, -1)
    return image


def write(path: Path, image: np.ndarray) -> Path:
    cv2.imwrite(str(path), image[..., ::-1])
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six pictures, one of them broken."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for index, x in enumerate((None, -0.6, -0.2, 0.3, 0.7)):
        write(folder / f'{index}.png', scene(x))
    (folder / '9.jpg').write_bytes(b'not a picture')
    return folder


def test_the_baseline_finds_the_patch_and_nothing_in_grass():
    for x in (-0.7, 0.0, 0.5):
        blob = largest_blob(scene(x))
        assert blob.is_seen
        assert blob.bearing == pytest.approx(x, abs=0.03)
    assert not largest_blob(scene(None)).is_seen


def test_photographs_are_independent_and_a_sequence_has_a_past(photos):
    alone = list(methods_of(FOLLOW)[0].answers(open_footage([photos])))
    runner = PolicyRunner(FOLLOW['follow'])
    for answer in alone:
        runner.reset()
        assert runner.step(answer.image, 0.0).command.tolist() == list(answer.command or ())
    sequence = list(methods_of(FOLLOW)[0].answers(open_footage([photos], rate_hz=20.0)))
    assert sequence[0].command == alone[0].command
    assert sequence[-1].command != alone[-1].command
    assert [one.stamp_s for one in sequence] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2])


def test_one_broken_picture_costs_one_picture_and_is_told(photos):
    footage = open_footage([photos])
    assert len(list(footage.frames())) == 5
    assert list(footage.left_out) == ['9.jpg']


def test_a_video_has_its_own_pace(tmp_path):
    path = tmp_path / 'walk.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (320, 180))
    for x in np.linspace(-0.5, 0.5, 8):
        writer.write(np.ascontiguousarray(scene(float(x))[..., ::-1]))
    writer.release()
    answers = list(methods_of(FOLLOW)[0].answers(open_footage([path], fov_deg=80.0)))
    assert [one.stamp_s for one in answers] == pytest.approx(np.arange(8) / 10.0)
    blobs = methods_of({**FOLLOW, COLOUR_BLOB: Path()})[1].answers(open_footage([path]))
    assert [one.bearing for one in blobs] == pytest.approx(np.linspace(-0.5, 0.5, 8), abs=0.05)


def test_a_recording_brings_stamps_and_field_of_view(tmp_path):
    save(invent(3, frames=6), tmp_path / 'flight')
    footage = open_footage([tmp_path / 'flight' / BAG])
    frames = list(footage.frames())
    assert [frame.stamp_s for frame in frames] == pytest.approx(np.arange(6) * 0.05)
    assert footage.fov_deg == pytest.approx(80.0)


def test_what_the_guard_lets_through_grows_from_a_hover(photos):
    """Nothing jumps: acceleration and jerk are limited, and so is the speed."""
    answers = list(methods_of(FOLLOW)[0].answers(open_footage([photos], rate_hz=20.0)))
    speeds = [float(np.hypot(*one.allowed[:2])) for one in answers if one.allowed]
    assert speeds[0] < 0.1
    assert max(np.diff(speeds)) < 0.1


@pytest.mark.parametrize('path', ['nothing', 'empty', 'text.txt'])
def test_what_is_no_footage_is_one_sentence(tmp_path, path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'text.txt').write_text('words')
    with pytest.raises(CameraError, match=r'does not exist|holds no picture'):
        open_footage([tmp_path / path])


@pytest.mark.parametrize('others', [('other.mcap',), ('p.png',), ('other.mcap', 'p.png')])
@pytest.mark.parametrize('is_first', [True, False])
def test_one_recording_is_shown_at_a_time(tmp_path, others, is_first):
    """Two of them were told to hold no picture; beside a picture one was passed over."""
    for name in ('one.mcap', *others):
        (tmp_path / name).write_bytes(b'\x89MCAP' if name.endswith('mcap') else b'\x89PNG')
    paths = [tmp_path / name for name in others]
    paths.insert(0 if is_first else len(paths), tmp_path / 'one.mcap')
    with pytest.raises(CameraError, match=r'one video or recording at a time; .*\.mcap'):
        open_footage(paths)


def answer(index: int, probability: float, bearing: float = 0.0) -> FrameAnswer:
    image = np.zeros((2, 2, 3), np.uint8)
    return FrameAnswer(
        index,
        f'{index}.png',
        0.0,
        image,
        probability,
        bearing,
        0.0,
        None,
        None,
        None,
        starts_afresh=True,
    )


@given(st.floats(0.0, 1.0), st.floats(-3.2, 3.2), st.floats(0.3, 49.0))
def test_a_belief_is_drawn_wherever_it_is_and_stands_in_the_table(likely, bearing, far):
    plain = answer(0, 0.0)
    believed = dataclasses.replace(plain, belief=Belief(likely, bearing, far))
    assert (annotated(believed, 'x', True) != annotated(plain, 'x', True)).any()


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(-1.0, 1.0)), min_size=1))
def test_scores_count_what_was_said_against_what_was_there(cases):
    answers = [answer(i, 1.0 if seen else 0.0, x / 2.0) for i, (seen, _, x) in enumerate(cases)]
    truth = {str(i): FrameTruth(there, x) for i, (_, there, x) in enumerate(cases) if there}
    truth |= {str(i): FrameTruth(False) for i, (_, there, _) in enumerate(cases) if not there}
    found = score(answers, truth, 0.5)
    assert (found.recall.total, found.false_alarms.total) == (
        sum(there for _, there, _ in cases),
        sum(not there for _, there, _ in cases),
    )
    assert found.recall.count == sum(seen and there for seen, there, _ in cases)
    assert found.false_alarms.count == sum(seen and not there for seen, there, _ in cases)
    if found.bearing_slope is not None:
        assert found.bearing_slope == pytest.approx(0.5)


LIKELY = st.floats(0.0, 1.0) | st.sampled_from([0.999, 1.0])  # far logits round to 1


@given(st.lists(st.tuples(st.booleans(), LIKELY), min_size=1), st.floats(0.0, 1.0))
def test_a_threshold_has_no_more_false_alarms_than_allowed_and_sees_what_it_can(cases, allowed):
    answers = [answer(i, likely) for i, (_, likely) in enumerate(cases)]
    truth = {str(i): FrameTruth(there) for i, (there, _) in enumerate(cases)}
    if all(there for there, _ in cases):
        with pytest.raises(ConfigError, match='in_view 0'):
            threshold_for(answers, truth, allowed)
        return
    without = [likely for there, likely in cases if not there]
    if sum(likely == 1.0 for likely in without) > int(allowed * len(without) + 1e-9):
        with pytest.raises(ConfigError, match='no threshold gives so few false alarms'):
            threshold_for(answers, truth, allowed)
        return
    threshold = threshold_for(answers, truth, allowed)
    assert threshold <= 1.0
    found = score(answers, truth, threshold).false_alarms
    assert found.count <= allowed * found.total + 1e-9
    lower = score(answers, truth, threshold - 0.0015).false_alarms
    assert threshold == 0.0 or lower.count > int(allowed * found.total + 1e-9)


@pytest.mark.parametrize('percent', range(1, 100))
def test_a_share_in_hundredths_of_a_hundred_frames_is_that_many(percent):
    answers = [answer(i, i / 1000.0) for i in range(100)]
    truth = {str(i): FrameTruth(False) for i in range(100)}
    threshold = threshold_for(answers, truth, percent / 100.0)
    assert score(answers, truth, threshold).false_alarms.count == percent


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(['', 'empty', 'red_clothes']))))
def test_each_kind_is_scored_apart(cases):
    answers = [answer(0, 0.0), *(answer(i, float(seen)) for i, (seen, _) in enumerate(cases, 1))]
    truth = {str(i): FrameTruth(False, kind=kind) for i, (_, kind) in enumerate(cases, 1)}
    found = score(answers, truth | {'0': FrameTruth(True)}, 0.5).seen_by_kind
    assert {*found} == {kind for _, kind in cases if kind}
    for kind, rate in found.items():
        told = [seen for seen, of_kind in cases if of_kind == kind]
        assert (rate.count, rate.total) == (sum(told), len(told))


@pytest.mark.parametrize('text', ['\ufeffname,in_view,bearing\na.png,1,0.5\n',
                                  'name;in_view;bearing\na.png;1;0,5\n',
                                  ' name\tin_view\tbearing\na.png\t1\t0.5\n'])  # fmt: skip
def test_a_table_of_a_spreadsheet_is_read(tmp_path, text):
    (tmp_path / 'truth.csv').write_text(text, encoding='utf-8')
    assert read_truth(tmp_path / 'truth.csv') == {'a.png': FrameTruth(True, 0.5)}


@given(
    encoding=st.sampled_from(['utf-8', 'utf-8-sig', 'utf-16']),
    separator=st.sampled_from(',;\t'),
    end=st.sampled_from(['\n', '\r\n', '\r']),
    is_named=st.booleans(),
    style=st.sampled_from([str.lower, str.upper, str.title]),
    one=st.sampled_from(['1', '1.0', 'TRUE', 'yes']),
    empty=st.lists(st.sampled_from(['', '  ', '{}{}', ' {}{}{} ']), max_size=2),
    name=st.text('aäñ한x', min_size=1, max_size=4),
)
def test_a_table_is_the_same_whichever_spreadsheet_or_script_wrote_it(
    tmp_path_factory, encoding, separator, end, is_named, style, one, empty, name
):
    lines = [f'sep={separator}'] if is_named else []
    bearing = '0,5' if separator == ';' else '0.5'
    lines += [separator.join([*map(style, ('name', 'in_view', 'bearing'))])]
    lines += [separator.join([f'{name}.png', one, bearing])]
    lines += [line.replace('{}', separator) for line in empty]
    path = tmp_path_factory.mktemp('table') / 'truth.csv'
    path.write_bytes((end.join(lines) + end).encode(encoding))
    key = unicodedata.normalize('NFC', f'{name}.png')
    assert read_truth(path) == {key: FrameTruth(True, 0.5)}


def test_a_kind_is_read_with_and_without_a_bearing(tmp_path):
    path = tmp_path / 'truth.csv'
    path.write_text('name,in_view,bearing,kind\na.png,1,0.5,red_pack\nb.png,0,,empty\n')
    assert read_truth(path) == {
        'a.png': FrameTruth(True, 0.5, 'red_pack'),
        'b.png': FrameTruth(False, None, 'empty'),
    }


@given(
    shown=st.lists(st.sampled_from('abcdef'), unique=True, min_size=1),
    told=st.lists(st.sampled_from('abcdef0123456'), unique=True),
)
def test_a_line_of_truth_without_a_frame_is_named(shown, told):
    answers = [
        dataclasses.replace(answer(index, 0.0), name=name) for index, name in enumerate(shown)
    ]
    unused = without_frame(answers, {key: FrameTruth(True) for key in told})
    named = {key for key in told if key in shown}
    counted = {str(index) for index, name in enumerate(shown) if name not in named}
    assert unused == [key for key in told if key not in named | counted]


@given(
    name=st.text('aäéüñåก่ガ한 ', min_size=1).map(str.strip).filter(bool),
    form=st.sampled_from(['NFC', 'NFD']),
    other=st.sampled_from(['NFC', 'NFD']),
)
def test_a_name_is_the_same_however_its_accents_are_stored(tmp_path_factory, name, form, other):
    """A Mac stores letter and accent apart: the same word on the screen was another name."""
    path = tmp_path_factory.mktemp('truth') / 'truth.csv'
    path.write_text(f'name,in_view\n{unicodedata.normalize(form, name)}.jpg,1\n', 'utf-8')
    frame = f'{unicodedata.normalize(other, name)}.jpg'
    answers, truth = [dataclasses.replace(answer(0, 1.0), name=frame)], read_truth(path)
    assert without_frame(answers, truth) == []
    assert score(answers, truth, 0.5).recall.count == 1


def test_frames_without_truth_are_counted_and_none_at_all_is_an_error():
    found = score([answer(0, 1.0), answer(1, 1.0)], {'1.png': FrameTruth(True)}, 0.5)
    assert found.unknown_frames == 1
    with pytest.raises(ConfigError, match=r'begins with other\.png'):
        score([answer(0, 1.0)], {'other.png': FrameTruth(True)}, 0.5)


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', 'expected a header'),
        ('name,in_view\n', 'expected lines below the header'),
        ('a,b\n1,2\n', 'got .a, b'),
        ('sep=,\nframe,in_view\n0,1\n0,0\n', 'line 4: .0. is there twice'),
        ('frame,in_view\n0,1\n0,0\n', 'line 3: .0. is there twice'),
        ('frame,in_view\n0,maybe\n', 'line 2: in_view must be 0 or 1'),
        ('frame,in_view,bearing\n0,1,nan\n', 'bearing must be -1 to 1'),
        ('frame,in_view,bearing\n0,1,3\n', 'bearing must be -1 to 1'),
    ],
)
def test_a_truth_table_that_cannot_be_used_names_its_line(tmp_path, text, said):
    path = tmp_path / 'truth.csv'
    path.write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_truth(path)


def run_infer(*words: str | Path) -> int:
    return main(['infer', *map(str, words)])


def test_the_command_leaves_what_it_says(photos, tmp_path, capsys, monkeypatch):
    truth, out = tmp_path / 'truth.csv', tmp_path / 'out'
    rows = [(0, 0, ''), (1, 1, -0.6), (2, 1, -0.2), (3, 1, 0.3), (4, 1, 0.7)]
    lines = [f'{index}.png,{seen},{x}' for index, seen, x in rows] + ['renamed.png,1,']
    truth.write_text('\n'.join(['name,in_view,bearing', *lines]) + '\n')
    words = ('follow', photos, '--truth', truth, '--compare', COLOUR_BLOB, '--out', out)
    assert run_infer(*words) == 0
    told = capsys.readouterr().out
    assert '1 files or frames left out' in told
    assert '\n  9.jpg: ' in told
    assert f'1 lines of {truth} are of no frame shown, such as renamed.png' in told
    summary = json.loads((out / 'summary.json').read_text())
    assert set(summary['providers'].values()) == {'cpu fp32'}
    assert summary['methods'][COLOUR_BLOB]['recall']['count'] == 4
    assert summary['methods'][COLOUR_BLOB]['false_alarms']['count'] == 0
    assert summary['methods'][COLOUR_BLOB]['bearing_rms'] < 0.05
    with (out / 'frames.csv').open() as file:
        table = list(csv.reader(file))
    assert table[0] == list(COLUMNS)
    assert len(table) == 1 + 2 * 5
    assert cv2.imread(str(out / 'sheet.png')).shape[1] <= 2048
    assert cv2.imread(str(out / 'answers.png')) is not None
    assert run_infer('follow', photos, '--rate', '20', '--out', out) == 0
    assert (out / 'film.mp4').stat().st_size > 1000
    words = ('follow', photos, '--rate', '20', '--truth', truth, '--out', out)
    assert run_infer(*words, '--json') == 0
    sequence = json.loads(capsys.readouterr().out.splitlines()[-1])['methods']['follow'][
        'sequence'
    ]
    assert (
        sequence['came_in_time']['total'] == 1
    )  # 0.png is without, the others are with the target
    assert run_infer('follow', photos, '--out', out) == 0
    assert not (out / 'film.mp4').exists()  # nobody takes the earlier one for this run's


@pytest.mark.parametrize(
    'words',
    [('colour-blob',), ('follow', '--compare', 'follow'), ('follow', '--fov', '1.2')],
)
def test_orders_that_make_no_sense_are_refused(photos, tmp_path, capsys, words):
    assert run_infer(words[0], photos, *words[1:], '--out', tmp_path / 'out') == 2
    assert capsys.readouterr().err.count('\n') == 1
