# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: motion JPEG by HTTP is taken at any rate, and what waited is never fresh."""

import base64
import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liquid_drone.camera.frame import SourceConfig
from liquid_drone.camera.frame_age import ALIKE, WINDOW_S, ArrivalAge
from liquid_drone.camera.http_pictures import Multipart, open_http
from liquid_drone.camera.source import open_source
from liquid_drone.errors import CameraError

SLACK_S = 0.25  # of a busy machine


def jpeg(number: int) -> bytes:
    """Return an image that tells its number by its brightness."""
    return bytes(cv2.imencode('.jpg', np.full((48, 64, 3), number % 250, np.uint8))[1])


class Camera(BaseHTTPRequestHandler):
    """A camera with a web server; ``plan`` sends."""

    plan: Callable[['Camera'], None]
    password = ''

    def do_GET(self) -> None:
        wanted = base64.b64encode(f'pilot:{self.password}'.encode()).decode()
        if self.password and self.headers.get('Authorization') != f'Basic {wanted}':
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Basic realm="camera"')
            self.end_headers()
            return
        with contextlib.suppress(OSError):  # whoever looked is gone
            type(self).plan(self)

    def begin(self, content: str = 'multipart/x-mixed-replace; boundary=--frame') -> None:
        self.send_response(200)
        self.send_header('Content-Type', content)
        self.end_headers()

    def part(self, number: int, taken_s: float, has_length: bool, has_time: bool) -> None:
        body = jpeg(number)
        head = '--frame\r\nContent-Type: image/jpeg\r\n'
        head += f'Content-Length: {len(body)}\r\n' * has_length
        head += f'X-Timestamp: {taken_s:.6f}\r\n' * has_time
        self.wfile.write(head.encode() + b'\r\n' + body + b'\r\n')

    def log_message(self, *_: Any) -> None:
        pass


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def start(plan: Callable[[Camera], None], password: str = '') -> str:
        handler = type('Planned', (Camera,), {'plan': plan, 'password': password})
        server = ThreadingHTTPServer(('127.0.0.1', 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f'127.0.0.1:{server.server_port}/stream'

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Found = list[tuple[int, float]]  # number, and when it was taken by its stamp, s
LEVELS = 200  # grey levels that are numbers


def seen(address: str, is_enough: Callable[[Found], bool]) -> tuple[Found, str]:
    """Return the images up to those that are enough, and why it ended; after a minute at most."""
    opened = open_source(SourceConfig('rtsp', address))
    found, begun_s = Found(), time.monotonic()
    try:
        while not is_enough(found) and time.monotonic() - begun_s < 60.0:
            frame = opened.read()
            assert frame is not None
            found.append((int(frame.image[0, 0, 0]), frame.stamp_ns / 1e9))
    except CameraError as error:
        return found, str(error)
    finally:
        opened.close()
    return found, ''


def each(period_s: float, taken_s: dict[int, float]) -> Iterator[int]:
    """Number images at the times of a camera, which a busy machine does not move."""
    begun_s, now_s = time.time(), time.monotonic()
    for index in range(round(60.0 / period_s)):
        time.sleep(max(0.0, now_s + index * period_s - time.monotonic()))
        taken_s[index % LEVELS] = begun_s + index * period_s
        yield index % LEVELS


@pytest.mark.parametrize('rate_hz', [10.0, 40.0])
@pytest.mark.parametrize(
    ('has_length', 'has_time'), [(True, False), (False, True), (False, False)]
)
def test_any_rate_is_taken_and_the_stamps_are_when_images_were_taken(
    serve: Serve, rate_hz: float, has_length: bool, has_time: bool
) -> None:
    """By FFmpeg's times one of 10 Hz was 4 s late after 6 s, and of 30 Hz half was left out."""
    taken_s: dict[int, float] = {}

    def plan(camera: Camera) -> None:
        camera.begin()
        for number in each(1.0 / rate_hz, taken_s):
            camera.part(number, taken_s[number] - 1e6, has_length, has_time)

    begun_s = time.monotonic()
    found, why = seen(
        f'http://{serve(plan)}',
        lambda found: len(found) > 5 and time.monotonic() - begun_s > 3.5,
    )
    assert not why
    assert len(found) > 5
    for number, stamp_s in found:
        assert stamp_s == pytest.approx(taken_s[number], abs=SLACK_S)


@pytest.mark.parametrize('has_time', [True, False])
def test_a_burst_behind_a_stall_is_not_fresh(serve: Serve, has_time: bool) -> None:
    """Images of a second and a half wait, and come at once, after some were taken as fresh."""
    taken_s: dict[int, float] = {}
    held = list[int]()  # before them come others that are fresh
    is_known, is_over = threading.Event(), threading.Event()

    def plan(camera: Camera) -> None:
        camera.begin()
        for number in each(0.05, taken_s):
            if is_known.is_set() and len(held) < 30:
                held.append(number)
                continue
            for late in held if held and not is_over.is_set() else ():
                camera.part(late, taken_s[late], True, has_time)
            if held:
                is_over.set()
            camera.part(number, taken_s[number], True, has_time)

    after = list[int]()  # those that came after the burst was sent

    def is_enough(found: Found) -> bool:
        if len(found) > 5:
            is_known.set()
        after.extend(number for number, _ in found[-1:] if is_over.is_set())
        return len(after) > 10

    found, why = seen(f'http://{serve(plan)}', is_enough)
    assert not why
    assert len(held) == 30
    assert len(after) > 10
    for number, stamp_s in found:
        assert stamp_s == pytest.approx(taken_s[number], abs=SLACK_S), number


def test_a_password_is_sent_and_never_shown(serve: Serve) -> None:
    def plan(camera: Camera) -> None:
        camera.begin()
        camera.part(1, 0.0, True, False)

    place = serve(plan, password='se cret')
    opened = open_http(f'http://pilot:se%20cret@{place}')
    assert opened is not None
    opened.close()
    with pytest.raises(CameraError, match='401') as caught:
        open_http(f'http://pilot:wrong-one@{place}')
    assert 'wrong-one' not in str(caught.value)


def test_a_stream_that_ends_or_was_never_there_is_told(serve: Serve) -> None:
    def plan(camera: Camera) -> None:
        camera.begin()
        for number in range(3):
            camera.part(number, 0.0, True, False)

    _, why = seen(f'http://{serve(plan)}', lambda _: False)
    assert 'gives no more images: the stream ended' in why
    with pytest.raises(CameraError, match=r'refused|cannot'):
        open_source(SourceConfig('rtsp', 'http://127.0.0.1:9/x'))


@pytest.mark.parametrize(
    ('content', 'words'), [('text/html; charset=utf-8', 'a page'), ('image/jpeg', 'one image')]
)
def test_the_address_of_a_page_or_of_one_image_is_told_as_that(
    serve: Serve, content: str, words: str
) -> None:
    """FFmpeg shows one image, and the camera was started anew every few seconds."""
    with pytest.raises(CameraError, match=f'answers with {words}.*address of its stream'):
        open_http(f'http://{serve(lambda camera: camera.begin(content))}')


def test_what_is_no_motion_jpeg_is_left_to_ffmpeg(serve: Serve) -> None:
    assert open_http(f'http://{serve(lambda camera: camera.begin("video/mp4"))}') is None


@given(
    st.lists(
        st.binary(min_size=1, max_size=80).filter(lambda body: b'--' not in body), max_size=6
    ),
    st.sampled_from(['frame', '--frame', '"my frame"', '']),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.sampled_from([b'', b'\r\n', b'# noise\r\n']),
)
def test_parts_come_as_they_were_sent(
    bodies: list[bytes], boundary: str, lengths: list[bool], noise: bytes
) -> None:
    """With their length and without, whatever dashes are told and lines stand between them."""
    headers = Message()
    headers['Content-Type'] = f'multipart/x-mixed-replace; boundary={boundary}'
    line = b'--' + boundary.strip('"').strip('-').encode() + b'\r\n'
    sent = b''
    for body, has_length in zip(bodies, lengths, strict=False):
        head = f'Content-Length: {len(body)}\r\n'.encode() if has_length else b''
        sent += noise * has_length + line + head + b'\r\n' + body + b'\r\n'
    stream = io.BytesIO(sent)
    answer = SimpleNamespace(headers=headers, read=stream.read, readline=stream.readline)
    parts = Multipart(answer)
    for body in bodies:
        assert body in parts.read().jpeg
    with pytest.raises(ConnectionError):
        parts.read()


@given(
    st.floats(0.02, 0.2),
    st.dictionaries(st.integers(200, 400), st.floats(0.0, 3.0), max_size=3),
    st.floats(0.0, 0.75),
    st.integers(20, 60),
    st.floats(0.0, 0.15),
    st.integers(0, 2**32),
)
@example(
    0.172, {200: 0.5, 221: 1.625, 252: 2.0}, 0.656, 20, 0.0, 0
)  # worked off at a window's end
@example(0.0408, {200: 1.0}, 0.719, 27, 0.105, 1)
def test_of_images_without_times_none_is_older_than_it_is_told(
    period_s: float,
    stalls: dict[int, float],
    sending: float,
    room: int,
    beacon_s: float,
    seed: int,
) -> None:
    """Through a queue that stalls, sends a quarter faster than they come, and leaves some out.

    A radio that slept sends at its next beacon, from the beginning on.
    """
    beacon_s *= beacon_s > 2.0 * period_s
    age, free_s, random = ArrivalAge(), 0.0, Random(seed)
    waiting = list[float]()
    told: list[tuple[float, float | None]] = []
    for index in range(500):
        taken_s = (index + 0.2 * random.random()) * period_s
        waiting = [came_s for came_s in waiting if came_s > taken_s]
        free_s += stalls.get(index, 0.0)
        if beacon_s and free_s <= taken_s:
            free_s = (taken_s // beacon_s + 1.0) * beacon_s
        if len(waiting) >= room:
            continue  # the sender leaves it out
        free_s = max(free_s, taken_s) + sending * period_s
        waiting.append(free_s)
        told.append((free_s - taken_s, age.take(free_s)))
    for waited_s, told_s in told:
        assert told_s is None or waited_s <= told_s + 3.0 * period_s + ALIKE * WINDOW_S + beacon_s
    if not stalls:
        assert all(told_s is not None for _, told_s in told[250:])
        assert max(told_s or 0.0 for _, told_s in told[250:]) < 0.2 + period_s + beacon_s


@given(st.floats(0.02, 0.2), st.floats(0.02, 0.2))
def test_another_rate_is_learned(before_s: float, after_s: float) -> None:
    age, now_s, told_s = ArrivalAge(), 0.0, None
    for period_s in [before_s] * 100 + [after_s] * 400:
        now_s += period_s
        told_s = age.take(now_s)
    assert told_s is not None
    assert told_s < 0.2
