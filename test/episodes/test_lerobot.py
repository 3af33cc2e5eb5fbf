# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""LeRobot datasets: ours come back as they went, others' become episodes, damage is a sentence."""

import json
import math
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone.cli.main import main
from liquid_drone.episodes import episode, lerobot_layout
from liquid_drone.episodes.lerobot_reader import LeRobotSource, read_lerobot
from liquid_drone.episodes.lerobot_writer import write_lerobot
from liquid_drone.episodes.recording import COLUMNS, OPTIONAL, Recording
from liquid_drone.errors import EpisodeError, LiquidDroneError, OutputError

parquet = pytest.importorskip(
    'pyarrow.parquet', reason="needs pyarrow: pip install 'liquid_drone[convert]'"
)
pyarrow = pytest.importorskip('pyarrow')
pytest.importorskip('pandas', reason="needs pandas: pip install 'liquid_drone[convert]'")


@pytest.fixture
def dataset(episodes: list[Path], tmp_path: Path) -> Path:
    write_lerobot(episodes, tmp_path / 'dataset')
    return tmp_path / 'dataset'


def same(one: Recording, two: Recording) -> None:
    assert one.info.id == two.info.id
    assert one.jpegs == two.jpegs
    for name in (*COLUMNS, *OPTIONAL):
        assert np.array_equal(one.column(name), two.column(name), equal_nan=True), name


def test_episodes_come_back_as_they_went(episodes, dataset, tmp_path):
    back = read_lerobot(dataset, tmp_path / 'back')
    assert len(back) == len(episodes) == 4
    for there, again in zip(episodes, back, strict=True):
        same(episode.load(there), episode.load(again))


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_numbers_survive_and_only_frames_without_a_command_are_left_out(
    make_recording, tmp_path_factory, data
):
    place = tmp_path_factory.mktemp('trip')
    recording = make_recording(3, frames=8)
    number = st.floats(-1e6, 1e6)
    without = data.draw(st.sets(st.integers(0, 7), max_size=7))
    for index in range(8):
        unknown = index in without
        recording.rows['label'][index] = (
            (math.nan,) * 4 if unknown else (tuple(data.draw(number) for _ in range(4)))
        )
        recording.rows['following'][index] = data.draw(st.sampled_from([None, True, False]))
        recording.rows['target_probability'][index] = data.draw(st.none() | st.floats(0, 1))
    episode.save(recording, place / 'episode')
    told = write_lerobot([place / 'episode'], place / 'dataset')
    assert [told.frames, told.left_out] == [8 - len(without), len(without)]
    (back,) = read_lerobot(place / 'dataset', place / 'back')
    kept = [index for index in range(8) if index not in without]
    there, again = episode.load(place / 'episode'), episode.load(back)
    assert again.jpegs == [there.jpegs[index] for index in kept]
    for name in COLUMNS:
        expected = there.column(name)[kept]
        assert np.array_equal(again.column(name), expected, equal_nan=True), name


def test_a_policy_of_lerobot_finds_pictures_state_and_action(dataset):
    info = json.loads((dataset / lerobot_layout.INFO).read_text())
    stats = json.loads((dataset / lerobot_layout.STATS).read_text())
    table = parquet.read_table(dataset / lerobot_layout.DATA.format(chunk_index=0, file_index=0))
    assert info['codebase_version'] == 'v3.0'
    assert set(info['features']) == set(table.column_names)
    assert [info['total_episodes'], info['total_frames'], len(table)] == [4, 160, 160]
    assert np.asarray(table['index']).tolist() == list(range(160))
    actions = np.array(table['action'].to_pylist())
    assert actions.shape == (160, 4)
    assert np.allclose(stats['action']['mean'], actions.mean(axis=0), atol=1e-6)
    assert np.shape(stats['observation.images.camera']['mean']) == (3, 1, 1)
    assert all(0.0 <= value[0][0] <= 1.0 for value in stats['observation.images.camera']['max'])


def test_a_state_that_is_not_known_is_not_in_the_dataset(make_recording, tmp_path):
    recording = make_recording(0, frames=6)
    recording.rows['quaternion_xyzw'][2] = (math.nan,) * 4
    episode.save(recording, tmp_path / 'one')
    write_lerobot([tmp_path / 'one'], tmp_path / 'dataset')
    info = json.loads((tmp_path / 'dataset' / lerobot_layout.INFO).read_text())
    assert lerobot_layout.STATE not in info['features']
    (back,) = read_lerobot(tmp_path / 'dataset', tmp_path / 'back')
    same(episode.load(tmp_path / 'one'), episode.load(back))


