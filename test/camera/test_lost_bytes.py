# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures that lost some bytes of their middle, as a USB cable or hub loses packets."""

import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from liquid_drone.encodings import decode, decode_compressed
from liquid_drone.errors import ImageError
from liquid_drone.integrity.lost_bytes import is_filled, lacks_restarts

SAMPLINGS = {'420': 0x411111, '422': 0x211111, '444': 0x111111}
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.sampled_from([(360, 640), (240, 320), (244, 424), (480, 640), (270, 480)])


def scene(seed: int, size: tuple[int, int]) -> np.ndarray:
    """Return a picture (H, W, 3) with shapes and noise of a camera, and no grey of its own."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (size[0] // 24 + 2, size[1] // 24 + 2, 3), dtype=np.uint8)
    large = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC).astype(float)
    return np.clip(large + rng.normal(0.0, 4.0, large.shape), 0, 255).astype(np.uint8)


def coded(picture: np.ndarray, sampling: str, quality: int, restarts: int) -> bytes:
    flags = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_RST_INTERVAL, restarts),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLINGS[sampling]),
    ]
    return bytes(cv2.imencode('.jpg', picture, flags)[1])


def seen(data: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def refused(call: Callable[..., object], *arguments: object) -> bool:
    try:
        call(*arguments)
    except ImageError as error:
        return 'lost bytes' in str(error)
    return False


@pytest.mark.parametrize('restarts', [0, 2, 9])
@pytest.mark.parametrize('sampling', SAMPLINGS)
def test_a_jpeg_that_lost_a_packet_of_its_middle_is_refused(sampling: str, restarts: int) -> None:
    """All that follows is shifted and of other colours: 45 % of the pixels, and it was taken."""
    rng, found, found_shown, torn = np.random.default_rng(restarts), 0, 0, 0
    for seed in range(20):
        size = [(360, 640), (240, 320), (244, 424), (480, 640), (270, 480)][seed % 5]
        quality, packet = int(rng.integers(40, 95)), int(rng.choice([188, 512, 800, 1024, 3060]))
        whole = coded(scene(seed, size), sampling, quality, restarts)
        assert not refused(decode_compressed, 'jpeg', whole)
        first = int(rng.integers(700, len(whole) - packet - 2))
        data = whole[:first] + whole[first + packet :]
        picture, right = seen(data), seen(whole)
        if picture is None or picture.shape != right.shape:
            continue
        if (abs(picture.astype(int) - right).max(axis=2) > 40).mean() < 0.1:
            continue
        torn += 1
        found += refused(decode_compressed, 'jpeg', data)
        height, width = picture.shape[:2]
        raw = 'bgr8', width, height, 3 * width, picture.tobytes()
        found_shown += refused(decode, *raw)
    assert torn > 5
    assert found >= 0.9 * torn, (found, torn)
    assert found_shown >= 0.9 * torn or restarts, (found_shown, torn)


@given(SEEDS, SIZES, st.sampled_from(['yuyv', 'uyvy']))
def test_the_grey_that_a_driver_passes_on_as_yuv_is_known(
    seed: int, size: tuple[int, int], encoding: str
) -> None:
    """A decoder's 128 of full range, read as YUV of video levels, is 130."""
    rng = np.random.default_rng(seed)
    height, width = size
    rows = rng.integers(16, 236, (height, 2 * width), dtype=np.uint8)
    whole = encoding, width, height, 2 * width
    assert not refused(decode, *whole, rows.tobytes())
    top = (height - 1) // 8 * 8
    if height - top <= 2:
        top -= 8
    rows[top:, 2 * 16 * int(rng.integers(0, width // 16 - 1)) :] = 128
    assert refused(decode, *whole, rows.tobytes())


@given(SEEDS, SIZES, st.integers(20, 95), st.sampled_from(sorted(SAMPLINGS)), st.floats(0.0, 0.3))
def test_smooth_grey_ground_is_no_lost_byte(
    seed: int, size: tuple[int, int], quality: int, sampling: str, slope: float
) -> None:
    """Asphalt, concrete and a sky that is overcast are grey, and coarse coding makes them flat."""
    rng = np.random.default_rng(seed)
    height, width = size
    down, across = rng.uniform(-slope, slope, 2)
    ground = 128 + down * (np.arange(height)[:, None] - height + rng.integers(1, 40))
    ground = ground + across * (np.arange(width)[None, :] - width + rng.integers(1, 40))
    noisy = ground + rng.normal(0.0, rng.uniform(0.0, 3.0), size)
    picture = np.repeat(np.clip(noisy, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    picture[: height // 3] = scene(seed, (height // 3, width))
    data = coded(picture, sampling, quality, 0)
    assume(not (seen(data)[-8:] == 128).all())  # whole rows are the grey of lost bytes
    decode_compressed('jpeg', data)


@given(SEEDS, st.integers(1, 40), st.sampled_from(sorted(SAMPLINGS)), st.booleans(), st.data())
def test_restart_markers_that_are_missing_are_noticed_and_whole_pictures_lack_none(
    seed: int, restarts: int, sampling: str, is_grey: bool, data: st.DataObject
) -> None:
    """Some cameras put bytes too many before each marker (motion 65): all are there."""
    picture = scene(seed, (96, 128))
    whole = coded(picture[..., 0] if is_grey else picture, sampling, 80, restarts)
    values = np.frombuffer(whole, np.uint8)
    assert not lacks_restarts(values)
    assert not lacks_restarts(values[: data.draw(st.integers(0, 30))])
    marks = (bytes((0xFF, number)) for number in range(0xD0, 0xD8))
    found = sorted(at.start() for mark in marks for at in re.finditer(re.escape(mark), whole))
    wordy = b''.join(
        whole[a:b] + (b'\x00' if b in found else b'')
        for a, b in zip([0, *found], [*found, len(whole)], strict=True)
    )
    assert not lacks_restarts(np.frombuffer(wordy, np.uint8))
    assume(len(found) > 1)
    one = data.draw(st.integers(0, len(found) - 1))
    most = len(found) - one
    lost = data.draw(st.integers(1, most).filter(lambda number: number % 8 or number == most))
    last = found[one + lost] if one + lost < len(found) else len(whole) - 2
    torn = np.frombuffer(whole[: found[one]] + whole[last:], np.uint8)
    assert lacks_restarts(torn)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_looked_at_without_an_error(data: bytes, is_jpeg: bool) -> None:
    head = b'\xff\xd8\xff\xdd\x00\x04\x00\x02\xff\xc0' if is_jpeg else b''
    lacks_restarts(np.frombuffer(head + data, np.uint8))


def test_small_and_grey_pictures_are_none_that_lost_bytes() -> None:
    for size in ((1, 1), (9, 9), (12, 30), (17, 8)):
        assert not is_filled(np.full((*size, 3), 128, np.uint8))
        assert not is_filled(np.full(size, 130, np.uint8))
