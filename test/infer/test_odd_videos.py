# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a damaged place costs its own frames; any container is shown; pixels are square.

The videos are made here, as cameras, goggles and recorders write them.
"""

import functools
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError
from liquid_drone.footage import video
from liquid_drone.footage.footage import open_footage

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)

RATE_HZ, COUNT = 10, 40
SOURCE = ('-f', 'lavfi', '-i', f'testsrc2=size=64x48:rate={RATE_HZ}')


def ffmpeg(*words: str | Path) -> None:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    subprocess.run(line, check=True, timeout=300)


def clip(path: Path, *options: str, seconds: float = 1.0) -> Path:
    ffmpeg(*SOURCE, '-t', str(seconds), *options, path)
    return path


@functools.cache
def whole() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'a.mp4'
        options = '-c:v', 'libx264', '-g', '4', '-movflags', '+faststart'
        return clip(path, *options, seconds=COUNT / RATE_HZ).read_bytes()


@settings(max_examples=25, deadline=None)
@given(place=st.floats(0.0, 0.5), length=st.integers(40, 400), seed=st.integers(0, 99))
def test_a_damaged_place_costs_its_own_frames_and_is_told(
    tmp_path_factory: pytest.TempPathFactory, place: float, length: int, seed: int
) -> None:
    path = tmp_path_factory.mktemp('damaged') / 'a.mp4'
    first = whole().index(b'mdat') + 2000
    at = first + round(place * (len(whole()) - first))
    noise = np.random.default_rng(seed).bytes(length)
    path.write_bytes(whole()[:at] + noise + whole()[at + length :])
    footage = open_footage([path])
    stamps = [frame.stamp_s for frame in footage.frames()]
    assert stamps[-1] == pytest.approx((COUNT - 1) / RATE_HZ, abs=3 / RATE_HZ)  # to its end
    assert np.all(np.diff(stamps) > 0)
    assert len(stamps) > COUNT / 2
    assert len(stamps) > 0.9 * COUNT or 'damaged' in footage.left_out[path.name]
    camera = open_source(SourceConfig('video', str(path), rate_hz=1000.0))
    assert len(list(iter(camera.read, None))) == len(stamps)
    camera.close()


@settings(max_examples=12, deadline=None)
@given(kept=st.floats(0.05, 0.95))
def test_a_recording_that_was_cut_off_before_its_index_is_told_as_that(
    tmp_path_factory: pytest.TempPathFactory, kept: float
) -> None:
    """A battery that is pulled: FFmpeg, which was advised, opens no such file either."""
    path = tmp_path_factory.mktemp('cut') / 'DJI_0001.MP4'
    content = recorded()
    path.write_bytes(content[: round(kept * content.index(b'moov'))])
    with pytest.raises(CameraError, match=r'no index \(moov\): .* repair'):
        list(open_footage([path]).frames())
    with pytest.raises(CameraError, match='no index'):
        open_source(SourceConfig('video', str(path))).read()


@functools.cache
def recorded() -> bytes:
    """Return a video as a camera writes it: its index comes last."""
    with TemporaryDirectory() as folder:
        return clip(Path(folder) / 'a.mp4', '-c:v', 'libx264').read_bytes()


def test_a_file_of_sound_alone_is_told_as_that(tmp_path: Path) -> None:
    ffmpeg('-f', 'lavfi', '-i', 'sine', '-t', '0.3', '-c:a', 'aac', tmp_path / 'a.mp4')
    with pytest.raises(CameraError, match='no track of pictures'):
        list(open_footage([tmp_path / 'a.mp4']).frames())


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('goggles.ts', ('-c:v', 'libx264')),
        ('camcorder.mts', ('-c:v', 'libx264', '-f', 'mpegts', '-mpegts_m2ts_mode', '1')),
        ('no-ending', ('-c:v', 'libx264', '-f', 'mpegts')),
        ('a.flv', ('-c:v', 'flv1')),
        ('a.wmv', ('-c:v', 'wmv2')),
        ('a.ogv', ('-c:v', 'libtheora')),
        ('raw.h264', ('-c:v', 'libx264', '-bf', '0')),
        ('webcam.mjpeg', ('-c:v', 'mjpeg', '-f', 'mjpeg')),
        ('webcam.MJPG', ('-c:v', 'mjpeg', '-f', 'mjpeg')),
    ],
)
def test_every_frame_of_a_video_is_shown_whatever_holds_it(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    footage = open_footage([clip(tmp_path / name, *options)])
    assert footage.kind == 'video'
    stamps = [frame.stamp_s for frame in footage.frames()]
    assert len(stamps) in (9, 10)
    assert np.all(np.diff(stamps) > 0)


@pytest.mark.parametrize('turn', [0, 90])
@pytest.mark.parametrize(('across', 'down'), [(4, 3), (16, 15), (1, 1), (8, 9)])
def test_pixels_that_are_not_square_are_made_so(
    tmp_path: Path, across: int, down: int, turn: int
) -> None:
    flat, path = tmp_path / 'flat.mp4', tmp_path / 'a.mp4'
    clip(flat, '-c:v', 'libx264', '-vf', f'setsar={across}/{down}', seconds=0.3)
    ffmpeg('-display_rotation', str(turn), '-i', flat, '-c', 'copy', path)
    image = next(iter(open_footage([path]).frames())).image
    wide = 64 * across / down  # of 48 rows
    assert image.shape[1] / image.shape[0] == pytest.approx(
        48 / wide if turn else wide / 48, rel=0.02
    )


CORNERS = np.uint8([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]])  # (2, 2, 3) RGB


@pytest.mark.parametrize(
    ('codec', 'ending'),
    [('libx264', 'mp4'), ('libx264', 'mov'), ('libx264', 'mkv'), ('libx265', 'mov')],
)
@pytest.mark.parametrize('turn', [0, 90, 180, 270])
def test_a_phone_films_upright_however_it_is_held(
    tmp_path: Path, turn: int, codec: str, ending: str
) -> None:
    path, flat, picture = (tmp_path / f'{name}.{ending}' for name in ('video', 'flat', 'picture'))
    cv2.imwrite(str(picture.with_suffix('.png')), CORNERS[..., ::-1].repeat(60, 0).repeat(80, 1))
    pixels = '-t', '0.3', '-c:v', codec, '-pix_fmt', 'yuv420p'
    ffmpeg('-loop', '1', '-i', picture.with_suffix('.png'), *pixels, flat)
    ffmpeg('-display_rotation', str(turn), '-i', flat, '-c', 'copy', path)
    _, image = next(iter(video.video_frames(path, pytest.fail)))
    height, width = image.shape[:2]
    assert (height, width) == ((160, 120) if turn % 180 else (120, 160))
    shown = image[[20, -20]][:, [20, -20]].astype(int)
    assert np.abs(shown - np.rot90(CORNERS, turn // 90)).max() < 60


def test_a_video_is_read_without_a_word_of_ffmpeg(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = clip(tmp_path / 'a.mp4', '-c:v', 'libx264')
    path.write_bytes(path.read_bytes().partition(b'moov')[0])
    whole = clip(tmp_path / 'b.mp4', '-c:v', 'libx264')
    with pytest.raises(CameraError, match='no index'):
        list(open_footage([path]).frames())
    assert next(iter(open_footage([whole]).frames())).image.shape == (48, 64, 3)
    captured = capfd.readouterr()
    assert not captured.err + captured.out
