# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: the level on ``/diagnostics`` is what an operator should do about it."""

import pytest
from graph_bench import MavlinkBench

from liquid_drone.flight.companion import Decision
from liquid_drone.flight.engagement import ENDS_AS_MEANT, ENGAGED_STAGES, Cause, Stage
from liquid_drone.flight.reason import Reason
from liquid_drone.nodes.mavlink_figures import health
from liquid_drone.ros.diagnostics import Level
from liquid_drone.ros.monitor import Monitor

OBSTACLE = 'battery: 12 % of its charge, at least 25 %'


def decided(stage: Stage, cause: Cause = Cause.NONE, reason: Reason | None = None) -> Decision:
    return Decision(None, False, stage, cause, reason)


@pytest.mark.parametrize('cause', Cause, ids=lambda cause: cause.name)
def test_handed_back_by_the_guard_is_an_error_and_by_the_pilot_is_not(cause: Cause) -> None:
    found = health(decided(Stage.HANDED_BACK, cause, Reason.LOW_BATTERY), '', '')
    is_meant = cause in ENDS_AS_MEANT
    assert found.level is (Level.OK if is_meant else Level.ERROR)
    assert is_meant or (cause.value in found.summary and 'battery low' in found.summary)


def test_a_human_who_calls_it_off_in_flight_meant_it() -> None:
    stopped = decided(Stage.HANDED_BACK, Cause.GUARD_STOPPED, Reason.CALLED_OFF)
    assert health(stopped, '', '').level is Level.OK
    lost = decided(Stage.HANDED_BACK, Cause.SILENCE, Reason.CALLED_OFF)
    assert health(lost, '', '').level is Level.ERROR


@pytest.mark.parametrize('stage', [Stage.STANDBY, Stage.READY])
def test_what_keeps_from_engaging_is_a_warning_with_its_sentence(stage: Stage) -> None:
    assert health(decided(stage), '', '').level is Level.OK
    found = health(decided(stage), '', OBSTACLE)
    assert found.level is Level.WARN
    assert found.summary.endswith(f'cannot engage: {OBSTACLE}')


@pytest.mark.parametrize('reason', Reason, ids=lambda reason: reason.name)
def test_a_stop_in_flight_is_an_error_and_flying_within_the_limits_is_not(reason: Reason) -> None:
    found = health(decided(Stage.ENGAGED, Cause.MODE_SWITCHED, reason), '', '')
    assert found.level is (Level.ERROR if reason.is_stop else Level.OK)
    assert reason.value in found.summary or not reason.is_stop


@pytest.mark.parametrize('stage', ENGAGED_STAGES)
def test_another_who_commands_is_an_error_in_flight(stage: Stage) -> None:
    assert health(decided(stage), 'two', 'two').level is Level.ERROR
    expected = Level.OK if stage is Stage.ENGAGED else Level.WARN
    assert health(decided(stage), '', '').level is expected


def test_no_vehicle_is_an_error_with_what_the_link_found() -> None:
    found = health(None, '', 'nothing arrives on udpin')
    assert (found.level, found.summary) == (Level.ERROR, 'no vehicle: nothing arrives on udpin')
    assert health(decided(Stage.DISCONNECTED), '', '').level is Level.ERROR


def test_a_flight_that_the_guard_ends_reads_so_in_a_monitor(ros: None) -> None:
    with MavlinkBench() as bench, Monitor() as monitor:

        def told() -> tuple[str, str]:
            monitor.spin(0.001)
            status = monitor.snapshot().nodes.get('mavlink')
            return ('', '') if status is None else (status.level, status.summary)

        bench.node.start()
        bench.fly()
        assert bench.wait(lambda: told() == ('OK', 'engaged'))
        bench.proposes = None
        assert bench.wait(lambda: told()[0] == 'ERROR' and told()[1].startswith('handed back'))
        assert 'no fresh command from the policy' in told()[1]
        bench.node.trigger_deactivate()
        assert bench.wait(lambda: told()[0] == 'WARN' and told()[1].startswith('not active'))
