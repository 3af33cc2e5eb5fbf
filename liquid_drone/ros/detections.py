# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The target as ``vision_msgs/Detection2DArray``, where that package is installed.

One detection at most: the policy tells a point and a probability, no size, so the box has none.
Pixels are those of the policy's own picture. Fields are found where 2.0 (Foxy), 3.0 (Galactic) and
4.x (Humble and later) have them.
"""

import importlib
import importlib.util
from types import ModuleType
from typing import Any

from rclpy.node import Node

from ..contract import CameraSpec
from . import conversions, qos

PACKAGE = 'vision_msgs'


def detections_message(
    vision: Any,
    stamp_ns: int,
    camera: CameraSpec,
    target: tuple[float, float, float],
    name: str,
    is_seen: bool,
) -> Any:
    """Make the message; empty where the target is not seen.

    Args:
        vision: the package's message module.
        stamp_ns: of the picture.
        camera: of the policy.
        target: bearing and elevation, -1..1 of the picture, right and up, and the probability.
        name: of the target.
        is_seen: whether it counts as seen.

    """
    bearing, elevation, probability = target
    header = conversions.header(stamp_ns, conversions.OPTICAL_FRAME)
    message = vision.Detection2DArray()
    message.header = header
    if not is_seen:
        return message
    found, hypothesis = vision.Detection2D(), vision.ObjectHypothesisWithPose()
    found.header = header
    told = getattr(hypothesis, 'hypothesis', hypothesis)  # before 3.0 its fields stand here
    setattr(told, 'class_id' if hasattr(told, 'class_id') else 'id', name)
    told.score = float(probability)
    found.results = [hypothesis]
    centre = found.bbox.center
    point = getattr(centre, 'position', centre)  # before 4.0 a geometry_msgs/Pose2D
    point.x = 0.5 * (1.0 + float(bearing)) * camera.width
    point.y = 0.5 * (1.0 - float(elevation)) * camera.height
    message.detections = [found]
    return message


class Detections:
    """Publishes ``~/detections`` while somebody subscribes; nothing where the package is not."""

    def __init__(self, node: Node) -> None:
        """Make the publisher on a node."""
        self._vision: ModuleType | None = None
        self._publisher: Any = None
        if importlib.util.find_spec(PACKAGE) is not None:
            self._vision = importlib.import_module(f'{PACKAGE}.msg')
            kind = self._vision.Detection2DArray
            self._publisher = node.create_publisher(kind, '~/detections', qos.SENSOR_OUT)

    def tell(
        self,
        stamp_ns: int,
        camera: CameraSpec,
        target: tuple[float, float, float],
        name: str,
        is_seen: bool,
    ) -> None:
        """Publish where the target is in a picture; see :func:`detections_message`."""
        if self._publisher is not None and self._publisher.get_subscription_count():
            message = detections_message(self._vision, stamp_ns, camera, target, name, is_seen)
            self._publisher.publish(message)
