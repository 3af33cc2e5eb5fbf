# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Videos of telephones: upright, in their colours; HDR and further tracks are told."""

import contextlib
import logging
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError
from liquid_drone.footage.footage import open_footage
from liquid_drone.video.video_file import VideoFile

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)
CORNERS = np.uint8([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]])  # (2, 2, 3) RGB
PAINT = np.uint8([[[200, 30, 30], [30, 190, 40]], [[40, 40, 200], [220, 120, 40]]])
PIXELS = ('-t', '0.3', '-c:v', 'libx264', '-pix_fmt', 'yuv420p')


def ffmpeg(*words: str | Path) -> None:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    subprocess.run(line, check=True, timeout=300)


def flat(folder: Path, *options: str, name: str = 'flat.mov') -> Path:
    """Write a short video of four colours."""
    cv2.imwrite(str(folder / 'a.png'), CORNERS[..., ::-1].repeat(60, 0).repeat(80, 1))
    ffmpeg('-loop', '1', '-i', folder / 'a.png', *PIXELS, *options, folder / name)
    return folder / name


@pytest.mark.parametrize('turn', [0, 90, 180, 270])
@pytest.mark.parametrize('flips', [('h',), ('v',), ('h', 'v'), ()])
def test_a_mirrored_video_is_shown_as_its_file_says(
    tmp_path: Path, turn: int, flips: tuple[str, ...]
) -> None:
    """By the angle alone it was upside down, and the target on the other side."""
    path, meant = tmp_path / 'a.mov', tmp_path / 'meant.png'
    words = [f'-display_{way}flip' for way in flips]
    ffmpeg('-display_rotation', str(turn), *words, '-i', flat(tmp_path), '-c', 'copy', path)
    ffmpeg('-i', path, '-frames:v', '1', meant)
    expected = cv2.imread(str(meant))[..., ::-1]
    image = next(iter(open_footage([path]).frames())).image
    camera = open_source(SourceConfig('video', str(path), rate_hz=1000.0))
    live = camera.read()
    camera.close()
    assert live is not None
    for shown in (image, live.image):
        assert shown.shape == expected.shape
        at = np.ix_([20, -20], [20, -20])
        assert np.abs(shown[at].astype(int) - expected[at].astype(int)).max() < 60


@pytest.mark.parametrize('matrix', ['bt709', 'smpte170m'])
@pytest.mark.parametrize('light', ['tv', 'pc'])
def test_colours_are_made_by_the_matrix_of_the_file(
    tmp_path: Path, matrix: str, light: str
) -> None:
    """By the other one red is darker and green yellower."""
    path = tmp_path / 'a.mp4'
    cv2.imwrite(str(tmp_path / 'a.png'), PAINT[..., ::-1].repeat(60, 0).repeat(80, 1))
    as_told = f'scale=out_color_matrix={matrix}:out_range={light},setparams=range={light}'
    as_told += f':colorspace={matrix}:color_primaries={matrix}:color_trc={matrix},format=yuv444p'
    words = '-t', '0.1', '-c:v', 'libx264', '-crf', '4', '-vf', as_told, '-movflags', '+write_colr'
    ffmpeg('-loop', '1', '-i', tmp_path / 'a.png', *words, path)
    image = next(iter(open_footage([path]).frames())).image
    shown = image[30::60, 40::80].astype(int)
    assert np.abs(shown - PAINT).max() < 8


@pytest.mark.parametrize(
    ('transfer', 'told'),
    [('arib-std-b67', 'HLG'), ('smpte2084', 'PQ'), ('bt709', ''), ('bt2020-10', '')],
)
@pytest.mark.parametrize('name', ['a.mov', 'a.mp4'])
def test_the_light_of_hdr_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, transfer: str, told: str, name: str
) -> None:
    """Telephones film in HLG unless they are told not to (opencv/opencv#24185)."""
    light = f'setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc'
    path = flat(tmp_path, '-vf', light, name=name)
    footage = open_footage([path])
    assert len(list(footage.frames())) == 8
    words = footage.left_out.get(name, '')
    assert (f'HDR ({told})' in words and 'tonemap' in words) if told else not words
    with caplog.at_level(logging.WARNING):
        camera = open_source(SourceConfig('video', str(path), rate_hz=1000.0))
        camera.read()
        camera.close()
    assert ('HDR' in caplog.text) is bool(told)


def test_further_tracks_are_told_and_sound_is_none(tmp_path: Path) -> None:
    one, path = flat(tmp_path), tmp_path / 'a.mp4'
    tracks = '-map', '0', '-map', '1', '-map', '2'
    sound = '-f', 'lavfi', '-i', 'sine=duration=0.3'
    ffmpeg('-i', one, '-i', one, *sound, *tracks, '-c:v', 'copy', path)
    footage = open_footage([path])
    assert len(list(footage.frames())) == 8
    assert '2 tracks of pictures' in footage.left_out['a.mp4']
    ffmpeg('-i', one, *sound, '-c:v', 'copy', path)
    assert VideoFile(path).doubts() == []


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_torn_header_is_no_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp('torn') / 'a.mp4'
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(CameraError):
        VideoFile(path).close()


def whole() -> bytes:
    """Return the header of a video, before its pictures."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        data = flat(Path(folder), '-movflags', '+faststart').read_bytes()
    return data[: data.index(b'mdat')]


WHOLE = whole()
