# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that are sent arrive as they were; an encoder that is dead or stuck holds nobody up."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from rtp import RtpReceiver

from liquid_drone.arrays import Image
from liquid_drone.camera.stream import installed, sender
from liquid_drone.camera.stream.encoders import Encoder, VideoTarget
from liquid_drone.camera.stream.sender import VideoSender
from liquid_drone.errors import MissingDependencyError

WIDTH, HEIGHT = 320, 180
GREY: Image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
TAKES_ALL = Encoder('takes all', ('/bin/sh', '-c', 'exec cat >/dev/null'))
DEAD = Encoder('dead', ('/bin/sh', '-c', 'echo no such device >&2; exit 3'))
MISSING = Encoder('missing', ('/nonexistent/encoder',))
STUCK = Encoder('stuck', ('/bin/sh', '-c', 'exec sleep 1000'))


def picture(index: int) -> Image:
    """Return a picture with a bright square that moves."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[...] = np.linspace(30, 200, WIDTH, dtype=np.uint8)[:, None]
    image[60:100, 10 * index : 10 * index + 40] = 220, 60, 40
    return image


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, 'RUNS_S', 0.05)


def until(is_true: Callable[[], bool], act: Callable[[], None], limit_s: float = 60.0) -> bool:
    """Act again and again until something holds."""
    deadline = time.monotonic() + limit_s
    while not is_true() and time.monotonic() < deadline:
        act()
        time.sleep(0.002)
    return is_true()


def names() -> list[str]:
    try:
        made = installed.encoders(VideoTarget('127.0.0.1', 5600, WIDTH, HEIGHT, 30.0, 2000))
    except MissingDependencyError:
        return []
    return [one.name for one in made if 'nv' not in one.name and 'v4l2' not in one.name]


@pytest.mark.parametrize('name', ['x264enc', 'libx264', 'openh264enc', 'libopenh264'])
def test_a_ground_station_decodes_the_pictures_that_were_shown(name: str) -> None:
    ffmpeg = installed.ffmpeg_program()
    if name not in names() or not ffmpeg:
        pytest.skip(f'needs {name}, and ffmpeg to decode: pip install imageio-ffmpeg')
    receiver, said = RtpReceiver(), list[str]()
    target = VideoTarget('127.0.0.1', receiver.port, WIDTH, HEIGHT, 30.0, 2000)
    video = VideoSender(installed.encoders(target, name), said.append)
    try:
        for index in range(20):
            video.show(picture(index))
            assert until(lambda index=index: video.sent > index, receiver.receive)
        last = picture(19)
        shown = receiver.pictures + 15

        def show() -> None:
            if video.sent + video.dropped < 400:
                video.show(last)
            receiver.receive()

        assert until(lambda: receiver.pictures >= shown, show)
    finally:
        video.close()
    pictures = receiver.decoded(ffmpeg, WIDTH, HEIGHT)
    receiver.close()
    assert len(pictures) >= 15
    seen = pictures[-1].astype(int)
    assert np.abs(seen - last).mean() < 6.0
    assert np.abs(seen[65:95, 195:225].mean(axis=(0, 1)) - (220, 60, 40)).max() < 25.0
    assert [text for text in said if 'ended' in text] == []


def test_an_encoder_that_ends_gives_way_to_the_next_and_it_is_said_once() -> None:
    said: list[str] = []
    video = VideoSender((MISSING, DEAD, TAKES_ALL), said.append, 0.01)
    assert until(lambda: video.encoder == 'takes all', lambda: video.show(GREY))
    video.close()
    assert video.fault == ''
    assert len(said) == 2
    assert said[0].startswith('missing ended: ')
    assert said[1] == 'takes all encodes'


def test_where_none_works_the_reason_is_known_and_it_goes_on_trying() -> None:
    said: list[str] = []
    video = VideoSender((DEAD,), said.append, 0.001)
    assert until(lambda: 'no such device' in video.fault, lambda: video.show(GREY))
    sent = video.sent
    assert until(lambda: video.sent + video.dropped > sent + 2, lambda: video.show(GREY))
    video.close()
    assert said == ['dead ended: no such device; it is tried again']


def test_an_encoder_that_takes_nothing_holds_nobody_up_and_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, 'STALLED_S', 0.05)
    video = VideoSender((STUCK, TAKES_ALL), lambda text: None, 0.01)
    big: Image = np.zeros((1080, 1920, 3), np.uint8)
    assert until(lambda: video.encoder == 'takes all', lambda: video.show(big))
    assert video.dropped > 0
    video.close()


def test_closing_does_not_wait_for_an_encoder_that_takes_nothing() -> None:
    video = VideoSender((STUCK,), lambda text: None)
    big: Image = np.zeros((1080, 1920, 3), np.uint8)
    assert until(lambda: video.dropped > 0, lambda: video.show(big))
    video.close()
    assert not video.is_alive
