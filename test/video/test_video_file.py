# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a video is shown as the ffmpeg program shows it, whatever holds it and however.

The samples are made of container, codec, matrix, range, turn, mirror, aspect, bits and rate.
"""

import functools
import socket
import subprocess
import sys
import threading
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.errors import CameraError
from liquid_drone.footage.footage import open_footage
from liquid_drone.video.frame_pictures import upright
from liquid_drone.video.video_file import VideoFile

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)
PAINT = np.uint8([[[200, 30, 30], [30, 190, 40]], [[40, 40, 200], [220, 120, 40]]])  # (2, 2, 3)
AV1 = ('-c:v', 'libaom-av1', '-cpu-used', '8')
HEVC = ('-c:v', 'libx265', '-x265-params', 'log-level=none')
CODECS = {
    'h264': (('-c:v', 'libx264', '-crf', '6'), ('mp4', 'mov', 'mkv', 'ts', 'flv', 'avi')),
    'hevc': (HEVC, ('mp4', 'mov', 'mkv', 'ts')),
    'vp9': (('-c:v', 'libvpx-vp9'), ('webm', 'mkv', 'mp4')),
    'av1': (AV1, ('mp4', 'mkv', 'webm')),
    'ffv1': (('-c:v', 'ffv1'), ('mkv', 'avi')),
    'prores': (('-c:v', 'prores_ks'), ('mov',)),
    'mpeg2': (('-c:v', 'mpeg2video', '-r', '25'), ('mpg', 'ts', 'mxf')),
    'mjpeg': (('-c:v', 'mjpeg', '-q:v', '2'), ('avi', 'mov', 'mkv')),
}
HELD = [(codec, ending) for codec, (_, endings) in CODECS.items() for ending in endings]
TELLS_COLOURS = {'mp4', 'mov', 'mkv', 'webm', 'ts'}
TURNS = {'mp4', 'mov', 'mkv'}  # what holds a display matrix
PIXELS = {'prores': 'yuv422p10le', 'mjpeg': 'yuvj420p'}


def ffmpeg(*words: str | Path) -> bytes:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    return subprocess.run(line, check=True, timeout=300, stdout=subprocess.PIPE).stdout


def painted(path: Path, *words: str) -> Path:
    """Write twelve frames of four colours: FFmpeg takes a shorter TS for something else."""
    cv2.imwrite(str(path.with_suffix('.png')), PAINT[..., ::-1].repeat(48, 0).repeat(64, 1))
    ffmpeg('-loop', '1', '-i', path.with_suffix('.png'), '-frames:v', '12', *words, path)
    return path


@settings(max_examples=40, deadline=None)
@given(
    held=st.sampled_from(HELD),
    matrix=st.sampled_from(['bt709', 'smpte170m', 'bt470bg', 'bt2020nc', 'smpte240m']),
    light=st.sampled_from(['tv', 'pc']),
    turn=st.sampled_from([0, 90, 180, 270]),
    flip=st.sampled_from([(), ('-display_hflip',), ('-display_vflip',)]),
    aspect=st.sampled_from(['1/1', '4/3', '8/9']),
)
def test_a_frame_is_shown_as_it_is_meant(
    tmp_path_factory: pytest.TempPathFactory,
    held: tuple[str, str],
    matrix: str,
    light: str,
    turn: int,
    flip: tuple[str, ...],
    aspect: str,
) -> None:
    codec, ending = held
    words, _ = CODECS[codec]
    if codec == 'mjpeg':
        matrix, light = 'bt470bg', 'pc'  # JPEG's own
    elif ending not in TELLS_COLOURS or codec in ('prores', 'mpeg2'):
        matrix, light = 'smpte170m', 'tv'  # where nothing is told
    folder = tmp_path_factory.mktemp('meant')
    told = f'setparams=range={light}:colorspace={matrix}:color_primaries=bt709:color_trc=bt709'
    made = (
        f'scale=out_color_matrix={matrix}:out_range={light},format={PIXELS.get(codec, "yuv420p")}'
    )
    path = painted(folder / f'a.{ending}', '-vf', f'{made},{told},setsar={aspect}', *words)
    if ending in TURNS:
        flat, path = path, folder / f'turned.{ending}'
        ffmpeg('-display_rotation', str(turn), *flip, '-i', flat, '-c', 'copy', path)
    ((_, image), *_) = list(VideoFile(path).frames())
    squared = folder / 'squared.png'
    ffmpeg('-i', path, '-frames:v', '1', '-vf', 'scale=iw*sar:ih,setsar=1', squared)
    meant = cv2.imread(str(squared))[..., ::-1]
    at = np.ix_([0.2, 0.8], [0.2, 0.8])
    shown, expected = (
        one[(at[0] * one.shape[0]).astype(int), (at[1] * one.shape[1]).astype(int)].astype(int)
        for one in (image, meant)
    )
    assert image.shape[1] / image.shape[0] == pytest.approx(
        meant.shape[1] / meant.shape[0], rel=0.03
    )
    assert np.abs(shown - expected).max() < 12
    assert sorted(map(tuple, np.abs(shown[..., None, :] - PAINT.reshape(4, 3)).max(3).argmin(2)))


@pytest.mark.parametrize('signs', list(product((1, -1), repeat=2)))
@pytest.mark.parametrize('is_across', [False, True])
def test_a_display_matrix_brings_each_pixel_where_it_belongs(
    signs: tuple[int, int], is_across: bool
) -> None:
    """By the matrix itself: (x, y) is shown at (a x + c y, b x + d y), moved into the picture."""
    first, second = signs
    a, b, c, d = (0, first, second, 0) if is_across else (first, 0, 0, second)
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    turned = upright(image, (a, b, 0, c, d, 0, 0, 0, 1))
    height, width = turned.shape[:2]
    assert (height, width) == ((4, 2) if is_across else (2, 4))
    for y, x in product(range(2), range(4)):
        across, down = a * x + c * y, b * x + d * y
        at = down % height if b + d > 0 else down + height - 1, (across + width - (a + c < 0))
        assert turned[at[0], at[1] % width].tolist() == image[y, x].tolist()


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=9, max_size=9))
def test_whatever_a_display_matrix_holds_no_pixel_is_lost(matrix: list[int]) -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert sorted(upright(image, matrix).ravel()) == sorted(image.ravel())


@pytest.mark.parametrize('bits', ['yuv420p10le', 'yuv444p10le', 'gray', 'gray10le'])
@pytest.mark.parametrize(('codec', 'ending'), [('h264', 'mkv'), ('hevc', 'ts'), ('av1', 'mp4')])
def test_more_bits_and_grey_are_shown(tmp_path: Path, codec: str, ending: str, bits: str) -> None:
    words, _ = CODECS[codec]
    path = painted(tmp_path / f'a.{ending}', '-pix_fmt', bits, *words)
    ((_, image), *_) = list(VideoFile(path).frames())
    expected = PAINT.astype(int)
    if 'gray' in bits:
        expected = (PAINT @ [0.299, 0.587, 0.114]).round().astype(int)[..., None].repeat(3, 2)
    assert np.abs(image[24::48, 32::64].astype(int) - expected).max() < 14


@pytest.mark.parametrize(('transfer', 'hdr'), [('arib-std-b67', 'HLG'), ('smpte2084', 'PQ')])
@pytest.mark.parametrize(
    ('codec', 'ending'),
    [('hevc', 'mkv'), ('hevc', 'ts'), ('vp9', 'webm'), ('av1', 'mp4'), ('av1', 'mkv')],
)
def test_hdr_is_told_in_any_container(
    tmp_path: Path, codec: str, ending: str, transfer: str, hdr: str
) -> None:
    """Of MP4 and MOV alone it was told before."""
    words, _ = CODECS[codec]
    light = f'setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}'
    path = painted(tmp_path / f'a.{ending}', '-vf', f'format=yuv420p10le,{light}', *words)
    footage = open_footage([path])
    assert len(list(footage.frames())) == 12
    assert f'HDR ({hdr})' in footage.left_out[path.name]


@settings(max_examples=12, deadline=None)
@given(
    held=st.sampled_from(
        [('h264', 'mp4'), ('h264', 'mkv'), ('h264', 'ts'), ('vp9', 'webm'), ('av1', 'mp4')]
    ),
    kept=st.lists(st.integers(0, 29), min_size=2, max_size=12, unique=True),
)
def test_each_frame_has_the_stamp_that_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, held: tuple[str, str], kept: list[int]
) -> None:
    """Of a variable rate, with frames that are stored in another order than shown."""
    codec, ending = held
    path = tmp_path_factory.mktemp('rate') / f'a.{ending}'
    chosen = '+'.join(f'eq(n\\,{number})' for number in sorted(kept))
    source = '-f', 'lavfi', '-t', '3', '-i', 'testsrc2=s=64x48:r=10'
    words = '-vf', f'select={chosen}', '-fps_mode', 'vfr', '-pix_fmt', 'yuv420p'
    ffmpeg(*source, *words, *CODECS[codec][0], path)
    stamps = [stamp for stamp, _ in VideoFile(path).frames()]
    expected = (np.array(sorted(kept)) - min(kept)) / 10.0
    assert stamps == pytest.approx(expected.tolist(), abs=0.002)


@pytest.mark.parametrize('codec', ['libx264', 'mpeg4'])
def test_avi_and_bare_streams_without_stamps_have_those_of_their_rate(
    tmp_path: Path, codec: str
) -> None:
    """AVI stores the order of decoding alone; FFmpeg's guess from it put frames 0.3 s apart."""
    source = '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10', '-t', '2', '-bf', '2'
    held = [tmp_path / 'a.avi', *([tmp_path / 'a.h264'] if codec == 'libx264' else [])]
    for path in held:
        ffmpeg(*source, '-c:v', codec, '-pix_fmt', 'yuv420p', path)
        stamps = [stamp for stamp, _ in VideoFile(path).frames()]
        assert stamps == pytest.approx([number / 10.0 for number in range(20)], abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(from_s=st.floats(0.0, 2.8), ending=st.sampled_from(['mp4', 'mkv']))
def test_from_a_time_on_the_frame_of_that_time_comes_first(
    tmp_path_factory: pytest.TempPathFactory, from_s: float, ending: str
) -> None:
    path = tmp_path_factory.mktemp('from') / f'a.{ending}'
    source = '-f', 'lavfi', '-i', 'testsrc2=s=64x48:r=10', '-t', '3'
    ffmpeg(*source, '-c:v', 'libx264', '-g', '7', '-pix_fmt', 'yuv420p', path)
    whole = list(VideoFile(path).frames())
    ((stamp_s, image), *_) = list(VideoFile(path).frames(from_s=from_s))
    assert abs(stamp_s - from_s) <= 0.051
    nearest = min(whole, key=lambda one: abs(one[0] - stamp_s))
    assert np.array_equal(image, nearest[1])


@pytest.mark.parametrize(
    'form', ['#EXTM3U\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n', 'ffconcat version 1.0\nfile {}\n']
)
def test_a_playlist_under_the_name_of_a_video_opens_no_address(tmp_path: Path, form: str) -> None:
    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(1.0)
        asked: list[object] = []

        def wait() -> None:
            try:
                asked.append(server.accept()[1])
            except TimeoutError:
                return

        waiting = threading.Thread(target=wait)
        waiting.start()
        for name in ('a.mp4', 'a.m3u8'):
            path = tmp_path / name
            path.write_text(form.format(f'http://127.0.0.1:{server.getsockname()[1]}/b.ts'))
            with pytest.raises(CameraError):
                VideoFile(path)
        waiting.join()
        assert not asked


@pytest.mark.parametrize(
    ('content', 'words'),
    [(b'', 'it is empty'), (b'words of somebody\n' * 99, 'in no format'), (None, 'directory')],
)
def test_what_is_no_video_is_one_sentence(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / 'a.mp4'
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(CameraError, match=words) as told:
        VideoFile(path)
    assert '\n' not in str(told.value)


@settings(max_examples=60, deadline=None)
@given(held=st.sampled_from(['mp4', 'mkv', 'ts', 'avi', 'mov']), data=st.data())
def test_whatever_became_of_a_file_is_shown_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, held: str, data: st.DataObject
) -> None:
    """Zeros of a disk that lost its power, noise, a cut, bytes of the header changed."""
    content = bytearray(whole(held))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 400))
        made = data.draw(st.binary(max_size=40) | st.builds(bytes, st.integers(1, 4000)))
        content[at : at + len(made)] = made
    path = tmp_path_factory.mktemp('torn') / f'a.{held}'
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    try:
        video = VideoFile(path)
    except CameraError as error:
        told = str(error)
    else:
        stamps = [stamp for stamp, _ in video.frames()]
        assert len(stamps) == video.count
        assert np.all(np.diff(stamps) > 0)
        told = ''.join([video.lacks() if stamps else '', *video.doubts()])
        video.close()
    assert '\n' not in told


