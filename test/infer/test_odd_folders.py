# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: each thing in a folder is shown or named; results of this program are none of them."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liquid_drone.cli.main import main
from liquid_drone.episodes import bag_source
from liquid_drone.episodes.bag_source import TopicSource, open_bag, topics_of
from liquid_drone.errors import CameraError, EpisodeError
from liquid_drone.footage import files_shown
from liquid_drone.footage.files_shown import is_recording
from liquid_drone.footage.footage import open_footage
from liquid_drone.learn.pictures.backgrounds import place_files

LETTERS = st.characters(blacklist_characters='/\0', blacklist_categories=['Cs'])
NAMES = st.text(LETTERS, min_size=1, max_size=12).filter(lambda name: not name.startswith('.'))
KINDS = (
    'picture',
    'broken',
    'text',
    'empty',
    'nowhere',
    'linked',
    'linked folder',
    'loop',
    'pipe',
)


def put(kind: str, path: Path, elsewhere: Path) -> None:
    if kind == 'picture':
        Image.new('RGB', (16, 9)).save(path, format='PNG')
    elif kind == 'pipe':
        os.mkfifo(path)
    elif kind in ('broken', 'text', 'empty'):
        path.write_bytes({'broken': b'\x89PNG', 'text': b'words', 'empty': b''}[kind])
    else:
        place = {'nowhere': 'nothing', 'linked': 'there.png', 'linked folder': '.', 'loop': '..'}
        path.symlink_to(path.parent if kind == 'loop' else elsewhere / place[kind])


@settings(max_examples=60, deadline=None)
@given(
    things=st.dictionaries(NAMES, st.sampled_from(KINDS), min_size=1, max_size=8),
    depth=st.integers(0, 2),
)
def test_each_thing_in_a_folder_is_shown_or_named(
    tmp_path_factory: pytest.TempPathFactory, things: dict[str, str], depth: int
) -> None:
    root, elsewhere = tmp_path_factory.mktemp('shown'), tmp_path_factory.mktemp('elsewhere')
    put('picture', elsewhere / 'there.png', elsewhere)
    put('picture', root / 'always.png', elsewhere)
    folder = root.joinpath(*'ab'[:depth])
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in things.items():
        put(kind, folder / f'{name}.png', elsewhere)
    footage = open_footage([root])
    shown = {frame.name for frame in footage.frames()}
    names = {
        (folder / f'{name}.png').relative_to(root).as_posix(): things[name] for name in things
    }
    good = {name for name, kind in names.items() if kind in ('picture', 'linked')}
    assert shown == good | {'always.png'}
    assert {*footage.left_out} == {*names} - good


def test_a_folder_that_cannot_be_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put('picture', tmp_path / 'a.png', tmp_path)
    closed = tmp_path / 'closed'
    closed.mkdir()
    closed.chmod(0)
    if os.access(closed, os.R_OK):  # root opens everything
        scandir = os.scandir

        def refused(path: str) -> object:
            if str(path) == str(closed):
                raise PermissionError(13, 'Permission denied', str(closed))
            return scandir(path)

        monkeypatch.setattr(os, 'scandir', refused)
    footage = open_footage([tmp_path])
    assert [frame.name for frame in footage.frames()] == ['a.png']
    assert 'Permission denied' in footage.left_out['closed']
    closed.chmod(0o755)


def test_more_files_than_can_be_shown_are_refused_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files_shown, 'LARGEST_FOLDER', 3)
    for number in range(4):
        put('picture', tmp_path / f'{number}.png', tmp_path)
    with pytest.raises(CameraError, match='more than 3 files: show it in parts'):
        open_footage([tmp_path])


def test_of_a_folder_without_a_picture_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').symlink_to(tmp_path / 'not-fetched')
    with pytest.raises(CameraError, match=r'a\.jpg: it is a link that leads nowhere'):
        open_footage([tmp_path])


def test_a_second_run_does_not_show_the_results_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put('picture', tmp_path / 'a.png', tmp_path)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(['infer', 'follow', '.']) == 0  # its results lie in the folder that is shown
    footage = open_footage([tmp_path])
    assert [frame.name for frame in footage.frames()] == ['a.png']
    assert 'this program made it' in footage.left_out['out/infer/sheet.png']
    (sheet,) = open_footage([tmp_path / 'out' / 'infer' / 'sheet.png']).frames()
    assert sheet.name == 'sheet.png'


