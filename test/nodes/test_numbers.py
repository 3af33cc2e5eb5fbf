# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ROS users plot and filter: a decision as numbers, odometry with covariance, the target."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PointStamped
from graph_bench import MavlinkBench, PolicyBench
from hypothesis import given, settings
from hypothesis import strategies as st
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, Range
from std_msgs.msg import Float64MultiArray, UInt8

from liquid_drone import topics
from liquid_drone.contract import CameraSpec
from liquid_drone.flight.codes import NAMES
from liquid_drone.flight.vehicle import VehicleState
from liquid_drone.nodes.vehicle_topics import APART_S, VehicleTopics
from liquid_drone.ros import conversions, qos
from liquid_drone.ros.conversions import NO_INFORMATION, odometry_message
from liquid_drone.ros.detections import detections_message


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        yield made


def test_a_flight_is_published_as_numbers_and_the_target_at_its_distance(
    bench: MavlinkBench,
) -> None:
    heard: dict[str, list[Any]] = {}

    def listen(kind: Any, topic: str, quality: Any) -> None:
        heard[topic] = []
        bench.policy.create_subscription(kind, topic, heard[topic].append, quality)

    listen(Float64MultiArray, topics.NUMBERS, qos.STATUS)
    listen(UInt8, topics.STAGE_CODE, qos.LATCHED)
    listen(Odometry, topics.ODOMETRY, qos.SENSOR_IN)
    listen(PointStamped, topics.TARGET, qos.SENSOR_IN)
    listen(BatteryState, topics.BATTERY, qos.SENSOR_IN)
    ranges = bench.policy.create_publisher(Range, topics.TARGET_RANGE, qos.SENSOR_OUT)
    frame = bench.frame

    def measured_frame() -> None:
        reading = Range(min_range=0.3, max_range=40.0, range=6.5)
        reading.header.stamp = bench.policy.get_clock().now().to_msg()
        ranges.publish(reading)
        frame()

    bench.frame = measured_frame  # type: ignore[method-assign]
    bench.node.start()
    bench.fly()
    needed = topics.TARGET, topics.ODOMETRY, topics.BATTERY
    assert bench.wait(lambda: all(heard[topic] for topic in needed))
    numbers = heard[topics.NUMBERS][-1]
    assert numbers.layout.dim[0].label.split() == list(NAMES)
    told = dict(zip(NAMES, numbers.data, strict=True))
    assert (told['stage'], told['is_sent'], told['is_armed']) == (4.0, 1.0, 1.0)
    assert told['proposal_vx'] == pytest.approx(0.5)
    assert told['height_m'] == pytest.approx(2.0, abs=0.5)
    assert heard[topics.STAGE_CODE][-1].data == 4
    place = heard[topics.TARGET][-1].point
    assert (place.x, place.y, place.z) == pytest.approx((0.0, 0.0, 6.5), abs=1e-4)
    battery = heard[topics.BATTERY][-1]
    assert (battery.present, battery.current) == (True, pytest.approx(-15.0))  # discharging
    assert 14.0 < battery.voltage < 17.0
    odometry = heard[topics.ODOMETRY][-1]
    assert math.isfinite(odometry.twist.twist.angular.z)
    assert odometry.pose.covariance[0] == NO_INFORMATION  # ArduPilot tells ratios only


def test_covariance_is_the_estimators_where_it_tells_it_and_never_sure_where_not() -> None:
    still = np.zeros(3)
    upright = np.array([0.0, 0.0, 0.0, 1.0])
    known = odometry_message(0, still, upright, still, still, (0.5, 2.0)).pose.covariance
    assert [known[0], known[7], known[14]] == [0.25, 0.25, 4.0]
    for covariance in (known, odometry_message(0, still, upright, still, still).twist.covariance):
        assert all(covariance[6 * i + i] > 0.0 for i in range(6))
        assert covariance[35] == NO_INFORMATION


@settings(max_examples=60, deadline=None)
@given(times=st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.6)), min_size=1, max_size=20))
def test_odometry_tells_no_pose_without_a_recent_attitude(
    times: list[tuple[bool, float]],
) -> None:
    """A heading of east, or an old one, was told, and the velocity turned by it."""
    told: list[Any] = []
    node = SimpleNamespace(
        create_publisher=lambda kind, *_: SimpleNamespace(
            publish=told.append if kind is Odometry else lambda _: None
        ),
        get_clock=lambda: SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=1)),
    )
    publishers, now_s = VehicleTopics(node), 10.0  # type: ignore[arg-type]
    vehicle = VehicleState(1, 0, '', False, now_s)
    for has_attitude, after_s in times:
        now_s, before = now_s + after_s, len(told)
        changes = {'attitude_received_s': now_s, 'yaw': now_s % 3.0} if has_attitude else {}
        vehicle = replace(vehicle, received_s=now_s, velocity_enu=(1.0, 0.0, 0.0), **changes)
        publishers.tell(vehicle, '')
        is_known = now_s - vehicle.attitude_received_s <= APART_S
        assert len(told) - before == is_known
        if is_known:
            assert told[-1].twist.twist.linear.x == pytest.approx(math.cos(vehicle.yaw))


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=8))
def test_odometry_goes_on_where_a_simulation_begins_anew(times: list[float]) -> None:
    """Its time is small again, and each position is new but the very same one."""
    told: list[Any] = []
    node = SimpleNamespace(
        create_publisher=lambda kind, *_: SimpleNamespace(
            publish=told.append if kind is Odometry else lambda _: None
        ),
        get_clock=lambda: SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=1)),
    )
    publishers = VehicleTopics(node)  # type: ignore[arg-type]
    vehicle = VehicleState(1, 0, '', False, 0.0)
    publishers.tell(vehicle, '')
    for now_s in times:
        vehicle = replace(vehicle, received_s=now_s, attitude_received_s=now_s)
        for _ in range(2):
            publishers.tell(vehicle, '')
    assert len(told) == sum(1 for _ in itertools.groupby(times))


