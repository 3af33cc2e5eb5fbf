# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The camera node in a real graph: pictures and camera_info of one stamp, and how it ends."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from graph_bench import CameraBench
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage

from liquid_drone.camera.frame import CameraFrame
from liquid_drone.errors import CameraError
from liquid_drone.nodes import camera_node
from liquid_drone.ros import conversions, process, qos

COUNT = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(COUNT):
        image = np.full((48, 64, 3), (0, 0, 100 + index), np.uint8)
        cv2.imwrite(str(tmp_path / f'{index:03d}.png'), image)
    return tmp_path


@pytest.fixture
def bench(ros: None) -> Iterator[CameraBench]:
    with CameraBench() as made:
        yield made


def test_pictures_come_with_their_camera_info_and_the_stamp_of_capture(
    bench: CameraBench, folder: Path
) -> None:
    bench.set(source='folder', path=str(folder), framerate=20.0, loop=True)
    bench.node.start()
    before_ns = time.time_ns() - 60 * 10**9
    assert bench.wait(lambda: len(bench.images) >= 5)
    stamps = {conversions.nanoseconds(message.header.stamp) for message in bench.infos}
    for message in bench.images[:-1]:
        assert conversions.nanoseconds(message.header.stamp) in stamps
        assert before_ns < conversions.nanoseconds(message.header.stamp) < time.time_ns()
        assert message.header.frame_id == 'camera_optical_frame'
        assert conversions.image_array(message)[0, 0, 0] >= 100  # red first
    info = bench.infos[0]
    assert (info.width, info.height) == (64, 48)
    assert not np.any(info.k)  # uncalibrated


def test_who_listens_for_jpeg_gets_the_same_picture_and_stamp(
    bench: CameraBench, folder: Path
) -> None:
    coded: list[CompressedImage] = []
    bench.ear.create_subscription(
        CompressedImage, 'camera/image_raw/compressed', coded.append, qos.SENSOR_IN
    )
    bench.set(source='folder', path=str(folder), framerate=20.0, loop=True)
    bench.node.start()
    assert bench.wait(lambda: len(coded) >= 2 and len(bench.images) >= 5)
    plain = {conversions.nanoseconds(message.header.stamp): message for message in bench.images}
    message = next(m for m in coded if conversions.nanoseconds(m.header.stamp) in plain)
    assert message.format.startswith('rgb8; jpeg')
    decoded = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    original = conversions.image_array(plain[conversions.nanoseconds(message.header.stamp)])
    assert np.abs(decoded.astype(int) - original.astype(int)).max() < 12


def test_a_listener_in_the_process_gets_the_very_array(bench: CameraBench, folder: Path) -> None:
    frames: list[Any] = []
    bench.node.listeners.append(frames.append)
    bench.set(source='folder', path=str(folder), framerate=50.0)
    bench.node.start()
    assert bench.wait(lambda: len(frames) >= 3)
    assert frames[0].image.shape == (48, 64, 3)


@pytest.mark.parametrize(
    ('given', 'quarters'),
    [
        ({}, 0),
        ({'rotate': 90}, 1),
        ({'rotate': 180}, 2),
        ({'rotate': 270}, 3),
        ({'upside_down': True}, 2),
        ({'rotate': 180, 'upside_down': True}, 2),
        ({'mirrored': True}, 0),
        ({'mirrored': True, 'rotate': 90}, 1),
    ],
)
def test_a_camera_that_is_mounted_otherwise_shows_left_on_the_left(
    bench: CameraBench, tmp_path: Path, given: dict[str, Any], quarters: int
) -> None:
    """Over the graph and within the process, any picture (raspicam_node 4, 120; ustreamer 28).

    Some cameras show a mirror's picture (flir_camera_driver 234, pointgrey_camera_driver 31).
    """
    rng = np.random.default_rng(len(str(given)))
    size = (*rng.integers(8, 40, 2).tolist(), 3)
    picture = rng.integers(0, 256, size, dtype=np.uint8)
    cv2.imwrite(str(tmp_path / '0.png'), picture[:, :, ::-1])
    here: list[Any] = []
    bench.node.listeners.append(here.append)
    bench.set(source='folder', path=str(tmp_path), framerate=20.0, loop=True)
    bench.set(**given)
    bench.node.start()
    assert bench.wait(lambda: bool(bench.images and here))
    seen = picture[:, ::-1] if given.get('mirrored') else picture
    for _ in range(quarters):  # clockwise: the first column, from below, is the first row
        seen = np.stack([seen[::-1, column] for column in range(seen.shape[1])])
    assert np.array_equal(conversions.image_array(bench.images[-1]), seen)
    assert np.array_equal(here[-1].image, seen)
    assert here[-1].image.flags.c_contiguous


def test_the_end_of_a_file_ends_the_node(bench: CameraBench, folder: Path) -> None:
    bench.set(source='folder', path=str(folder), framerate=200.0)
    bench.node.start()
    stop = process.StopRequest()
    assert bench.node.turn(stop)
    assert bench.wait(lambda: not bench.node.turn(stop))