def test_photographs_of_places_lie_in_folders_of_a_folder_too(tmp_path: Path) -> None:
    deep = tmp_path / 'field' / 'north'
    deep.mkdir(parents=True)
    for path in (tmp_path / 'a.png', deep / 'b.png'):
        put('picture', path, tmp_path)
    assert place_files(tmp_path) == [tmp_path / 'a.png', deep / 'b.png']


@given(st.sampled_from(['jpg', 'mp4', 'mcap', 'db3', 'bag', 'txt']), st.booleans())
def test_what_git_did_not_fetch_is_named_whatever_it_is_called(
    tmp_path_factory: pytest.TempPathFactory, ending: str, is_folder: bool
) -> None:
    folder = tmp_path_factory.mktemp('cloned')
    path = folder / f'a.{ending}'
    path.write_text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n')
    if is_folder and ending not in ('mcap', 'db3'):  # a folder with such a file is a recording
        path = folder
    with pytest.raises(CameraError, match='git lfs pull'):
        open_footage([path])


def tar(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w') as archive:
        archive.addfile(tarfile.TarInfo(name))
    return packed.getvalue()


TIME_US = (1_700_000_000 * 10**6).to_bytes(8, 'big')
ARCHIVE, LOG = 'is an archive: unpack it', 'and has no pictures'
FOREIGN = [  # how files of other programs begin, and what is said of them
    *((start, ARCHIVE) for start in (b'PK\x03\x04', b'\x1f\x8b\x08', b'BZh9', b'\xfd7zXZ\0')),
    *(
        (start, ARCHIVE)
        for start in (b'Rar!\x1a\x07\1\0', b'7z\xbc\xaf\x27\x1c', tar('bag/a.mcap'))
    ),
    (b'ULog\x01\x12\x35\x01', f'is a flight log of PX4 (ULog) {LOG}'),
    (b'\xa3\x95\x80\x80', f'is a flight log of ArduPilot (DataFlash) {LOG}'),
    *(
        (TIME_US + start, f'is a telemetry log (tlog) {LOG}')
        for start in (b'\xfd\x09', b'\xfe\x09')
    ),
    (b'PAR1', 'liquid-drone convert takes the folder of a LeRobot dataset'),
    (b'', 'is empty: it was not copied or saved whole'),
]


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(FOREIGN),
    st.binary(max_size=300),
    st.sampled_from(['zip', 'ulg', 'BIN', 'tlog', 'mcap', 'jpg']),
)
def test_archives_and_logs_of_autopilots_are_named_whatever_they_are_called(
    tmp_path_factory: pytest.TempPathFactory, begun: tuple[bytes, str], rest: bytes, ending: str
) -> None:
    """Whole archives are given, and logs of a flight of which pictures are expected."""
    path = tmp_path_factory.mktemp('others') / f'a.{ending}'
    path.write_bytes(begun[0] + (rest if begun[0] else b''))
    with pytest.raises(EpisodeError) as caught, open_bag(path):
        pass
    assert begun[1] in str(caught.value)
    assert 'mcap recover' not in str(caught.value)
    if ending not in ('mcap', 'jpg'):  # by name a recording, or a picture
        with pytest.raises(CameraError) as refused:
            open_footage([path])
        assert begun[1] in str(refused.value)
    assert main(['validate', str(path)]) == 2


@pytest.mark.parametrize(
    'kind',
    [
        'foxglove_msgs/msg/CompressedVideo',
        'ffmpeg_image_transport_msgs/msg/FFMPEGPacket',
        'theora_image_transport/msg/Packet',
    ],
)
def test_packets_of_a_video_in_a_recording_are_named(kind: str) -> None:
    """Recorded instead of pictures (ffmpeg_image_transport 22, its forerunner 5)."""
    told = topics_of([TopicSource('/tf', 'tf2_msgs/msg/TFMessage', lambda: iter(()))])
    assert 'video' not in told
    told = topics_of([TopicSource('/camera/image_raw/ffmpeg', kind, lambda: iter(()))])
    assert told.endswith('packets of a video, of which ' + bag_source.AS_PICTURES)


