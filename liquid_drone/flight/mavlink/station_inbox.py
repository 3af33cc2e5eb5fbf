# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of one ground station to this companion; everybody else's are counted and named once.

A command counts where it comes from the station that was chosen, on the path on which the
autopilot itself speaks, for this vehicle and one of our components, and signed where there is a
key. It waits here until the companion's own step; nothing is done on arrival.
"""

import logging
import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .copies import COPIED_S
from .encoder import COMPANION_MARK
from .framing import Frame

logger = logging.getLogger(__name__)
COMMAND_IDS = (mavlink.MAVLINK_MSG_ID_COMMAND_LONG, mavlink.MAVLINK_MSG_ID_COMMAND_INT)
ADDRESS_AT = 30  # of both: target system, then target component
WAITING, REPORTS = 16, 4
AT_ONCE = 2  # in a step: answers share the link with the setpoints
FLOWN_BY = (mavlink.MAV_CMD_CAMERA_STOP_TRACKING, mavlink.MAV_CMD_USER_1)  # wait for no others
STOP = mavlink.MAV_CMD_CAMERA_STOP_TRACKING
PARAMETERS = tuple(enumerate(('', '', '', '', 'x', 'y', 'z'), 1))  # as COMMAND_INT has them
MOST_TOLD = 20  # different reports
NUMBERS, OVERTAKEN = 256, 64  # of packets; by so many numbers a late one is behind a stop


@dataclass(frozen=True)
class StationCommand:
    """A COMMAND_LONG or COMMAND_INT to us."""

    number: int  # MAV_CMD
    parameters: tuple[float, ...]  # seven
    confirmation: int  # above 0: sent again, since no answer came
    sender: tuple[int, int]  # system and component
    target: int  # our component
    came_s: float  # or when it may have begun to wait
    is_long: bool = True  # else COMMAND_INT, which cannot tell that it is sent again
    is_old: bool = False  # came before, or was sent before the last stop: by a second, slower link

    @property
    def stops(self) -> bool:
        """It is the station's word to stop."""
        is_zero = self.parameters[0] == 0.0
        return self.number == STOP or (self.number == mavlink.MAV_CMD_USER_1 and is_zero)


def addressee(frame: Frame) -> tuple[int, int]:
    """Return target system and component of a command, which is not decoded for that."""
    begin = 10 if frame.version == 2 else 6
    payload = frame.packet[begin : begin + frame.packet[1]]
    payload = payload.ljust(ADDRESS_AT + 2, b'\0')  # zeros at the end do not travel
    return payload[ADDRESS_AT], payload[ADDRESS_AT + 1]


class StationInbox:
    """Holds what the station asks for."""

    def __init__(self, station: int, components: tuple[int, ...]) -> None:
        """Begin empty.

        Args:
            station: its MAVLink system id.
            components: ours; the camera's last.

        """
        self.station, self.components = station, components
        self.ignored = 0  # commands to us that did not count
        self.reports: deque[str] = deque(maxlen=REPORTS)  # why, each reason once; to be told
        self._first: deque[StationCommand] = deque(maxlen=WAITING)
        self._waiting: deque[StationCommand] = deque(maxlen=WAITING)
        self._told: set[str] = set()
        self._came: deque[tuple[float, bytes]] = deque(maxlen=WAITING)  # of what is flown by
        self._stopped: tuple[float, int] = (-math.inf, 0)  # when the last stop came, its number

    def fault(self, frame: Frame, vehicle: int, is_on_path: bool) -> str | None:
        """Say why a command does not count; empty: it counts; None: it is not for us."""
        system, component = addressee(frame)
        if component not in self.components:
            return None
        if system != vehicle:
            return f'for system {system}, this is {vehicle}'
        if frame.system != self.station:
            return f'not of the station {self.station}'
        return '' if is_on_path else "not on the autopilot's path"

    def refuse(self, system: int, why: str) -> None:
        """Count a command that does not count, and tell of it once."""
        self.ignored += 1
        self._report(f'ignored a command of system {system}: {why}')

    def hear_heartbeat(self, frame: Frame, message: Any, vehicle: int) -> None:
        """Tell of another camera of this vehicle under the id of ours: a station mixes the two.

        Args:
            frame: a HEARTBEAT of anybody; one of ours that comes back has our mark.
            message: the same, decoded.
            vehicle: the system that is flown.

        """
        is_other = message.custom_mode != COMPANION_MARK
        if is_other and (frame.system, frame.component) == (vehicle, self.components[-1]):
            self._report(
                f'another camera is component {frame.component}: set station_camera to a free one'
            )

    def _report(self, report: str) -> None:
        if report not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(report)
            self.reports.append(report)
            logger.warning(report)

    def put(self, message: Any, came_s: float) -> None:
        """Take in a command that counts; of too many the oldest are forgotten."""
        told: dict[str, float] = message.to_dict()
        sender = message.get_srcSystem(), message.get_srcComponent()
        command = StationCommand(
            int(told['command']),
            tuple(float(told.get(f'param{n}', told.get(other, 0.0))) for n, other in PARAMETERS),
            int(told.get('confirmation', 0)),
            sender,
            int(told['target_component']),
            came_s,
            'confirmation' in told,
            self._is_old(message, came_s),
        )
        if command.stops:
            self._stopped = came_s, message.get_seq()
        queue = self._first if command.number in FLOWN_BY else self._waiting
        queue.append(command)

    def _is_old(self, message: Any, came_s: float) -> bool:
        """Tell whether a packet came before, or has a number of before the last stop."""
        if message.command not in FLOWN_BY:
            return False
        packet = bytes(message.get_msgbuf())
        is_copy = any(
            packet == one and 0.0 <= came_s - then_s <= COPIED_S for then_s, one in self._came
        )
        self._came.append((came_s, packet))
        stopped_s, number = self._stopped
        is_behind = (number - message.get_seq()) % NUMBERS <= OVERTAKEN
        return is_copy or (is_behind and 0.0 <= came_s - stopped_s <= COPIED_S)

    def take(self) -> list[StationCommand]:
        """Return what is to be answered in this step: what is flown by, then the oldest others."""
        found = [*self._first, *list(self._waiting)[:AT_ONCE]]
        self._first.clear()
        for _ in range(min(AT_ONCE, len(self._waiting))):
            self._waiting.popleft()
        return found
