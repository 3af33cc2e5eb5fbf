# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The policy node in a real graph, with a camera that the test holds in its hands."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from geometry_msgs.msg import PointStamped, Vector3Stamped
from graph_bench import SILENCE_S, PolicyBench
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header, String
from std_srvs.srv import Trigger
from support.faulty_graphs import WHITE, altered, failing, overflowing

from liquid_drone.arrays import Image
from liquid_drone.camera.frame import CameraFrame
from liquid_drone.contract import CameraSpec
from liquid_drone.image import fitted
from liquid_drone.nodes import policy_node
from liquid_drone.nodes.policy_node import PolicyNode
from liquid_drone.ros import conversions, qos
from liquid_drone.runtime import libraries, providers
from liquid_drone.runtime.runner import PolicyRunner

FRAME_NS = 50_000_000


@pytest.fixture
def bench(ros: None, bundle: Path) -> Iterator[PolicyBench]:
    with PolicyBench(bundle) as made:
        yield made


def pictures(count: int) -> list[Image]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (144, 256, 3), dtype=np.uint8) for _ in range(count)]


def test_commands_are_those_of_the_runner_with_the_stamp_of_their_image(
    bench: PolicyBench, bundle: Path
) -> None:
    bench.start()
    runner = PolicyRunner(bundle)
    for index, image in enumerate(pictures(5)):
        stamp_ns = 10**9 + index * FRAME_NS
        answer = bench.show(image, stamp_ns)
        assert answer is not None
        expected = runner.step(image, stamp_ns / 1e9).command
        assert np.array_equal(conversions.command_array(answer), expected)
        assert conversions.nanoseconds(answer.header.stamp) == stamp_ns


def test_a_repeated_stamp_gets_the_same_answer_and_is_no_step(
    bench: PolicyBench, bundle: Path
) -> None:
    bench.start()
    runner = PolicyRunner(bundle)
    first, other, second = pictures(3)
    answers = [bench.show(first, 10**9), bench.show(other, 10**9)]
    assert answers[0] == answers[1]
    runner.step(first, 1.0)
    answer = bench.show(second, 10**9 + FRAME_NS)
    assert answer is not None
    expected = runner.step(second, (10**9 + FRAME_NS) / 1e9).command
    assert np.array_equal(conversions.command_array(answer), expected)


@pytest.mark.parametrize(
    ('image', 'encoding', 'words'),
    [
        (np.zeros((480, 640, 3), np.uint8), 'rgb8', 'set the camera to 256x144'),
        (np.zeros((144, 256, 3), np.uint8), 'mono16', 'expected an image with encoding rgb8'),
    ],
)
def test_an_unusable_image_gives_an_error_and_no_command(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str], image: Image, encoding: str, words: str
) -> None:
    bench.set(fit='refuse')
    bench.start()
    assert bench.show(image, 10**9, encoding, limit_s=SILENCE_S) is None
    assert words in capfd.readouterr().err
    assert bench.show(pictures(1)[0], 10**9 + FRAME_NS) is not None  # and it goes on


