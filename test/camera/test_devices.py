# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: what a device gives instead of what was asked is told, and why none opens."""

import tempfile
from pathlib import Path

import cv2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.camera import live
from liquid_drone.camera.devices import Wishes, ask, misread, numbered, why_not
from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError, ConfigError

Mode = tuple[str, int, int, float]
MODES: list[Mode] = [  # of a common USB camera: what is large comes slowly but as JPEG
    ('YUYV', 640, 480, 30.0),
    ('YUYV', 1280, 720, 10.0),
    ('MJPG', 640, 480, 30.0),
    ('MJPG', 1280, 720, 30.0),
    ('MJPG', 1920, 1080, 30.0),
]


class Device:
    """Takes what is nearest to a wish, as drivers of V4L2 do, and never refuses."""

    def __init__(self) -> None:
        self.mode = MODES[0]

    def isOpened(self) -> bool:  # noqa: N802  # as OpenCV calls it
        return True

    def set(self, name: int, value: float) -> bool:
        kind, width = self.mode[:2]
        if name == cv2.CAP_PROP_FOURCC:
            asked = int(value).to_bytes(4, 'little').decode()
            kind = asked if asked in ('YUYV', 'MJPG') else kind
        elif name == cv2.CAP_PROP_FRAME_WIDTH:
            width = int(value)
        modes = [one for one in MODES if one[0] == kind]
        self.mode = min(modes, key=lambda one: abs(one[1] - width))
        return True

    def get(self, name: int) -> float:
        places = cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS
        if name == cv2.CAP_PROP_FOURCC:
            return float(int.from_bytes(self.mode[0].encode(), 'little'))
        return float(self.mode[1 + places.index(name)]) if name in places else -1.0


@given(
    st.sampled_from(['', 'YUYV', 'MJPG', 'H264', 'GREY']),
    st.sampled_from([(0, 0), (640, 480), (1280, 720), (1920, 1080), (800, 600)]),
    st.sampled_from([0.0, 10.0, 15.0, 30.0, 60.0]),
)
def test_what_a_device_gives_instead_is_told(
    pixel_format: str, size: tuple[int, int], rate_hz: float
) -> None:
    """usb_cam 10, 104, 263, UVCCamera 391: half the rate, or another size, and no word of it."""
    device = Device()
    told = ask(device, Wishes(pixel_format, *size, rate_hz))
    kind, width, height, given_hz = device.mode
    is_other = bool(pixel_format) and pixel_format != kind
    is_other |= any(size) and size != (width, height)
    is_other |= given_hz < 0.9 * rate_hz
    assert bool(told) is is_other
    assert not told or f'the device gives {kind} {width}x{height} {given_hz:g} Hz' in told
    if (pixel_format, size, rate_hz) == ('', (1280, 720), 30.0):
        assert told.startswith('asked for 1280x720 30 Hz, and the device gives YUYV')


def test_it_is_told_where_a_device_is_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: Device())
    open_source(SourceConfig('device', '/dev/video0', 640, 480, 30.0))
    assert not caplog.messages
    open_source(SourceConfig('device', '/dev/video0', 1280, 720, 30.0))
    assert 'gives YUYV 1280x720 10 Hz' in caplog.text
    caplog.clear()
    open_source(SourceConfig('device', '/dev/video0', 1280, 720, 30.0, pixel_format='MJPG'))
    assert not caplog.messages


@given(st.text(max_size=8).filter(lambda text: text and (len(text) != 4 or not text.isascii())))
def test_a_pixel_format_is_four_characters(pixel_format: str) -> None:
    with pytest.raises(ConfigError, match='expected the four characters'):
        ask(Device(), Wishes(pixel_format))


def test_why_a_device_does_not_open(tmp_path: Path) -> None:
    """A list of what is there: OTL/cv_camera 18 and 32 had the wrong number."""
    for number, name in ((10, 'HD Webcam'), (2, 'HD Webcam: metadata'), (0, 'unicam')):
        (tmp_path / 'sys' / f'video{number}').mkdir(parents=True)
        (tmp_path / 'sys' / f'video{number}' / 'name').write_text(f'{name}\n')
    there = '/dev/video0 (unicam), /dev/video2 (HD Webcam: metadata), /dev/video10 (HD Webcam)'
    missing = why_not('device', '/dev/video7_none', tmp_path / 'sys')
    assert missing.endswith(f'v4l2-ctl --list-devices); there are: {there}')
    assert 'there are: none' in why_not('device', '77', tmp_path / 'nothing')
    device = tmp_path / 'video3'
    device.touch()
    assert (
        f'a CSI camera, which needs source gstreamer or a driver of its own); there are: {there}'
        in (why_not('device', str(device), tmp_path / 'sys'))
    )