def test_a_dataset_replaces_a_dataset_of_ours_and_nothing_else(episodes, dataset, tmp_path):
    assert write_lerobot(episodes[:1], dataset).episodes == 1
    (tmp_path / 'theirs').mkdir()
    (tmp_path / 'theirs' / 'thesis.tex').write_text('')
    with pytest.raises(OutputError, match='not replaced'):
        write_lerobot(episodes, tmp_path / 'theirs')


def foreign(
    dataset: Path,
    size: tuple[int, int] = (48, 64),
    video: str = '',
    lost: tuple[int, ...] = (),
    rate: int = 20,
) -> None:
    """Turn a dataset into one that somebody else might have recorded."""
    import cv2

    info = json.loads((dataset / lerobot_layout.INFO).read_text())
    path = dataset / lerobot_layout.DATA.format(chunk_index=0, file_index=0)
    table = parquet.read_table(path)
    plain = [name for name in table.column_names if '.' not in name]
    key, kept = 'observation.images.front', table.select(plain)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 255, (len(table), *size, 3), dtype=np.uint8) // 64 * 64
    if video:
        where = dataset / lerobot_layout.VIDEO.format(video_key=key, chunk_index=0, file_index=0)
        where.parent.mkdir(parents=True)
        av = pytest.importorskip('av')
        with av.open(where, 'w') as file:
            stream = file.add_stream(video, rate=rate, width=size[1], height=size[0])
            stream.pix_fmt = 'yuv420p'
            for index in range(len(images)):
                grey = av.VideoFrame.from_ndarray(np.full((*size, 3), index, np.uint8))
                grey.pts, grey.time_base = index, Fraction(1, rate)
                if index not in lost:
                    file.mux(stream.encode(grey))
            file.mux(stream.encode())
    else:
        png = [cv2.imencode('.png', image)[1].tobytes() for image in images]
        cells = [{'bytes': one, 'path': None} for one in png]
        kept = kept.append_column(key, pyarrow.array(cells))
    parquet.write_table(kept, path)
    features = {name: info['features'][name] for name in plain}
    features[key] = {'dtype': 'video' if video else 'image', 'shape': [*size, 3], 'names': None}
    info |= {'features': features, 'video_path': lerobot_layout.VIDEO if video else None}
    (dataset / lerobot_layout.INFO).write_text(json.dumps(info))
    meta = dataset / lerobot_layout.EPISODES.format(chunk_index=0, file_index=0)
    rows = parquet.read_table(meta).to_pylist()
    for row in rows:
        row[f'videos/{key}/chunk_index'] = row[f'videos/{key}/file_index'] = 0
        row[f'videos/{key}/from_timestamp'] = row['dataset_from_index'] / 20
    parquet.write_table(pyarrow.Table.from_pylist(rows), meta)


@pytest.mark.parametrize('video', ['', 'mpeg4', 'libx264', 'libsvtav1'])
def test_a_dataset_of_others_becomes_episodes(dataset, tmp_path, video):
    """LeRobot itself writes AV1, which OpenCV from PyPI may lack."""
    actions = parquet.read_table(
        dataset / lerobot_layout.DATA.format(chunk_index=0, file_index=0)
    )['action'].to_pylist()
    foreign(dataset, video=video)
    back = read_lerobot(dataset, tmp_path / 'back', LeRobotSource('dog'))
    recordings = [episode.load(path, every_frame=True) for path in back]
    assert [len(one.jpegs) for one in recordings] == [40] * 4
    labels = np.concatenate([one.column('label') for one in recordings])
    assert np.array_equal(labels, np.array(actions))
    assert recordings[1].info.target == 'dog'
    assert np.isnan(recordings[1].column('position_enu')).all()
    if video:  # each frame is as bright as its number: the third episode begins with frame 80
        from liquid_drone.image import decode_jpeg

        assert decode_jpeg(recordings[2].jpegs[0]).mean() == pytest.approx(80, abs=6)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lost=st.sets(st.integers(1, 158), min_size=1, max_size=3), rate=st.sampled_from([20, 24]))
