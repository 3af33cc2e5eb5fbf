# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Truth tables as other programs write them: columns twice, numbers with a point, paths."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.infer.frame_answer import FrameAnswer
from liquid_drone.infer.truth import COLUMNS, FrameTruth, read_truth, score

SAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def table(path: Path, header: list[str], *rows: list[str]) -> Path:
    with path.open('w', encoding='utf-8', newline='') as file:
        csv.writer(file).writerows([header, *rows])
    return path


@SAMPLES
@given(
    st.sampled_from(['name', 'frame']),
    st.sampled_from(COLUMNS),
    st.sampled_from([str.upper, str.title, lambda name: f' {name} ']),
    st.randoms(use_true_random=False),
)
def test_a_column_twice_is_refused(tmp_path, key, column, written, random) -> None:
    """Which of the two is meant, nobody can know."""
    first = dict.fromkeys([key, 'in_view', column], '1')
    header = [*first, written(column)]
    random.shuffle(header)
    path = table(tmp_path / 'truth.csv', header, ['1'] * len(header))
    with pytest.raises(ConfigError, match=f'column {column} is there twice'):
        read_truth(path)


@SAMPLES
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20, unique=True), st.integers(1, 6))
def test_numbers_of_frames_may_have_a_point(tmp_path, numbers, places) -> None:
    """A table with an empty cell somewhere has its numbers as floats."""
    rows = [[f'{number}.{"0" * places}', '1'] for number in numbers]
    truth = read_truth(table(tmp_path / 'truth.csv', ['frame', 'in_view'], *rows))
    assert list(truth) == [str(number) for number in numbers]
    again = [*rows, [str(numbers[0]), '0']]
    with pytest.raises(ConfigError, match='is there twice'):
        read_truth(table(tmp_path / 'truth.csv', ['frame', 'in_view'], *again))


@SAMPLES
@given(st.sampled_from(['name', 'frame']), st.integers(0, 5), st.sampled_from(['', ' ', '\t']))
def test_a_line_that_names_no_frame_is_refused(tmp_path, key, at, empty) -> None:
    rows = [[str(number), '1'] for number in range(5)]
    rows.insert(at, [empty, '1'])
    with pytest.raises(ConfigError, match=f'line {at + 2}: {key} is empty'):
        read_truth(table(tmp_path / 'truth.csv', [key, 'in_view'], *rows))


@SAMPLES
@given(st.sampled_from(['/data/photos/', 'photos/', 'C:\\photos\\', './']), st.integers(1, 9))
def test_where_no_name_fits_the_error_has_the_names_of_the_frames(folder, count) -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    names = [f'walk_{index}.png' for index in range(count)]
    answers = [
        FrameAnswer(index, name, 0.0, picture, 0.5, 0.0, 0.0, None, None, None)
        for index, name in enumerate(names)
    ]
    truth = {f'{folder}{name}': FrameTruth(True) for name in names}
    with pytest.raises(ConfigError) as error:
        score(answers, truth, 0.5)
    assert f'begins with {", ".join(list(truth)[:3])};' in str(error.value)
    assert f'the frames are {", ".join(names[:3])}:' in str(error.value)


@pytest.mark.parametrize(
    'exported',
    [
        '{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}',
        '<?xml version="1.0"?><annotations><image id="0" name="a.jpg"/></annotations>',
        'image,id,label\na.jpg,1,"[{}]"\n',
        'filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,1,2,x,1,2,3,4\n',
        '0 0.5 0.5 0.1 0.1\n',
    ],
)
def test_annotations_of_another_tool_are_refused_with_how_to_write_the_table(
    tmp_path: Path, exported: str
) -> None:
    path = tmp_path / 'exported'
    path.write_text(exported)
    with pytest.raises(ConfigError, match='write a CSV with the header name,in_view'):
        read_truth(path)
