# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulator shows of a frame: clock, picture, truth, target, TF; all with its stamp.

The picture comes last, so that whoever acts on it has the rest. JPEG is made only while somebody
listens, for a recorder. Nothing here steps the simulation.
"""

from geometry_msgs.msg import PointStamped, PoseStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from .. import topics
from ..contract import CameraSpec
from ..image import JPEG_QUALITY
from ..ros import conversions, qos
from ..ros.transforms import Transforms
from ..sim.sensors.camera import SimulatedFrame
from ..sim.simulator import Truth


class SimulatorTopics:
    """Publishers of one simulated drone."""

    def __init__(self, node: Node, camera: CameraSpec) -> None:
        """Make them on a node."""
        self._camera, out = camera, qos.SENSOR_OUT
        self._clock = node.create_publisher(Clock, '/clock', qos.CLOCK)
        self._image = node.create_publisher(
            Image, topics.IMAGE, out, qos_overriding_options=qos.OVERRIDABLE
        )
        self._compressed = node.create_publisher(CompressedImage, topics.IMAGE_COMPRESSED, out)
        self._info = node.create_publisher(CameraInfo, topics.CAMERA_INFO, out)
        self._odometry = node.create_publisher(Odometry, topics.TRUE_ODOMETRY, out)
        self._target = node.create_publisher(PoseStamped, topics.TARGET_POSE, out)
        self._mask = node.create_publisher(PointStamped, topics.TARGET_MASK, out)
        self._transforms = Transforms(node, camera.tilt_down_deg)

    def show(self, frame: SimulatedFrame, truth: Truth) -> None:
        """Publish a frame; again, where it may have been lost."""
        stamp_ns = frame.stamp_ns
        self._clock.publish(Clock(clock=conversions.time_message(stamp_ns)))
        self._odometry.publish(
            conversions.odometry_message(
                stamp_ns,
                truth.position_enu,
                truth.quaternion_xyzw,
                truth.velocity_enu,
                truth.angular_velocity_flu,
            )
        )
        self._target.publish(conversions.pose_message(stamp_ns, truth.target_position_enu))
        seen = frame.target_bearing, frame.target_elevation, frame.target_pixels
        self._mask.publish(conversions.mask_message(stamp_ns, *seen))
        self._transforms.body(stamp_ns, truth.position_enu, truth.quaternion_xyzw)
        self._info.publish(conversions.camera_info_message(self._camera, stamp_ns))
        self._image.publish(conversions.image_message(frame.image, stamp_ns))
        if self._compressed.get_subscription_count():  # a recorder
            self._compressed.publish(
                conversions.compressed_message(
                    frame.image, stamp_ns, conversions.OPTICAL_FRAME, JPEG_QUALITY
                )
            )
