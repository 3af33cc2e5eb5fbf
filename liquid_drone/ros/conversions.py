# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Standard ROS messages to and from arrays and nanoseconds; REP-103 frames, SI units.

Images are converted by ``camera/encodings.py``: cv_bridge breaks with NumPy 2.
"""

import array
import math

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PointStamped, PoseStamped, TwistStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, CompressedImage
from sensor_msgs.msg import Image as ImageMessage
from std_msgs.msg import Header

from .. import topics
from ..arrays import Command, FloatArray, FourFloats, Image
from ..camera.calibration import Calibration
from ..contract import CameraSpec
from ..encodings import JPEG_OF_RGB, UNSTATED, decode, decode_compressed
from ..geometry import rotation_from_quaternion
from ..image import encode_jpeg

WORLD_FRAME, BODY_FRAME, OPTICAL_FRAME = 'odom', topics.BODY_FRAME, topics.OPTICAL_FRAME
NO_INFORMATION = 1e6  # a variance, in m2, rad2, (m/s)2, (rad/s)2
SECOND_NS = 1_000_000_000


def time_message(stamp_ns: int) -> Time:
    """Turn nanoseconds into a message."""
    return Time(sec=stamp_ns // SECOND_NS, nanosec=stamp_ns % SECOND_NS)


def nanoseconds(stamp: Time) -> int:
    """Turn a message into nanoseconds."""
    return int(stamp.sec) * SECOND_NS + int(stamp.nanosec)


def header(stamp_ns: int, frame: str) -> Header:
    """Make a header."""
    return Header(stamp=time_message(stamp_ns), frame_id=frame)


def wrong_frame(topic: str, given: str, wanted: str) -> str:
    """Return why a message is not taken, as its numbers would be flown elsewhere; empty: it is.

    Another frame than :func:`~liquid_drone.topics.is_in_frame` takes, and none, is refused, as by
    ArduPilot's own ``cmd_vel``.

    Args:
        topic: on which it came.
        given: its ``frame_id``.
        wanted: ``base_link``, or the optical frame, which each driver names in its own way.

    """
    if topics.is_in_frame(given, wanted):
        return ''
    return (
        f"{topic} is taken in the frame {wanted}, but came in '{given[:60]}': it is not acted on; "
        'give it in that frame, and name the frame in header.frame_id'
    )


def image_message(image: Image, stamp_ns: int, frame: str = OPTICAL_FRAME) -> ImageMessage:
    """Make an rgb8 image message from an array (H, W, 3)."""
    data = array.array('B')  # the one type that every rclpy takes without looking at each byte
    data.frombytes(np.ascontiguousarray(image).data.cast('B'))
    height, width = image.shape[:2]
    return ImageMessage(
        header=header(stamp_ns, frame),
        height=height,
        width=width,
        encoding='rgb8',
        step=3 * width,
        data=data,
    )


def compressed_array(message: CompressedImage) -> Image:
    """Return the RGB picture (H, W, 3) of a JPEG or PNG.

    Raises:
        ImageError: no picture, or one of distances (compressedDepth).

    """
    return decode_compressed(message.format, message.data)


def compressed_message(image: Image, stamp_ns: int, frame: str, quality: int) -> CompressedImage:
    """Make a JPEG image message from an array (H, W, 3), as image_transport does."""
    data = array.array('B')
    data.frombytes(encode_jpeg(image, quality))
    return CompressedImage(header=header(stamp_ns, frame), format=JPEG_OF_RGB, data=data)


def image_array(message: ImageMessage, colour_order: str = UNSTATED) -> Image:
    """Return the picture as RGB (H, W, 3) uint8, without a copy where the message is rgb8.

    Args:
        message: of any encoding that is known.
        colour_order: rgb or bgr, for the encodings that name none (8UC3, 8UC4).

    Raises:
        ImageError: no picture, or one that cannot be converted.

    """
    shape = message.width, message.height, message.step
    return decode(message.encoding, *shape, message.data, colour_order)


def camera_info_message(camera: CameraSpec, stamp_ns: int) -> CameraInfo:
    """Describe an ideal pinhole camera."""
    focal = camera.width / 2 / math.tan(math.radians(camera.horizontal_fov_deg) / 2)  # pixels
    x, y = camera.width / 2, camera.height / 2
    return CameraInfo(
        header=header(stamp_ns, OPTICAL_FRAME),
        width=camera.width,
        height=camera.height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[focal, 0.0, x, 0.0, focal, y, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[focal, 0.0, x, 0.0, 0.0, focal, y, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def calibration_message(lens: Calibration, stamp_ns: int, frame: str) -> CameraInfo:
    """Describe a real camera; K is zero where it is not calibrated."""
    return CameraInfo(
        header=header(stamp_ns, frame),
        width=lens.width,
        height=lens.height,
        distortion_model=lens.distortion_model,
        d=list(lens.d),
        k=list(lens.k),
        r=list(lens.r),
        p=list(lens.p),
    )


def command_message(command: Command | FourFloats, stamp_ns: int) -> TwistStamped:
    """Make a body velocity (FLU, heading-aligned) from (vx, vy, vz, yaw rate)."""
    message = TwistStamped(header=header(stamp_ns, BODY_FRAME))
    linear, angular = message.twist.linear, message.twist.angular
    linear.x, linear.y, linear.z, angular.z = (float(value) for value in command)
    return message


def command_array(message: TwistStamped) -> Command:
    """Return (vx, vy, vz, yaw rate) float32 of a body velocity."""
    linear, angular = message.twist.linear, message.twist.angular
    with np.errstate(over='ignore'):  # what single precision cannot hold becomes infinite
        return np.array([linear.x, linear.y, linear.z, angular.z], dtype=np.float32)


def odometry_message(
    stamp_ns: int,
    position_enu: FloatArray,
    quaternion_xyzw: FloatArray,
    velocity_enu: FloatArray,
    rates_flu: FloatArray,
    accuracy_m: tuple[float, float] | None = None,
) -> Odometry:
    """Make odometry: pose in the world, velocities in the body frame as REP-105 users expect.

    Args:
        stamp_ns: of the estimate.
        position_enu: m.
        quaternion_xyzw: of the body.
        velocity_enu: m/s.
        rates_flu: rad/s.
        accuracy_m: standard deviation of the position, across and up; None: not known. What is
            not known has the variance :data:`NO_INFORMATION`: zeros would mean sure.

    """
    message = Odometry(header=header(stamp_ns, WORLD_FRAME), child_frame_id=BODY_FRAME)
    pose, twist = message.pose.pose, message.twist.twist
    fill(pose.position, position_enu)
    fill(pose.orientation, quaternion_xyzw)
    fill(twist.linear, rotation_from_quaternion(quaternion_xyzw).T @ velocity_enu)
    fill(twist.angular, rates_flu)
    across, up = (NO_INFORMATION,) * 2 if accuracy_m is None else np.square(accuracy_m).tolist()
    message.pose.covariance = _diagonal(across, across, up, *(NO_INFORMATION,) * 3)
    message.twist.covariance = _diagonal(*(NO_INFORMATION,) * 6)
    return message


def _diagonal(*variances: float) -> list[float]:
    covariance: list[float] = np.diag(variances).ravel().tolist()
    return covariance


def pose_message(stamp_ns: int, position_enu: FloatArray) -> PoseStamped:
    """Make an upright pose in the world."""
    message = PoseStamped(header=header(stamp_ns, WORLD_FRAME))
    fill(message.pose.position, position_enu)
    return message


def bearing_message(
    stamp_ns: int, camera: CameraSpec, bearing: float, elevation: float
) -> PointStamped:
    """Make the point 1 m ahead in the optical frame (x right, y down) where the target is seen.

    ``bearing`` is -1 left to 1 right edge of the image, ``elevation`` -1 bottom to 1 top.
    """
    half_width = math.tan(math.radians(camera.horizontal_fov_deg) / 2)
    half_height = half_width * camera.height / camera.width
    message = PointStamped(header=header(stamp_ns, OPTICAL_FRAME))
    fill(message.point, np.array([bearing * half_width, -elevation * half_height, 1.0]))
    return message


def bearing_of(message: PointStamped, camera: CameraSpec) -> tuple[float, float]:
    """Return bearing and elevation, -1..1, of a sighting; the middle where it lies behind."""
    half_width = math.tan(math.radians(camera.horizontal_fov_deg) / 2)
    half_height = half_width * camera.height / camera.width
    point = message.point
    if not (point.z > 0.0 and math.isfinite(point.x / point.z + point.y / point.z)):
        return 0.0, 0.0
    bearing, elevation = point.x / point.z / half_width, -point.y / point.z / half_height
    return min(max(bearing, -1.0), 1.0), min(max(elevation, -1.0), 1.0)


def belief_message(stamp_ns: int, bearing_rad: float, distance_m: float) -> PointStamped:
    """Make the place where the target is believed to be, level with the vehicle, body FLU."""
    message = PointStamped(header=header(stamp_ns, BODY_FRAME))
    ahead, left = math.cos(bearing_rad), math.sin(bearing_rad)
    fill(message.point, distance_m * np.array([ahead, left, 0.0]))
    return message


def mask_message(stamp_ns: int, bearing: float, elevation: float, pixels: float) -> PointStamped:
    """Make what a picture truly shows of the target, as episodes hold it.

    x is the bearing -1 left..1 right, y the elevation -1 bottom..1 top, z the visible pixels.
    """
    message = PointStamped(header=header(stamp_ns, OPTICAL_FRAME))
    fill(message.point, np.array([bearing, elevation, pixels]))
    return message


def fill(target: object, values: FloatArray) -> None:
    """Set x, y, z (and w) of a vector, point or quaternion."""
    for axis, value in zip('xyzw', values, strict=False):
        setattr(target, axis, float(value))
