# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Who speaks on the link: systems and components, with what their heartbeats tell.

An autopilot is known by its system, its component and its kind (``HEARTBEAT.autopilot``). What
type of vehicle it calls itself only decides whether its mode numbers are the ones that we know.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from .profiles import PROFILES, Profile

MOST_SPEAKERS = 64  # the one that was quiet for longest is forgotten
RECENT_S = 5.0
DOUBLED_S = 0.5  # the same packet so soon is a double
AUTOPILOT_COMPONENT = 1
NO_AUTOPILOT = mavlink.MAV_AUTOPILOT_INVALID  # ground stations, cameras, gimbals, companions
GROUND_STATION: int = mavlink.MAV_TYPE_GCS
NO_VEHICLES = {  # system ids, and what sending under them does: we take that of the vehicle
    0: 'which means everybody: each vehicle on the link would fly the setpoints for it',
    255: "the ground stations': this companion's heartbeats would hide that they are lost",
}
GENERIC_MULTIROTOR = 43  # MAV_TYPE_GENERIC_MULTIROTOR; pymavlink has the name from 2.4.50 on
ARDUPILOTS = 'SYSID_THISMAV, from 4.7 MAV_SYSID'
MULTIROTORS = frozenset(
    {
        mavlink.MAV_TYPE_QUADROTOR,
        mavlink.MAV_TYPE_COAXIAL,
        mavlink.MAV_TYPE_TRICOPTER,
        mavlink.MAV_TYPE_HEXAROTOR,
        mavlink.MAV_TYPE_OCTOROTOR,
        mavlink.MAV_TYPE_DODECAROTOR,
        mavlink.MAV_TYPE_DECAROTOR,
        GENERIC_MULTIROTOR,
    }
)


@dataclass(frozen=True)
class Speaker:
    """One component of one system, when it was heard last, and what its heartbeat told."""

    system: int
    component: int
    heard_s: float
    autopilot: int | None = None  # MAV_AUTOPILOT; None: no heartbeat yet
    vehicle_type: int | None = None  # MAV_TYPE

    @property
    def is_autopilot(self) -> bool:
        """It is an autopilot by its component and kind."""
        has_kind = self.autopilot not in (None, NO_AUTOPILOT)
        return self.component == AUTOPILOT_COMPONENT and has_kind

    @property
    def is_multirotor(self) -> bool:
        """It is the autopilot of a vehicle that could be flown by."""
        return self.is_autopilot and self.vehicle_type in MULTIROTORS

    @property
    def is_ground_station(self) -> bool:
        """It calls itself a ground station."""
        return self.vehicle_type == GROUND_STATION


def refused(heartbeat: Any, found: Profile | None, expected: Profile | None) -> str:
    """Say why an autopilot is not flown, behind its name; empty: it may be.

    Args:
        heartbeat: HEARTBEAT.
        found: the kind that it tells.
        expected: the only kind that is flown; None: any that is known.

    """
    reserved = NO_VEHICLES.get(heartbeat.get_srcSystem())
    if reserved is not None:
        return f'has a system id {reserved}: give it one from 1 to 250 (MAV_SYS_ID; {ARDUPILOTS})'
    if found is None:
        known = ', '.join(f'{one.name} ({one.autopilot})' for one in PROFILES.values())
        return f'has an unknown autopilot ({heartbeat.autopilot}): expected {known}'
    if heartbeat.type not in MULTIROTORS:  # ArduPlane's mode 4 is ACRO, not GUIDED
        return f'is no multirotor (MAV_TYPE {heartbeat.type}) and is ignored'
    if expected in (None, found):
        return ''
    name = expected.name if expected else ''
    return f'is {found.name}, expected {name}: set autopilot to auto or {found.name}'


class Introductions:
    """Remembers each system's last heartbeat, until two in a row tell the same."""

    def __init__(self) -> None:
        """Know nobody."""
        self._last: dict[int, tuple[bytes, tuple[int, int], float]] = {}  # 255 systems at most

    def is_second(self, system: int, told: tuple[int, int], packet: bytes, now_s: float) -> bool:
        """Tell whether an autopilot's heartbeat tells the same as the one before it.

        One packet that arrives twice (a mirrored port) is one.

        Args:
            system: that sent it.
            told: its MAV_AUTOPILOT and MAV_TYPE.
            packet: the heartbeat as it came.
            now_s: time of arrival.

        """
        before = self._last.get(system)
        if before is not None and before[0] == packet and 0.0 <= now_s - before[2] < DOUBLED_S:
            return False
        self._last[system] = packet, told, now_s
        return before is not None and before[1] == told


class Roster:
    """Remembers a bounded number of speakers."""

    def __init__(self) -> None:
        """Know nobody."""
        self._speakers: OrderedDict[tuple[int, int], Speaker] = OrderedDict()

    def note(
        self,
        system: int,
        component: int,
        now_s: float,
        autopilot: int | None = None,
        vehicle_type: int | None = None,
    ) -> None:
        """Remember that somebody spoke; with what the heartbeat told, where it was one."""
        key = system, component
        known = self._speakers.get(key)
        if autopilot is None and known is not None:
            autopilot, vehicle_type = known.autopilot, known.vehicle_type
        self._speakers[key] = Speaker(system, component, now_s, autopilot, vehicle_type)
        self._speakers.move_to_end(key)
        if len(self._speakers) > MOST_SPEAKERS:
            self._speakers.popitem(last=False)

    def recent(self, now_s: float) -> list[Speaker]:
        """Return who spoke in the last seconds, by system and component."""
        return sorted(
            (one for one in self._speakers.values() if abs(now_s - one.heard_s) <= RECENT_S),
            key=lambda one: (one.system, one.component),
        )
