# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The velocity loop lies where the two recorded firmwares lie."""

from dataclasses import replace

import pytest

from liquid_drone.sim.physics.step_response import ARDUPILOT, PX4, Response, respond
from liquid_drone.sim.scenario.scenario import load_scenario


@pytest.fixture(scope='module')
def response() -> Response:
    return respond(load_scenario().vehicle)


@pytest.mark.parametrize(
    'name', ['at_0_2_s', 'at_0_5_s', 'reached_s', 'pitch_deg', 'braking_m_s2']
)
def test_a_step_lies_between_ardupilots_and_px4s(response: Response, name: str) -> None:
    low, high = sorted([getattr(ARDUPILOT, name), getattr(PX4, name)])
    margin = 0.05 * (high - low)
    assert low - margin <= getattr(response, name) <= high + margin


def test_flying_a_curve_costs_speed_as_it_did_on_both(response: Response) -> None:
    assert PX4.turning_m_s[0] <= response.turning_m_s[0] <= ARDUPILOT.turning_m_s[0]
    assert response.turning_m_s[1] == pytest.approx(-0.2, abs=0.06)


def test_without_drag_it_would_be_faster_than_both() -> None:
    vehicle = replace(load_scenario().vehicle, drag_n_s_m=0.0)
    assert respond(vehicle).reached_s < min(ARDUPILOT.reached_s, PX4.reached_s)
