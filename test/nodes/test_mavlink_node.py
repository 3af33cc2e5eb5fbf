# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The mavlink node as on a drone: by the wall clock, against a simulated autopilot on UDP."""

import math
import socket
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from graph_bench import MOST_STARTS, MavlinkBench
from nav_msgs.msg import Odometry
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import BatteryState
from std_msgs.msg import String
from std_srvs.srv import SetBool

from liquid_drone.errors import ConfigError
from liquid_drone.flight.engagement import LONGEST_SILENCE_S, Cause, Stage
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink import diagnosis
from liquid_drone.nodes import mavlink_parameters
from liquid_drone.ros import conversions, process, qos
from liquid_drone.ros.parameters import Parameter as ParameterSpec

FRAME_S = 0.05


@pytest.fixture
def bench(ros: None) -> Iterator[MavlinkBench]:
    with MavlinkBench() as made:
        yield made


def test_a_human_engages_the_switch_starts_it_and_another_mode_ends_it(
    bench: MavlinkBench,
) -> None:
    bench.node.start()
    assert bench.wait(lambda: bench.stage() is Stage.STANDBY)
    bench.pause(0.3)
    assert bench.autopilot.setpoint is None  # nothing is sent before a human engages it
    bench.engage_when_ready()
    assert bench.speed() < 0.05
    assert bench.autopilot.pilot_mode('GUIDED')
    assert bench.wait(lambda: bench.stage() is Stage.ENGAGED)
    assert bench.resets == 1
    assert bench.wait(lambda: bench.speed() > 0.4)
    assert bench.autopilot.pilot_mode('LOITER')
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK, 1.0)
    before = bench.autopilot.state.setpoint
    bench.pause(0.3)
    assert bench.autopilot.state.setpoint == before  # silent


def test_a_bench_flies_also_where_this_machine_pauses(bench: MavlinkBench) -> None:
    """That the guard lets go then is right; a test that only wanted to fly failed over it."""
    pauses, live = [Stage.READY, Stage.ENGAGING, Stage.ENGAGED], bench.live

    def pausing() -> None:
        live()
        if bench.stage() in pauses:
            pauses.remove(bench.stage())
            time.sleep(LONGEST_SILENCE_S + 0.2)

    bench.live = pausing  # type: ignore[method-assign]
    bench.node.start()
    bench.fly()
    assert bench.speed() > 0.4
    assert not {Stage.READY, Stage.ENGAGED} & {*pauses}


def test_when_the_policy_falls_silent_the_drone_is_told_to_stop(bench: MavlinkBench) -> None:
    bench.node.start()
    bench.fly()
    bench.proposes = None
    assert bench.wait(lambda: bench.speed() < 0.05, 3.0)
    assert bench.wait(lambda: bench.stage() is Stage.HANDED_BACK, 3.0)


def test_engaging_without_a_vehicle_is_refused_in_words(bench: MavlinkBench) -> None:
    bench.set(connection='udpin:127.0.0.1:0')
    bench.node.start()
    response = bench.engage()
    assert not response.success
    assert 'no vehicle' in response.message


def test_why_nothing_arrives_is_in_the_diagnostics_and_in_the_answer_to_engaging(
    bench: MavlinkBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, 'PATIENCE_S', 0.3)
    told: list[DiagnosticArray] = []
    bench.policy.create_subscription(DiagnosticArray, '/diagnostics', told.append, qos.STATUS)
    bench.set(connection='udpin:127.0.0.1:0')
    bench.node.start()

    def values() -> dict[str, str]:
        ours = [one for array in told for one in array.status if 'mavlink' in one.name]
        return {pair.key: pair.value for pair in ours[-1].values} if ours else {}

    assert bench.wait(lambda: values().get('link') == 'silence')
    assert 'nothing has arrived on udpin:127.0.0.1:0' in values()['link_advice']
    assert 'nothing has arrived on udpin:127.0.0.1:0' in bench.engage().message


def test_the_rate_of_each_stream_stands_in_the_diagnostics(bench: MavlinkBench) -> None:
    told: list[DiagnosticArray] = []
    bench.policy.create_subscription(DiagnosticArray, '/diagnostics', told.append, qos.STATUS)
    bench.node.start()

    def rates() -> list[str]:
        pairs = [pair for array in told for one in array.status for pair in one.values]
        return [pair.value for pair in pairs if pair.key == 'rate_LOCAL_POSITION_NED']

    assert bench.wait(lambda: any('needs' in rate and rate[0] != '0' for rate in rates()))


