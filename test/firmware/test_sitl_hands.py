# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real ArduCopter and PX4 flown by one tool alone: QGroundControl's messages, a telephone's page.

Each: engaged, followed, taken over, engaged again. The radio alone: test_sitl_pilot_tools.py.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from headless import TELEPHONE, Headless, browser_or_skip
from pymavlink.dialects.v20 import ardupilotmega as mavlink
from rig import STILL, Command, firmware_or_skip
from test_sitl_pilot_tools import FORWARD, PilotRig

from liquid_drone.flight.engagement import Stage
from liquid_drone.flight.guard.limits import Sighting
from liquid_drone.flight.guard.state import Proposal
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.flight.station.camera_messages import StationVideo
from liquid_drone.flight.station.desk import StationDesk, StationSetup
from liquid_drone.image import encode_jpeg
from liquid_drone.operator.companion_desk import CompanionDesk
from liquid_drone.operator.flight_view import FlightView
from liquid_drone.operator.requests import RequestQueue
from liquid_drone.operator.server import PageServer, ServerConfig
from liquid_drone.sim.autopilot.personality import Mode
from liquid_drone.sim.firmware.kinds import KINDS

CAMERA, COMPANION, TRACKING = 100, 191, 275
VIDEO = StationVideo('rtsp://192.168.1.10:8554/main')
PICTURE = encode_jpeg(np.full((144, 256, 3), 90, np.uint8))


class StationRig(PilotRig):
    """The firmware relays what a station and the companion say to each other."""

    def connect(self) -> None:
        super().connect()
        self.said: list[str] = []
        setup = StationSetup(255, engages=True, video=VIDEO)
        self.desk = StationDesk(
            self.link, self.session, setup, lambda _, one: self.said.append(one)
        )
        self.heard: list[Any] = []
        station = self.autopilot.station
        take = station._take

        def listen(message: Any) -> None:
            if message.get_srcComponent() in (CAMERA, COMPANION):
                self.heard.append(message)
            take(message)

        station._take = listen

    def _decide(self, command: Command) -> Setpoint | None:
        sent = super()._decide(command)
        self.desk.note_sighting(Sighting(self.now_s - 1e-3, 0.1))
        self.desk.serve(self.now_s)
        return sent

    def ask(self, number: int, *values: float, component: int = CAMERA) -> int:
        """Send as QGroundControl does, again where no answer comes; return the MAV_RESULT."""
        padded = [*values, *[0.0] * (7 - len(values))]
        system = self.autopilot.station.system
        for again in range(4):
            self.heard.clear()
            message = mavlink.MAVLink_command_long_message(
                system, component, number, again, *padded
            )
            self.autopilot.station.send(message)
            self.fly(1.0)
            for one in self.told('COMMAND_ACK'):
                if one.command == number:
                    return int(one.result)
        raise AssertionError(f'no answer to {number}: {self.said}')

    def words_heard(self) -> str:
        return ' | '.join(self.autopilot.station.companion_texts)

    def told(self, kind: str) -> list[Any]:
        return [one for one in self.heard if one.get_type() == kind]


class PageRig(PilotRig):
    """A page shows the flight and asks for things; the pilot has the mode switch alone."""

    def connect(self) -> None:
        super().connect()
        self.view, self.requests = FlightView(), RequestQueue()
        self.desk = CompanionDesk(self.session, self.link, self.view, self.requests)
        self.ends, self.wants_hold = threading.Event(), False  # of the pilot

    def _decide(self, command: Command) -> Setpoint | None:
        self.desk.obey()
        sent = super()._decide(command)
        self.view.hear_picture(PICTURE)
        proposal = Proposal(self.now_s, command)
        self.desk.show(self.now_s, self.session.decision, proposal, sent is not None)
        return sent

    def live(self) -> None:
        """Fly at the wall clock's pace; the pilot switches as soon as he may."""
        next_s = time.monotonic()
        while not self.ends.is_set():
            self.frame(FORWARD if self.stage is Stage.ENGAGED else STILL)
            if self.stage is Stage.READY:
                self.autopilot.pilot_mode(Mode.FOLLOW)
            if self.wants_hold and self.autopilot.pilot_mode(Mode.HOLD):
                self.wants_hold = False
            next_s = max(next_s + 0.05, time.monotonic() - 0.5)
            time.sleep(max(0.0, next_s - time.monotonic()))


@pytest.fixture(params=sorted(KINDS))
def station(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StationRig]:
    rig = StationRig(firmware_or_skip(request.param), tmp_path / 'firmware.log')
    yield rig
    rig.close()


