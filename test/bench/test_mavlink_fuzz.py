# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A small version of ``liquid-drone bench fuzz-mavlink``: any message with a good checksum."""

import random

import pytest
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.bench.mavlink_fuzz import KINDS, FuzzedFlight, FuzzFigures, RandomSender, fuzz
from liquid_drone.flight.mavlink.framing import Framer, Tally


def test_thousands_of_random_messages_break_no_promise_and_end_no_flight():
    figures = fuzz(8000, seed=1, quiet_s=4.0)
    assert figures.messages == 8000
    assert figures.violations == []
    assert figures.hand_backs == 0
    assert figures.setpoints > 150
    assert figures.memory_mb[1] - figures.memory_mb[0] < 50.0


def test_a_random_message_of_any_kind_is_one_that_is_decoded():
    sender, decoder = RandomSender(random.Random(5)), mavlink.MAVLink(None)
    for kind in KINDS:
        packet = sender.packet((kind,), 7, 9)
        (frame,) = Framer().feed(packet, Tally())
        message = decoder.decode(bytearray(frame.packet))
        assert (message.get_msgId(), message.get_srcSystem(), frame.component) == (kind.id, 7, 9)


@pytest.mark.parametrize('kind', ['px4', 'ardupilot'])
def test_after_the_flood_the_vehicle_is_heard_as_before(kind):
    figures = FuzzFigures()
    flight = FuzzedFlight(kind, 3, figures, in_real_time=False)
    for _ in range(10):
        flight.step([], is_fuzzed=False)  # the vehicle is known, by two heartbeats
    for _ in range(5):
        flight.step(list(flight.everything(150)), is_fuzzed=True)
    for _ in range(60):
        flight.step([], is_fuzzed=False)
    vehicle = flight.link.vehicle
    assert vehicle.heartbeat_age_s(flight._now_s) < 1.1
    assert vehicle.position_enu[2] == pytest.approx(
        float(flight.autopilot.plant.truth().position_enu[2]), abs=0.5
    )
    flight.close()
    assert figures.violations == []
