# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a picture has its own colours whatever the driver sends, or is refused in words."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.arrays import Image
from liquid_drone.encodings import (
    COLOUR_ORDERS,
    ENCODINGS,
    LONGEST_SIDE_PX,
    UNORDERED,
    UNSTATED,
    decode,
    decode_compressed,
)
from liquid_drone.errors import ImageError

HEIGHT, WIDTH = 16, 32
RED, GREEN, BLUE = (200, 30, 20), (20, 180, 40), (30, 40, 210)


def planes(rgb: np.ndarray) -> np.ndarray:
    """Return the bytes of I420: all of Y, then U, then V, in the range of cameras."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420).reshape(-1)


def packed(rgb: np.ndarray, order: str) -> np.ndarray:
    """Return one colour all over as 4:2:2, where each pair of pixels shares its colour."""
    flat = planes(rgb)
    value = {'Y': flat[0], 'U': flat[HEIGHT * WIDTH], 'V': flat[-1]}
    return np.tile(np.array([value[letter] for letter in order], np.uint8), (HEIGHT, WIDTH // 2))


def encoded(rgb: np.ndarray, encoding: str) -> np.ndarray:
    """Return the rows of bytes that a camera sends for one colour all over."""
    if encoding in ('rgb8', 'bgr8'):
        return rgb[:, :, :: 1 if encoding == 'rgb8' else -1].reshape(HEIGHT, -1)
    if encoding in ('rgba8', 'bgra8'):
        ordered = rgb if encoding == 'rgba8' else rgb[:, :, ::-1]
        return np.dstack([ordered, np.full((HEIGHT, WIDTH), 7, np.uint8)]).reshape(HEIGHT, -1)
    if encoding.startswith('bayer'):
        pattern = encoding.removeprefix('bayer_').removesuffix('8')
        rows = np.zeros((HEIGHT, WIDTH), np.uint8)
        for index, letter in enumerate(pattern):
            rows[index // 2 :: 2, index % 2 :: 2] = rgb[0, 0]['rgb'.index(letter)]
        return rows
    if encoding in ('nv12', 'nv21'):
        flat, quarter = planes(rgb), HEIGHT * WIDTH // 4
        u, v = flat[-2 * quarter : -quarter], flat[-quarter:]
        pair = (u, v) if encoding == 'nv12' else (v, u)
        colour = np.stack(pair, axis=1).reshape(HEIGHT // 2, WIDTH)
        return np.vstack([flat[: HEIGHT * WIDTH].reshape(HEIGHT, WIDTH), colour])
    return packed(rgb, 'UYVY' if encoding in ('uyvy', 'yuv422') else 'YUYV')


@pytest.mark.parametrize('colour', [RED, GREEN, BLUE], ids=['red', 'green', 'blue'])
@pytest.mark.parametrize('encoding', sorted(set(ENCODINGS) - {'mono8', '8UC1'}))
def test_a_colour_is_the_same_colour_in_every_encoding(
    encoding: str, colour: tuple[int, int, int]
) -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    rows = np.pad(encoded(rgb, encoding), ((0, 0), (0, 5)))  # drivers pad their rows
    picture = decode(encoding, WIDTH, HEIGHT, rows.shape[1], rows.tobytes())
    assert picture.shape == (HEIGHT, WIDTH, 3)
    middle = picture[4:-4, 4:-4].reshape(-1, 3).astype(int)
    tolerance = 0 if encoding[:2] in ('rg', 'bg', 'ba') else 3  # rounded to YUV and back
    assert np.abs(middle - colour).max() <= tolerance


@pytest.mark.parametrize('colour', [RED, GREEN, BLUE], ids=['red', 'green', 'blue'])
@pytest.mark.parametrize('order', ['rgb', 'bgr'])
@pytest.mark.parametrize('encoding', sorted(UNORDERED))
def test_where_the_name_leaves_the_order_open_it_is_what_was_stated(
    encoding: str, order: str, colour: tuple[int, int, int]
) -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    rows = encoded(rgb, {'8UC3': f'{order}8', '8UC4': f'{order}a8'}[encoding])
    picture = decode(encoding, WIDTH, HEIGHT, rows.shape[1], rows.tobytes(), order)
    assert np.array_equal(picture, rgb)


@given(st.sampled_from(sorted(UNORDERED)), st.sampled_from([UNSTATED, '', 'red', 'grb']))
def test_without_a_statement_it_is_refused_with_what_to_set(encoding: str, order: str) -> None:
    with pytest.raises(ImageError, match='colour_order:=bgr') as refused:
        decode(encoding, WIDTH, HEIGHT, WIDTH * 4, bytes(WIDTH * HEIGHT * 4), order)
    assert encoding in str(refused.value)


@given(st.sampled_from(sorted(ENCODINGS)), st.integers(0, 2**32 - 1))
def test_an_encoding_that_names_the_order_is_taken_by_its_name_alone(
    encoding: str, seed: int
) -> None:
    found, step = ENCODINGS[encoding], WIDTH * ENCODINGS[encoding].bytes_per_pixel
    size = (HEIGHT + HEIGHT // 2 * found.half_more) * step
    data = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()
    first, *others = (
        decode(encoding, WIDTH, HEIGHT, step, data, order) for order in COLOUR_ORDERS
    )
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize('encoding', ['mono8', '8UC1'])
def test_grey_stays_grey(encoding: str) -> None:
    rows = np.arange(HEIGHT * WIDTH, dtype=np.uint8)
    picture = decode(encoding, WIDTH, HEIGHT, WIDTH, rows.tobytes())
    assert np.array_equal(picture[:, :, 1].reshape(-1), rows)
    assert np.array_equal(picture[:, :, 0], picture[:, :, 2])


@pytest.mark.parametrize('encoding', ['mono16', '32FC1', 'rgb16', '8UC2', 'jpeg', '', 'x' * 10**6])
def test_another_encoding_is_refused_with_those_that_are_taken(encoding: str) -> None:
    with pytest.raises(ImageError, match='expected an image with encoding rgb8') as refused:
        decode(encoding, WIDTH, HEIGHT, WIDTH * 3, bytes(WIDTH * HEIGHT * 3))
    assert f"got '{encoding[:40]}'" in str(refused.value)
    assert len(str(refused.value)) < 500


SIZES = st.one_of(st.integers(0, 40), st.sampled_from([LONGEST_SIDE_PX + 1, 2**31, 2**32 - 1]))


@given(
    st.sampled_from(sorted(ENCODINGS)), SIZES, SIZES, SIZES, st.integers(0, 4000), st.integers(0)
)
def test_any_size_step_and_length_gives_a_picture_of_that_size_or_a_sentence(
    encoding: str, width: int, height: int, step: int, length: int, seed: int
) -> None:
    data = np.random.default_rng(seed).integers(0, 256, length, dtype=np.uint8).tobytes()
    try:
        picture = decode(encoding, width, height, step, data)
    except ImageError:
        return
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert height * step <= length


SOURCES = sorted({*ENCODINGS, *UNORDERED, 'mono16', 'rgb16', 'bgra16', '16UC1', '16UC3', '32FC1'})
KEPT = ['', ' ', 'mono8', 'bgr8', 'rgb8', 'mono16', 'bgr16', 'bgra8']


@given(
    st.sampled_from(SOURCES), st.sampled_from(['jpeg', 'png']), st.sampled_from(KEPT), st.text()
)
def test_a_packed_picture_that_lost_its_colours_or_is_no_bytes_is_refused(
    source: str, container: str, kept: str, words: str
) -> None:
    """image_transport packs YUV and Bayer pictures as grey, and 16 bits as they are in PNG."""
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    data = cv2.imencode(f'.{container}', pixels)[1].tobytes()
    is_grey = source in ('mono8', 'mono16', '8UC1', '16UC1')
    lost = kept == 'mono8' and not is_grey
    is_wide = source not in ENCODINGS and source not in UNORDERED and not kept.endswith('8')
    described = f'{source}; {container} compressed {kept}'
    if lost or is_wide:
        with pytest.raises(ImageError, match='rgb8') as refused:
            decode_compressed(described, data)
        assert described.strip() in str(refused.value)
    else:
        assert decode_compressed(described, data).shape == pixels.shape
    assert decode_compressed(words.replace(';', ''), data).shape == pixels.shape


@given(st.floats(0.1, 0.999), st.sampled_from(['jpg', 'png']), st.binary(max_size=6000))
def test_a_picture_without_its_end_is_refused_and_what_lies_behind_it_does_no_harm(
    kept: float, container: str, rest: bytes
) -> None:
    """Older OpenCV fill what a cable or a full buffer cut off with grey; buffers are longer."""
    noise = np.random.default_rng(len(rest)).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    data = cv2.imencode(f'.{container}', noise)[1].tobytes()
    whole = decode_compressed(container, data)
    with pytest.raises(ImageError, match='without its end'):
        decode_compressed(container, data[: round(kept * (len(data) - 12))])
    behind = rest if container == 'png' else bytes(len(rest))
    assert np.array_equal(decode_compressed(container, data + behind), whole)


@given(st.sampled_from(['png', '', 'mono8; png compressed mono8']), st.booleans())
def test_a_png_of_16_bits_is_none_of_8_whatever_it_is_called(words: str, has_colour: bool) -> None:
    pixels = np.full((6, 8, 3) if has_colour else (6, 8), 4000, np.uint16)
    with pytest.raises(ImageError, match='got a PNG of 16'):
        decode_compressed(words, cv2.imencode('.png', pixels)[1].tobytes())


@given(st.sampled_from(['h264', 'H.264', 'hevc', 'h265', 'av1', 'VP9', 'mpeg4']), st.binary())
def test_packets_of_a_video_are_named(words: str, data: bytes) -> None:
    with pytest.raises(ImageError, match='a packet of a video'):
        decode_compressed(words, data)


@given(st.sampled_from(['rgb8', 'bgra8', 'yuyv']), st.data())
def test_a_step_shorter_than_a_row_is_named(encoding: str, data: st.DataObject) -> None:
    """usb_cam 288: a step of two bytes a pixel with rgb8; others leave it 0."""
    used = WIDTH * ENCODINGS[encoding].bytes_per_pixel
    step = data.draw(st.integers(0, used - 1))
    with pytest.raises(ImageError, match='let the camera driver set step'):
        decode(encoding, WIDTH, HEIGHT, step, bytes(used * HEIGHT))


@pytest.mark.parametrize('sampling', [0x411111, 0x211111, 0x111111], ids=['420', '422', '444'])
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.1, 0.85),
    st.integers(20, 95),
    st.sampled_from([0, 4]),
    st.booleans(),
)
def test_a_jpeg_that_lost_bytes_before_its_end_is_refused_and_so_is_the_picture_of_it(
    sampling: int, seed: int, share: float, quality: int, restarts: int, is_grey: bool
) -> None:
    """A driver publishes the bytes, or what libjpeg made of them: grey from there on."""
    rng = np.random.default_rng(seed)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (96, 128, 3), dtype=np.uint8), (0, 0), 2.0)
    flags = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_RST_INTERVAL, restarts),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling),
    ]
    shown = picture[..., 0] if is_grey else picture
    whole = bytes(cv2.imencode('.jpg', shown, flags)[1])
    decode_compressed('jpeg', whole)
    torn = whole[: round(share * len(whole))] + b'\xff\xd9'
    given_on = cv2.imdecode(np.frombuffer(torn, np.uint8), cv2.IMREAD_COLOR)
    if given_on is None or not (given_on != 128).any():  # it lost its head, or all of it
        return
    with pytest.raises(ImageError, match='lost bytes'):
        decode_compressed('jpeg', torn)
    with pytest.raises(ImageError, match='lost bytes'):
        decode('bgr8', 128, 96, 3 * 128, given_on.tobytes())


@given(
    st.integers(0, 2**32 - 1),
    st.integers(24, 120),
    st.integers(90, 200),
    st.sampled_from(['jpg', 'png', 'bgr8']),
    st.integers(32, 76),
)
def test_a_letterbox_in_grey_is_a_picture_and_one_that_lost_bytes_is_not(
    seed: int, bar: int, rows: int, kind: str, lost: int
) -> None:
    """Detectors' programs pad pictures to a square with the grey of lost bytes."""
    rng = np.random.default_rng(seed)
    content = cv2.GaussianBlur(rng.integers(0, 256, (rows, 64, 3), dtype=np.uint8), (0, 0), 2.0)
    content[0], content[-1] = 40, 40  # no grey of its own at its edge
    boxed = np.pad(content, ((bar, bar), (0, 0), (0, 0)), constant_values=128)
    torn = boxed.copy()
    torn[len(torn) - bar - lost :] = 128
    assert read_as(kind, boxed).shape == boxed.shape
    for picture in (torn, boxed[bar:]):
        with pytest.raises(ImageError, match='lost bytes'):
            read_as(kind, picture)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(16, 95),
    st.sampled_from(['yuyv', 'uyvy', 'jpg', 'png', 'bgr8']),
    st.sampled_from([135, 136, 154]),
)
def test_a_buffer_of_yuv_that_was_not_filled_to_its_end_is_refused(
    seed: int, kept: int, kind: str, green: int
) -> None:
    """A camera that loses packets, or starts: the rest of its buffer is zeros, a dark green."""
    rng = np.random.default_rng(seed)
    if kind in ('yuyv', 'uyvy'):
        buffer = rng.integers(16, 236, (128, 2 * WIDTH), dtype=np.uint8)
        decode(kind, WIDTH, 128, 2 * WIDTH, buffer.tobytes())
        buffer[kept:] = 0
        with pytest.raises(ImageError, match='empty buffer'):
            decode(kind, WIDTH, 128, 2 * WIDTH, buffer.tobytes())
        return
    picture = cv2.GaussianBlur(rng.integers(0, 256, (128, 64, 3), dtype=np.uint8), (0, 0), 2.0)
    read_as(kind, picture)
    picture[kept:] = 0, green, 0
    with pytest.raises(ImageError, match='empty buffer'):
        read_as(kind, picture)


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(0, 255)] * 3))
def test_a_ground_of_one_colour_is_a_picture(seed: int, colour: tuple[int, int, int]) -> None:
    """Simulators paint such; only the colours of lost bytes are none of a camera."""
    red, green, blue = colour
    is_lost = colour in ((128,) * 3, (130,) * 3) or (red < 4 and blue < 4 and 130 < green < 160)
    picture = np.random.default_rng(seed).integers(0, 256, (96, 64, 3), dtype=np.uint8)
    picture[60:] = colour
    if not is_lost:
        assert read_as('bgr8', picture).shape == picture.shape


def read_as(kind: str, picture: Image) -> Image:
    """Return a picture as it comes raw, or compressed."""
    if kind != 'bgr8':
        return decode_compressed(kind, bytes(cv2.imencode(f'.{kind}', picture)[1]))
    height, width = picture.shape[:2]
    return decode(kind, width, height, 3 * width, picture.tobytes())
