# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Streams of the network: no picture is held back, and none that lost packets is used."""

import io
import math
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liquid_drone.arrays import Image
from liquid_drone.camera import live, network
from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.frame_age import StreamAge
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError
from liquid_drone.video.whole_frames import WholeFrames

av = pytest.importorskip('av')
WIDTH, HEIGHT, COUNT, KEY = 160, 96, 60, 12
PACKET = 188  # bytes, of MPEG-TS
LIKE = 4.0  # mean difference of a picture from the one that was sent, of 255
BITS, SIDE = 8, 8  # a frame's number, as squares at its upper edge
REFRESHED = {'preset': 'veryfast', 'tune': 'zerolatency', 'g': str(KEY)}
CODECS = {
    'libx264': {'preset': 'ultrafast', 'tune': 'zerolatency', 'g': str(KEY)},
    'libx265': {
        'preset': 'ultrafast',
        'tune': 'zerolatency',
        'x265-params': f'keyint={KEY}:min-keyint={KEY}:log-level=none',
    },
}


def painted() -> list[Image]:
    """Return a world that moves by, and the number of each picture in it."""
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (HEIGHT // 8, WIDTH // 8 + COUNT, 3), dtype=np.uint8)
    size = 8 * wide.shape[1], HEIGHT
    world = np.asarray(cv2.resize(wide, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    shown = []
    for number in range(COUNT):
        image = np.ascontiguousarray(world[:, 4 * number : 4 * number + WIDTH])
        for bit in range(BITS):
            left = SIDE * bit
            image[:SIDE, left : left + SIDE] = 255 * (number >> bit & 1)
        shown.append(image)
    return shown


def number_of(image: Image) -> int:
    squares = image[1 : SIDE - 1, : SIDE * BITS].reshape(SIDE - 2, BITS, -1).mean(axis=(0, 2))
    return sum(int(square > 127) << bit for bit, square in enumerate(squares))


@cache
def stream_of(codec: str) -> tuple[bytes, list[int], dict[int, Image]]:
    """Return an MPEG-TS, where each frame begins in it, and the frames as they are decoded."""
    made = io.BytesIO()
    with av.open(made, 'w', format='mpegts') as file:
        given = {**REFRESHED, 'x264-params': 'intra-refresh=1'}
        name, options = (codec, CODECS[codec]) if codec in CODECS else ('libx264', given)
        track = file.add_stream(name, rate=30, options=options)
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for image in painted():
            file.mux(track.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))
        file.mux(track.encode())
    data = made.getvalue()
    with av.open(io.BytesIO(data)) as file:
        begins = [packet.pos for packet in file.demux(video=0) if packet.pts is not None]
    with av.open(io.BytesIO(data)) as file:
        whole = [frame.to_ndarray(format='rgb24') for frame in file.decode(video=0)]
    assert len(whole) == len(begins) == COUNT
    return data, begins, {number_of(image): image for image in whole}


@contextmanager
def served(data: bytes, stays_s: float = 0.0) -> Iterator[str]:
    """Send data to who connects; then the connection stays for a while."""
    listening = socket.create_server(('127.0.0.1', 0))
    is_over = threading.Event()

    def serve() -> None:
        there, _ = listening.accept()
        with there:
            there.sendall(data)
            is_over.wait(stays_s)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f'tcp://127.0.0.1:{listening.getsockname()[1]}'
    finally:
        is_over.set()
        thread.join(10.0)
        listening.close()


def shown_of(capture: live.Capture) -> list[Image]:
    images = []
    while capture.grab():
        image = capture.picture()
        assert image is not None
        images.append(image)
    return images


def opened(address: str) -> network.NetworkCapture:
    return network.NetworkCapture(network.pyav(), address)


@pytest.mark.parametrize('codec', CODECS)
def test_a_stream_that_came_whole_is_shown_whole(codec: str) -> None:
    data, _, whole = stream_of(codec)
    with served(data) as address:
        capture = opened(address)
        assert [number_of(image) for image in shown_of(capture)] == sorted(whole)
        capture.release()


@pytest.mark.parametrize('codec', CODECS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), loss=st.floats(0.002, 0.05))
def test_no_picture_is_used_that_lost_packets_or_is_built_on_one(
    codec: str, seed: int, loss: float
) -> None:
    data, begins, whole = stream_of(codec)
    chance = random.Random(seed)
    packets = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    first = begins[1] // PACKET  # the tables and a key frame come
    kept = [packet for at, packet in enumerate(packets) if at < first or chance.random() > loss]
    with served(b''.join(kept)) as address:
        capture = opened(address)
        for image in shown_of(capture):
            apart = image.astype(int) - whole[number_of(image)]
            assert np.abs(apart).mean() < LIKE
        capture.release()


def test_pictures_are_used_again_from_the_next_key_frame_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data, begins, _ = stream_of('libx264')
    lost = begins[KEY + 2] // PACKET * PACKET
    with served(data[:lost] + data[lost + PACKET :]) as address:
        capture = opened(address)
        numbers = [number_of(image) for image in shown_of(capture)]
        capture.release()
    assert set(range(KEY)) | set(range(2 * KEY, COUNT)) <= set(numbers)
    assert not set(range(KEY + 3, 2 * KEY)) & set(numbers)
    assert caplog.text.count('lost packets on the way') == 1


@pytest.mark.parametrize('codec', [*CODECS, 'refreshed'])
def test_a_stream_is_shown_that_was_joined_in_its_middle(codec: str) -> None:
    """As every live one is; also one without key frames, which refreshes itself bit by bit."""
    data, begins, whole = stream_of(codec)
    middle = begins[KEY + KEY // 2] // PACKET * PACKET
    with served(data[: begins[0] or 3 * PACKET] + data[middle:]) as address:
        capture = opened(address)
        shown = {number_of(image): image for image in shown_of(capture)}
        capture.release()
    assert shown.keys() >= set(range(3 * KEY, COUNT))
    for number in range(3 * KEY, COUNT):
        assert np.abs(shown[number].astype(int) - whole[number]).mean() < LIKE


def test_what_rtp_lost_while_it_was_opened_counts_until_a_key_frame_behind_it() -> None:
    """Packets are read ahead then, and nothing in them tells of the loss."""

    class Told:
        pts, is_corrupt, key_frame = 0, False, True

        def at(self, pts: int, key_frame: bool = False) -> 'Told':
            self.pts, self.key_frame = pts, key_frame
            return self

    whole, one = WholeFrames(av), Told()
    with whole.opening():
        av.logging.log(av.logging.WARNING, 'rtsp', 'RTP: missed 3 packets')
    for pts, is_key, waited_s, expected in (
        (0, True, 0.0, False),  # read ahead
        (1, False, 0.03, False),
        (2, False, 0.03, False),
        (3, True, 0.03, True),
        (4, False, 0.03, True),
    ):
        whole.note_packet(one.at(pts, is_key), waited_s)
        assert whole.is_whole(one) is expected


def test_without_a_key_frame_it_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, 'TORN_FOR_S', -1.0)
    data, begins, _ = stream_of('libx264')
    lost = begins[KEY + 2] // PACKET * PACKET
    with served(data[:lost] + data[lost + PACKET :]) as address:
        capture = opened(address)
        with pytest.raises(CameraError, match='no key frame came'):
            shown_of(capture)
        capture.release()


def test_no_picture_is_held_back() -> None:
    """Of what was sent all is shown but what the last one's end is not known of."""
    data, begins, _ = stream_of('libx264')
    sent = COUNT - 10
    with served(data[: begins[sent]], 60.0) as address:
        capture, came = opened(address), 0
        while capture.grab():
            came += 1
            if came == sent - 2:  # MPEG-TS and its parser tell the end of a frame by the next one
                break
        capture.release()
    assert came == sent - 2


def test_opencv_decodes_on_one_thread_where_it_can(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    given_parameters: list[list[int]] = []

    class Capture:
        def __init__(self, _address: str, _kind: int, parameters: list[int]) -> None:
            given_parameters.append(parameters)

        def isOpened(self) -> bool:  # noqa: N802
            return True

    monkeypatch.setattr(live, 'pyav', lambda: None)
    monkeypatch.setattr(cv2, 'VideoCapture', Capture)
    monkeypatch.setattr(cv2, 'CAP_PROP_N_THREADS', 70, raising=False)
    open_source(SourceConfig('rtsp', 'rtsp://10.0.0.5/live'))
    assert given_parameters.pop()[-2:] == [70, 1]
    assert "pip3 install 'av>=15'" in caplog.text
    monkeypatch.delattr(cv2, 'CAP_PROP_N_THREADS')
    monkeypatch.setattr(os, 'sysconf', lambda _: 12)
    _, held = live._open_capture(SourceConfig('rtsp', 'rtsp://10.0.0.5/live'))
    assert held == 11
    assert 70 not in given_parameters.pop()


@given(st.integers(0, 15), st.floats(0.01, 0.2), st.integers(2, 40))
def test_what_a_decoder_holds_back_counts_to_the_age(
    held: int, period_s: float, count: int
) -> None:
    age = StreamAge(held)
    for index in range(held + count):
        told_s = age.take(100.0 + (index + held) * period_s, index * period_s)
        if index and index >= held:
            assert told_s is not None
            assert math.isclose(told_s, held * period_s, abs_tol=0.01)
        else:
            assert told_s is None


def test_a_stream_that_does_not_open_says_so_at_once_and_hides_its_password() -> None:
    began_s = time.monotonic()
    with pytest.raises(CameraError, match='ffplay or VLC opens the same address') as caught:
        open_source(SourceConfig('rtsp', 'rtsp://pilot:secret@127.0.0.1:9/live'))
    assert 'secret' not in str(caught.value)
    assert time.monotonic() - began_s < 60.0
