# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Protects: training flights ask for something, and expert, episode and policy follow the same."""

import dataclasses
import math

import numpy as np
import pytest

from liquid_drone.contract import CommandSpec
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate import expert_flights
from liquid_drone.evaluate.scoring import distance_m, score
from liquid_drone.learn.drivers import AskedPolicy, DriverPlan
from liquid_drone.learn.flights.config import CollectConfig, Disturbance, RequestDraw
from liquid_drone.learn.flights.jobs import jobs_of, requests_of
from liquid_drone.learn.recipe import Recipe
from liquid_drone.learn.work_found import with_identity
from liquid_drone.policy.config import NetworkConfig
from liquid_drone.request import FlightRequest, RequestSpec
from liquid_drone.sim.flight_spec import FlightSpec
from liquid_drone.sim.scenario.scenario import judged_task, scenario_of

RECIPE = Recipe(
    'asked',
    network=NetworkConfig(request=RequestSpec()),
    collect=CollectConfig(2, request=RequestDraw((3.0, 6.0))),
)


def test_the_expert_holds_what_is_asked_for_and_the_judge_sees_it():
    text = 'distance:5,height:2.2,speed:1.4'
    flight = FlightSpec(request=text, start='hover', duration_s=18.0)
    scenario = scenario_of(flight)
    task = dataclasses.replace(judged_task(flight, scenario.task), settle_s=11.0)
    assert task.min_distance_m < 5.0 < task.max_distance_m
    flown = dataclasses.replace(scenario, task=task)
    log = expert_flights.fly(flown, 10_003, image_every=100, request=FlightRequest.parse(text))
    judged = score(log, task)
    assert judged.held_share > 0.9
    height = (log.column('position_enu') - log.column('target_position_enu'))[-100:, 2]
    assert np.abs(height - 2.2).max() < 0.15 * 2.2
    speeds = np.hypot(*log.column('label')[:-1, :2].T)
    assert speeds.max() <= 1.4 + 1e-5
    assert distance_m(log)[-1] == pytest.approx(5.0, rel=0.15)
    again = log.recording().column('request')
    assert (again == (5.0, 2.2, 1.4)).all()


def test_a_flight_that_asks_for_nothing_is_judged_as_ever():
    flight = FlightSpec(duration_s=20.0)
    task = scenario_of(flight).task
    assert judged_task(flight, task).max_distance_m == task.max_distance_m
    with pytest.raises(ConfigError, match='request'):
        FlightSpec(request='near')


def test_training_flights_ask_for_something_new_and_the_same_again():
    drawn = [requests_of(RECIPE, seed, 400) for seed in (1, 2, 1)]
    assert drawn[0] == drawn[2] != drawn[1]
    times = [since_s for since_s, _ in drawn[0]]
    assert times[0] == 0.0
    assert all(3.0 <= gap <= 6.0 for gap in np.diff(times))
    assert times[-1] < 20.0 <= times[-1] + 6.0
    plan = DriverPlan('expert', Disturbance(), CommandSpec())
    asked, silent = (
        with_identity(jobs_of(recipe, range(3), 100, plan, None))
        for recipe in (RECIPE, dataclasses.replace(RECIPE, collect=CollectConfig(2)))
    )
    assert all(a.identity != b.identity for a, b in zip(asked, silent, strict=True))
    policy = jobs_of(RECIPE, range(3), 100, dataclasses.replace(plan, kind='policy'), None)
    assert all(job.requests == () for job in policy)


def test_a_policy_is_asked_for_what_the_expert_is_asked_for():
    class Noted:
        def __init__(self):
            self.asked = []

        def ask(self, request):
            self.asked.append(request.distance_m)

        def reset(self):
            self.asked.append('reset')

        def step(self, image, stamp_s):
            return stamp_s

    noted = Noted()
    policy = AskedPolicy(noted, ((0.0, FlightRequest(2.0)), (0.07, FlightRequest(6.0))))
    policy.reset()
    assert [policy.step(None, 7.0 + tick / 20) for tick in range(4)] == pytest.approx(
        [7.0, 7.05, 7.1, 7.15]
    )
    assert noted.asked == [2.0, 'reset', 2.0, 2.0, 6.0, 6.0]
    assert math.isclose(policy.begun_s, 7.0)


def test_flights_ask_only_a_network_that_takes_it():
    with pytest.raises(ValueError, match="give it 'request' too"):
        Recipe('x', collect=CollectConfig(2, request=RequestDraw()))