@functools.cache
def whole(ending: str) -> bytes:
    with TemporaryDirectory() as folder:
        words = '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-g', '4'
        return painted(Path(folder) / f'a.{ending}', *words).read_bytes()


@pytest.mark.parametrize('ending', ['mp4', 'mkv', 'avi'])
def test_a_title_in_any_encoding_is_no_obstacle(tmp_path: Path, ending: str) -> None:
    path = painted(tmp_path / f'a.{ending}', '-metadata', 'title=KXXXXn', '-c:v', 'mpeg4')
    path.write_bytes(path.read_bytes().replace(b'KXXXXn', b'K\xf6\xe4\xff\xfen'))
    assert len(list(VideoFile(path).frames())) == 12


def test_nothing_is_imported_before_a_video_is_opened() -> None:
    """A drone flies without PyAV, and its nodes start no later."""
    code = 'import liquid_drone.camera.source, liquid_drone.footage.footage, sys;'
    code += 'print("av" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout == 'False\n'


def test_no_frame_is_kept(tmp_path: Path) -> None:
    """What PyAV tells beside a frame refers back to it: 162 MB were held."""
    path = tmp_path / 'a.mp4'
    source = '-f', 'lavfi', '-i', 'testsrc2=s=640x480:r=30', '-frames:v', '400'
    flat = tmp_path / 'flat.mp4'
    ffmpeg(*source, '-c:v', 'mpeg4', flat)
    ffmpeg('-display_rotation', '90', '-i', flat, '-c', 'copy', path)
    code = """
import gc, resource, sys
from pathlib import Path
from liquid_drone.video.video_file import VideoFile
gc.disable()
most = []
for number, _ in enumerate(VideoFile(Path(sys.argv[1])).frames()):
    if number in (20, 399):
        most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(most[1] - most[0])
"""
    line = [sys.executable, '-c', code, str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 20_000  # kB
