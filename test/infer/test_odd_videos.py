# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a damaged place costs its own frames; any container is shown; pixels are square.

The videos are made here, as cameras, goggles and recorders write them.
"""

import functools
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera.source import SourceConfig, open_source
from liquid_drone.footage.footage import open_footage

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)

RATE_HZ, COUNT = 10, 40
SOURCE = ('-f', 'lavfi', '-i', f'testsrc2=size=64x48:rate={RATE_HZ}')


def ffmpeg(*words: str | Path) -> None:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    subprocess.run(line, check=True, timeout=60)


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