@given(st.sampled_from(['a.mcap', 'a.db3', 'A.MCAP.zstd']), st.booleans(), st.booleans())
def test_a_stray_recording_does_not_make_photographs_one(
    tmp_path_factory: pytest.TempPathFactory, stray: str, is_described: bool, has_picture: bool
) -> None:
    folder = tmp_path_factory.mktemp('photos')
    (folder / stray).write_bytes(b'\x89MCAP')
    if has_picture:
        put('picture', folder / 'a.jpg', folder)
    if is_described:
        (folder / 'metadata.yaml').write_text('rosbag2_bagfile_information: {}')
    assert is_recording(folder) is (is_described or not has_picture)
    if not is_recording(folder):
        footage = open_footage([folder])
        assert [frame.name for frame in footage.frames()] == ['a.jpg']
        assert footage.left_out == {stray: 'it is a recording: show it alone'}


STRANGE = (b'\xff\x0a', b'\0\0\0\x0cJXL ', b'FUJIFILMCCD-RAW', b'\0\0\0\x18ftypheic')


@given(st.sampled_from(STRANGE), st.binary(max_size=40), st.sampled_from(['', '.jxl', '.RAF']))
def test_pictures_that_cannot_be_read_are_told_what_to_do(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes, ending: str
) -> None:
    folder = tmp_path_factory.mktemp('phone')
    (folder / f'IMG_0001{ending}').write_bytes(start + rest)
    put('picture', folder / 'b.png', folder)
    footage = open_footage([folder])
    assert [frame.name for frame in footage.frames()] == ['b.png']
    (reason,) = footage.left_out.values()
    assert 'save it as PNG or JPEG' in reason


def test_a_name_that_is_no_utf8_is_written_by_its_numbers(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b'f\xfcr mich')
    folder.mkdir()
    put('picture', folder / os.fsdecode(b'\xff.png'), tmp_path)
    assert main(['infer', 'follow', str(folder), '--out', str(tmp_path / 'out')]) == 0
    assert r',\udcff.png,' in (tmp_path / 'out/frames.csv').read_text('utf-8')


def test_a_video_whose_name_is_no_utf8_is_shown_or_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / os.fsdecode(b'\xff.mp4')
    video.write_bytes(b'no video')
    assert main(['infer', 'follow', str(video), '--out', str(tmp_path / 'out')]) == 2
    assert 'in no format that FFmpeg reads' in capsys.readouterr().err
    frames = [np.full((48, 64, 3), 40 * number, np.uint8) for number in range(4)]
    first, *rest = map(Image.fromarray, frames)
    first.save(tmp_path / 'a.gif', save_all=True, append_images=rest, duration=100)
    (tmp_path / 'a.gif').rename(video)
    assert main(['infer', 'follow', str(video), '--out', str(tmp_path / 'out')]) == 0


@given(
    st.sampled_from(
        ['rtsp', 'rtsps', 'http', 'https', 'udp', 'tcp', 'rtmp', 'srt', 'ftp', 'RTSP']
    ),
    st.from_regex(r'[a-z0-9]{1,8}(:[0-9]{1,5})?(/[a-z0-9.?=]{1,8}){0,3}', fullmatch=True),
)
def test_an_address_is_told_as_one_and_as_it_was_typed(scheme: str, rest: str) -> None:
    """A path keeps one slash of two: it was told to be no file, and misspelt."""
    with pytest.raises(CameraError) as caught:
        open_footage([Path(f'{scheme}://{rest}')])
    assert str(caught.value).startswith(f'{scheme}://{rest} is an address')
    with pytest.raises(CameraError) as caught:
        open_footage([Path(f'{scheme}://pilot:secret@{rest}')])
    assert 'secret' not in str(caught.value)


def test_what_is_no_recording_is_not_called_damaged(tmp_path: Path) -> None:
    episode, flights = tmp_path / 'episode', tmp_path / 'flights'
    for made in (episode / 'bag', flights / 'rosbag2_1', flights / 'rosbag2_0', tmp_path / 'none'):
        made.mkdir(parents=True)
    for file in ('episode/bag/bag_0.mcap', 'flights/rosbag2_0/a.mcap', 'flights/rosbag2_1/a.db3'):
        (tmp_path / file).touch()
    (episode / 'episode.json').write_text('{}')
    for path, words in (
        (episode, 'it is an episode already'),
        (flights, "name one, such as 'rosbag2_0'"),
        (tmp_path / 'none', 'found none'),
        (tmp_path / 'nowhere', 'No such file'),
    ):
        with pytest.raises(EpisodeError, match=words) as caught, open_bag(path):
            pass
        assert 'mcap recover' not in str(caught.value)
