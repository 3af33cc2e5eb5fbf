# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a flag that has no effect on what is given is refused, not left out without a word."""

import contextlib
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.cli.arguments import Command, flag_of, options_and_groups, read
from liquid_drone.cli.main import COMMANDS, main, parser
from liquid_drone.errors import ConfigError
from liquid_drone.options import REQUIRED, Option
from liquid_drone.sim.flight_spec import PILOTS

SAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
OF_OTHERS = {
    'target': st.sampled_from(['dog', 'person']),
    'image': st.sampled_from(['observation.images.front', 'a']),
    'fov': st.floats(1.0, 179.0).map(str),
}


@SAMPLES
@given(rate_hz=st.floats(0.1, 1000.0), is_recording=st.booleans())
def test_a_rate_of_what_has_its_own_times_is_refused(
    rate_hz: float, is_recording: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was left out: the sequence had the times of the file."""
    path = tmp_path / ('a.mcap' if is_recording else 'a.mkv')
    path.write_bytes(b'\x89MCAP0\r\n' if is_recording else b'\x1a\x45\xdf\xa3')
    out = tmp_path / 'out'
    assert main(['infer', 'follow', str(path), '--rate', str(rate_hz), '--out', str(out)]) == 2
    assert '--rate is of pictures: leave it out' in capsys.readouterr().err
    assert not out.exists()


def test_a_rate_of_a_folder_is_taken(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / '1.png'), np.zeros((144, 256, 3), np.uint8))
    words = ['infer', 'follow', str(tmp_path), '--rate', '20', '--out', str(tmp_path / 'out')]
    assert main(words) == 0


@SAMPLES
@given(data=st.data(), flag=st.sampled_from(sorted(OF_OTHERS)))
def test_what_a_dataset_of_others_needs_is_refused_for_episodes(
    data: st.DataObject, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was left out: the dataset had the episodes' own target and pictures."""
    (tmp_path / 'episode.json').write_text('{}')
    word, out = data.draw(OF_OTHERS[flag]), tmp_path / 'out'
    assert main(['convert', str(tmp_path), '--out', str(out), f'--{flag}', word]) == 2
    assert f'--{flag} is of a dataset of others' in capsys.readouterr().err
    assert not out.exists()


def flags(kind: str) -> list[tuple[Command[Any], Option, Option]]:
    """Return each command with a flag of its own, and one that this needs or excludes."""
    found = []
    for command in (one for one in COMMANDS if isinstance(one, Command)):
        options = {one.name: one for one, _ in options_and_groups(command.arguments)}
        for one in options.values():
            found += [(command, one, options[name]) for name in getattr(one.text, kind)]
    return found


def words(one: Option, data: st.DataObject) -> list[str]:
    """Draw how a flag is given, with another value than its default."""
    if one.kind is bool:
        return [flag_of(one)]
    low, high = one.text.low or 0.0, one.text.high or 3.0
    texts = {float: str(low + 0.45 * (high - low)), int: str(int(low) + 3)}
    texts |= {Path: 'some/where', str: 'something'}
    values = [value for value in one.choices or (texts[one.kind],) if value != one.default]
    return [flag_of(one), data.draw(st.sampled_from(values))]


def needed(command: Command[Any]) -> list[str]:
    """Return the flags and words that a command must have."""
    must = [one for one, _ in options_and_groups(command.arguments) if one.default is REQUIRED]
    return [w for one in must for w in ([] if one.text.positional else [flag_of(one)]) + ['a']]


def what_it_needs(command: Command[Any], one: Option, data: st.DataObject) -> list[str]:
    """Return the words of one of the flags without which a flag has no effect."""
    options = {other.name: other for other, _ in options_and_groups(command.arguments)}
    return [word for need in one.text.needs[:1] for word in words(options[need], data)]


def told(command: Command[Any], line: list[str]) -> str:
    """Return what is told of a line that is refused; empty: it is taken. Nothing is run."""
    try:
        read(parser().parse_args([command.name, *needed(command), *line]), command.arguments)
    except ConfigError as error:
        return str(error)
    return ''


def name(case: tuple[Command[Any], Option, Option]) -> str:
    command, *pair = case
    return '-'.join([command.name, *(one.name for one in pair)])


@pytest.mark.parametrize('case', flags('needs'), ids=name)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_a_flag_is_refused_without_what_it_is_of(case: Any, data: st.DataObject) -> None:
    command, one, other = case
    line = words(one, data)
    assert f'{flag_of(one)} has no effect without ' in told(command, line)
    assert told(command, [*line, *words(other, data)]) == ''


@pytest.mark.parametrize('case', flags('excludes'), ids=name)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_a_flag_is_refused_beside_what_takes_its_place(case: Any, data: st.DataObject) -> None:
    command, one, other = case
    line = [*words(one, data), *what_it_needs(command, one, data)]
    assert f'no effect of {flag_of(other)}' in told(command, [*line, *words(other, data)])
    assert told(command, line) == ''


@settings(max_examples=10, deadline=None)
@given(
    pilot=st.sampled_from([['--expert'], *(['--pilot', one] for one in PILOTS)]),
    others=st.sets(
        st.sampled_from(['--bundle follow-memory', '--autopilot ardupilot', '--providers cuda']),
        min_size=1,
    ),
)
def test_a_pilot_takes_nothing_of_a_bundle(pilot: list[str], others: set[str]) -> None:
    """They were left out, and the table was of something else than was asked for."""
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        assert main(['evaluate', *pilot, *' '.join(others).split(), '--out', '/nowhere']) == 2
    assert 'flies without a bundle, an autopilot or a graph' in stderr.getvalue()
    assert all(other.split()[0] in stderr.getvalue() for other in others)


@pytest.mark.parametrize('pilot', ['colour', 'camshift'])
def test_a_patch_of_the_picture_is_asked_for_nothing(pilot: str, capsys: Any) -> None:
    line = ['evaluate', '--pilot', pilot, '--request', 'distance:5', '--out', '/nowhere']
    assert main(line) == 2
    assert 'asked for nothing: leave out --request' in capsys.readouterr().err
