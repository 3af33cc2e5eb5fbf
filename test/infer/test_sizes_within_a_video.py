# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a video whose size changes within it keeps its shapes, whatever codec holds it.

A browser's recording of a call changes its size with the network and with the telephone that is
turned.
"""

import functools
import subprocess
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.source import open_source
from liquid_drone.footage.footage import open_footage

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)
CODECS = {
    'h264': ('-c:v', 'libx264', '-f', 'mpegts'),
    'hevc': ('-c:v', 'libx265', '-x265-params', 'log-level=none', '-f', 'mpegts'),
    'vp80': ('-c:v', 'libvpx', '-f', 'ivf'),
    'vp90': ('-c:v', 'libvpx-vp9', '-f', 'ivf'),
    'mjpg': ('-c:v', 'mjpeg', '-f', 'mjpeg'),
    'mpg2': ('-c:v', 'mpeg2video', '-bf', '0', '-f', 'mpeg2video'),
}
IVF_HEADER = 32  # bytes
RED = 'color=c=red:s={}x{}:r=10,drawbox=x=iw/4:y=ih/4:w=iw/2:h=ih/2:t=fill:c=blue'
SIDES = st.sampled_from([48, 64, 66, 90])


def ffmpeg(*words: str | Path) -> None:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    subprocess.run(line, check=True, timeout=300)


@functools.cache
def part(codec: str, width: int, height: int, number: int) -> bytes:
    """Return five frames of a size: red, with a blue middle."""
    with TemporaryDirectory() as folder:
        path, begun = Path(folder) / 'part', ('-output_ts_offset', str(number / 2))
        source = '-f', 'lavfi', '-i', RED.format(width, height)
        ffmpeg(*source, '-t', '0.5', '-pix_fmt', 'yuv420p', *begun, *CODECS[codec], path)
        return path.read_bytes()


def joined(folder: Path, codec: str, sizes: list[tuple[int, int]]) -> Path:
    """Write a video of several sizes, one after the other."""
    parts = [part(codec, *size, number) for number, size in enumerate(sizes)]
    if codec.startswith('vp'):
        parts[1:] = [rest[IVF_HEADER:] for rest in parts[1:]]
    path = folder / 'a.mjpeg' if codec == 'mjpg' else folder / 'a.mkv'
    path.write_bytes(b''.join(parts))
    return path


@settings(max_examples=24, deadline=None)
@given(
    codec=st.sampled_from(list(CODECS)),
    sizes=st.lists(st.tuples(SIDES, SIDES), min_size=2, max_size=3),
)
def test_each_frame_has_the_size_that_the_stream_gives_it(
    tmp_path_factory: pytest.TempPathFactory, codec: str, sizes: list[tuple[int, int]]
) -> None:
    path = joined(tmp_path_factory.mktemp('sizes'), codec, sizes)
    images = [frame.image for frame in open_footage([path]).frames()]
    shapes = [(image.shape[1], image.shape[0]) for image in images]
    expected = [size for size in sizes for _ in range(5)]
    lost = len(sizes) if codec == 'mpg2' else 0  # its decoder gives up the frame of a change
    assert len(shapes) >= len(expected) - lost
    assert [size for size, _ in groupby(shapes)] == [size for size, _ in groupby(expected)]
    for image in images:
        height, width = image.shape[:2]
        blue = image[..., 2].astype(int) > image[..., 0].astype(int) + 60
        assert blue.any(0).sum() == pytest.approx(width / 2, abs=4)  # not stretched, not cut
        assert blue.any(1).sum() == pytest.approx(height / 2, abs=4)
    camera = open_source(SourceConfig('video', str(path), rate_hz=1000.0))
    live = [(one.image.shape[1], one.image.shape[0]) for one in iter(camera.read, None)]
    camera.close()
    assert live == shapes


@pytest.mark.parametrize('ending', ['mkv', 'mp4', 'mov', 'ts'])
@pytest.mark.parametrize('codec', ['h264', 'hevc'])
def test_a_size_counts_in_whatever_container(tmp_path: Path, codec: str, ending: str) -> None:
    """In MP4 the header keeps the first size, which comes again before each frame that changes."""
    whole, path = joined(tmp_path, codec, [(64, 48), (48, 90)]), tmp_path / f'b.{ending}'
    ffmpeg('-i', whole, '-c', 'copy', path)
    shapes = [frame.image.shape for frame in open_footage([path]).frames()]
    assert shapes == [(48, 64, 3)] * 5 + [(90, 48, 3)] * 5
