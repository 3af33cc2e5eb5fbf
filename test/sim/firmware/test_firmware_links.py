# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The links to firmware over real UDP and TCP: lock-step, lost answers, restarts, ends."""

import struct

import numpy as np
import pytest
from firmware_peers import FakeArduPilot, FakePx4

from liquid_drone import resources, schema
from liquid_drone.errors import SimulationError
from liquid_drone.sim.firmware import ardupilot, bridge
from liquid_drone.sim.firmware.ardupilot import ArduPilotBridge
from liquid_drone.sim.firmware.open_field import OpenField
from liquid_drone.sim.firmware.px4 import Px4Bridge
from liquid_drone.sim.firmware.sensors import SensorConfig, Sensors
from liquid_drone.sim.scenario.scenario import load_scenario

CONFIG = schema.load_yaml(SensorConfig, resources.named_file('sim/sensors', 'x500'))
VEHICLE = load_scenario().vehicle


def sensors() -> Sensors:
    return Sensors(CONFIG, np.random.default_rng(5))


def ended() -> None:
    raise SimulationError('it ended')


def test_servo_packets_are_read_as_ardupilot_writes_them() -> None:
    pulses = [1500, 1000, 2000, 1250, *[0] * 12]
    packet = struct.pack('<HHI16H', 18458, 1200, 77, *pulses)
    servos = ardupilot.decode_servos(packet)
    assert servos is not None
    assert servos.frame == 77
    assert ardupilot.throttle_of(servos) == (1.0, 0.5, 0.0, 0.25)
    wide = struct.pack('<HHI32H', 29569, 1200, 78, *pulses, *[0] * 16)
    assert ardupilot.decode_servos(wide) == (78, (*pulses, *[0] * 16))
    assert ardupilot.decode_servos(packet[:-1]) is None
    assert ardupilot.decode_servos(struct.pack('<HHI16H', 1, 1200, 77, *pulses)) is None


def test_a_controller_on_the_other_side_holds_the_height_in_lock_step() -> None:
    link, field = ArduPilotBridge(sensors()), OpenField(VEHICLE)
    peer = FakeArduPilot(link.port, frames=240 * 8)
    peer.start()
    field.fly_by(link.motors, 240 * 8)
    peer.join(10.0)
    link.close()
    assert field.motion.position_enu[2] == pytest.approx(2.0, abs=0.4)
    times = [state['timestamp'] for state in peer.states]
    assert np.allclose(np.diff(times), 1.0 / 240.0, atol=1e-5)  # not a step was lost or doubled
    assert times[0] > 0.0
    assert peer.states[0]['imu']['accel_body'][2] == pytest.approx(-9.81, abs=0.3)


def test_a_lost_answer_is_given_again_and_no_step_is_taken_twice() -> None:
    link, field = ArduPilotBridge(sensors()), OpenField(VEHICLE)
    peer = FakeArduPilot(link.port, frames=120, deaf=60)
    peer.start()
    field.fly_by(link.motors, 120)
    peer.join(10.0)
    link.close()
    assert peer.repeated == 1
    assert np.allclose(np.diff([s['timestamp'] for s in peer.states]), 1.0 / 240.0, atol=1e-5)


def test_ardupilot_started_anew_begins_its_time_anew() -> None:
    link, field = ArduPilotBridge(sensors()), OpenField(VEHICLE)
    for _ in range(2):
        peer = FakeArduPilot(link.port, frames=48)
        peer.start()
        field.fly_by(link.motors, 48)
        peer.join(10.0)
        assert peer.states[0]['timestamp'] == pytest.approx(1.0 / 240.0, abs=1e-5)
    link.close()


def test_px4_gets_its_sensors_and_each_step_waits_for_its_own_motors() -> None:
    link, field = Px4Bridge(sensors(), address=('127.0.0.1', 0)), OpenField(VEHICLE)
    peer = FakePx4(link.port, count=240, silent=24, late_s=0.002)
    peer.start()
    told = []
    field.fly_by(lambda sample: told.append(link.motors(sample)) or told[-1], 240)  # type: ignore[func-returns-value]
    peer.join(10.0)
    link.close()
    times = [message.time_usec for message in peer.sensors]
    assert times[0] == 1_000_000
    assert np.allclose(np.diff(times), 1e6 / 240.0, atol=1.0)
    assert told[0] == (0.0, 0.0, 0.0, 0.0)  # nobody had answered
    # the first answer is not waited for, and a busy machine may give it a step or more too late
    first = next(step for step, throttle in enumerate(told) if any(throttle))
    assert first >= 24
    fronts = [front_right for _, front_right, _, _ in told[first:]]
    assert fronts == pytest.approx([(t % 1_000_000) / 1e6 for t in times[first:]], abs=1e-6)
    assert told[-1][0] == pytest.approx(0.2)  # motor 3 is front left
    assert all(message.fields_updated & 0x3F == 0x3F for message in peer.sensors)
    assert 5 <= len(peer.fixes) <= 10
    assert peer.fixes[0].fix_type == 3
    assert peer.fixes[0].lat == pytest.approx(473_977_420, abs=200)
    pressures = [m.abs_pressure for m in peer.sensors if m.fields_updated & 0x200]
    assert np.mean(pressures) == pytest.approx(956.0, abs=2.0)  # hPa, at 488 m


def test_px4_may_end_and_come_back() -> None:
    link, field = Px4Bridge(sensors(), address=('127.0.0.1', 0)), OpenField(VEHICLE)
    first = FakePx4(link.port, count=12)
    first.start()
    field.fly_by(link.motors, 12)
    first.join(10.0)
    again = FakePx4(link.port, count=12)
    again.start()
    field.fly_by(link.motors, 14)  # one or two meet the closed connection
    again.join(10.0)
    link.close()
    assert again.sensors[0].time_usec == 1_000_000


@pytest.mark.parametrize('kind', [ArduPilotBridge, Px4Bridge])
def test_firmware_that_has_ended_is_an_error_and_no_endless_wait(kind: type) -> None:
    link, field = kind(sensors(), ended, ('127.0.0.1', 0)), OpenField(VEHICLE)
    with pytest.raises(SimulationError, match='it ended'):
        field.fly_by(link.motors, 1)
    link.close()


def test_firmware_that_says_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge, 'FIRST_ANSWER_LIMIT_S', 0.3)
    link = ArduPilotBridge(sensors())
    with pytest.raises(SimulationError, match='expected ArduPilot to answer its simulation link'):
        OpenField(VEHICLE).fly_by(link.motors, 1)
    link.close()


@pytest.mark.parametrize('kind', [ArduPilotBridge, Px4Bridge])
def test_a_port_that_is_taken_is_said(kind: type) -> None:
    holder = kind(sensors(), bridge.always_alive, ('127.0.0.1', 0))
    with pytest.raises(SimulationError, match=r'cannot use .* stop the simulator'):
        kind(sensors(), bridge.always_alive, ('127.0.0.1', holder.port))
    holder.close()
