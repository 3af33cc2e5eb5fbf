# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings of real flights: whatever the camera and the writer, the same episodes come out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from liquid_drone.cli.main import main
from liquid_drone.contract import CameraSpec, CommandSpec
from liquid_drone.episodes.episode import load
from liquid_drone.episodes.rosbag import typestore
from liquid_drone.episodes.rosbag_import import ImportConfig, Topics, import_bag
from liquid_drone.errors import EpisodeError
from liquid_drone.image import decode_jpeg, encode_jpeg, fitted
from liquid_drone.learn.batches import Windows
from liquid_drone.learn.clips import open_clips
from liquid_drone.learn.losses import command_weights, losses_of
from liquid_drone.learn.recipe import TrainConfig
from liquid_drone.policy.config import NetworkConfig, VisionConfig
from liquid_drone.policy.network import Network

SECOND = 1_000_000_000
STORE = typestore()


def made(name: str, *values: Any) -> Any:
    return next(kind for key, kind in STORE.types.items() if key.endswith(f'/{name}'))(*values)


def header(stamp_ns: int, frame: str = 'camera') -> Any:
    return made('Header', made('Time', *divmod(stamp_ns, SECOND)), frame)


def twist(stamp_ns: int, vx: float, turn: float) -> Any:
    parts = made('Vector3', vx, 0.0, 0.0), made('Vector3', 0.0, 0.0, turn)
    return made('TwistStamped', header(stamp_ns, 'base_link'), made('Twist', *parts))


