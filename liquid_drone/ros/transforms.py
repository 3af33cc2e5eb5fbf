# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""TF after REP-105: ``odom`` → ``base_link`` → ``camera_link`` → ``camera_optical_frame``.

``tf2_msgs`` comes with a ROS installation, not with the wheels of PyPI: without it nothing is
published, which is said once. The launch files remap ``/tf`` to ``tf``: a namespaced drone has a
tree of its own with the same names, as in Nav2.
"""

import math
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy

from ..arrays import FloatArray
from ..geometry import quaternion_from_euler
from . import conversions, qos

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # wheels
    TFMessage = None

CAMERA_FRAME = 'camera_link'
LOOKS_AHEAD = np.array([-0.5, 0.5, -0.5, 0.5])  # x right, y down, z ahead, seen from x ahead, z up
NOWHERE = np.zeros(3)
_MOVING = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.RELIABLE
)


def transform(
    stamp_ns: int, parent: str, child: str, position: FloatArray, quaternion_xyzw: FloatArray
) -> TransformStamped:
    """Return where the child frame stands in its parent, metres."""
    message = TransformStamped(header=conversions.header(stamp_ns, parent), child_frame_id=child)
    conversions.fill(message.transform.translation, position)
    conversions.fill(message.transform.rotation, quaternion_xyzw)
    return message


def camera_mount(tilt_down_deg: float) -> list[TransformStamped]:
    """Return the two fixed frames of a camera at the body's origin, tilted down."""
    tilt = quaternion_from_euler(0.0, math.radians(tilt_down_deg), 0.0)  # pitch down is positive
    return [
        transform(0, conversions.BODY_FRAME, CAMERA_FRAME, NOWHERE, tilt),
        transform(0, CAMERA_FRAME, conversions.OPTICAL_FRAME, NOWHERE, LOOKS_AHEAD),
    ]


class Transforms:
    """Publishes ``/tf`` and, once, ``/tf_static``."""

    def __init__(self, node: Node, tilt_down_deg: float | None = None) -> None:
        """Begin; the camera's frames are published where its tilt is given."""
        self._moving: Any = None
        if TFMessage is None:
            node.get_logger().info('no TF: the package tf2_msgs is not installed')
            return
        self._moving = node.create_publisher(TFMessage, '/tf', _MOVING)
        if tilt_down_deg is not None:
            self._fixed = node.create_publisher(TFMessage, '/tf_static', qos.LATCHED)
            self._fixed.publish(TFMessage(transforms=camera_mount(tilt_down_deg)))

    def body(self, stamp_ns: int, position_enu: FloatArray, quaternion_xyzw: FloatArray) -> None:
        """Publish where the body is."""
        if self._moving is None:
            return
        frames = conversions.WORLD_FRAME, conversions.BODY_FRAME
        moved = transform(stamp_ns, *frames, position_enu, quaternion_xyzw)
        self._moving.publish(TFMessage(transforms=[moved]))
