# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What is behind people: a few photographs suffice, a folder without any is named."""

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventions import invent

from liquid_drone.episodes.episode import BAG, save
from liquid_drone.errors import CameraError, ConfigError, ImageError
from liquid_drone.learn.pictures import backgrounds
from liquid_drone.learn.pictures.backgrounds import (
    HELD,
    MOST_FRAMES,
    check_places,
    noise_background,
    photo_background,
    place_files,
    read_places,
)
from liquid_drone.learn.pictures.camera_chain import developed

seeds = st.integers(0, 2**31 - 1)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(33, 300), st.integers(33, 300))
def test_any_photograph_fills_the_picture(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    photo = np.full((height, width, 3), 100, np.uint8)
    behind = photo_background([photo], 256, 144, rng)
    assert behind.shape == (144, 256, 3)
    assert 50 <= behind.min() <= behind.max() <= 150  # nothing but the photograph, in its light


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_noise_and_cameras_give_pictures_that_differ(seed: int) -> None:
    one, two = (noise_background(64, 36, np.random.default_rng(seed + i)) for i in range(2))
    assert one.shape == (36, 64, 3)
    assert one.dtype == np.uint8
    assert (one != two).any()
    seen = developed(one, np.random.default_rng(seed))
    assert seen.shape == one.shape
    assert seen.dtype == np.uint8


def test_five_photographs_are_read_and_large_ones_made_smaller(tmp_path: Path) -> None:
    for i in range(5):
        cv2.imwrite(str(tmp_path / f'{i}.jpg'), np.full((600, 2000, 3), 40 * i, np.uint8))
    (tmp_path / 'notes.txt').write_text('no picture')
    photos = read_places(tmp_path)
    assert [photo.shape for photo in photos] == [(192, HELD, 3)] * 5


def test_a_folder_without_photographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='found none'):
        read_places(tmp_path)
    with pytest.raises(ConfigError, match='there is none at'):
        read_places(tmp_path / 'missing')
    (tmp_path / 'torn.jpg').write_bytes(b'\xff\xd8')
    for read in (check_places, read_places):
        with pytest.raises(ImageError, match=r'torn\.jpg'):
            read(tmp_path)


@pytest.mark.parametrize('levels', [(0, 255), (255, 0), (0, 1), (20, 90)])
@pytest.mark.parametrize('kind', ['png', 'jpg', 'bmp'])
def test_a_mask_among_photographs_is_named_before_anything_is_drawn(
    tmp_path: Path, levels: tuple[int, int], kind: str
) -> None:
    """Data sets keep masks beside their photographs (Mask_RCNN 2784), under the same names."""
    rng = np.random.default_rng(7)
    photo = np.linspace(40, 200, 90)[None, :, None] + rng.normal(0, 6, (60, 90, 3))
    cv2.imwrite(str(tmp_path / '1.jpg'), photo.clip(0, 255).astype(np.uint8))
    check_places(tmp_path)
    mask = cv2.circle(np.full((60, 90), levels[0], np.uint8), (40, 30), 20, levels[1], -1)
    cv2.imwrite(str(tmp_path / f'1_mask.{kind}'), mask)
    for read in (check_places, read_places):
        with pytest.raises(ImageError, match=rf'1_mask\.{kind} is of two greys alone'):
            read(tmp_path)


OTHERS = st.lists(
    st.tuples(
        st.sampled_from(['', 'first/', 'first/second/', '2/']),
        st.sampled_from(['notes.txt', 'photo.heic.part', 'photo.dng', 'table.csv', 'list']),
    ),
    unique=True,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(others=OTHERS, hidden=st.booleans())
def test_what_a_folder_holds_besides_is_told(
    others: list[tuple[str, str]], hidden: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of 40 photographs in an unknown format and 2 others two were learned from, in silence."""
    folder, told = tmp_path_factory.mktemp('places'), list[str]()
    cv2.imwrite(str(folder / 'a.jpg'), np.full((60, 90, 3), 50, np.uint8))
    if hidden:  # as a Mac leaves one beside each file on a disk of another system
        (folder / '._a.jpg').write_bytes(b'\0\5\x16\7\0\2\0\0Mac OS X')
        (folder / '.DS_Store').write_bytes(b'\0\0\0\1Bud1')
    for below, name in others:
        (folder / below).mkdir(parents=True, exist_ok=True)
        (folder / below / name).write_text('no picture')
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    backgrounds.log.addHandler(handler)
    check_places(folder)
    backgrounds.log.removeHandler(handler)
    assert len(told) == bool(others)
    if others:
        count = len(others)
        assert told[0].startswith(f'--places: {count} of {count + 1} things in ')
        assert sum(below + name in told[0] for below, name in others) >= min(count, 3)
    assert [path.name for path in place_files(folder)] == ['a.jpg']


def test_a_link_to_a_folder_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ('here', 'away'):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / 'a.jpg'), np.full((60, 90, 3), 50, np.uint8))
    (tmp_path / 'here' / 'more').symlink_to(tmp_path / 'away')
    check_places(tmp_path / 'here')
    assert 'more: it is a link to a folder' in caplog.text


def film(path: Path, seconds: float) -> Path:
    """Write a video of 10 Hz that becomes brighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (64, 48))
    count = int(10 * seconds)
    for i in range(count):
        writer.write(np.full((48, 64, 3), 10 + 230 * i // count, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(('seconds', 'count'), [(0.3, 1), (4.0, 8), (90.0, 90)])
def test_a_video_gives_frames_half_a_second_apart_from_all_of_it(
    tmp_path: Path, seconds: float, count: int
) -> None:
    photos = read_places(film(tmp_path / 'place.avi', seconds))
    assert len(photos) == count < 2 * MOST_FRAMES
    levels = [photo.mean() for photo in photos]
    assert levels == sorted(levels)
    assert seconds < 1.0 or levels[-1] - levels[0] > 180.0


def test_a_folder_may_hold_photographs_videos_and_recorded_flights(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'a.jpg'), np.full((60, 90, 3), 50, np.uint8))
    film(tmp_path / 'b.avi', 1.0)
    save(invent(3, frames=40), tmp_path / 'flight')  # 2 s
    (tmp_path / 'notes.txt').write_text('no picture')
    bag = tmp_path / 'flight' / BAG
    assert [path.suffix for path in place_files(tmp_path)] == ['.jpg', '.avi', '.mcap']
    assert len(read_places(tmp_path)) == 1 + 2 + 4
    for alone in (bag, *bag.glob('*.mcap')):
        assert len(read_places(alone)) == 4


def test_videos_and_recordings_that_show_nothing_are_named(tmp_path: Path) -> None:
    (tmp_path / 'torn.avi').write_bytes(b'RIFF\0\0\0\0AVI ')
    with pytest.raises(CameraError, match=r'torn\.avi'):
        read_places(tmp_path)
    text = tmp_path / 'notes.txt'
    text.write_text('no picture')
    with pytest.raises(ConfigError, match='found none in'):
        place_files(text)
