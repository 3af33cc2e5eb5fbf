# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A small version of ``liquid-drone bench endurance``, and whether its checker can see."""

import json

import pytest

from liquid_drone.bench import endurance
from liquid_drone.bench.endurance import OTHER_FAULTS, RADIO_FAULTS, fly
from liquid_drone.bench.endurance_checker import Checker, Figures
from liquid_drone.bench.telemetry_faults import TELEMETRY_FAULTS
from liquid_drone.camera.frozen import FrozenSensor
from liquid_drone.cli.main import main
from liquid_drone.flight.companion import Decision
from liquid_drone.flight.companion_session import CompanionSession
from liquid_drone.flight.engagement import Cause, Stage
from liquid_drone.flight.guard.limits import Limits
from liquid_drone.flight.mavlink.codec import MavlinkCodec
from liquid_drone.flight.setpoint import Setpoint
from liquid_drone.lens.lens import Lens
from liquid_drone.ros.stamps import StampGate
from liquid_drone.sim.autopilot.simulated import SimulatedAutopilot
from liquid_drone.sim.physics.point_mass import PointMass


def test_minutes_of_faults_break_no_promise_and_lose_nothing(tmp_path):
    minutes = []
    figures = fly(2.0, seed=16, folder=tmp_path, on_minute=lambda: minutes.append(None))
    assert figures.violations == []
    assert figures.lost_episodes == 0
    assert figures.episodes >= figures.hand_backs.total() > 5
    assert figures.engagements > 5
    assert figures.following_s > 30.0
    assert figures.longest_deaf_s <= 1.1  # the heartbeat comes once a second
    assert figures.longest_slow_s < 10.0  # requests back off by 8 s at most
    assert figures.link_errors > 0
    assert set(figures.faults) <= {*RADIO_FAULTS, *OTHER_FAULTS, *TELEMETRY_FAULTS}
    assert len(minutes) == 2


def test_the_figures_are_told_to_machines(capsys):
    assert main(['bench', 'endurance', '--minutes', '0.2', '--seed', '5', '--json']) == 0
    told = json.loads(capsys.readouterr().out)
    assert told['simulated_s'] == pytest.approx(12.0)
    assert all(isinstance(count, int) for count in told['faults'].values())
    assert told['violations'] == []


def test_the_same_seed_gives_the_same_flight(tmp_path):
    first, second = (fly(0.5, 5, tmp_path / name) for name in 'ab')
    first.memory_mb = second.memory_mb = []
    assert first == second


@pytest.mark.parametrize(
    ('setpoint', 'stage', 'ours', 'word'),
    [
        (Setpoint(vx_m_s=1.2), Stage.ENGAGED, True, 'outside the limits'),
        (Setpoint(vx_m_s=0.1), Stage.READY, True, 'while ready'),
        (Setpoint(vx_m_s=0.1), Stage.ENGAGED, False, 'while engaged'),
        (Setpoint(vz_m_s=0.45), Stage.ENGAGED, True, 'a step of'),
        (Setpoint(yaw_rate_rad_s=-0.6), Stage.ENGAGED, True, 'outside the limits'),
    ],
)
def test_the_checker_sees_a_broken_promise(setpoint, stage, ours, word):
    codec = MavlinkCodec()
    for packet in SimulatedAutopilot(PointMass()).transmit():
        codec.receive(packet, 1.0)
    figures = Figures()
    checker = Checker(Limits(stop_acceleration_m_s2=4.0), figures)
    decision = Decision(None, False, stage, Cause.NONE)
    checker.look([codec.encoder.setpoint(Setpoint(), 0)], 1.0, decision, ours)
    assert figures.violations == []
    checker.look([codec.encoder.setpoint(setpoint, 50)], 1.05, decision, ours)
    assert word in figures.violations[0]


@pytest.mark.parametrize(
    ('owner', 'name', 'broken', 'fault', 'word'),
    [
        (FrozenSensor, 'same_for_s', lambda *_: 0.0, 'camera frozen', 'is frozen'),
        (StampGate, '_use', lambda *_: True, 'camera repeats itself', 'acted on twice'),
        (Lens, 'fov_of', lambda *_: 90.0, 'camera silent', 'a field of view of 90'),
        (CompanionSession, 'note_rivals', lambda *_: None, 'second publisher', 'two'),
    ],
)
def test_a_check_that_is_missing_is_seen(owner, name, broken, fault, word, monkeypatch, tmp_path):
    monkeypatch.setattr(owner, name, broken)
    monkeypatch.setattr(endurance, 'OTHER_FAULTS', (fault,))
    monkeypatch.setattr(endurance, 'TELEMETRY_FAULTS', ())
    monkeypatch.setattr(endurance, 'RADIO_FAULTS', {})
    figures = fly(0.5, seed=1, folder=tmp_path)
    assert any(word in violation for violation in figures.violations)