@pytest.fixture(params=sorted(KINDS))
def page(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PageRig]:
    browser_or_skip()
    firmware = firmware_or_skip(request.param)
    with contextlib.closing(PageRig(firmware, tmp_path / 'firmware.log')) as rig:
        yield rig


def test_a_flight_by_the_ground_stations_messages_alone(station: StationRig) -> None:
    station.boot_and_climb()
    station.until(lambda: 'can be engaged' in station.words_heard(), 20.0)
    assert station.ask(mavlink.MAV_CMD_REQUEST_MESSAGE, 259) == 0
    assert len(station.told('CAMERA_INFORMATION')) == 1
    assert station.ask(mavlink.MAV_CMD_REQUEST_CAMERA_SETTINGS, 1) == 0
    assert len(station.told('CAMERA_SETTINGS')) == 1
    assert station.ask(mavlink.MAV_CMD_REQUEST_MESSAGE, 269, 1) == 0
    assert station.told('VIDEO_STREAM_INFORMATION')[0].uri == VIDEO.uri
    x, y = VIDEO.point(0.1, 0.0) or (0.0, 0.0)
    assert station.ask(mavlink.MAV_CMD_CAMERA_TRACK_POINT, x, y, 0.05) == 0
    assert station.ask(mavlink.MAV_CMD_CAMERA_TRACK_POINT, 0.95, y, 0.05) == 2
    assert station.ask(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, TRACKING, 500000) == 0
    station.heard.clear()
    station.fly(4.0)
    boxes = station.told('CAMERA_TRACKING_IMAGE_STATUS')
    station.tell('boxes in 4 s', count=len(boxes), point=(boxes[-1].point_x, boxes[-1].point_y))
    assert len(boxes) >= 16
    assert station.stage is Stage.STANDBY  # nothing of that engages
    for ending in ('stopped', 'taken over'):
        station.until(lambda: not station.session.obstacles(), 20.0)
        assert station.ask(mavlink.MAV_CMD_USER_1, 1.0, component=COMPANION) == 0
        assert station.stage is Stage.READY
        station.until(lambda: station.autopilot.pilot_mode(Mode.FOLLOW), 20.0)
        station.until(lambda: station.stage is Stage.ENGAGED, 5.0)
        station.fly(3.0, FORWARD)
        assert station.rows[-1].speed_m_s > 0.3
        if ending == 'stopped':
            assert station.ask(mavlink.MAV_CMD_CAMERA_STOP_TRACKING) == 0
        else:
            station.until(lambda: station.autopilot.pilot_mode(Mode.HOLD), 20.0, FORWARD)
        station.until(lambda: station.stage is Stage.HANDED_BACK, 10.0, FORWARD)
        station.until(lambda: station.autopilot.pilot_mode(Mode.HOLD), 20.0)
        station.fly(4.0)
    assert station.ask(mavlink.MAV_CMD_USER_1, 1.0, component=COMPANION) == 0
    assert station.stage is Stage.READY


def test_a_flight_by_a_telephones_page_alone(page: PageRig, tmp_path: Path) -> None:
    page.boot_and_climb()
    page.until(lambda: not page.session.obstacles(), 20.0)
    flight = threading.Thread(target=page.live)

    async def engage(tab: Headless) -> None:
        for _ in range(5):  # on a busy machine the hold may have a gap: press again
            assert await tab.until('!document.getElementById("engage").disabled', 30.0)
            await tab.press('engage', 1.6)
            if await tab.until(says('engaged'), 8.0):
                return
        raise AssertionError(await tab.text('answer'))

    async def work(server: PageServer) -> None:
        async with Headless(browser_or_skip(), tmp_path / 'profile') as tab:
            await tab.size(*TELEPHONE)
            await tab.open(server.address)
            await engage(tab)
            await asyncio.sleep(3.0)
            await tab.press('hand_back')
            assert await tab.until(says('handed'), 10.0)
            page.wants_hold = True
            await engage(tab)
            page.wants_hold = True  # the pilot takes over
            assert await tab.until(says('handed'), 10.0)
            await engage(tab)
            checks = await tab.text('checks')
            page.tell('the list', checks=checks)
            assert 'failsafes' in checks
            assert tab.errors == []

    with PageServer(ServerConfig(port=0), page.view, page.requests) as server:
        flight.start()
        try:
            asyncio.run(work(server))
        finally:
            page.ends.set()
            flight.join()
    assert max(row.speed_m_s for row in page.rows) > 0.3


def says(word: str) -> str:
    return f'document.getElementById("stage").textContent.includes("{word}")'