late = st.lists(st.tuples(st.floats(0.01, 0.5), st.floats(0.0, 1.0)), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(late, st.booleans(), st.integers(0, 10**18))
def test_odometry_is_stamped_when_it_was_true_and_never_backwards(
    reports: list[tuple[float, float]], is_compared: bool, zero_ns: int
) -> None:
    """A telemetry radio is late by tenths of a second, now more, now less."""
    told: list[Any] = []
    now_s = 10.0
    node = SimpleNamespace(
        create_publisher=lambda kind, *_: SimpleNamespace(
            publish=told.append if kind is Odometry else lambda _: None
        ),
        get_clock=lambda: SimpleNamespace(
            now=lambda: SimpleNamespace(nanoseconds=zero_ns + round(now_s * 1e9))
        ),
    )
    publishers = VehicleTopics(node)  # type: ignore[arg-type]
    offset_s = 7.0 if is_compared else None
    stamps, true_s = [], -math.inf
    for after_s, late_s in reports:
        now_s += after_s
        true_s = max(true_s + 1e-3, now_s - late_s)
        vehicle = VehicleState(
            *(1, 0, '', False, now_s), clock_offset_s=offset_s, stamp_s=true_s - 7.0,
            received_s=now_s, attitude_received_s=now_s,
        )  # fmt: skip
        publishers.tell(vehicle, '', now_s)
        stamps.append(conversions.nanoseconds(told[-1].header.stamp) - zero_ns)
        wanted_s = true_s if is_compared else now_s
        assert stamps[-1] / 1e9 == pytest.approx(min(wanted_s, now_s), abs=2e-6)
    assert all(b > a for a, b in itertools.pairwise(stamps))


class Vision:
    """The shapes of vision_msgs, which is not installed here: 2 Foxy, 3 Galactic, 4 later."""

    def __init__(self, version: int) -> None:
        self.version = version

    def Detection2DArray(self) -> Any:  # noqa: N802  # its name there
        return SimpleNamespace(header=None, detections=[])

    def Detection2D(self) -> Any:  # noqa: N802
        point = SimpleNamespace(x=0.0, y=0.0)
        centre = SimpleNamespace(position=point) if self.version == 4 else point
        return SimpleNamespace(header=None, results=[], bbox=SimpleNamespace(center=centre))

    def ObjectHypothesisWithPose(self) -> Any:  # noqa: N802
        if self.version == 2:
            return SimpleNamespace(id='', score=0.0)
        return SimpleNamespace(hypothesis=SimpleNamespace(class_id='', score=0.0))


@pytest.mark.parametrize('version', [2, 3, 4])
def test_a_detection_lies_in_the_policys_picture_and_none_is_made_up(version: int) -> None:
    camera, vision = CameraSpec(), Vision(version)
    message = detections_message(vision, 5, camera, (-1.0, 1.0, 0.9), 'red_backpack', True)
    (found,) = message.detections
    centre, result = found.bbox.center, found.results[0]
    point = centre.position if version == 4 else centre
    assert vars(point) == {'x': 0.0, 'y': 0.0}
    told = {'class_id': 'red_backpack', 'score': 0.9}
    if version == 2:
        assert vars(result) == {'id': 'red_backpack', 'score': 0.9}
    else:
        assert vars(result.hypothesis) == told
    for probability in (0.1, math.nan):
        none = detections_message(vision, 5, camera, (0.0, 0.0, probability), 'x', False)
        assert none.detections == []


def test_the_node_publishes_real_detections_where_the_package_is(ros: None, bundle: Path) -> None:
    messages = pytest.importorskip('vision_msgs.msg', reason='vision_msgs has no wheel')
    bench = PolicyBench(bundle)
    heard: list[Any] = []
    kind = messages.Detection2DArray
    bench.camera.create_subscription(kind, 'policy/detections', heard.append, qos.SENSOR_IN)
    bench.set(target_threshold=0.0)
    bench.start()
    try:
        assert bench.wait(lambda: bench.camera.count_publishers('policy/detections') > 0)
        picture = np.random.default_rng(1).integers(0, 256, (144, 256, 3), dtype=np.uint8)
        assert bench.show(picture, 10**9) is not None
        assert bench.wait(lambda: bool(heard))
    finally:
        bench.close()
    (found,) = heard[0].detections
    assert heard[0].header.stamp.sec == 1
    assert 0.0 <= found.bbox.center.position.x <= 256.0
    assert found.results[0].hypothesis.class_id
    assert 0.0 <= found.results[0].hypothesis.score <= 1.0
