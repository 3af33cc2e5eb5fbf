# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which encoder is chosen from what a machine has, and that a command line holds nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.camera.stream import encoders, installed
from liquid_drone.camera.stream.encoders import BESIDE, ENCODERS, FFMPEG, GSTREAMER, VideoTarget
from liquid_drone.errors import ConfigError, MissingDependencyError

TARGET = VideoTarget('192.168.1.20', 5600, 640, 360, 30.0, 2000)
PROGRAMS = {GSTREAMER: '/usr/bin/gst-launch-1.0', FFMPEG: '/usr/bin/ffmpeg'}
OF_FFMPEG = tuple(encoders.FFMPEG_OPTIONS)
OF_GSTREAMER = tuple(name for name in ENCODERS if name not in OF_FFMPEG)
GSTREAMER_NOISE = [
    '',
    'typefindfunctions: video/x-h264: h264, x264, 264',
    'uvch264:  uvch264deviceprovider (GstDeviceProviderFactory)',
    'Total count: 213 plugins (1 blacklist entry not shown), 812 features',
    'staticelements:  bin: Generic bin',
]
FFMPEG_NOISE = [
    'Encoders:',
    ' V..... = Video',
    ' .....D = Supports direct rendering method 1',
    ' ------',
    ' A....D aac                  AAC (Advanced Audio Coding)',
    ' S..... ssa                  ASS (Advanced SubStation Alpha) subtitle (codec ass)',
    ' V....D libx264rgb           libx264 H.264 / AVC RGB (codec h264)',
]


@st.composite
def machines(draw: st.DrawFn) -> tuple[set[str], str, set[str], str]:
    """Draw elements and what gst-inspect-1.0 prints of them; the same of ffmpeg."""
    around = sorted([*BESIDE, 'nvvidconv'])
    elements = draw(st.sets(st.sampled_from(OF_GSTREAMER)))
    elements |= draw(st.sets(st.sampled_from(around)) | st.just(set(around)))
    lines = [f'plugin:  {name}: Its long name' for name in elements]
    lines += draw(st.lists(st.sampled_from(GSTREAMER_NOISE)))
    listed = draw(st.sets(st.sampled_from(OF_FFMPEG)))
    flags = st.sampled_from(('V....D', 'V.....', 'VF...D', 'V..X..'))
    rows = [f' {draw(flags)} {name:20} Its long name (codec h264)' for name in listed]
    rows += draw(st.lists(st.sampled_from(FFMPEG_NOISE)))
    mixed = (draw(st.permutations(one)) for one in (lines, rows))
    inspect, encoded = ('\n'.join(one) for one in mixed)
    return elements, inspect, listed, encoded


@given(machines())
def test_what_can_work_is_tried_the_best_first_and_nothing_else_is(
    machine: tuple[set[str], str, set[str], str],
) -> None:
    elements, inspect, listed, encoded = machine
    found = {
        GSTREAMER: encoders.gstreamer_elements(inspect),
        FFMPEG: encoders.ffmpeg_encoders(encoded),
    }
    expected = set(listed)
    if elements >= BESIDE:
        expected |= elements & set(OF_GSTREAMER)
    if 'nvvidconv' not in elements:
        expected.discard('nvv4l2h264enc')
    made = encoders.choose(TARGET, found, PROGRAMS)
    assert [one.name for one in made] == [name for name in ENCODERS if name in expected]
    for one in made:
        assert one.command[0] == PROGRAMS[FFMPEG if one.name in OF_FFMPEG else GSTREAMER]
        text = ' '.join(one.command)
        assert one.name in one.command
        assert '192.168.1.20' in text
        assert '5600' in text
        assert '360' in text


def test_hardware_comes_first_and_a_bare_machine_has_none() -> None:
    everything = {
        GSTREAMER: frozenset((*OF_GSTREAMER, *BESIDE, 'nvvidconv')),
        FFMPEG: frozenset(OF_FFMPEG),
    }
    names = [one.name for one in encoders.choose(TARGET, everything, PROGRAMS)]
    assert names == list(ENCODERS)
    assert names[:2] == ['nvv4l2h264enc', 'nvh264enc']
    assert encoders.choose(TARGET, {}, {}) == []


WORDS = st.text(st.characters(max_codepoint=0x2FF), max_size=40)


@given(WORDS | st.sampled_from(('', '-h', 'x ! filesink location=/tmp/x', 'a:b', '::1%lo', 'é')))
def test_a_host_is_one_word_of_an_address_or_refused(text: str) -> None:
    try:
        target = VideoTarget(text, 5600, 640, 360, 30.0, 2000)
    except ConfigError:
        return
    assert not set(text) - set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-')
    assert not target.host.startswith('-')


def test_an_address_of_version_6_stands_in_brackets_in_a_url() -> None:
    target = VideoTarget('fe80::1', 5600, 640, 360, 30.0, 2000)
    (made,) = encoders.choose(target, {FFMPEG: frozenset(('libx264',))}, PROGRAMS)
    assert made.command[-1].startswith('rtp://[fe80::1]:5600?')


def _program(folder: Path, name: str, prints: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")
    path.chmod(0o755)


def test_programs_on_the_path_are_asked_and_where_there_are_none_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, '_ffmpeg_of_a_wheel', lambda: '')
    monkeypatch.setenv('PATH', f'{tmp_path}:/bin:/usr/bin')
    monkeypatch.setattr(installed.shutil, 'which', lambda name: _found(tmp_path / name))
    with pytest.raises(MissingDependencyError, match='apt install') as told:
        installed.encoders(TARGET)
    assert 'pip install imageio-ffmpeg' in str(told.value)
    elements = [*BESIDE, 'x264enc']
    _program(tmp_path, 'gst-launch-1.0', '')
    _program(tmp_path, 'gst-inspect-1.0', '\n'.join(f'p:  {name}: N' for name in elements))
    _program(tmp_path, 'ffmpeg', ' V....D libx264   N')
    assert [one.name for one in installed.encoders(TARGET)] == ['x264enc', 'libx264']
    assert [one.name for one in installed.encoders(TARGET, 'libx264')] == ['libx264']
    with pytest.raises(ConfigError, match='there are: x264enc, libx264'):
        installed.encoders(TARGET, 'nvh264enc')


def _found(path: Path) -> str | None:
    return str(path) if path.exists() else None
