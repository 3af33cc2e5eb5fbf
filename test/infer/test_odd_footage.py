# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: files of others are shown as they are, or refused in a sentence; nothing is silent."""

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.errors import CameraError, LiquidDroneError
from liquid_drone.footage.files_shown import files_below, kind_of
from liquid_drone.footage.footage import open_footage
from liquid_drone.infer.overlay import MOST_CELLS, PANE
from liquid_drone.infer.pictures_left import SheetMaker, film_at

imageio_ffmpeg = pytest.importorskip(
    'imageio_ffmpeg', reason="needs the simulator: pip install 'liquid_drone[sim]'"
)
RATE_HZ = 10
SOURCE = f'testsrc2=size=64x48:rate={RATE_HZ}'


def ffmpeg(*words: str | Path) -> None:
    line = [imageio_ffmpeg.get_ffmpeg_exe(), '-v', 'error', '-y', *map(str, words)]
    subprocess.run(line, check=True, timeout=300)


def clip(path: Path, *options: str, seconds: float = 1.0) -> Path:
    ffmpeg('-f', 'lavfi', '-i', SOURCE, '-t', str(seconds), *options, path)
    return path


def untold(name: str, reason: str) -> None:
    raise AssertionError(f'{name}: {reason}')


def stamps(path: Path) -> list[float]:
    return [frame.stamp_s for frame in open_footage([path]).frames()]


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('a.mp4', ('-c:v', 'libx264')),
        ('größe und form.mkv', ('-c:v', 'libx264', '-pix_fmt', 'gray')),
        ('100% %03d.avi', ('-c:v', 'mjpeg')),
        ('A.WEBM', ('-c:v', 'libvpx-vp9', '-f', 'webm')),
        ('a.gif', ()),
        ('a.mpg', ('-c:v', 'mpeg2video', '-r', '25')),
        ('wrong.jpg', ('-c:v', 'libx264', '-f', 'mp4')),
        ('no-ending', ('-c:v', 'libx264', '-f', 'matroska')),
        ('hdr.mp4', ('-c:v', 'libx264', '-pix_fmt', 'yuv420p10le', '-color_trc', 'smpte2084')),
        ('no-ending-either', ('-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe')),
        ('broadcast', ('-c:v', 'mpeg2video', '-r', '25', '-f', 'mxf')),
    ],
)
def test_a_video_is_known_by_its_content_and_has_its_own_stamps(tmp_path, name, options):
    path = clip(tmp_path / name, *options)
    footage = open_footage([path])
    assert footage.kind == 'video'
    frames = list(footage.frames())
    assert frames[0].image.shape == (48, 64, 3)
    assert len(frames) in (9, 10, 24, 25)
    period_s = 0.04 if 'mpeg2video' in options else 0.1
    assert np.diff([frame.stamp_s for frame in frames]) == pytest.approx(period_s, abs=0.012)
    assert not footage.left_out


def test_a_variable_rate_is_kept(tmp_path):
    """Every third frame is missing: its neighbours lie further apart."""
    path = clip(
        tmp_path / 'v.mp4',
        '-vf',
        'select=not(eq(mod(n\\,3)\\,1))',
        '-fps_mode',
        'vfr',
        seconds=1.2,
    )
    gaps = np.diff(stamps(path))
    assert gaps[:6] == pytest.approx([0.2, 0.1] * 3, abs=0.01)


