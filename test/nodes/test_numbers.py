# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What ROS users plot and filter: a decision as numbers, odometry with covariance, the target."""

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PointStamped
from graph_bench import MavlinkBench
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Range
from std_msgs.msg import Float64MultiArray, UInt8

from liquid_drone import topics
from liquid_drone.contract import CameraSpec
from liquid_drone.flight.codes import NAMES
from liquid_drone.ros import qos
from liquid_drone.ros.conversions import NO_INFORMATION, odometry_message
from liquid_drone.ros.detections import detections_message


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    made = MavlinkBench()
    yield made
    made.close()


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
    assert bench.wait(lambda: bool(heard[topics.TARGET]) and bool(heard[topics.ODOMETRY]))
    numbers = heard[topics.NUMBERS][-1]
    assert numbers.layout.dim[0].label.split() == list(NAMES)
    told = dict(zip(NAMES, numbers.data, strict=True))
    assert (told['stage'], told['is_sent'], told['is_armed']) == (4.0, 1.0, 1.0)
    assert told['proposal_vx'] == pytest.approx(0.5)
    assert told['height_m'] == pytest.approx(2.0, abs=0.5)
    assert heard[topics.STAGE_CODE][-1].data == 4
    place = heard[topics.TARGET][-1].point
    assert (place.x, place.y, place.z) == pytest.approx((0.0, 0.0, 6.5), abs=1e-4)
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


class Vision:
    """The shape of vision_msgs 4, which is not installed here."""

    @staticmethod
    def Detection2DArray() -> Any:  # noqa: N802  # its name there
        return SimpleNamespace(header=None, detections=[])

    @staticmethod
    def Detection2D() -> Any:  # noqa: N802
        centre = SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0))
        return SimpleNamespace(header=None, results=[], bbox=SimpleNamespace(center=centre))

    @staticmethod
    def ObjectHypothesisWithPose() -> Any:  # noqa: N802
        return SimpleNamespace(hypothesis=SimpleNamespace(class_id='', score=0.0))


def test_a_detection_lies_in_the_policys_picture_and_none_is_made_up() -> None:
    camera = CameraSpec()
    message = detections_message(Vision, 5, camera, (-1.0, 1.0, 0.9), 'red_backpack')
    (found,) = message.detections
    assert (found.bbox.center.position.x, found.bbox.center.position.y) == (0.0, 0.0)
    assert found.results[0].hypothesis.class_id == 'red_backpack'
    for probability in (0.1, math.nan):
        seen = detections_message(Vision, 5, camera, (0.0, 0.0, probability), 'x')
        assert seen.detections == []