def test_the_video_that_ships_begins_again_at_its_end(
    bench: CameraBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tmp_path / 'short.avi'
    writer = cv2.VideoWriter(str(short), cv2.VideoWriter.fourcc(*'MJPG'), 20.0, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    monkeypatch.setattr(camera_node, 'REHEARSAL', str(short))
    bench.set(source='video', framerate=50.0)
    bench.node.start()
    assert bench.wait(lambda: len(bench.images) >= 8)


def test_a_source_that_breaks_ends_the_process_with_its_reason(
    bench: CameraBench, folder: Path
) -> None:
    for file in folder.iterdir():
        file.write_bytes(b'')
    bench.set(source='folder', path=str(folder), framerate=200.0)
    bench.node.start()
    with pytest.raises(CameraError, match='30 pictures in a row cannot be read'):
        bench.wait(lambda: not bench.node.turn(process.StopRequest()))


class Hanging:
    """A camera whose driver gives some pictures, and then neither pictures nor an error."""

    def __init__(self, count: int, ends_with: CameraError | None = None) -> None:
        self.left, self.is_closed, self.ends_with = count, False, ends_with
        self.end = threading.Event()

    def read(self) -> CameraFrame | None:
        if not self.left:
            self.end.wait()
            if self.ends_with is not None:
                raise self.ends_with
            return None
        self.left -= 1
        time.sleep(0.01)
        return CameraFrame(np.full((48, 64, 3), self.left % 256, np.uint8), time.time_ns())

    def close(self) -> None:
        self.is_closed = True


def hang(patch: pytest.MonkeyPatch, count: int, **limits_s: float) -> Hanging:
    """Have the next source hang after some pictures, under other limits of the node."""
    hanging = Hanging(count)
    patch.setattr(camera_node, 'open_source', lambda _: hanging)
    for name, limit_s in limits_s.items():
        patch.setattr(camera_node, name, limit_s)
    return hanging


@pytest.mark.parametrize('count', [0, 1, 3])
def test_a_live_source_that_hangs_ends_the_node_and_is_not_freed_while_in_use(
    bench: CameraBench, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """A pipeline may hang for ever (gscam 108, gscam2 41; opencv 22868); launch starts it anew."""
    hanging = hang(monkeypatch, count, SILENT_S=0.4, FIRST_S=0.8)
    bench.set(source='gstreamer', pipeline='videotestsrc user-pw=secret ! appsink')
    bench.node.start()
    stop = process.StopRequest()
    began_s = time.monotonic()
    with pytest.raises(CameraError, match=r'gstreamer .* hangs: no picture') as caught:
        bench.wait(lambda: not bench.node.turn(stop))
    assert 'secret' not in str(caught.value)
    bench.node.close()
    assert time.monotonic() - began_s < camera_node.JOIN_S  # it is not waited for once more
    assert not hanging.is_closed
    hanging.end.set()


@pytest.mark.parametrize('count', [0, 2])
def test_told_to_end_while_a_source_hangs_it_frees_nothing_that_is_in_use(
    bench: CameraBench, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Ctrl-C before the hang was noticed closed the device in the middle of a read."""
    hanging = hang(monkeypatch, count, JOIN_S=0.3)
    bench.set(video_device='/dev/video7')
    bench.node.start()
    bench.pause(0.2)
    bench.node.close()
    assert not hanging.is_closed
    hanging.end.set()


@pytest.mark.parametrize('ends_with', [None, CameraError('gone')])
def test_a_source_that_hung_while_deactivated_is_left_to_itself(
    bench: CameraBench, monkeypatch: pytest.MonkeyPatch, ends_with: CameraError | None
) -> None:
    """Activated again it had two readers; the first one's end was taken for that of the file."""
    hanging, good = Hanging(1, ends_with), Hanging(1000)
    sources = [hanging, good]
    monkeypatch.setattr(camera_node, 'open_source', lambda _: sources.pop(0))
    monkeypatch.setattr(camera_node, 'JOIN_S', 0.3)
    bench.set(video_device='/dev/video7')
    bench.node.start()
    assert bench.wait(lambda: len(bench.images) == 1)
    assert bench.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert bench.node.trigger_activate() == TransitionCallbackReturn.FAILURE
    for step in (bench.node.trigger_cleanup, bench.node.trigger_configure):
        assert step() == TransitionCallbackReturn.SUCCESS
    assert bench.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    hanging.end.set()
    before = len(bench.images)
    assert bench.wait(lambda: len(bench.images) > before)
    bench.pause(0.2)
    assert bench.node.turn(process.StopRequest())  # neither over nor broken
    assert not hanging.is_closed
    assert good.left < 1000
    assert bench.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert bench.node.trigger_cleanup() == TransitionCallbackReturn.SUCCESS
    assert good.is_closed


def test_a_file_may_take_its_time(bench: CameraBench, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = hang(monkeypatch, 2, SILENT_S=0.1, FIRST_S=0.1)
    bench.set(source='folder', path='pictures')
    bench.node.start()
    bench.pause(0.5)
    assert bench.node.turn(process.StopRequest())
    hanging.end.set()


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        ({'source': 'folder'}, "source 'folder' needs parameter 'path'"),
        ({'video_device': '/dev/no_such_camera'}, 'cannot be opened'),
        ({'rotate': 45}, 'expected one of (0, 90, 180, 270), got 45'),
        ({'rotate': 90, 'upside_down': True}, 'contradict each other'),
    ],
)
def test_what_cannot_be_configured_is_refused_in_words(
    bench: CameraBench, capfd: pytest.CaptureFixture[str], given: dict[str, Any], words: str
) -> None:
    bench.set(**given)
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert words in capfd.readouterr().err


def test_deactivated_it_is_silent_and_can_go_on(bench: CameraBench, folder: Path) -> None:
    bench.set(source='folder', path=str(folder), framerate=20.0, loop=True)
    bench.node.start()
    assert bench.wait(lambda: len(bench.images) >= 2)
    assert bench.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    bench.pause(0.2)
    count = len(bench.images)
    bench.pause(0.3)
    assert len(bench.images) == count
    assert bench.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert bench.wait(lambda: len(bench.images) > count)
