# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Which of the vehicle's packets came before: routers deliver them again by a second, slower way.

A packet with a time of its own never comes twice unless it is a copy. One without (HEARTBEAT,
SYS_STATUS) may be the same by chance: its number returns after 256 packets. So it is a copy where
it comes as late as the copies of packets with a time do, or so soon that no number has returned.
"""

import math
from collections import OrderedDict, deque
from dataclasses import dataclass

from pymavlink.dialects.v20 import ardupilotmega as mavlink

SOON_S = 0.5  # the same packet so soon is a double: sooner than 256 others on any telemetry port
COPIED_S = 15.0  # so late the same packet comes again by a second, slower way
LATELY_S = 2.0  # for which a copy tells how late the others are
ABOUT_S = 0.5  # by which the lateness of copies that come together differs
MOST_PACKETS = 8192  # of 15 s
MOST_TIMES = 32  # of one that is the same by chance again and again
TIMED = frozenset(  # their fields hold the sender's time
    {
        mavlink.MAVLINK_MSG_ID_ATTITUDE,
        mavlink.MAVLINK_MSG_ID_LOCAL_POSITION_NED,
        mavlink.MAVLINK_MSG_ID_GLOBAL_POSITION_INT,
        mavlink.MAVLINK_MSG_ID_ODOMETRY,
        mavlink.MAVLINK_MSG_ID_ESTIMATOR_STATUS,
        mavlink.MAVLINK_MSG_ID_RC_CHANNELS,
        mavlink.MAVLINK_MSG_ID_DISTANCE_SENSOR,
        mavlink.MAVLINK_MSG_ID_GIMBAL_DEVICE_ATTITUDE_STATUS,
        mavlink.MAVLINK_MSG_ID_MOUNT_ORIENTATION,
    }
)
UNTIMED = frozenset(
    {
        mavlink.MAVLINK_MSG_ID_HEARTBEAT,
        mavlink.MAVLINK_MSG_ID_SYS_STATUS,
        mavlink.MAVLINK_MSG_ID_BATTERY_STATUS,
        mavlink.MAVLINK_MSG_ID_EXTENDED_SYS_STATE,
        mavlink.MAVLINK_MSG_ID_EKF_STATUS_REPORT,
        mavlink.MAVLINK_MSG_ID_HOME_POSITION,
        mavlink.MAVLINK_MSG_ID_MOUNT_STATUS,
        mavlink.MAVLINK_MSG_ID_MANUAL_CONTROL,
    }
)

PAUSE_S = 0.2  # since nothing waited: then a message without a time counts from that moment
UNSTAMPED = frozenset(
    {
        'HEARTBEAT',
        'SYS_STATUS',
        'BATTERY_STATUS',
        'EXTENDED_SYS_STATE',
        'EKF_STATUS_REPORT',
        'ESTIMATOR_STATUS',
        'RC_CHANNELS',
        'GIMBAL_DEVICE_ATTITUDE_STATUS',
        'MOUNT_ORIENTATION',
        'MOUNT_STATUS',
        'MANUAL_CONTROL',
    }
)


@dataclass(slots=True)
class _Arrival:
    """When a packet came, and how late its newest copy was."""

    came_s: float
    counts: bool = True
    copied_s: float = -math.inf


class PacketCopies:
    """Remembers what one vehicle sent lately."""

    def __init__(self) -> None:
        """Know no packet."""
        self._arrivals: OrderedDict[bytes, list[_Arrival]] = OrderedDict()
        self._late: deque[tuple[float, float]] = deque(maxlen=256)  # when a copy came, how late

    def came_lately(self, packet: bytes, now_s: float, denied_s: float) -> bool:
        """Tell whether the very same packet came lately: it may be a copy.

        One that was left out on that suspicion adds none unless another report denied it since,
        or a sender whose numbers return with each report would be suspected for ever.

        Args:
            packet: as it came.
            now_s: time of arrival.
            denied_s: when a report last said something else.

        """
        return any(one.counts or one.came_s < denied_s for one in self._recent(packet, now_s))

    def is_copy(self, message_id: int, packet: bytes, now_s: float) -> bool:
        """Tell whether a packet is a copy for certain; of ids not named above none is.

        Args:
            message_id: of the packet.
            packet: as it came.
            now_s: time of arrival.

        """
        recent = self._recent(packet, now_s)
        if message_id in TIMED and recent:
            self._late.append((now_s, now_s - recent[0].came_s))
            return True
        if message_id not in UNTIMED or not recent:
            return False
        return now_s - recent[-1].came_s < SOON_S or self._is_as_late(recent, now_s)

    def take(self, message_id: int, packet: bytes, now_s: float, counts: bool = True) -> None:
        """Note a packet that is no copy; one that does not count may be copied all the same."""
        if message_id not in TIMED and message_id not in UNTIMED:
            return
        arrivals = self._arrivals.setdefault(packet, [])
        arrivals.append(_Arrival(now_s, counts))
        del arrivals[:-MOST_TIMES]
        self._arrivals.move_to_end(packet)
        if len(self._arrivals) > MOST_PACKETS:
            self._arrivals.popitem(last=False)

    def _recent(self, packet: bytes, now_s: float) -> list[_Arrival]:
        known = self._arrivals.get(packet, ())
        return [one for one in known if 0.0 <= now_s - one.came_s <= COPIED_S]

    def _is_as_late(self, recent: list[_Arrival], now_s: float) -> bool:
        """Tell whether it comes as late as the copies of packets with a time do.

        One that is the same by chance, just when a copy is due, comes beside that: one is new.
        """
        known = [late_s for came_s, late_s in self._late if 0.0 <= now_s - came_s <= LATELY_S]
        for one in recent:
            late_s = now_s - one.came_s
            is_due = any(abs(other_s - late_s) <= ABOUT_S for other_s in known)
            if is_due and abs(one.copied_s - late_s) > ABOUT_S:
                one.copied_s = late_s
                return True
        return False