def test_pictures_that_lie_apart_from_their_commands_are_refused(episodes, tmp_path, lost, rate):
    """All behind a lost frame had the command of another one (huggingface/lerobot#2814)."""
    dataset = tmp_path / 'apart'
    shutil.rmtree(dataset, ignore_errors=True)
    write_lerobot(episodes, dataset)
    foreign(dataset, video='mpeg4', lost=tuple(lost) if rate == 20 else (), rate=rate)
    with pytest.raises(EpisodeError, match=r'lie apart|is missing'):
        read_lerobot(dataset, tmp_path / 'back', LeRobotSource('dog'))


@pytest.mark.parametrize('at', [1, 7, 39])
def test_rows_that_are_not_evenly_spaced_are_refused(dataset, tmp_path, at):
    """Their times counted for nothing, so that dt was that of a whole recording."""
    foreign(dataset)
    path = dataset / lerobot_layout.DATA.format(chunk_index=0, file_index=0)
    table = parquet.read_table(path)
    column = table.column_names.index('timestamp')
    times = np.asarray(table['timestamp']) + 0.5 * (np.asarray(table['frame_index']) >= at)
    moved = pyarrow.array(times, table.schema.field('timestamp').type)
    parquet.write_table(table.set_column(column, 'timestamp', moved), path)
    with pytest.raises(EpisodeError, match=f'expected frame {at} of episode 0'):
        read_lerobot(dataset, tmp_path / 'back')


def test_another_robot_another_version_and_two_cameras_are_named(dataset, tmp_path):
    foreign(dataset)
    info = json.loads((dataset / lerobot_layout.INFO).read_text())

    def refused(**changes: Any) -> str:
        (dataset / lerobot_layout.INFO).write_text(json.dumps({**info, **changes}))
        with pytest.raises(EpisodeError) as told:
            read_lerobot(dataset, tmp_path / 'back')
        return str(told.value)

    arm = {**info['features'], 'action': {'dtype': 'float32', 'shape': [7], 'names': None}}
    two = {**info['features'], 'observation.images.wrist': {'dtype': 'image', 'shape': [9, 9, 3]}}
    assert 'another robot' in refused(features=arm)
    assert '--image' in refused(features=two)
    assert 'convert_dataset_v21_to_v30' in refused(codebase_version='v2.1')
    assert 'expected data_path' in refused(data_path='../../{chunk_index}')


BAD = (
    st.none()
    | st.integers(-5, 10**6)
    | st.floats()
    | st.text(max_size=3)
    | st.just([])
    | st.just({})
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(['codebase_version', 'fps', 'features', 'data_path']), bad=BAD)
def test_a_spoilt_description_is_refused_in_a_sentence_or_read(episodes, tmp_path, key, bad):
    place = tmp_path / 'spoilt'
    if not place.exists():
        write_lerobot(episodes[:1], place)
    good = (place / lerobot_layout.INFO).read_text()
    (place / lerobot_layout.INFO).write_text(json.dumps({**json.loads(good), key: bad}))
    try:
        read_lerobot(place, tmp_path / 'back')
    except LiquidDroneError as error:
        told = str(error)
        assert '\n' not in told
    finally:
        (place / lerobot_layout.INFO).write_text(good)


@pytest.mark.parametrize('share', [0.0, 0.3, 0.7, 0.99])
def test_a_file_that_is_cut_is_refused(dataset, tmp_path, share):
    path = dataset / lerobot_layout.DATA.format(chunk_index=0, file_index=0)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(EpisodeError, match='LeRobot dataset'):
        read_lerobot(dataset, tmp_path / 'back')


def test_the_command_goes_both_ways_and_names_what_is_neither(episodes, tmp_path, capsys):
    there, back = tmp_path / 'there', tmp_path / 'back'
    assert main(['convert', str(episodes[0].parent), '--out', str(there)]) == 0
    assert '4 episodes, 160 frames' in capsys.readouterr().out
    assert main(['convert', str(there), '--out', str(back)]) == 0
    same(episode.load(episodes[2]), episode.load(sorted(back.iterdir())[2]))
    shutil.rmtree(there / 'meta')
    assert main(['convert', str(there), '--out', str(tmp_path / 'x')]) == 2
    assert 'expected an episode' in capsys.readouterr().err