def scene(seed: int, width: int, height: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    return coarse.repeat(height // 9, 0).repeat(width // 16, 1)


def write_bag(path: Path, rows: list[tuple[str, str, int, bytes]]) -> Path:
    """Write serialised messages: topic, type, stamp, data."""
    with Writer(path, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        links = {
            (topic, kind): writer.add_connection(topic, kind, typestore=STORE)
            for topic, kind in dict.fromkeys(row[:2] for row in rows)
        }
        for topic, kind, stamp_ns, data in sorted(rows, key=lambda row: row[2]):
            writer.write(links[topic, kind], stamp_ns, data)
    return path


def serialised(topic: str, message: Any, stamp_ns: int) -> tuple[str, str, int, bytes]:
    kind = message.__msgtype__
    return topic, kind, stamp_ns, bytes(STORE.serialize_cdr(message, kind))


@pytest.fixture(scope='module')
def pilot_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a flight as a pilot records it: 1280x720 JPEG at 30 Hz with jitter, a gap of 2 s.

    Commands come at 20 Hz on a clock of their own.
    """
    rng, rows, stamp_ns = np.random.default_rng(0), [], 5 * SECOND
    for k in range(80):
        stamp_ns += int(SECOND / 30 * (1.0 + rng.uniform(-0.3, 0.3))) + 2 * SECOND * (k == 40)
        jpeg = np.frombuffer(encode_jpeg(scene(k, 1280, 720), 90), np.uint8)
        image = made('CompressedImage', header(stamp_ns), 'jpeg', jpeg)
        late_ns = stamp_ns + int(rng.uniform(0.005, 0.03) * SECOND)  # what the recorder noticed
        rows.append(serialised('/cam/image/compressed', image, late_ns))
    for k in range(120):
        at_ns = 5 * SECOND + k * SECOND // 20
        rows.append(serialised('/pilot/cmd', twist(at_ns, 0.01 * k, -0.002 * k), at_ns))
    return write_bag(tmp_path_factory.mktemp('bags') / 'flight', rows)


CONFIG = ImportConfig('red_backpack', Topics('cam/image', 'pilot/cmd'))


def test_a_pilot_s_recording_imports_and_the_gap_splits_it(pilot_bag, tmp_path):
    found = import_bag(pilot_bag, tmp_path, CONFIG)
    assert (len(found.episodes), found.frames, found.too_short) == (2, 80, 0)
    first, second = (load(path) for path in found.episodes)
    assert (len(first.jpegs), len(second.jpegs)) == (40, 40)
    steps = np.diff(first.column('stamp_ns')) / 1e9
    assert 0.02 < steps.min() < steps.max() < 0.05
    assert steps.std() > 0.003  # the camera's own irregular time, not the recorder's
    assert second.column('stamp_ns')[0] - first.column('stamp_ns')[-1] > 1.9e9


def test_the_label_is_the_pilot_s_last_command_before_the_picture(pilot_bag, tmp_path):
    recording = load(import_bag(pilot_bag, tmp_path, CONFIG).episodes[0])
    since_s = recording.column('stamp_ns') / 1e9 - 5.0
    assert recording.column('label')[:, 0] == pytest.approx(
        0.01 * np.floor(since_s * 20), abs=1e-9
    )
    assert np.isnan(recording.column('target_mask')).all()


def test_pictures_go_through_the_one_resize_function(pilot_bag, tmp_path):
    picture = decode_jpeg(load(import_bag(pilot_bag, tmp_path, CONFIG).episodes[0]).jpegs[3])
    expected = fitted(scene(3, 1280, 720), CameraSpec())
    assert picture.shape == (144, 256, 3)
    assert np.abs(picture.astype(int) - expected).mean() < 6.0  # JPEG twice
    assert np.abs(np.roll(picture, 4, axis=1).astype(int) - expected).mean() > 12.0


def test_what_is_unknown_of_a_real_flight_teaches_nothing_and_breaks_nothing(pilot_bag, tmp_path):
    episodes = list(import_bag(pilot_bag, tmp_path / 'e', CONFIG).episodes)
    clips = open_clips(episodes, tmp_path / 'cache', 2, CommandSpec(), {'red_backpack'})
    vision = VisionConfig(convolutions=((8, 5, 4), (8, 3, 2)), features=16)
    network = Network(NetworkConfig(vision))
    batch = Windows(clips, TrainConfig(windows=2, length=8), 0.05).batch(0)
    losses = losses_of(network(batch.pixels.float(), batch.dt_s), batch, command_weights(clips))
    assert (
        losses['detection'].item() == losses['bearing'].item() == losses['auxiliary'].item() == 0.0
    )
    assert losses['command'].item() > 0.0
    sum(losses.values()).backward()  # type: ignore[union-attr]
    assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())


def test_ros_s_own_messages_and_those_of_rosbags_import_alike(tmp_path):
    """The bytes that our camera topic has on the wire, as rclpy writes them, against rosbags'."""
    serialization = pytest.importorskip('rclpy.serialization')
    from liquid_drone.ros.conversions import command_message, image_message

    by_ros, by_rosbags = [], []
    for k in range(34):
        stamp_ns, image = SECOND + k * SECOND // 20, scene(k, 256, 144)
        pixels = image.reshape(-1)
        picture = made('Image', header(stamp_ns), 144, 256, 'rgb8', 0, 768, pixels)
        by_rosbags.append(serialised('/camera/image_raw', picture, stamp_ns))
        by_rosbags.append(serialised('/cmd_vel', twist(stamp_ns, 0.5, 0.25), stamp_ns))
        command = np.array([0.5, 0.0, 0.0, 0.25], np.float32)
        theirs = (image_message(image, stamp_ns), command_message(command, stamp_ns))
        for (topic, kind, at_ns, _), message in zip(by_rosbags[-2:], theirs, strict=True):
            data = bytes(serialization.serialize_message(message))
            by_ros.append((topic, kind, at_ns, data))
    recordings = []
    for name, rows in (('ros', by_ros), ('rosbags', by_rosbags)):
        bag = write_bag(tmp_path / name, rows)
        found = import_bag(bag, tmp_path / 'episodes', ImportConfig('red_backpack'))
        recordings.append(load(found.episodes[0]))
    one, two = recordings
    assert len(one.jpegs) == 34
    assert one.jpegs == two.jpegs
    for name in ('stamp_ns', 'label'):
        assert np.array_equal(one.column(name), two.column(name)), name


def test_a_topic_that_is_not_there_is_named_with_those_that_are(pilot_bag, tmp_path):
    with pytest.raises(EpisodeError, match=r'cmd_vel.*/pilot/cmd'):
        import_bag(pilot_bag, tmp_path, ImportConfig('dog', Topics('cam/image')))


def test_the_verb_imports_checks_and_says_what_comes_next(pilot_bag, tmp_path, capsys):
    line = ['import-flight', str(pilot_bag), '--target', 'red_backpack', '--out', str(tmp_path)]
    assert main([*line, '--image-topic', 'cam/image', '--command-topic', 'pilot/cmd']) == 0
    said = capsys.readouterr().out
    assert '2 episodes' in said
    assert 'retrain --target red_backpack --bags' in said


def camera_info(focal_px: float, binned: int) -> Any:
    k = np.array([focal_px, 0, 128, 0, focal_px, 72, 0, 0, binned]) / binned
    region = made('RegionOfInterest', 0, 0, 0, 0, False)
    size = 144, 256, 'plumb_bob', np.zeros(5)
    return made(
        'CameraInfo', header(SECOND), *size, k, np.eye(3).ravel(), np.zeros(12), 0, 0, region
    )


@pytest.mark.parametrize('binned', [1, 2, 3, 8])
def test_a_camera_info_of_another_size_is_told_and_crops_no_picture(tmp_path, binned):
    told = serialised('/camera/camera_info', camera_info(90.0, binned), 5 * SECOND)
    bag = drone_bag(tmp_path / 'flight', '', more=[told])
    found = import_bag(bag, tmp_path / 'out', ImportConfig('dog'))
    fov_deg = None if binned > 1 else 2 * np.degrees(np.arctan(128 / 90.0))
    picture = decode_jpeg(load(found.episodes[0]).jpegs[3])
    sent = decode_jpeg(encode_jpeg(scene(3, 256, 144), 90))
    expected = fitted(sent, CameraSpec(), fov_deg)
    assert np.abs(picture.astype(int) - expected).mean() < 6.0
    assert any('camera_info is refused' in line for line in found.left_out.lines()) is (binned > 1)


def drone_bag(
    path: Path, *namespaces: str, more: Sequence[tuple[str, str, int, bytes]] = ()
) -> Path:
    """Return what record.launch.py makes of drones in namespaces: their own topics, JPEG."""
    rows = [*more]
    for number, namespace in enumerate(namespaces, 1):
        for k in range(40):
            stamp_ns = (5 * SECOND) + k * SECOND // 20
            jpeg = np.frombuffer(encode_jpeg(scene(k, 256, 144), 90), np.uint8)
            image = made('CompressedImage', header(stamp_ns), 'jpeg', jpeg)
            rows.append(serialised(f'{namespace}/camera/image_raw/compressed', image, stamp_ns))
            rows.append(serialised(f'{namespace}/cmd_vel', twist(stamp_ns, number, 0.0), stamp_ns))
    return write_bag(path, rows)


def test_a_drone_in_a_namespace_needs_no_topics_named(tmp_path):
    bag = drone_bag(tmp_path / 'flight', '/fleet/drone1')
    (episode,) = import_bag(bag, tmp_path / 'out', ImportConfig('dog')).episodes
    assert load(episode).column('label')[:, 0] == pytest.approx(1.0)


def test_two_drones_in_one_recording_are_never_mixed(tmp_path):
    bag = drone_bag(tmp_path / 'flight', '/drone1', '/drone2')
    with pytest.raises(EpisodeError, match=r'several drones.*/drone1, /drone2'):
        import_bag(bag, tmp_path / 'out', ImportConfig('dog'))
    topics = Topics('drone2/camera/image_raw', 'drone2/cmd_vel')
    (episode,) = import_bag(bag, tmp_path / 'out', ImportConfig('dog', topics)).episodes
    assert load(episode).column('label')[:, 0] == pytest.approx(2.0)


def test_recordings_of_one_name_do_not_replace_each_other(tmp_path, capsys):
    bags = [drone_bag(tmp_path / day / 'flight', '') for day in ('monday', 'friday')]
    line = ['import-flight', *map(str, bags), '--target', 'dog', '--out', str(tmp_path / 'out')]
    assert main(line) == 2
    assert 'two recordings are called flight' in capsys.readouterr().err


def test_the_whole_name_of_a_directory_is_the_episode_s(tmp_path):
    bag = drone_bag(tmp_path / '2026.05.01', '')
    (episode,) = import_bag(bag, tmp_path / 'out', ImportConfig('dog')).episodes
    assert episode.name == '2026.05.01-00'


def test_a_recording_whose_recorder_was_killed_is_imported(tmp_path):
    """It writes its description last."""
    bag = drone_bag(tmp_path / 'flight', '')
    (bag / 'metadata.yaml').unlink()
    (episode,) = import_bag(bag, tmp_path / 'out', ImportConfig('dog')).episodes
    assert episode.name == 'flight-00'


def test_a_recording_is_not_validated_before_it_is_imported(tmp_path, capsys):
    bag = drone_bag(tmp_path / 'flight', '')
    assert main(['validate', str(bag)]) == 2
    assert f'liquid-drone import-flight {bag} --target NAME' in capsys.readouterr().err
