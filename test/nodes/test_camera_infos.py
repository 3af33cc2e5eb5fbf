# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: a camera_info is received however it is published, and is of those pictures."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graph_bench import SILENCE_S, PolicyBench
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

from liquid_drone.contract import CameraSpec
from liquid_drone.ros import camera_input, conversions
from liquid_drone.ros.camera_input import CameraInput

SPEC = CameraSpec()
PICTURE = np.random.default_rng(0).integers(0, 256, (144, 256, 3), dtype=np.uint8)


@pytest.fixture
def bench(ros: None, bundle: Path) -> Iterator[PolicyBench]:
    with PolicyBench(bundle) as made:
        yield made


@pytest.mark.parametrize('is_there_first', [True, False])
def test_a_camera_info_that_is_published_once_is_received_by_who_comes_later(
    bench: PolicyBench, is_there_first: bool
) -> None:
    """It was received by nobody who came later: the subscription was volatile."""
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    lens, said = bench.node.camera.lens, conversions.camera_info_message(SPEC, 1)
    bench.camera.destroy_publisher(bench.infos)
    if not is_there_first:
        bench.start()
    bench.camera.create_publisher(CameraInfo, 'camera/camera_info', latched).publish(said)
    if is_there_first:
        bench.pause(0.3)
        bench.start()

    def is_known() -> bool:
        bench.images.publish(conversions.image_message(PICTURE, bench.now_ns()))
        return lens.fov_deg is not None

    assert bench.wait(is_known)
    assert lens.fov_deg == pytest.approx(SPEC.horizontal_fov_deg)


@pytest.mark.parametrize(
    'reliability', [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT]
)
def test_a_driver_that_keeps_none_is_not_asked_for_it(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str], reliability: ReliabilityPolicy
) -> None:
    """It would warn on its log of each subscription that wants what it does not keep."""
    bench.camera.destroy_publisher(bench.infos)
    volatile = QoSProfile(depth=1, reliability=reliability)
    infos = bench.camera.create_publisher(CameraInfo, 'camera/camera_info', volatile)
    bench.pause(0.3)
    bench.start()
    assert bench.show(PICTURE, bench.now_ns()) is not None
    infos.publish(conversions.camera_info_message(SPEC, 1))
    assert bench.wait(lambda: bench.node.camera.lens.fov_deg is not None)
    assert infos.get_subscription_count() == 1
    assert 'incompatible QoS' not in capfd.readouterr().err


@pytest.mark.parametrize('topic', ['/cam/image_raw', '/cam/image_rect'])
def test_pictures_of_a_remapped_topic_have_the_angle_of_its_name(
    ros: None, bundle: Path, topic: str
) -> None:
    lens_of = CameraInput(Node('ear', cli_args=['--ros-args', '-r', f'camera/image_raw:={topic}']),
                          lambda *_: None, 'nothing')  # fmt: skip
    lens_of.open()
    info = conversions.camera_info_message(SPEC, 1)
    info.p[0] = info.p[5] = 2 * info.k[0]
    lens_of.lens.take_message(info)
    half = math.tan(math.radians(SPEC.horizontal_fov_deg) / 2) / (2 if 'rect' in topic else 1)
    assert lens_of.lens.fov_deg == pytest.approx(math.degrees(2 * math.atan(half)))
    lens_of.close()


@pytest.mark.parametrize(
    ('shape', 'words'), [((72, 256), 'side by side'), ((256, 144), 'on its side')]
)
def test_no_command_comes_of_two_pictures_in_one_unless_their_lens_is_told(
    bench: PolicyBench, shape: tuple[int, int], words: str
) -> None:
    bench.start()
    rng, (height, width) = np.random.default_rng(0), shape
    images = rng.integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    assert bench.show(images[0], 10**9, limit_s=SILENCE_S) is None
    assert words in bench.node.camera.refusal
    focal_px = width / 2.0
    k = [focal_px, 0.0, width / 2.0, 0.0, focal_px, height / 2.0, 0.0, 0.0, 1.0]
    bench.node.camera.lens.take(width, height, k)
    assert bench.show(images[1], 10**9 + 50_000_000) is not None


@pytest.mark.parametrize('zooms', [False, True])
def test_a_camera_that_zooms_or_changes_its_size_is_not_flown_on(
    bench: PolicyBench, zooms: bool
) -> None:
    """The picture of another mode of a sensor was taken for one of the same angle."""
    bench.start()
    if zooms:
        bench.node.camera.lens.take_message(conversions.camera_info_message(SPEC, 1))
    assert bench.show(PICTURE, bench.now_ns()) is not None
    other = np.ascontiguousarray(PICTURE[:120, :160])
    if zooms:
        other, info = PICTURE, conversions.camera_info_message(SPEC, 1)
        info.k[0] = info.k[4] = 2.0 * info.k[0]
        bench.node.camera.lens.take_message(info)
    assert bench.show(other, bench.now_ns(), limit_s=SILENCE_S) is None
    assert 'the camera shows another view' in bench.node.camera.refusal
    rng = np.random.default_rng(1)
    shown = (rng.permuted(other, axis=0) for _ in range(60))  # it is not frozen
    assert any(bench.show(one, bench.now_ns(), limit_s=0.1) is not None for one in shown)


