# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""What was recorded beside the pictures, and what of it belongs to a picture."""

import bisect
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..geometry import rotation_from_quaternion
from ..topics import is_in_frame
from .bag_source import TopicSource
from .left_out import LeftOut
from .recorded_stamps import is_set_back, stamp_ns_of, without_settings

DOWNWARD = {'ned', 'frd'}  # words in the names of frames whose z is down
LATEST_NS = 60 * 10**9  # no message comes later: the clocks are two
MOST_OFF_UNIT = 0.01  # of a quaternion's length


class Series:
    """The values of a topic by their stamps.

    Args:
        source: None: it was not recorded.
        read: returns the value of a message; None where it is not finite, a text where something
            else is wrong with it.
        left_out: gets the messages that hold no value.
        gap_ns: how far two clocks may be apart where one of them was set.

    """

    def __init__(
        self,
        source: TopicSource | None,
        read: Callable[[Any], Any],
        left_out: LeftOut,
        gap_ns: float,
    ) -> None:
        self.is_refused = False  # for another reason than numbers that are not finite
        rows: list[tuple[int, int, Any]] = []  # stamp, when it was recorded, value
        for bag_ns, message in () if source is None else source.decoded(left_out.other):
            stamp_ns, value = stamp_ns_of(message, bag_ns), read(message)
            if source is not None and (value is None or isinstance(value, str)):
                why = value or 'are not finite'
                left_out.other(stamp_ns, f'messages of {source.topic} {why}')
                self.is_refused |= value is not None
                continue
            rows.append((stamp_ns, bag_ns, value))
        recorded_ns = without_settings([row[1] for row in rows], gap_ns)
        rows = [(row[0], at_ns, row[2]) for row, at_ns in zip(rows, recorded_ns, strict=True)]
        self._gap_ns = gap_ns
        self.was_set = is_set_back([row[0] for row in rows], gap_ns)
        late_ns = sorted(bag_ns - stamp_ns for stamp_ns, bag_ns, _ in rows)
        self._late_ns = late_ns[len(late_ns) // 2] if late_ns else 0
        rows.sort(key=lambda row: row[0])
        self._rows, self._stamps = rows, [row[0] for row in rows]
        self._recorded = sorted(
            ((bag_ns, bag_ns, value) for _, bag_ns, value in rows), key=lambda row: row[0]
        )
        self._recorded_ns = [row[0] for row in self._recorded]

    @property
    def is_empty(self) -> bool:
        """Whether it holds no value."""
        return not self._rows

    def is_of_another_clock(self, stamp_ns: int, bag_ns: int) -> bool:
        """Tell whether its stamps are further from a picture's than anything comes late.

        Simulated time is, beside messages that have no stamp: those have the recorder's.
        """
        apart_ns = (bag_ns - stamp_ns) - self._late_ns
        return not (self.is_empty or self.was_set) and abs(apart_ns) > LATEST_NS

    def before(self, stamp_ns: int, bag_ns: int, age_s: float, was_set: bool) -> Any | None:
        """Return the last value at or before a picture, unless it is too old.

        Args:
            stamp_ns: of the picture.
            bag_ns: when the picture was recorded, by a clock that is not set.
            age_s: older values say nothing.
            was_set: the clock of the pictures was set. Then, and where that of the values was, the
                recorder tells whether two stamps are of one time: else there is no value.

        Where the stamps are of two clocks, both are taken when they were recorded.

        """
        rows, stamps = self._rows, self._stamps
        if self.is_of_another_clock(stamp_ns, bag_ns):
            rows, stamps, stamp_ns = self._recorded, self._recorded_ns, bag_ns
        begin = bisect.bisect_left(stamps, stamp_ns - int(age_s * 1e9))
        end = bisect.bisect_right(stamps, stamp_ns)
        is_careful = was_set or self.was_set
        for its_ns, its_bag_ns, value in reversed(rows[begin:end]):
            apart_ns = (bag_ns - stamp_ns) - (its_bag_ns - its_ns)
            if not is_careful or abs(apart_ns) < self._gap_ns:
                return value
        return None


def request_of(message: Any) -> tuple[float, ...] | None:
    """Return distance, height and speed; what was not asked for is nan."""
    vector = message.vector
    values = vector.x, vector.y, vector.z
    return None if any(map(math.isinf, values)) else values


def command_of(message: Any, frame: str) -> tuple[float, ...] | str | None:
    """Return the command; None where it is not finite, a text where it is in another frame.

    A Twist has no frame.
    """
    header = getattr(message, 'header', None)
    if header is not None and not is_in_frame(header.frame_id, frame):
        return f"are in the frame '{header.frame_id[:60]}', expected '{frame}'"
    twist = getattr(message, 'twist', message)
    values = twist.linear.x, twist.linear.y, twist.linear.z, twist.angular.z
    return values if all(map(math.isfinite, values)) else None


def pose_of(message: Any) -> dict[str, tuple[float, ...]] | str | None:
    """Return pose and velocity in the world; None where they are no pose, else why they are none.

    Odometry's twist is told in its child frame; where that has no name, the velocity is unknown.
    """
    is_odometry = hasattr(message, 'twist')
    for frame in (message.header.frame_id, message.child_frame_id if is_odometry else ''):
        if not DOWNWARD.isdisjoint(re.split(r'[^a-z]+', frame.lower())):
            return f"are in the frame '{frame[:60]}', expected one whose z is up (REP-103)"
    pose = message.pose.pose if is_odometry else message.pose
    p, q = pose.position, pose.orientation
    velocity: tuple[float, ...] = (math.nan,) * 3
    if not (all(map(math.isfinite, (p.x, p.y, p.z))) and _is_turn(q)):
        return None
    if is_odometry:
        v = message.twist.twist.linear
        velocity = (v.x, v.y, v.z) if message.child_frame_id else velocity
        if message.child_frame_id != message.header.frame_id:
            turned = rotation_from_quaternion((q.x, q.y, q.z, q.w)) @ np.array(velocity)
            velocity = tuple(float(value) for value in turned)
    return {
        'position_enu': (p.x, p.y, p.z),
        'velocity_enu': velocity,
        'quaternion_xyzw': (q.x, q.y, q.z, q.w),
    }


def _is_turn(q: Any) -> bool:
    """Tell whether a quaternion is one of a rotation."""
    return abs(math.hypot(q.x, q.y, q.z, q.w) - 1.0) < MOST_OFF_UNIT