@pytest.mark.parametrize(
    ('kind', 'address', 'words'),
    [
        ('rtsp', 'rtsp://pilot:secret@10.0.0.5/live', 'ffplay or VLC opens the same address'),
        ('gstreamer', 'nvarguscamerasrc ! appsink', 'gst-launch-1.0'),
    ],
)
def test_a_stream_that_does_not_open_gets_no_advice_for_a_device(
    monkeypatch: pytest.MonkeyPatch, kind: str, address: str, words: str
) -> None:
    class Closed(Device):
        def isOpened(self) -> bool:  # noqa: N802
            return False

    monkeypatch.setattr(cv2, 'VideoCapture', lambda *_: Closed())
    monkeypatch.setattr(live, '_need_gstreamer', lambda: None)
    with pytest.raises(CameraError) as caught:
        open_source(SourceConfig(kind, address))
    assert words in str(caught.value)
    assert 'v4l2' not in str(caught.value)
    assert 'secret' not in str(caught.value)


@settings(max_examples=20)
@given(
    st.lists(st.integers(1, 3), max_size=4),
    st.integers(0, 9),
    st.sampled_from(
        ['{}', '/dev/video{}', '/dev/v4l/by-id/usb-one-video-index{}', '/dev/front{}']
    ),
    st.booleans(),
)
def test_a_number_of_a_camera_that_another_one_may_have_next_time_is_warned_of(
    nodes: list[int], number: int, spelling: str, has_links: bool
) -> None:
    """Of several cameras, each with a node or more (openag_brain 178, usb_cam 246)."""
    with tempfile.TemporaryDirectory() as scratch:
        listed, lasting = Path(scratch) / 'listed', Path(scratch) / 'v4l'
        (lasting / 'by-path').mkdir(parents=True)
        next_number = 0
        for camera, count in enumerate(nodes):
            for _ in range(count):
                node = listed / f'video{next_number}'
                node.mkdir(parents=True)
                (node / 'name').write_text(f'camera {camera}\n')
                (node / 'device').symlink_to(Path(scratch) / f'usb{camera}')
                if has_links:
                    link = lasting / 'by-path' / f'usb-{camera}-index{next_number}'
                    link.symlink_to(f'/dev/video{next_number}')
                next_number += 1
        address = spelling.format(number)
        told = numbered(address, listed, lasting)
        is_number = address.removeprefix('/dev/video').isdecimal()
        assert bool(told) is (is_number and len(nodes) > 1)
        if told:
            assert f'{len(nodes)} cameras' in told
            assert 'camera 0' in told
            assert (f'-index{number}' in told) is (has_links and number < next_number)


def test_the_warning_comes_where_a_device_is_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live.devices, 'numbered', lambda address: f'{address} is a number')
    monkeypatch.setattr(cv2, 'VideoCapture', lambda *given: Device())
    open_source(SourceConfig('device', '/dev/video0'))
    assert '/dev/video0 is a number' in caplog.text


@given(st.text('/?#ab@:', min_size=1, max_size=8), st.text('/?#ab@:', max_size=8))
def test_a_password_that_would_be_read_as_the_host_is_refused_before_it_is_shown(
    begin: str, end: str
) -> None:
    """What stood behind its # or / was "failed to resolve hostname", and on the log."""
    address = f'rtsp://pilot:zz{begin}zz{end}zz@127.0.0.1:9/live'
    if not set('/?#') & set(begin + end):
        assert not misread(address)
        return
    if '/' in begin + end and '@' in (begin + end).split('/')[0]:
        return  # a user with a password, and an @ in the path: nobody can tell
    with pytest.raises(CameraError, match='%2F') as refused:
        open_source(SourceConfig('rtsp', address, 0, 0, 0.0, False, ''))
    assert 'zz' not in str(refused.value)


@pytest.mark.parametrize(
    'address',
    [
        'rtsp://10.0.0.2:554/live',
        'rtsp://10.0.0.2/live@2',
        'rtsp://10.0.0.2:8554/live@2?x=a@b',
        'rtsp://pilot:secret@10.0.0.2/live@2',
        'rtsp://pilot:p%40ss%23@10.0.0.2:554/cam/realmonitor?channel=1&subtype=0',
        'rtsp://10.0.0.2:554/user=admin_password=abc_channel=1_stream=0.sdp?real_stream',
        'http://10.0.0.2/video?user=a&pwd=b',
    ],
)
def test_an_address_that_is_read_as_it_is_meant_is_not_refused(address: str) -> None:
    assert not misread(address)