@pytest.mark.parametrize('turn', [90, 180, 270])
def test_a_video_that_was_held_upright_is_shown_upright(tmp_path, turn):
    flat = clip(tmp_path / 'flat.mp4', seconds=0.5)
    turned = tmp_path / 'turned.mp4'
    ffmpeg('-display_rotation', str(turn), '-i', flat, '-c', 'copy', turned)
    frames = [next(iter(open_footage([path]).frames())).image for path in (flat, turned)]
    expected = np.rot90(frames[0], turn // 90)
    assert frames[1].shape == expected.shape
    assert np.abs(frames[1].astype(int) - expected).mean() < 2.0


def test_one_frame_is_a_video_too(tmp_path):
    assert stamps(clip(tmp_path / 'one.mp4', '-frames:v', '1')) == [0.0]


def test_a_video_that_is_cut_short_is_told(tmp_path):
    whole = clip(tmp_path / 'whole.avi', '-c:v', 'mjpeg', seconds=3.0)
    cut = tmp_path / 'cut.avi'
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    footage = open_footage([cut])
    assert 0 < len(list(footage.frames())) < 30
    assert 'cut short' in footage.left_out['cut.avi']


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(['mp4', 'mkv', 'avi', 'gif', 'png', 'mcap', 'db3']), st.data())
def test_what_is_cut_or_damaged_is_shown_or_one_sentence(tmp_path_factory, form, data):
    folder = tmp_path_factory.mktemp('f')
    path = folder / f'odd.{form}'
    whole = SAMPLES.get(form, b'')
    start = data.draw(st.integers(0, max(len(whole) - 1, 0)))
    path.write_bytes(whole[:start] + data.draw(st.binary(max_size=64)))
    try:
        footage = open_footage([path])
        told = '' if list(footage.frames()) else 'nothing'
    except LiquidDroneError as error:
        told = str(error)
    assert '\n' not in told
    assert not told or 'odd' in told


@pytest.fixture(scope='module', autouse=True)
def samples(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp('samples')
    for form in ('mp4', 'mkv', 'avi', 'gif'):
        SAMPLES[form] = clip(folder / f'a.{form}', seconds=0.5).read_bytes()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(folder / 'a.png')
    SAMPLES['png'] = (folder / 'a.png').read_bytes()


SAMPLES: dict[str, bytes] = {'mcap': b'\x89MCAP0\r\n', 'db3': b'SQLite format 3\0'}


def picture(path: Path, mode: str = 'RGB') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (32, 18)).save(path)
    return path


def test_a_folder_is_shown_with_its_folders_and_the_rest_is_told(tmp_path):
    for name in ('10.png', '9.jpg', 'in/ä b.png', 'in/9.jpg', '.hidden.png', 'in/._9.jpg'):
        picture(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('words')
    clip(tmp_path / 'walk.mp4', seconds=0.2)
    footage = open_footage([tmp_path])
    names = [frame.name for frame in footage.frames()]
    assert names == ['9.jpg', '10.png', 'in/9.jpg', 'in/ä b.png']
    assert footage.left_out == {
        'notes.txt': 'it is no picture',
        'walk.mp4': 'it is a video: show it alone',
    }


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2000), unique=True, min_size=1, max_size=12))
def test_frames_are_in_the_order_of_their_numbers(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp('n')
    for number in numbers:
        (folder / f'frame{number}.png').touch()
    found = [int(path.stem.removeprefix('frame')) for path in files_below(folder, untold)]
    assert found == sorted(numbers)


@pytest.mark.parametrize('mode', ['L', 'LA', 'RGBA', 'P', '1', 'I;16'])
def test_pictures_of_any_colours_are_shown(tmp_path, mode):
    (frame,) = open_footage([picture(tmp_path / 'p.png', mode)]).frames()
    assert frame.image.shape == (18, 32, 3)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(['webp', 'png', 'tif']), st.integers(2, 5))
def test_of_an_animation_the_first_picture_is_shown_and_the_rest_is_told(
    tmp_path_factory, form, count
):
    path = tmp_path_factory.mktemp('moving') / f'a.{form}'
    first, *rest = [Image.new('RGB', (64, 48), (40 * i, 90, 30)) for i in range(count)]
    first.save(path, save_all=True, append_images=rest)
    footage = open_footage([path])
    (frame,) = footage.frames()
    assert abs(float(frame.image[..., 0].mean())) < 8.0
    ((name, reason),) = footage.left_out.items()
    assert name.startswith(path.name)
    assert f'{count - 1} more' in reason


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / 'a.jpg').touch()
    Image.new('RGB', (64, 48)).save(tmp_path / 'b.png')
    footage = open_footage([tmp_path])
    assert len(list(footage.frames())) == 1
    assert 'is empty' in footage.left_out['a.jpg']


