# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: pictures come in order, in RGB and at their pace; what cannot be opened says why."""

import re
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera import live
from liquid_drone.camera.frame import CameraFrame, SourceConfig
from liquid_drone.camera.frozen import REMEMBERED, FrozenSensor
from liquid_drone.camera.live import MOST_TORN
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError
from liquid_drone.footage.footage import open_footage

RED_RGB = (200, 20, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures, each a little darker, all of them red."""
    for index in range(5):
        image = np.full((48, 64, 3), np.array(RED_RGB[::-1]) - 4 * index, np.uint8)
        cv2.imwrite(str(tmp_path / f'{index:03d}.png'), image)
    return tmp_path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / 'red.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 50.0, (64, 48))
    for index in range(6):
        writer.write(np.full((48, 64, 3), np.array(RED_RGB[::-1]) - 4 * index, np.uint8))
    writer.release()
    return path


def read_all(config: SourceConfig) -> list[CameraFrame]:
    opened, frames = open_source(config), []
    while (frame := opened.read()) is not None:
        frames.append(frame)
    opened.close()
    return frames


def test_a_folder_is_shown_in_order_of_names_and_in_rgb(folder: Path) -> None:
    frames = read_all(SourceConfig('folder', str(folder), rate_hz=100.0))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [200, 196, 192, 188, 184]
    assert tuple(frames[0].image[0, 0]) == RED_RGB


def test_a_video_is_shown_at_its_pace_with_stamps_of_now(video: Path) -> None:
    before_ns = time.time_ns()
    frames = read_all(SourceConfig('video', str(video)))
    stamps = [frame.stamp_ns for frame in frames]
    assert len(frames) == 6
    assert np.abs(frames[0].image[20, 20].astype(int) - RED_RGB).max() < 12
    assert before_ns <= stamps[0] <= stamps[-1] <= time.time_ns()
    assert np.diff(stamps).min() > 0
    assert stamps[-1] - before_ns >= 0.099e9  # five periods of 20 ms; the first may come late


def test_a_loop_begins_again(folder: Path) -> None:
    opened = open_source(SourceConfig('folder', str(folder), rate_hz=200.0, loop=True))
    values = [opened.read().image[0, 0, 0] for _ in range(7)]  # type: ignore[union-attr]
    assert values[5] == values[0]
    assert values[6] == values[1]


@pytest.mark.parametrize(
    ('config', 'words'),
    [
        (SourceConfig('device', '/dev/no_such_camera'), 'v4l2-ctl --list-devices'),
        (SourceConfig('video', '/no/video.mp4'), 'expected a video file, found none'),
        (SourceConfig('folder', '/no/folder'), 'expected a folder with pictures'),
    ],
)
def test_what_cannot_be_opened_says_what_to_do(config: SourceConfig, words: str) -> None:
    with pytest.raises(CameraError, match=words):
        open_source(config)


numbers = st.lists(st.tuples(st.integers(0, 120), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(numbers, st.sampled_from(['', 'img', 'IMG_', 'a/']))
def test_a_folder_is_shown_as_infer_shows_it_and_what_is_no_picture_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[tuple[int, bool]], name: str
) -> None:
    """The second picture comes before the tenth, and one bad file ends nothing."""
    folder = tmp_path_factory.mktemp('folder')
    (folder / f'{name}0').parent.mkdir(exist_ok=True)
    (folder / 'notes.txt').write_text('it was windy')
    for number, is_whole in numbers:
        data = bytes(cv2.imencode('.png', np.full((8, 8, 3), number, np.uint8))[1])
        path = folder / f'{name}{number}.png'
        path.write_bytes(data if is_whole else data[:40])
    wanted = sorted({number for number, is_whole in dict(numbers).items() if is_whole})
    config = SourceConfig('folder', str(folder), rate_hz=1e4)
    if not wanted:
        with pytest.raises(CameraError, match='in a row cannot be read; the last one'):
            read_all(config)
        return
    shown = [int(frame.image[0, 0, 0]) for frame in read_all(config)]
    assert shown == wanted
    assert shown == [int(frame.image[0, 0, 0]) for frame in open_footage([folder]).frames()]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(MOST_TORN - 3, MOST_TORN + 3))
def test_too_many_bad_files_in_a_row_are_a_broken_folder(before: int, torn: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(before + torn + 1):
            is_whole = number < before or number == before + torn
            image = np.full((8, 8, 3), number, np.uint8)
            data = bytes(cv2.imencode('.png', image)[1]) if is_whole else b''
            (Path(folder) / f'{number}.png').write_bytes(data)
        config = SourceConfig('folder', folder, rate_hz=1e4)
        if torn >= MOST_TORN:
            with pytest.raises(CameraError, match=f'{MOST_TORN} pictures in a row cannot be read'):
                read_all(config)
            return
        assert len(read_all(config)) == before + 1


@pytest.mark.parametrize('count', [1, REMEMBERED, REMEMBERED + 1])
def test_a_loop_that_looks_like_a_frozen_camera_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    sensor, now_s = FrozenSensor(), 0.0
    for number in range(count):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.full((8, 8, 3), number, np.uint8))
    opened = open_source(SourceConfig('folder', str(tmp_path), rate_hz=1e4, loop=True))
    for _ in range(3 * count):
        frame = opened.read()
        assert frame is not None
        same_s = sensor.same_for_s(frame.image, now_s := now_s + 0.05, now_s)
    assert (same_s > 0.0) is ('frozen_after_s' in caplog.text) is (count <= REMEMBERED)


def test_a_video_of_which_nothing_can_be_decoded_is_no_end(video: Path) -> None:
    """The node ended with 0, as if the file had been shown: AV1 in an OpenCV without it."""
    data = bytearray(video.read_bytes())
    for found in re.finditer(rb'\xff\xd8.*?\xff\xd9', bytes(data), re.DOTALL):
        data[found.start() : found.end()] = bytes(found.end() - found.start())
    video.write_bytes(data)
    with pytest.raises(CameraError, match=r'no frame of .*red\.avi could be decoded'):
        read_all(SourceConfig('video', str(video), rate_hz=1e3))


@pytest.mark.parametrize('wider', [2, 0.5])
def test_pixels_of_a_video_that_are_not_square_are_made_so(tmp_path: Path, wider: float) -> None:
    ffmpeg = pytest.importorskip('imageio_ffmpeg', reason='needs the extra sim').get_ffmpeg_exe()
    path, lavfi = tmp_path / 'tv.mkv', ['-f', 'lavfi', '-i', 'color=red:s=64x48:d=0.2:r=10']
    aspect = ['-vf', f'setsar={"2/1" if wider > 1 else "1/2"}', '-c:v', 'mpeg4']
    subprocess.run([ffmpeg, '-v', 'error', *lavfi, *aspect, path], check=True)
    frames = read_all(SourceConfig('video', str(path), rate_hz=1e3))
    assert {frame.image.shape for frame in frames} == {(48, round(64 * wider), 3)}


def test_gstreamer_without_gstreamer_names_the_opencv_that_has_it() -> None:
    if 'GStreamer:                   YES' in cv2.getBuildInformation():
        pytest.skip('this OpenCV has GStreamer')
    with pytest.raises(CameraError, match='apt install python3-opencv'):
        open_source(SourceConfig('gstreamer', 'videotestsrc ! appsink'))


class FakeCapture:
    """A device that gives three pictures, stamped by the driver 30 ms before."""

    def __init__(self) -> None:
        self.left = 3

    def isOpened(self) -> bool:  # noqa: N802  # as OpenCV calls it
        return True

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.zeros((48, 64), np.uint8)

    def get(self, _name: int) -> float:
        return (time.monotonic() - 0.03) * 1000.0

    def set(self, _name: int, _value: float) -> bool:
        return True

    def release(self) -> None:
        self.left = 0


class TearingCapture(FakeCapture):
    """A device of which some pictures cannot be decoded: JPEGs that a cable cut short."""

    def __init__(self, is_whole: list[bool]) -> None:
        self.is_whole, self.taken = is_whole, -1

    def grab(self) -> bool:
        self.taken += 1
        return self.taken < len(self.is_whole)

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return self.is_whole[self.taken], np.full((4, 6), self.taken % 256, np.uint8)


def test_a_device_whose_pictures_end_in_the_grey_of_lost_bytes_gives_those_that_are_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = TearingCapture([True] * 5)
    pictures = [np.full((64, 48, 3), number, np.uint8) for number in range(5)]
    for number in (1, 2):
        pictures[number][20:] = 128  # what OpenCV makes of a Motion-JPEG that lost a packet
    monkeypatch.setattr(capture, 'retrieve', lambda: (True, pictures[capture.taken]))
    monkeypatch.setattr(live, '_open_live', lambda _: capture)
    opened = open_source(SourceConfig('device', '/dev/video0'))
    frames = [opened.read() for _ in range(3)]
    assert [int(frame.image[0, 0, 0]) for frame in frames if frame] == [0, 3, 4]


@given(
    st.lists(st.tuples(st.integers(0, MOST_TORN + 3), st.integers(0, 3)), min_size=1, max_size=8)
)
def test_a_torn_picture_is_left_out_and_too_many_in_a_row_are_a_broken_camera(
    bouts: list[tuple[int, int]],
) -> None:
    is_whole = [one for torn, whole in bouts for one in [False] * torn + [True] * whole]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, '_open_live', lambda _: TearingCapture(is_whole))
        opened = open_source(SourceConfig('device', '/dev/video0'))
    given_back: list[int] = []

    def read_all() -> None:
        while frame := opened.read():
            given_back.append(int(frame.image[0, 0, 0]))

    with pytest.raises(CameraError) as ended:
        read_all()
    in_a_row, wanted = 0, []
    for number, whole in enumerate(is_whole):
        in_a_row = 0 if whole else in_a_row + 1
        if in_a_row == MOST_TORN:
            break
        wanted += [number % 256] * whole
    assert given_back == wanted
    assert ('in a row' in str(ended.value)) is (in_a_row == MOST_TORN)


def test_a_device_is_stamped_by_its_driver_and_tells_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, '_open_live', lambda _: FakeCapture())
    opened = open_source(SourceConfig('device', '/dev/video0'))
    frame = opened.read()
    assert frame is not None
    assert 0.03e9 <= time.time_ns() - frame.stamp_ns < 0.5e9
    assert frame.image.shape == (48, 64, 3)  # grey becomes RGB
    opened.read()
    opened.read()
    with pytest.raises(CameraError, match='gives no more pictures'):
        opened.read()


@given(
    st.sampled_from([(), (1,), (2,), (3,), (4,), 'planes']),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_a_pipeline_gives_bgr_or_grey_and_what_it_gives_else_is_named(
    channels: tuple[int, ...] | str, kind: type, half_height: int, width: int
) -> None:
    """NV12 of a CSI camera without videoconvert was a grey picture with its colours below."""
    is_planar, height = channels == 'planes', 2 * half_height
    shape = (height * 3 // 2, width) if is_planar else (height, width, *channels)
    image = np.full(shape, 150 if kind is np.uint8 else 150 * 257, kind)
    if is_planar or channels == (2,):
        with pytest.raises(CameraError, match='videoconvert'):
            live.rgb(image, float(height))
        return
    made = live.rgb(image, float(height))
    assert made.shape == (height, width, 3)
    assert np.abs(made.astype(int) - 150).max() <= 1  # of 16 bits not the lower byte