@pytest.mark.parametrize('name', ['engage_at_start', 'lockstep'])
def test_what_is_for_simulation_is_refused_on_a_drone(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    bench.set(**{name: True})
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert f"parameter '{name}' is for simulation only" in capfd.readouterr().err


def test_a_busy_port_is_said_with_what_to_do(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(('127.0.0.1', bench.port))
        with pytest.raises(SystemExit, match='2'):
            bench.node.start()
    assert 'set connection to another port' in capfd.readouterr().err


def test_limits_that_do_not_go_together_are_refused(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.set(**{'limits.floor_m': 20.0})
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'floor_m 20.0 is not below ceiling_m' in capfd.readouterr().err


@pytest.mark.parametrize('limit', mavlink_parameters.LIMITS, ids=lambda one: one.name)
def test_every_limit_has_a_range_of_its_own_around_its_default(limit: ParameterSpec) -> None:
    assert limit.low is not None
    assert limit.high is not None
    assert limit.taken(limit.default) is None or limit.low <= limit.default <= limit.high
    for wrong in (-1.0, limit.low / 2 - 0.01, limit.high * 2, math.nan, math.inf):
        spec = replace(limit, can_be_off=True)  # so that the range is checked here, not by rclpy
        with pytest.raises(ConfigError, match=f"'{limit.name}': expected float from"):
            spec.taken(wrong)
    in_flight = {field.name for field in fields(Limits)}
    assert limit.name.removeprefix('limits.') in in_flight


def test_a_limit_out_of_its_range_is_refused_when_it_is_set(bench: MavlinkBench) -> None:
    for name, value in {'limits.speed_m_s': -1.0, 'limits.fence_radius_m': -1.0}.items():
        (result,) = bench.node.set_parameters([Parameter(name, value=value)])
        assert not result.successful


def test_a_limit_can_be_switched_off_where_that_is_allowed(bench: MavlinkBench) -> None:
    bench.set(**{'limits.fence_radius_m': 'off'})
    assert bench.node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert bench.node.read_parameters()['limits.fence_radius_m'] is None


def test_limits_are_tightened_in_flight_never_loosened_and_nothing_else_is_changed(
    bench: MavlinkBench,
) -> None:
    bench.node.start()
    bench.fly()
    bench.set(**{'limits.speed_m_s': 0.2})
    assert bench.wait(lambda: bench.speed() < 0.25)
    for name, value, words in (
        ('limits.speed_m_s', 0.5, 'not loosened from 0.2 to 0.5'),
        ('limits.ceiling_m', 'off', 'not loosened from 10 to off'),
        ('limits.ceiling_m', 0.9, 'not below ceiling_m'),
        ('limits.hold_s', 0.5, 'is read when the node is configured'),
        ('connection', 'udpin:127.0.0.1:1', 'is read when the node is configured'),
        ('shadow', True, 'is read when the node is configured'),
        ('use_sim_time', True, 'the clock that ages are counted by'),
    ):
        (result,) = bench.node.set_parameters([Parameter(name, value=value)])
        assert not result.successful
        assert words in result.reason
    assert bench.stage() is Stage.ENGAGED


def test_the_vehicle_is_told_in_standard_messages(bench: MavlinkBench) -> None:
    odometry: list[Odometry] = []
    stages: list[String] = []
    battery: list[BatteryState] = []
    ear = bench.policy
    ear.create_subscription(Odometry, 'odom', odometry.append, qos.SENSOR_IN)
    ear.create_subscription(BatteryState, 'battery_state', battery.append, qos.SENSOR_IN)
    ear.create_subscription(String, 'mavlink/stage', stages.append, qos.LATCHED)
    bench.node.start()
    assert bench.wait(lambda: bool(odometry and stages and battery))
    pose = odometry[-1].pose.pose
    assert pose.position.z == pytest.approx(2.0, abs=0.2)
    assert (odometry[-1].header.frame_id, odometry[-1].child_frame_id) == ('odom', 'base_link')
    assert stages[-1].data == Stage.STANDBY.value
    assert 0.0 <= battery[-1].percentage <= 1.0
    assert 12.0 < battery[-1].voltage < 17.0
    assert battery[-1].current == pytest.approx(-15.0, abs=0.1)  # it discharges: REP-147, negative
    assert math.isnan(battery[-1].temperature)  # what is not measured
    assert abs(odometry[-1].twist.twist.angular.z) < 0.1


def test_a_command_is_sent_on_at_once_with_the_stamp_of_its_image(bench: MavlinkBench) -> None:
    told: list[tuple[int, float]] = []

    def on_setpoint(message: TwistStamped) -> None:
        told.append((conversions.nanoseconds(message.header.stamp), time.time()))

    bench.policy.create_subscription(TwistStamped, 'mavlink/setpoint', on_setpoint, qos.STATUS)
    bench.set(rate_hz=5.0)  # a timer alone would be 200 ms late
    bench.node.start()
    bench.fly()
    for _ in range(MOST_STARTS):
        told.clear()
        bench.longest_turn_s = 0.0
        assert bench.wait(lambda: len(told) >= 10)
        if bench.longest_turn_s < FRAME_S / 2:  # else this machine paused, and made them old
            break
    ages_s = sorted(received_s - stamp_ns * 1e-9 for stamp_ns, received_s in told)
    assert ages_s[len(ages_s) // 2] < 0.05
    assert len({stamp_ns for stamp_ns, _ in told}) == len(told)


def test_told_to_end_in_the_air_it_brings_the_drone_to_a_stand_first(bench: MavlinkBench) -> None:
    bench.node.start()
    bench.fly()
    stop = process.StopRequest()
    assert bench.node.turn(stop)
    stop.requested = True
    assert bench.node.turn(stop)  # not yet
    assert bench.wait(lambda: not bench.node.turn(stop), 4.0)
    assert bench.stage() is Stage.HANDED_BACK
    assert bench.speed() < 0.3


@pytest.mark.parametrize('slept_s', [0.7, 86400.0])
def test_a_computer_that_slept_in_flight_wakes_up_handed_back(
    bench: MavlinkBench, monkeypatch: pytest.MonkeyPatch, slept_s: float
) -> None:
    """The monotonic clock stands still in a suspend: to it nothing happened meanwhile."""
    clock, slept = time.clock_gettime, [0.0]
    monkeypatch.setattr(
        time,
        'clock_gettime',
        lambda number: clock(number) + (slept[0] if number == time.CLOCK_BOOTTIME else 0.0),
    )
    bench.node.start()
    bench.fly()
    before = bench.autopilot.state.setpoint
    slept[0] = slept_s
    assert bench.wait(lambda: bench.stage() is not Stage.ENGAGED, 1.0)
    decision = bench.node.decision
    assert decision is not None
    assert (decision.stage, decision.cause) == (Stage.HANDED_BACK, Cause.SILENCE)
    bench.pause(0.2)
    assert bench.autopilot.state.setpoint == before  # a PX4 takes the vehicle by a new one


@pytest.mark.parametrize('paused_s', [0.0, 0.8, 3.0])
def test_what_was_asked_in_a_pause_engages_nothing_after_it(
    bench: MavlinkBench, paused_s: float
) -> None:
    """Who asked seconds ago has given up, or flies by hand now (stretch_web_teleop 3)."""
    bench.node.start()
    bench.engage_when_ready()
    future = bench.engage_client.call_async(SetBool.Request(data=False))
    assert bench.wait(future.done)
    bench.pause(1.2)
    future = bench.engage_client.call_async(SetBool.Request(data=True))
    time.sleep(paused_s)  # nothing lives meanwhile
    assert bench.wait(future.done)
    assert future.result().success is (paused_s == 0.0)
    assert ('this node paused' in future.result().message) is (paused_s > 0.0)
    stop = bench.engage_client.call_async(SetBool.Request(data=False))
    assert bench.wait(stop.done)
    assert stop.result().success  # a stop is never old
    bench.pause(1.2)
    bench.engage_when_ready()


def test_in_shadow_mode_it_decides_while_the_pilot_flies_and_sends_nothing(
    bench: MavlinkBench,
) -> None:
    told: list[DiagnosticArray] = []
    bench.policy.create_subscription(DiagnosticArray, 'mavlink/decision', told.append, qos.STATUS)
    bench.set(shadow=True)
    bench.node.start()
    bench.engage_until(lambda: bench.stage() is Stage.ENGAGED)  # in the pilot's own mode

    def facts() -> dict[str, str]:
        return {pair.key: pair.value for pair in told[-1].status[0].values}

    bench.pause(1.0)
    assert bench.wait(lambda: float(facts()['setpoint'].split()[0]) > 0.3)
    last = facts()
    assert (last['stage'], last['sent'], last['mode']) == ('engaged', 'false', 'BRAKE')
    assert bench.autopilot.state.setpoint is None
    assert bench.speed() < 0.05


def test_a_signing_key_that_others_may_read_is_refused(
    bench: MavlinkBench, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = tmp_path / 'key'
    key.write_bytes(bytes(32))
    key.chmod(0o644)
    bench.set(signing_key_file=str(key))
    assert bench.node.trigger_configure() == TransitionCallbackReturn.FAILURE
    assert 'chmod 600' in capfd.readouterr().err