def test_an_image_that_cannot_be_computed_is_no_command_and_the_next_one_is(
    ros: None, bundle: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    faulty = altered(bundle, tmp_path / 'faulty', overflowing, 'features')
    before, after = pictures(2)
    white = np.full_like(before, WHITE)
    runner = PolicyRunner(bundle)
    with PolicyBench(faulty) as bench:
        bench.start()
        assert bench.show(before, 10**9) is not None
        assert bench.show(white, 10**9 + FRAME_NS, limit_s=SILENCE_S) is None
        answer = bench.show(after, 10**9 + 2 * FRAME_NS)
    assert 'no command: bundle' in capfd.readouterr().err
    runner.step(before, 1.0)
    expected = runner.step(after, 1.0 + 2 * FRAME_NS / 1e9).command
    assert answer is not None
    np.testing.assert_allclose(conversions.command_array(answer), expected, atol=1e-5)


def test_a_card_that_fails_is_told_and_the_cpu_goes_on(
    ros: None, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = PolicyRunner(altered(bundle, tmp_path / 'card', failing, 'features'))
    card.vision.backend = providers.Backend('cuda')
    card.vision.keep_spare(PolicyRunner(bundle).vision)
    monkeypatch.setattr(policy_node, 'open_policy', lambda *_: card)
    told: list[str] = []
    reader = Node('reader')
    reader.create_subscription(String, 'policy/provider', lambda text: told.append(text.data), 1)
    with PolicyBench(bundle) as bench:
        bench.add(reader)
        bench.start()
        before = pictures(1)[0]
        assert bench.show(before, 10**9) is not None
        assert bench.node._health(1.0, 0, 0.0).summary == 'following'
        white = np.full_like(before, WHITE)
        assert bench.show(white, 10**9 + FRAME_NS) is not None
        assert 'following; cuda fp32 cannot compute' in bench.node._health(1.0, 0, 0.0).summary
        assert bench.wait(lambda: told[-1:] == ['cpu fp32'])


def test_reset_starts_afresh(bench: PolicyBench, bundle: Path) -> None:
    bench.start()
    first, second = pictures(2)
    bench.show(first, 10**9)
    future = bench.reset_client.call_async(Trigger.Request())
    assert bench.wait(future.done)
    assert future.result().success
    answer = bench.show(second, 10**9 + FRAME_NS)
    assert answer is not None
    fresh = PolicyRunner(bundle).step(second, (10**9 + FRAME_NS) / 1e9).command
    assert np.array_equal(conversions.command_array(answer), fresh)


def test_it_is_silent_until_activated_and_after_deactivation(bench: PolicyBench) -> None:
    image = pictures(1)[0]
    assert bench.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert bench.show(image, 10**9, limit_s=SILENCE_S) is None
    assert bench.node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert bench.wait(lambda: bench.images.get_subscription_count() > 0)
    assert bench.show(image, 2 * 10**9) is not None
    assert bench.node.trigger_deactivate() == TransitionCallbackReturn.SUCCESS
    assert bench.show(image, 3 * 10**9, limit_s=SILENCE_S) is None


def test_a_missing_bundle_is_said_and_can_be_mended_in_place(
    bench: PolicyBench, bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.node.set_parameters([Parameter('bundle', value='/no/bundle')])
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'no policy bundle at /no/bundle' in capfd.readouterr().err
    bench.node.set_parameters([Parameter('bundle', value=str(bundle))])
    assert bench.node.trigger_configure() == TransitionCallbackReturn.SUCCESS


def test_it_does_not_start_where_it_would_build_an_engine_in_the_air(
    bench: PolicyBench,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(libraries, 'why_not', lambda _: None)
    monkeypatch.setattr(providers, '_open', lambda *_: pytest.fail('it would build'))
    bench.node.set_parameters([Parameter('providers', value='tensorrt')])
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert not bench.node.is_acting
    assert 'liquid-drone warmup' in capfd.readouterr().err


def test_starting_by_itself_without_a_bundle_ends_the_process_with_2(bench: PolicyBench) -> None:
    bench.node.set_parameters([Parameter('bundle', value='/no/bundle')])
    with pytest.raises(SystemExit, match='2'):
        bench.node.start()


def test_no_image_gives_one_warning_that_says_what_is_on_the_topic(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_node, 'SILENCE_S', 0.5)
    bench.start()
    bench.pause(2.5)
    said = capfd.readouterr().err
    assert said.count('no image on /camera/image_raw') == 1
    assert 'publishers there: camera (sensor_msgs/msg/Image, RELIABLE)' in said


def test_a_picture_of_another_size_is_fitted_as_in_training(
    bench: PolicyBench, bundle: Path
) -> None:
    big = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    bench.start()
    answer = bench.show(big, 10**9)
    assert answer is not None
    runner = PolicyRunner(bundle)
    expected = runner.step(fitted(big, runner.contract.camera), 1.0).command
    assert np.array_equal(conversions.command_array(answer), expected)


def test_an_old_image_is_not_acted_on(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.set(max_image_age_s=0.5)
    bench.start()
    old, new = pictures(2)
    now_ns = bench.camera.get_clock().now().nanoseconds
    assert bench.show(old, now_ns - 2 * 10**9, limit_s=SILENCE_S) is None
    assert 'more than max_image_age_s 0.5' in capfd.readouterr().err
    assert bench.is_answered(new)


def test_a_frame_handed_over_in_the_process_is_answered_like_a_message(
    bench: PolicyBench, bundle: Path
) -> None:
    bench.start()
    image = pictures(1)[0]
    bench.node.hand_over(CameraFrame(image, 10**9))
    assert bench.wait(lambda: len(bench.received) == 1)
    expected = PolicyRunner(bundle).step(image, 1.0).command
    assert np.array_equal(conversions.command_array(bench.received[0]), expected)


def test_a_frozen_sensor_is_found_after_half_a_second(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.start()
    image, *moving = pictures(150)
    assert bench.show(image, 10**9) is not None
    stamps = [10**9 + index * FRAME_NS for index in range(1, 11)]
    answers = [bench.show(image, stamp_ns, limit_s=SILENCE_S) for stamp_ns in stamps]
    assert answers[-1] is None  # half a second by its stamps; by arrival it may be longer
    assert 'the same pixels for ' in capfd.readouterr().err
    anew = (
        bench.show(picture, 10**9 + index * FRAME_NS, limit_s=0.05)
        for index, picture in enumerate(moving, 11)
    )
    assert next(anew) is None  # one new picture may be a clock in a frozen one
    assert any(answer is not None for answer in anew)  # it lives again


def test_where_a_scene_can_be_still_that_is_switched_off(bench: PolicyBench) -> None:
    bench.set(frozen_after_s='off')
    bench.start()
    image = pictures(1)[0]
    for index in range(4):
        assert bench.show(image, 10**9 + index * 10 * FRAME_NS) is not None


def test_pictures_of_two_publishers_are_refused_and_both_are_named(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.start()
    assert bench.show(pictures(1)[0], 10**9) is not None
    other = Node('usb_cam', namespace='/left')
    bench.add(other)
    other.create_publisher(ImageMessage, '/camera/image_raw', qos.SENSOR_OUT)
    assert bench.wait(lambda: bench.camera.count_publishers('camera/image_raw') == 2)
    bench.pause(0.2)
    assert bench.show(pictures(2)[1], 10**9 + FRAME_NS, limit_s=SILENCE_S) is None
    said = capfd.readouterr().err
    assert '2 publishers on /camera/image_raw: /camera, /left/usb_cam: end all but one' in said


def test_a_camera_info_that_cannot_be_stops_the_commands_until_a_true_one(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.start()
    spec, (image, next_image) = CameraSpec(), pictures(2)
    info = conversions.camera_info_message(spec, 1)
    good, info.k = info.k.copy(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    bench.infos.publish(info)
    assert bench.wait(lambda: bool(bench.node.camera.lens.problem))
    assert bench.show(image, 10**9, limit_s=SILENCE_S) is None
    assert 'expected a field of view of 15 to 150 degrees' in capfd.readouterr().err
    info.k = good
    bench.infos.publish(info)
    assert bench.wait(lambda: not bench.node.camera.lens.problem)
    assert bench.show(next_image, 10**9 + FRAME_NS) is not None


def test_the_angle_is_that_of_the_region_of_interest_which_the_pictures_show(
    bench: PolicyBench,
) -> None:
    bench.start()
    spec, image = CameraSpec(), pictures(1)[0]
    info = conversions.camera_info_message(CameraSpec(2 * spec.width, 2 * spec.height), 1)
    info.roi.x_offset, info.roi.y_offset = spec.width // 2, spec.height // 2
    info.roi.width, info.roi.height = spec.width, spec.height
    bench.infos.publish(info)
    lens = bench.node.camera.lens
    assert bench.wait(lambda: lens.fov_deg is not None)
    half = math.tan(math.radians(spec.horizontal_fov_deg) / 2) / 2
    part_deg = lens.fov_of(*image.shape[1::-1])
    assert part_deg == pytest.approx(math.degrees(2 * math.atan(half)))
    assert bench.show(image, 10**9) is not None


def test_a_stamp_from_the_future_is_refused_and_does_not_block_those_after_it(
    bench: PolicyBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.set(max_image_age_s=0.5)
    bench.start()
    first, second = pictures(2)
    assert bench.show(first, bench.now_ns() + 60 * 10**9, limit_s=SILENCE_S) is None
    assert "ahead of this computer's clock" in capfd.readouterr().err
    assert bench.is_answered(second)


def test_bytes_that_are_no_message_are_not_received_and_the_node_goes_on(
    bench: PolicyBench,
) -> None:
    bench.start()
    message = conversions.image_message(pictures(1)[0], 10**9, frame='a' * 20)
    raw = serialize_message(message)
    for broken in (raw[:40], b'', raw[:4] + b'\xff' * 60):
        bench.images.publish(broken)
        bench.pause(0.1)
    assert not bench.received
    bench.images.publish(raw.replace(b'a' * 20, b'\xff' * 20))  # a name that is no UTF-8
    assert bench.wait(lambda: len(bench.received) == 1)


@pytest.mark.usefixtures('ros')
def test_a_camera_that_outlives_the_node_hands_over_to_nobody() -> None:
    node = PolicyNode()
    node.close()
    node.destroy_node()
    node.hand_over(CameraFrame(pictures(1)[0], 10**9))  # the camera's thread is still running


def test_a_request_by_topic_and_by_parameter_is_acted_on_smoothly_and_the_belief_published(
    ros: None, asking_bundle: Path
) -> None:
    bench = PolicyBench(asking_bundle)
    asked: list[Vector3Stamped] = []
    beliefs: list[PointStamped] = []
    told: list[str] = []
    peer = Node('asking')
    peer.create_subscription(Vector3Stamped, 'policy/requested', asked.append, qos.STATUS)
    peer.create_subscription(PointStamped, 'policy/belief', beliefs.append, qos.STATUS)
    peer.create_subscription(
        Header, 'policy/answered', lambda header: told.append(header.frame_id), qos.STATUS
    )
    ask = peer.create_publisher(Vector3Stamped, 'policy/request', qos.STATUS)
    bench.add(peer)
    try:
        bench.start()
        assert bench.wait(lambda: ask.get_subscription_count() > 0)
        count = 0

        def shown() -> Vector3Stamped:
            nonlocal count
            count += 1
            before = len(asked)
            assert bench.show(pictures(1)[0], 10**9 + count * FRAME_NS) is not None
            assert bench.wait(lambda: len(asked) > before)
            return asked[-1]

        assert shown().vector.x == pytest.approx(3.2, abs=0.01)
        message = Vector3Stamped()
        message.vector.x, message.vector.y, message.vector.z = 6.0, math.nan, math.nan
        ask.publish(message)
        assert bench.wait(lambda: bench.node.runner.asked.distance_m == 6.0)
        first = shown().vector
        assert 3.2 < first.x <= 3.2 + 1.0 * 0.05 + 1e-6
        assert first.y == pytest.approx(1.1)
        bench.set(request_distance_m=2.5)
        before = shown().vector.x
        assert shown().vector.x < before
        refused = bench.node.set_parameters([Parameter('request_speed_m_s', value=-1.0)])
        assert not refused[0].successful
        assert bench.wait(lambda: len(beliefs) > 0)
        assert beliefs[-1].header.frame_id == 'base_link'
        assert 'base_link' in told[-1].split()
    finally:
        bench.close()
