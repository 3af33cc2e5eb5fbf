# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a whole video is not said to be damaged, and one that was cut is.

The samples are made of container, times of the pictures, sound and the order of the tracks.
"""

import functools
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.footage.video import video_frames

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)
H264 = ('-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2')
VP8 = ('-c:v', 'libvpx', '-deadline', 'realtime')
AAC, MP3, OPUS = ('-c:a', 'aac'), ('-c:a', 'libmp3lame'), ('-c:a', 'libopus')
HELD = {
    'mp4': (*H264, *AAC),
    'mov': (*H264, *AAC),
    'mkv': (*H264, *AAC),
    'webm': (*VP8, *OPUS),
    'ts': (*H264, *AAC),
    'flv': (*H264, '-bf', '0', *AAC),
    'avi': ('-c:v', 'mpeg4', *MP3),
    'mpg': ('-c:v', 'mpeg2video', '-r', '25', '-c:a', 'mp2'),
}
LONG = 100  # pictures of a video that is cut, all 0.04 s apart
TOLD = ('mp4', 'mkv', 'avi')  # these hold how long they are at their beginning


def written(path: Path, times_s: tuple[float, ...], sound_s: float, is_sound_first: bool) -> int:
    """Write a video whose pictures have these times; return how many pictures it has."""
    words = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y']
    words += ['-f', 'lavfi', '-i', f'testsrc2=size=64x48:rate=25:duration={len(times_s) / 25.0}']
    if sound_s:
        words += ['-f', 'lavfi', '-i', f'sine=duration={sound_s}:sample_rate=48000']
        words += [
            word for i in ([1, 0] if is_sound_first else [0, 1]) for word in ('-map', str(i))
        ]
    is_even = path.suffix in ('.avi', '.mpg')  # these hold one rate
    if not is_even and len(times_s) < LONG:
        told = '+'.join(f'eq(N,{i})*{time_s}' for i, time_s in enumerate(times_s))
        words += ['-vf', f"setpts='({told})/TB'", '-fps_mode', 'vfr', '-enc_time_base', '1:1000']
    words += ['-movflags', '+faststart', *HELD[path.suffix[1:]], str(path)]
    subprocess.run(words, check=True, timeout=120)
    return len(times_s)


def told_of(path: Path) -> tuple[int, list[str]]:
    told: list[str] = []
    return len(list(video_frames(path, told.append))), told


@settings(max_examples=30, deadline=None)
@given(
    ending=st.sampled_from(sorted(HELD)),
    gaps_s=st.lists(st.sampled_from([0.04, 0.1, 1.0, 6.0]), max_size=12),
    sound_s=st.sampled_from([0.0, 0.5, 3.0, 30.0]),
    is_sound_first=st.booleans(),
)
def test_a_whole_video_is_told_whole(
    ending: str, gaps_s: list[float], sound_s: float, is_sound_first: bool
) -> None:
    times_s = tuple(sum(gaps_s[:i]) for i in range(len(gaps_s) + 1))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f'a.{ending}'
        count = written(path, times_s, sound_s, is_sound_first)
        assert told_of(path) == (count, [])


@functools.cache
def long_one(ending: str, sound_s: float) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f'a.{ending}'
        written(path, tuple(i / 25.0 for i in range(LONG)), sound_s, False)
        return path.read_bytes()


@settings(max_examples=20, deadline=None)
@given(
    ending=st.sampled_from(TOLD),
    sound_s=st.sampled_from([0.0, 4.0]),
    kept=st.floats(0.3, 0.8),
)
def test_a_video_that_was_cut_is_told_so(ending: str, sound_s: float, kept: float) -> None:
    whole = long_one(ending, sound_s)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f'cut.{ending}'
        path.write_bytes(whole[: int(kept * len(whole))])
        count, told = told_of(path)
    assert count < LONG
    assert told


@functools.cache
def whole_transport_stream(codec: str) -> tuple[bytes, list[bytes]]:
    """Return a video with key frames 0.4 s apart, and the pictures in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'a.ts'
        words = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', '-f', 'lavfi']
        words += ['-i', 'testsrc2=size=128x96:rate=25:duration=2', '-g', '10', '-c:v', codec]
        words += ['-x265-params', 'log-level=error'] if codec == 'libx265' else []
        subprocess.run([*words, str(path)], check=True, timeout=120)
        return path.read_bytes(), [image.tobytes() for _, image in video_frames(path, print)]


@settings(max_examples=25, deadline=None)
@given(
    codec=st.sampled_from(['libx264', 'libx265', 'mpeg2video']),
    lost=st.lists(st.floats(0.1, 0.95), max_size=3),
)
def test_a_video_with_smeared_frames_is_told_so_and_keeps_them(
    codec: str, lost: list[float]
) -> None:
    """All behind a lost packet was smeared up to a key frame, and shown without a word."""
    data, pictures = whole_transport_stream(codec)
    packets = np.frombuffer(data, np.uint8).reshape(-1, 188)
    kept = np.ones(len(packets), bool)
    kept[[int(share * len(packets)) for share in lost]] = False
    told: list[str] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'a.ts'
        path.write_bytes(packets[kept].tobytes())
        shown = [image.tobytes() for _, image in video_frames(path, told.append)]
    if not lost:
        assert told == []
    if not {*shown} <= {*pictures}:
        assert 'smeared' in ' '.join(told)