def test_pictures_of_one_name_are_told_apart(tmp_path):
    paths = [picture(tmp_path / folder / '1.png') for folder in 'ab']
    names = [frame.name for frame in open_footage([path.parent for path in paths]).frames()]
    assert len(set(names)) == 2


def test_a_video_beside_others_is_refused_not_forgotten(tmp_path):
    videos = [clip(tmp_path / f'{name}.mp4', seconds=0.2) for name in 'ab']
    with pytest.raises(CameraError, match='one video or recording at a time'):
        open_footage(videos)
    folder = tmp_path / 'folder'
    folder.mkdir()
    shutil.move(videos[0], folder)
    with pytest.raises(CameraError, match=r'such as a\.mp4'):
        open_footage([folder])


@given(st.binary(max_size=20))
def test_the_kind_of_any_content_is_a_word(tmp_path_factory, data):
    path = tmp_path_factory.mktemp('k') / 'thing'
    path.write_bytes(data)
    assert kind_of(path) in ('', 'picture', 'video', 'recording')


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 500))
def test_a_sheet_holds_few_frames_of_many_from_the_first_on(count):
    sheet = SheetMaker()
    for number in range(count):
        sheet.add(np.full((2, 2, 3), number % 251, np.uint8))
    kept = [int(pane[0, 0, 0]) for pane in sheet._kept]
    assert kept[0] == 0
    assert min(count, MOST_CELLS // 2) <= len(kept) <= MOST_CELLS
    every = sheet._every
    assert kept == [number % 251 for number in range(0, count, every)]


@pytest.mark.parametrize(('count', 'later_s'), [(1, 0.0), (2, 0.0), (25, 0.0), (25, 1e8)])
def test_a_film_has_every_frame_and_the_pace_of_the_footage(tmp_path, count, later_s):
    """Where a clock is set forward on the way, it does not slow down to a frame a second."""
    with film_at(tmp_path / 'film.mp4') as film:
        for number in range(count):
            stamp_s = number / 12.5 + (later_s if number > 10 else 0.0)
            film.add(stamp_s, np.full((PANE[1], PANE[0], 3), 10 * number, np.uint8))
        assert film.close() == (count > 1)
    assert len(list(tmp_path.iterdir())) == (count > 1)
    if count > 1:
        capture = cv2.VideoCapture(str(tmp_path / 'film.mp4'))
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == count
        assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
        capture.release()


@pytest.mark.parametrize('folder', ['2026-11-29T12:30', 'file:x', '-y', 'a|b', '%03d', "it's [1]"])
def test_a_film_is_written_whatever_its_folder_is_called(tmp_path, monkeypatch, folder):
    """To FFmpeg a time in a relative path is a protocol, and a dash begins a flag."""
    monkeypatch.chdir(tmp_path)
    Path(folder).mkdir()
    with film_at(Path(folder, 'film.mp4')) as film:
        for number in range(3):
            film.add(number / 10.0, np.zeros((PANE[1], PANE[0], 3), np.uint8))
        assert film.close()
    assert Path(folder, 'film.mp4').stat().st_size > 0


def interrupted_film(path: Path) -> None:
    with film_at(path) as film:
        for number in range(40):
            film.add(number / 10.0, np.zeros((PANE[1], PANE[0], 3), np.uint8))
        raise KeyboardInterrupt


def test_a_film_that_is_interrupted_leaves_the_one_before(tmp_path):
    path = tmp_path / 'film.mp4'
    path.write_bytes(b'of an earlier run')
    with pytest.raises(KeyboardInterrupt):
        interrupted_film(path)
    assert path.read_bytes() == b'of an earlier run'
    assert [file.name for file in tmp_path.iterdir()] == ['film.mp4']
