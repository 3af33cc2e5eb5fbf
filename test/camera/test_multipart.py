# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: images of motion JPEG are found however a camera separates them, and aged by proof."""

import io
from email.message import Message
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.camera.frame_age import ArrivalAge, ImageAge
from liquid_drone.camera.http_pictures import BEGINS, Multipart

# what a camera states, and what it sends between two images
SEPARATORS = (
    ('frame', b'--frame\r\n'),
    ('--frame', b'--frame\r\n'),
    ('frame', b'--frame--\r\n'),
    ('frame', b'frame\r\n'),
    ('frame', b'--other\r\n'),
    ('"my frame"', b'--my frame\r\n'),
    ('', b'--ffmpeg\r\n'),
    (None, b'--ffmpeg\n'),
)
LENGTHS = ('Content-Length: {}', 'content-length:{} ', 'Content-Length: 0', '')
images = st.binary(max_size=60).filter(lambda body: b'--' not in body and b'frame' not in body)


def answer(sent: bytes, stated: str | None) -> Any:
    headers, stream = Message(), io.BytesIO(sent)
    if stated is not None:
        headers['Content-Type'] = f'multipart/x-mixed-replace; boundary={stated}'
    return SimpleNamespace(headers=headers, read=stream.read, readline=stream.readline)


@given(
    st.lists(images, min_size=1, max_size=5),
    st.sampled_from(SEPARATORS),
    st.sampled_from(LENGTHS),
    st.booleans(),
    st.sampled_from(['', 'HTTP/1.1 200 OK']),
    st.sampled_from(['', 'audio/basic', 'text/plain', 'application/json']),
)
def test_each_image_is_found_and_nothing_else(
    bodies: list[bytes],
    separator: tuple[str | None, bytes],
    length: str,
    is_first: bool,
    status: str,
    beside: str,
) -> None:
    """A separator other than stated gave no image, and one that is left out cost the first."""
    stated, line = separator
    sent = line if is_first else b''
    for body in bodies:
        image = BEGINS + body
        head = [status] if status and sent else []
        head += ['Content-Type: image/jpeg', *filter(None, [length.format(len(image))])]
        sent += '\r\n'.join(head).encode() + b'\r\n\r\n' + image + b'\r\n'
        sent += line
        if beside:
            sent += f'Content-Type: {beside}\r\nContent-Length: 5\r\n\r\nabcde\r\n'.encode() + line
    parts = Multipart(answer(sent, stated))
    for body in bodies:
        assert parts.read().jpeg.rstrip(b'\r\n') == (BEGINS + body).rstrip(b'\r\n')
    with pytest.raises(ConnectionError):
        parts.read()
    assert parts.other == beside


@given(st.floats(0.02, 0.2), st.floats(0.0, 1e9), st.integers(100, 300), st.floats(1.0, 3.0))
def test_a_time_that_is_the_same_for_all_is_none(
    period_s: float, own_s: float, until: int, late_s: float
) -> None:
    """What waited behind a stall was fresh after thirty images under one time."""
    age, pace, now_s = ImageAge(), ArrivalAge(), 0.0
    for index in range(until + 20):
        now_s = index * period_s + late_s * (index >= until)
        assert age.take(now_s, own_s) == pace.take(now_s)
    assert not age.has_times


@given(st.floats(0.02, 0.2), st.integers(2, 50), st.floats(0.1, 3.0))
def test_images_with_times_are_as_late_as_these_tell(
    period_s: float, until: int, late_s: float
) -> None:
    age = ImageAge()
    for index in range(until + 20):
        now_s = index * period_s + late_s * (index >= until)
        told = age.take(now_s, index * period_s)
    assert told is not None
    assert told == pytest.approx(late_s, abs=0.05)
