# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The pilot's own tools against the real node: texts for the ground station, a radio's switch."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from graph_bench import MavlinkBench
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from liquid_drone.flight.engagement import Stage
from liquid_drone.sim.autopilot.personality import Mode


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        yield made


def _texts(bench: MavlinkBench) -> list[str]:
    """Return what the node tells the pilot, from now on."""
    reader, told, receive = mavlink.MAVLink(None), [], bench.autopilot.receive
    reader.robust_parsing = True
    pieces: dict[int, str] = {}

    def listen(data: bytes, link: int = 0) -> None:
        for message in reader.parse_buffer(data) or []:
            if message.get_type() == 'STATUSTEXT':
                assert message.get_srcComponent() == 191
                whole = pieces.pop(message.id, '') + message.text
                if message.id and len(message.text) == 50:
                    pieces[message.id] = whole
                else:
                    told.append(whole)
        receive(data, link)

    bench.autopilot.receive = listen  # type: ignore[method-assign]
    return told


def test_the_pilot_is_told_in_words_why_it_cannot_be_engaged_and_what_happens(
    bench: MavlinkBench,
) -> None:
    told = _texts(bench)
    bench.autopilot.errors = replace(bench.autopilot.errors, measures_battery=False)
    bench.node.start()
    assert bench.wait(lambda: any('cannot engage: ' in text for text in told))
    assert any('battery' in text for text in told)
    bench.autopilot.errors = replace(bench.autopilot.errors, measures_battery=True)
    assert bench.wait(lambda: 'follow: can be engaged' in told)
    bench.fly()
    assert bench.wait(lambda: 'follow: engaged, following' in told)
    bench.autopilot.pilot_mode('LOITER')
    assert bench.wait(lambda: any(text.startswith('follow: handed back: ') for text in told))
    assert [text for text in told if 'take over' in text] == []


@pytest.fixture
def px4(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench('px4') as made:
        yield made


def test_the_radio_s_switch_engages_and_calls_off(px4: MavlinkBench) -> None:
    bench = px4
    told = _texts(bench)
    bench.autopilot.radio_us = (1500,) * 6 + (1900, 1500)
    bench.set(engage_channel=7)
    bench.node.start()
    assert bench.wait(lambda: 'follow: can be engaged' in told)
    bench.pause(0.5)
    assert bench.stage() is Stage.STANDBY  # on since the start engages nothing
    for _ in range(10):  # on a busy machine the radio may be lost meanwhile: flip it again
        bench.autopilot.radio_us = (1500,) * 6 + (1100, 1500)
        bench.pause(1.5)
        bench.autopilot.radio_us = (1500,) * 6 + (1900, 1500)
        if bench.wait(lambda: bench.stage() is Stage.READY, 3.0):
            break
    assert bench.stage() is Stage.READY
    assert bench.wait(lambda: bench.autopilot.pilot_mode(Mode.FOLLOW))  # once it streams
    assert bench.wait(lambda: bench.stage() is Stage.ENGAGED)
    bench.autopilot.radio_us = (1500,) * 6 + (1100, 1500)
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.wait(lambda: 'follow: handed back: called off by a human' in told)


def test_a_joystick_that_is_pulled_stops_it(px4: MavlinkBench) -> None:
    """By the PX4's own word alone: the station is on another link of it."""
    bench, told, held = px4, _texts(px4), [(0, 0, 500, 0)]
    station, frame = mavlink.MAVLink(None, 255, 190), px4.frame

    def steered_frame() -> None:
        station.seq = (station.seq + 1) % 256
        message = mavlink.MAVLink_manual_control_message(1, *held[-1], 0)
        bench.autopilot.receive(bytes(message.pack(station)), 1)
        frame()

    bench.frame = steered_frame  # type: ignore[method-assign]
    bench.node.start()
    bench.fly()
    assert bench.wait(lambda: bool(bench.node.link.vehicle.joysticks))
    held.append((-800, 0, 500, 0))
    assert bench.wait(lambda: any('your sticks stop it' in text for text in told))
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)


def test_a_ground_station_engages_and_stops_through_the_node_where_it_may(
    bench: MavlinkBench,
) -> None:
    told, relayed, transmit = _texts(bench), [], bench.autopilot.transmit
    station = mavlink.MAVLink(None, 255, 190)

    def command(number: int, value: float, component: int) -> None:
        message = mavlink.MAVLink_command_long_message(1, component, number, 0, value, *[0.0] * 6)
        relayed.append(bytes(message.pack(station)))

    def relay(link: int = 0) -> list[bytes]:
        found, relayed[:] = [*transmit(link), *relayed], []
        return found

    bench.autopilot.transmit = relay  # type: ignore[method-assign]
    bench.set(station_id=255, station_engages=True)
    bench.node.start()
    assert bench.wait(lambda: 'follow: can be engaged' in told)
    for _ in range(10):  # on a busy machine the command may come too late: ask again
        command(mavlink.MAV_CMD_USER_1, 1.0, 191)
        if bench.wait(lambda: bench.stage() is Stage.READY, 3.0):
            break
    bench.autopilot.pilot_mode('GUIDED')
    assert bench.wait(lambda: bench.stage() is Stage.ENGAGED)
    command(mavlink.MAV_CMD_CAMERA_STOP_TRACKING, 0.0, 100)
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK)
    assert bench.wait(lambda: 'follow: handed back: called off by a human' in told)


def test_another_program_s_setpoints_stop_it_and_are_named(bench: MavlinkBench) -> None:
    """MAVROS or a script on the same vehicle: the autopilot flies whichever came last."""
    told, sender = _texts(bench), mavlink.MAVLink(None, 1, 240)
    transmit = bench.autopilot.transmit

    def both(link: int = 0) -> list[bytes]:
        message = mavlink.MAVLink_set_position_target_local_ned_message(
            0, 1, 1, 1, 0x5C7, *[0.0] * 3, 1.0, *[0.0] * 7
        )
        sender.seq = (sender.seq + 1) % 256
        return [*transmit(link), bytes(message.pack(sender))]

    bench.node.start()
    bench.fly()
    assert bench.wait(lambda: 'follow: engaged, following' in told)
    bench.autopilot.transmit = both  # type: ignore[method-assign]
    assert bench.wait(lambda: any('system 1 component 240' in text for text in told))
    assert bench.wait(lambda: any(text.startswith('follow: handed back: ') for text in told))