@pytest.mark.parametrize('where', ['/cam/camera_info', '/cam/image_rect/camera_info', '', '/else'])
@pytest.mark.parametrize('is_compressed', [False, True])
def test_where_the_pictures_alone_are_remapped_their_camera_info_is_found(
    ros: None, where: str, is_compressed: bool
) -> None:
    """As image_transport finds it (image_common 147, apriltag_ros 19, image_pipeline 687)."""
    name = 'camera/image_raw/compressed' if is_compressed else 'camera/image_raw'
    there = '/cam/image_rect/compressed' if is_compressed else '/cam/image_rect'
    rules = ['--ros-args', '-r', f'{name}:={there}']
    if where == '/else':  # named by the user: what is beside the pictures does not count
        rules += ['-r', 'camera/camera_info:=/named/camera_info']
    ear, driver = Node('ear', cli_args=rules), Node('driver')
    camera = CameraInput(ear, lambda *_: None, 'nothing', acts=True)
    camera.configure({'image_transport': 'compressed' if is_compressed else 'raw',
                      'colour_order': 'unstated'})  # fmt: skip
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    profile = latched if is_compressed else QoSProfile(depth=1)
    told = driver.create_publisher(CameraInfo, where or '/other/camera_info', profile)
    executor = SingleThreadedExecutor()
    for node in (ear, driver):
        executor.add_node(node)
    camera.open()
    deadline_s = time.monotonic() + (20.0 if where.startswith('/cam') else 4.0)
    while camera.lens.fov_deg is None and time.monotonic() < deadline_s:
        told.publish(conversions.camera_info_message(SPEC, 1))
        camera.take(PICTURE, 1)
        executor.spin_once(timeout_sec=0.1)
    camera.close()
    executor.shutdown()
    for node in (ear, driver):
        node.destroy_node()
    assert (camera.lens.fov_deg is not None) is where.startswith('/cam')


def test_a_camera_that_tells_no_angle_is_flown_on_and_told(
    bench: PolicyBench, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a lens of 120 degrees things look half as large, and it flew as near as that."""
    monkeypatch.setattr(camera_input, 'UNTOLD_S', 0.3)
    bench.start()
    rng = np.random.default_rng(1)
    for _ in range(2):
        assert bench.show(rng.permuted(PICTURE, axis=0), bench.now_ns()) is not None
        bench.pause(0.4)
    for _ in range(3):
        bench.show(rng.permuted(PICTURE, axis=0), bench.now_ns(), limit_s=SILENCE_S)
    told = capfd.readouterr().err
    assert told.count('the camera is not calibrated (on /camera/camera_info)') == 1
    assert 'nearer than it is asked to' in told


def test_two_cameras_of_one_publisher_are_not_flown_on(bench: PolicyBench) -> None:
    """Both were taken for one camera, whose pictures came in turn of two sides of the drone."""
    bench.start()
    rng = np.random.default_rng(1)

    def is_flown(frame: str) -> bool:
        pixels = rng.integers(0, 256, (144, 256, 3), dtype=np.uint8)
        message = conversions.image_message(pixels, bench.now_ns(), frame)
        return bench.show_message(message, SILENCE_S) is not None

    assert is_flown('front_optical_frame')
    assert is_flown('front_optical_frame')
    for frame in ('rear_optical_frame', 'front_optical_frame', 'rear_optical_frame'):
        assert not is_flown(frame)
        assert "in the frame '" in bench.node.camera.refusal


def test_pictures_of_a_night_mode_are_not_flown_on_and_are_told(
    ros: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A camera that switched to infrared was flown on as any other."""
    now_s, used = [100.0], list[float]()
    monkeypatch.setattr(camera_input.time, 'monotonic', lambda: now_s[0])
    ear = CameraInput(Node('ear'), lambda *_: used.append(now_s[0]), 'no command', acts=True)
    ear.open(takes_pictures=False)
    grey = np.repeat(PICTURE[..., :1], 3, axis=2)

    def show(image: np.ndarray, seconds: float) -> int:
        used.clear()
        for _ in range(round(10 * seconds)):
            now_s[0] += 0.1
            ear.take(image, 1)
        return len(used)

    assert show(PICTURE, 2.0) == 20
    assert not ear.trouble
    assert show(grey, 3.0) < 10  # until it is known
    assert 'night mode' in ear.refusal
    assert show(grey, 3.0) > 20
    assert 'no colours' in ear.trouble
    assert show(PICTURE, 1.0) == 10
    assert not ear.trouble
    ear.close()
    assert capfd.readouterr().err.count('the camera: its pictures have no colours') == 1
